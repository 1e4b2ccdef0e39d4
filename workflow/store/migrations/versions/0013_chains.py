"""Chains that are no episode's, and by which transaction a line was written, so that a checkpoint finds the new ones."""

import sqlalchemy as sa
from alembic import op

from workflow.domain.chain_line import PROTOCOLS
from workflow.store import chains

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BY_XACT = ("ledger", "delivery")
GUARDED = "chain_line"
FUNCTIONS = (
    "chain_next(text)",
    "chain_append(text, integer, timestamptz, text, text, text, text, bytea)",
)

SECURITY = """
ALTER TABLE chain_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE chain_line FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON chain_line
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT ON chain_line TO theca_app, theca_worker, theca_verify;
"""

APPEND = """
-- Whether whoever signed in may write a chain: a site's where it is in sight, people and today's sign-ins anybody of
-- ours; what is published, and everything else, the owner's people only.
CREATE FUNCTION chain_is_mine(chain text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(
    pg_has_role(session_user, 'theca_owner', 'MEMBER')
    OR chain = 'people'
    OR (chain LIKE 'site:%'
      AND substr(chain, 6) = ANY (string_to_array(nullif(current_setting('app.sites', true), ''), ',')))
    OR chain IN ('sign-in:' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
      'sign-in:' || to_char(clock_timestamp() AT TIME ZONE 'UTC' - interval '10 minutes', 'YYYY-MM-DD')), false)
$$;

-- Wait until nobody else writes this chain, and answer with its last line and the time.
CREATE FUNCTION chain_next(chain text)
RETURNS TABLE (seq integer, hash text, now timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF NOT public.chain_is_mine(chain_next.chain) THEN
    RAISE EXCEPTION 'not yours to write: %', chain_next.chain USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('chain|' || chain_next.chain, 0));
  RETURN QUERY SELECT coalesce(last.seq, 0), coalesce(last.hash, repeat('0', 64))::text, clock_timestamp()
    FROM (SELECT 1) AS one LEFT JOIN LATERAL (
      SELECT l.seq, l.hash FROM public.chain_line AS l WHERE l.chain = chain_next.chain ORDER BY l.seq DESC LIMIT 1
    ) AS last ON true;
END $$;

-- The only way into these chains: each line must be the next of its chain and hashed as it says.
CREATE FUNCTION chain_append(chain text, seq integer, at timestamptz, actor text, verb text, prev text, hash text,
  head bytea) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  last record;
  said jsonb := convert_from(head, 'UTF8')::jsonb;
BEGIN
  SELECT n.* INTO last FROM public.chain_next(chain) AS n;
  IF (seq, prev, hash) IS DISTINCT FROM (last.seq + 1, last.hash, encode(sha256(head), 'hex'))
    OR (said->>'seq', said->>'prev', said->>'chain', said->>'actor', said->>'verb', (said->>'at')::timestamptz)
      IS DISTINCT FROM (seq::text, prev, chain, actor, verb, at)
  THEN
    RAISE EXCEPTION 'not the next line of its chain: % seq %', chain, seq
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO public.chain_line (site_id, chain, seq, at, actor, verb, prev, hash, head)
    VALUES (CASE WHEN chain LIKE 'site:%' THEN substr(chain, 6) ELSE '' END, chain, seq, at, actor, verb, prev, hash,
      head);
  RETURN seq;
END $$;
"""

STANDS = """
CREATE TRIGGER stands BEFORE UPDATE OR DELETE ON chain_line FOR EACH ROW EXECUTE FUNCTION ledger_stands();
CREATE TRIGGER stands_whole BEFORE TRUNCATE ON chain_line FOR EACH STATEMENT EXECUTE FUNCTION ledger_stands();
ALTER TABLE chain_line ENABLE ALWAYS TRIGGER stands;
ALTER TABLE chain_line ENABLE ALWAYS TRIGGER stands_whole;
"""

XACT = """
ALTER TABLE {table} ADD COLUMN xact bigint;
ALTER TABLE {table} ALTER COLUMN xact SET DEFAULT (pg_current_xact_id()::text)::bigint;
"""

