"""The doors: row security by site, what each role may do, and the functions that are the only way to some rows."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BY_SITE = [
    "site",
    "closure",
    "membership",
    "candidate",
    "candidate_identity",
    "candidate_name",
    "episode",
    "trial",
    "observation",
    "administration",
    "appointment",
    "task",
    "timer",
    "passage",
    "proposal",
    "gate_override",
    "ledger",
    "ledger_payload",
    "command",
    "message",
    "delivery",
    "access",
    "quarantine",
]
STATE = [
    "episode",
    "trial",
    "observation",
    "administration",
    "appointment",
    "task",
    "timer",
    "passage",
    "proposal",
    "gate_override",
    "message",
]
FUNCTIONS = (
    "lock_episode(text, uuid)",
    "lock_episodes(text, uuid[])",
    "ledger_append(jsonb)",
    "who_is(text)",
    "due_timers(integer)",
    "due_messages(integer)",
    "vital_signs()",
    "forget_commands()",
)

SECURITY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON {table}
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
"""

GRANTS = """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO theca_app, theca_worker, theca_verify, theca_backup;
GRANT SELECT ON site, closure, staff, membership, protocol_version, candidate, ledger, ledger_payload, command,
  delivery, pulse, alembic_version TO theca_app, theca_worker;
GRANT SELECT, INSERT, UPDATE ON {state} TO theca_app, theca_worker;
GRANT INSERT ON command, access TO theca_app;
GRANT INSERT ON delivery TO theca_worker;
GRANT SELECT, INSERT, UPDATE ON quarantine TO theca_worker;
GRANT INSERT, SELECT ON candidate, candidate_identity, candidate_name TO theca_app;
GRANT SELECT ON access TO theca_app;
GRANT SELECT, INSERT, UPDATE (count) ON security_event TO theca_app;
GRANT INSERT, UPDATE ON pulse TO theca_app, theca_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO theca_verify;
REVOKE SELECT ON token, candidate_identity, candidate_name FROM theca_verify;
"""

LOCKS = """
CREATE FUNCTION lock_episode(sites text, episode uuid)
RETURNS TABLE (site_id text, id uuid, now timestamptz) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.sites', sites, true);
  -- The time is read after the lock was granted, so that two decisions on one episode never share an order.
  RETURN QUERY WITH held AS (
    SELECT e.site_id::text AS s, e.id AS i FROM episode AS e
    WHERE e.site_id = ANY (string_to_array(sites, ',')) AND e.id = lock_episode.episode FOR UPDATE
  ) SELECT held.s, held.i, clock_timestamp() FROM held;
END $$;

CREATE FUNCTION lock_episodes(site text, ids uuid[])
RETURNS TABLE (id uuid, now timestamptz) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.sites', site, true);
  RETURN QUERY WITH held AS (
    SELECT e.id AS i FROM episode AS e WHERE e.site_id = site AND e.id = ANY (ids)
    ORDER BY e.id FOR UPDATE SKIP LOCKED
  ) SELECT held.i, clock_timestamp() FROM held;
END $$;
"""

LEDGER = """
-- The only way into the ledger: each line must be the next of its chain, hashed as it says, at a site in sight.
CREATE FUNCTION ledger_append(lines jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE wrong text;
BEGIN
  WITH given AS (
    SELECT g.*, decode(g.head, 'hex') AS bytes,
      row_number() OVER chain AS nth, lag(g.hash) OVER chain AS before
    FROM jsonb_to_recordset(lines) AS g(site_id text, episode_id uuid, seq integer, at timestamptz,
      occurred_at timestamptz, actor text, verb text, outcome text, prev text, hash text, head text)
    WINDOW chain AS (PARTITION BY g.site_id, g.episode_id ORDER BY g.seq)
  ), checked AS (
    SELECT given.*, convert_from(given.bytes, 'UTF8')::jsonb AS said, coalesce(last.seq, 0) AS last_seq,
      coalesce(last.hash, repeat('0', 64)) AS last_hash
    FROM given LEFT JOIN LATERAL (
      SELECT l.seq, l.hash FROM public.ledger AS l
      WHERE l.site_id = given.site_id AND l.episode_id = given.episode_id ORDER BY l.seq DESC LIMIT 1
    ) AS last ON true
  )
  SELECT format('%s seq %s', episode_id, seq) INTO wrong FROM checked
  WHERE (seq::bigint, prev, hash)
      IS DISTINCT FROM (last_seq + nth, coalesce(before, last_hash)::text, encode(sha256(bytes), 'hex'))
    OR (said->>'seq', said->>'prev', said->>'episode', said->>'site', said->>'actor', said->>'verb', said->>'outcome')
      IS DISTINCT FROM (seq::text, prev, episode_id::text, site_id, actor, verb, outcome)
    OR ((said->>'at')::timestamptz, (said->>'occurred_at')::timestamptz) IS DISTINCT FROM (at, occurred_at)
    OR (site_id = ANY (string_to_array(nullif(current_setting('app.sites', true), ''), ','))) IS NOT TRUE
  LIMIT 1;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'not the next line of its chain: %', wrong USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO public.ledger (site_id, episode_id, seq, at, occurred_at, actor, verb, outcome, prev, hash, head)
    SELECT site_id, episode_id, seq, at, occurred_at, actor, verb, outcome, prev, hash, decode(head, 'hex')
    FROM jsonb_to_recordset(lines) AS g(site_id text, episode_id uuid, seq integer, at timestamptz,
      occurred_at timestamptz, actor text, verb text, outcome text, prev text, hash text, head text);
  INSERT INTO public.ledger_payload (site_id, episode_id, seq, sealed)
    SELECT site_id, episode_id, seq, decode(sealed, 'hex')
    FROM jsonb_to_recordset(lines) AS g(site_id text, episode_id uuid, seq integer, sealed text);
  RETURN jsonb_array_length(lines);
END $$;

CREATE FUNCTION ledger_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is only ever appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
"""

