"""The sweep: what is due is found by its index, however many clocks run, and a ledger line is read once to be checked.

The two functions are those of 0003. Without MATERIALIZED each look at a field of a line parsed the line anew.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DUE = """
-- The time of the statement, not of the clock: one that changes from row to row could not be looked up in an index.
CREATE OR REPLACE FUNCTION due_timers(most integer)
RETURNS TABLE (site_id text, episode_id uuid, key text, n integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT t.site_id::text, t.episode_id, t.key::text, t.n FROM public.timer AS t
  WHERE t.state = 'live' AND t.due_at <= {now}
    AND NOT EXISTS (
      SELECT 1 FROM public.quarantine AS q
      WHERE q.site_id = t.site_id AND q.episode_id = t.episode_id AND q.key = t.key AND q.n = t.n
        AND q.until > {now})
  ORDER BY t.due_at LIMIT most
$$;
"""

APPEND = """
-- The only way into the ledger: each line must be the next of its chain, hashed as it says, at a site in sight.
CREATE OR REPLACE FUNCTION ledger_append(lines jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE wrong text;
BEGIN
  WITH given AS {once} (
    SELECT g.*, decode(g.head, 'hex') AS bytes,
      row_number() OVER chain AS nth, lag(g.hash) OVER chain AS before
    FROM jsonb_to_recordset(lines) AS g(site_id text, episode_id uuid, seq integer, at timestamptz,
      occurred_at timestamptz, actor text, verb text, outcome text, prev text, hash text, head text)
    WINDOW chain AS (PARTITION BY g.site_id, g.episode_id ORDER BY g.seq)
  ), checked AS {once} (
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
"""


def upgrade() -> None:
    _replace(now="statement_timestamp()", once="MATERIALIZED")


def downgrade() -> None:
    _replace(now="clock_timestamp()", once="")


def _replace(*, now: str, once: str) -> None:
    for block in (DUE.format(now=now), APPEND.format(once=once)):
        op.execute(block.replace(":", "\\:"))