ERASURE = """
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON erasure
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT, INSERT ON erasure TO theca_app;
GRANT SELECT ON erasure TO theca_worker, theca_verify;

-- Destroy what is known of a candidate: the wrapped key first of all, identity and names, and every row of their
-- episodes. What only ever grows (the ledger, who looked) stays, and holds nothing that can still be read. Two people:
-- whoever proposed it is not whoever agrees.
CREATE FUNCTION erase_candidate(site text, candidate uuid, by_person text) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  mine uuid[];
  one text;
BEGIN
  IF (site = ANY (string_to_array(nullif(current_setting('app.sites', true), ''), ','))) IS NOT TRUE THEN
    RAISE EXCEPTION 'not in sight: %', site USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE public.erasure AS x SET agreed_by = by_person, erased_at = clock_timestamp()
    WHERE x.site_id = site AND x.candidate_id = candidate AND x.erased_at IS NULL AND x.proposed_by <> by_person;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody else proposed it' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM 1 FROM public.episode AS e WHERE e.site_id = site AND e.candidate_id = candidate FOR UPDATE;
  IF EXISTS (SELECT 1 FROM public.episode AS e JOIN public.site AS s ON s.site_id = e.site_id
    WHERE e.site_id = site AND e.candidate_id = candidate
      AND (e.closed_at IS NULL OR e.closed_at + make_interval(years => s.retention_years) > clock_timestamp()))
  THEN
    RAISE EXCEPTION 'to be kept still' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT coalesce(array_agg(e.id ORDER BY e.id), '{}') INTO mine FROM public.episode AS e
    WHERE e.site_id = site AND e.candidate_id = candidate;
  -- Those that refer to others of them first.
  FOR one IN
    SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'episode_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> 'access'
      AND NOT EXISTS (SELECT 1 FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND p.proname = 'ledger_stands')
    ORDER BY (SELECT count(*) FROM pg_constraint AS k WHERE k.contype = 'f' AND k.confrelid = c.oid), c.relname
  LOOP
    EXECUTE format('DELETE FROM public.%I WHERE site_id = $1 AND episode_id = ANY ($2)', one) USING site, mine;
  END LOOP;
  DELETE FROM public.episode AS e WHERE e.site_id = site AND e.candidate_id = candidate;
  DELETE FROM public.candidate_name AS n WHERE n.site_id = site AND n.candidate_id = candidate;
  DELETE FROM public.candidate_identity AS i WHERE i.site_id = site AND i.candidate_id = candidate;
  DELETE FROM public.candidate AS c WHERE c.site_id = site AND c.id = candidate;
  UPDATE public.erasure AS x SET episodes = mine WHERE x.site_id = site AND x.candidate_id = candidate;
  RETURN mine;
END $$;
REVOKE ALL ON FUNCTION erase_candidate(text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_candidate(text, uuid, text) TO theca_app;
"""

RESTORED = """
GRANT SELECT ON restoration TO theca_app, theca_worker, theca_verify;
ALTER TABLE handed_over ENABLE ROW LEVEL SECURITY;
ALTER TABLE handed_over FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON handed_over
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT ON handed_over TO theca_app, theca_verify;
"""