STANDS = """
CREATE TRIGGER stands BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION ledger_stands();
CREATE TRIGGER stands_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_stands();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER stands;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER stands_whole;
"""

LOOKUPS = """
-- These see every site and answer with keys only.
CREATE FUNCTION who_is(token_hash text)
RETURNS TABLE (staff_id text, name text, site_id text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.id::text, s.name::text, m.site_id::text, m.role::text
  FROM public.token AS t
  JOIN public.staff AS s ON s.id = t.staff_id
  LEFT JOIN public.membership AS m ON m.staff_id = s.id
    AND m.starts_on <= (clock_timestamp() AT TIME ZONE 'UTC')::date
    AND (m.ends_on IS NULL OR m.ends_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date)
  WHERE t.hash = token_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()
$$;

CREATE FUNCTION due_timers(most integer)
RETURNS TABLE (site_id text, episode_id uuid, key text, n integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT t.site_id::text, t.episode_id, t.key::text, t.n FROM public.timer AS t
  WHERE t.state = 'live' AND t.due_at <= clock_timestamp()
    AND NOT EXISTS (
      SELECT 1 FROM public.quarantine AS q
      WHERE q.site_id = t.site_id AND q.episode_id = t.episode_id AND q.key = t.key AND q.n = t.n
        AND q.until > clock_timestamp())
  ORDER BY t.due_at LIMIT most
$$;

-- Idempotency keys are kept for 30 days; what they did stays in the ledger.
CREATE FUNCTION forget_commands() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH gone AS (DELETE FROM public.command WHERE created_at < clock_timestamp() - interval '30 days' RETURNING 1)
  SELECT count(*)::integer FROM gone
$$;

-- How well time is kept, over all sites: nothing here says whose.
CREATE FUNCTION vital_signs()
RETURNS TABLE (now timestamptz, ticked_at timestamptz, oldest_due timestamptz, due bigint, oldest_unsent timestamptz,
  unsent bigint, dead bigint, set_aside bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT clock_timestamp(), (SELECT max(p.at) FROM public.pulse AS p WHERE p.name = 'tick'),
    (SELECT min(t.due_at) FROM public.timer AS t WHERE t.state = 'live' AND t.due_at <= clock_timestamp()),
    (SELECT count(*) FROM public.timer AS t WHERE t.state = 'live' AND t.due_at <= clock_timestamp()),
    (SELECT min(m.created_at) FROM public.message AS m WHERE m.state = 'waiting'),
    (SELECT count(*) FROM public.message AS m WHERE m.state = 'waiting'),
    (SELECT count(*) FROM public.message AS m WHERE m.state = 'dead'),
    (SELECT count(*) FROM public.quarantine AS q WHERE q.until > clock_timestamp())
$$;

-- The oldest unsent message of each episode and person first: a later one never overtakes it.
CREATE FUNCTION due_messages(most integer)
RETURNS TABLE (site_id text, episode_id uuid, key text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT m.site_id::text, m.episode_id, m.key::text FROM public.message AS m
  WHERE m.state = 'waiting' AND m.next_try_at <= clock_timestamp()
    AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
    AND NOT EXISTS (
      SELECT 1 FROM public.message AS older
      WHERE older.site_id = m.site_id AND older.episode_id = m.episode_id AND older.recipient = m.recipient
        AND older.channel = m.channel AND older.state = 'waiting'
        AND (older.created_at, older.key) < (m.created_at, m.key))
  ORDER BY m.created_at LIMIT most
$$;
"""


def upgrade() -> None:
    for table in BY_SITE:
        op.execute(SECURITY.format(table=table))
    for block in (LOCKS, LEDGER, LOOKUPS, GRANTS.format(state=", ".join(STATE))):
        op.execute(block.replace(":", "\\:"))
    for table in ("ledger", "ledger_payload"):
        op.execute(STANDS.format(table=table))
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO theca_app, theca_worker")


def downgrade() -> None:
    for table in ("ledger", "ledger_payload"):
        op.execute(f"DROP TRIGGER stands ON {table}; DROP TRIGGER stands_whole ON {table}")
    op.execute("DROP FUNCTION ledger_stands()")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in BY_SITE:
        op.execute(f"DROP POLICY by_site ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM theca_app, theca_worker, theca_verify")