HELD = "older.next_try_at < '2999-01-01' AND "
PAUSED = "  WHERE NOT EXISTS (SELECT 1 FROM public.restoration AS r WHERE r.resumed_at IS NULL)\n"
# As it was, and nothing at all while the relay is paused.
DUE = """
-- Red first, then urgent, then routine; in each the oldest unsent of an episode, person and channel, never a later one.
-- Nothing leaves between a restore and the word of a person; what waits for that word holds back no other.
CREATE OR REPLACE FUNCTION due_messages(most integer)
RETURNS TABLE (site_id text, episode_id uuid, key text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT due.site_id::text, due.episode_id, due.key::text
  FROM unnest(ARRAY['red', 'urgent', 'routine']) WITH ORDINALITY AS u(urgency, rank)
  CROSS JOIN LATERAL (
    SELECT m.site_id, m.episode_id, m.key, m.next_try_at FROM public.message AS m
    WHERE m.state = 'waiting' AND m.urgency = u.urgency AND m.next_try_at <= statement_timestamp()
      AND (m.lease_until IS NULL OR m.lease_until < statement_timestamp())
      AND NOT EXISTS (
        SELECT 1 FROM public.message AS older
        WHERE older.site_id = m.site_id AND older.episode_id = m.episode_id AND older.recipient = m.recipient
          AND older.channel = m.channel AND older.urgency = m.urgency AND older.state = 'waiting'
          AND older.next_try_at < '2999-01-01' AND (older.created_at, older.key) < (m.created_at, m.key))
    ORDER BY m.next_try_at LIMIT most
  ) AS due
  WHERE NOT EXISTS (SELECT 1 FROM public.restoration AS r WHERE r.resumed_at IS NULL)
  ORDER BY u.rank, due.next_try_at LIMIT most
$$;
"""

NOTED = """
-- A checkpoint was written: all that theca_verify ever leaves in the database.
CREATE FUNCTION checkpoint_noted() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO public.pulse VALUES ('checkpoint', clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
$$;
REVOKE ALL ON FUNCTION checkpoint_noted() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION checkpoint_noted() TO theca_verify;
"""


def upgrade() -> None:
    op.create_table(
        "chain_line",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("prev", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("xact", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint")),
        sa.CheckConstraint(
            "site_id = CASE WHEN chain LIKE 'site:%' THEN substr(chain, 6) ELSE '' END",
            name=op.f("ck_chain_line_site_of_chain"),
        ),
        sa.PrimaryKeyConstraint("site_id", "chain", "seq", name=op.f("pk_chain_line")),
    )
    op.create_index("ix_chain_line_chain", "chain_line", ["chain", "seq"])
    op.create_index("ix_chain_line_xact", "chain_line", ["xact"])
    for table in BY_XACT:
        op.execute(XACT.format(table=table).replace(":", "\\:"))
        op.create_index(f"ix_{table}_xact", table, ["xact"])
    op.add_column("site", sa.Column("retention_years", sa.Integer(), nullable=False, server_default="10"))
    op.create_check_constraint(op.f("ck_site_retention_years"), "site", "retention_years BETWEEN 0 AND 100")
    op.create_table(
        "erasure",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.String()),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("episodes", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.CheckConstraint("agreed_by <> proposed_by", name=op.f("ck_erasure_two_people")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_erasure_site_id")),
        sa.PrimaryKeyConstraint("site_id", "candidate_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "restoration",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("backup_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restoration")),
    )
    op.create_table(
        "handed_over",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_handed_over")),
    )
    for block in (SECURITY, APPEND, STANDS, ERASURE, RESTORED, DUE, NOTED):
        op.execute(block.replace(":", "\\:"))
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO theca_app, theca_worker")
    _tell_what_is_published()


def _tell_what_is_published() -> None:
    """What was published before there was a chain of it: as it is found, which is all that can be said."""
    connection = op.get_bind()
    query = "SELECT key || '@' || number AS protocol, sha256 FROM protocol_version ORDER BY published_at, key, number"
    for line in connection.execute(sa.text(query)).mappings().all():
        chains.append(connection, PROTOCOLS, actor="system:upgrade", verb="publish", about=dict(line))


def downgrade() -> None:
    for function in (*FUNCTIONS, "checkpoint_noted()", "erase_candidate(text, uuid, text)"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP FUNCTION chain_is_mine(text)")
    for table in BY_XACT:
        op.drop_index(f"ix_{table}_xact", table)
        op.drop_column(table, "xact")
    op.execute(DUE.replace(PAUSED, "").replace(HELD, "").replace(":", "\\:"))
    for table in ("handed_over", "restoration", "erasure"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_site_retention_years"), "site")
    op.drop_column("site", "retention_years")
    op.execute("DROP TRIGGER stands ON chain_line; DROP TRIGGER stands_whole ON chain_line")
    op.drop_table("chain_line")
