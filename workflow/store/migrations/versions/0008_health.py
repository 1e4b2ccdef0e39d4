"""How well time is kept: vital signs, and outages."""

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OUTAGES = """
-- Somebody looks what is due. Where nobody did for longer than `longest`, that was an outage: it is noted once, with
-- the reminders that fell due in it. Two tickers at the same time: the second passes by.
CREATE FUNCTION note_outage(longest interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  last timestamptz;
  this timestamptz := clock_timestamp();
  noted integer;
BEGIN
  SELECT p.at INTO last FROM public.pulse AS p WHERE p.name = 'tick' FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    IF NOT EXISTS (SELECT 1 FROM public.pulse AS p WHERE p.name = 'tick') THEN
      INSERT INTO public.pulse VALUES ('tick', this) ON CONFLICT (name) DO NOTHING;
    END IF;
    RETURN NULL;
  END IF;
  UPDATE public.pulse SET at = this WHERE name = 'tick';
  IF this - last <= greatest(longest, interval '60 seconds') THEN
    RETURN NULL;
  END IF;
  INSERT INTO public.outage (from_at, until_at) VALUES (last, this) RETURNING id INTO noted;
  INSERT INTO public.outage_timer (site_id, outage_id, episode_id, key, n, rung, due_at)
    SELECT t.site_id, noted, t.episode_id, t.key, t.n, t.rung, t.due_at FROM public.timer AS t
    WHERE t.state = 'live' AND t.due_at > last - longest AND t.due_at <= this
    ORDER BY t.due_at LIMIT 100000;
  RETURN noted;
END $$;
"""

SIGNS = """
-- How well time is kept, over all sites: nothing here says whose.
CREATE FUNCTION vital_signs()
RETURNS TABLE (now timestamptz, ticked_at timestamptz, oldest_due timestamptz, due bigint, late bigint,
  oldest_unsent timestamptz, unsent bigint, dead bigint, dead_untold bigint, set_aside bigint, reached_nobody bigint,
  withheld bigint, outage_from timestamptz, outage_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT clock_timestamp(), (SELECT max(p.at) FROM public.pulse AS p WHERE p.name = 'tick'),
    due.oldest, due.all_of_them, due.late, unsent.oldest, unsent.all_of_them, dead.all_of_them, dead.untold,
    (SELECT count(*) FROM public.quarantine AS q WHERE q.until > clock_timestamp()),
    (SELECT count(*) FROM public.timer AS t WHERE t.state = 'live' AND t.reached = 0),
    (SELECT count(*) FROM public.task AS k WHERE k.state = 'open' AND k.withheld_until > clock_timestamp()),
    outage.from_at, outage.until_at
  FROM (
    SELECT min(t.due_at) AS oldest, count(*) AS all_of_them,
      count(*) FILTER (WHERE t.due_at < clock_timestamp() - interval '60 seconds') AS late
    FROM public.timer AS t WHERE t.state = 'live' AND t.due_at <= statement_timestamp()
  ) AS due
  CROSS JOIN (
    -- What waits for the morning is not late: it could not have left yet. What was tried could, since it was tried.
    SELECT min(coalesce(d.at, m.next_try_at)) FILTER (WHERE d.at IS NOT NULL OR m.next_try_at <= clock_timestamp())
      AS oldest, count(*) AS all_of_them
    FROM public.message AS m LEFT JOIN public.delivery AS d
      ON d.site_id = m.site_id AND d.episode_id = m.episode_id AND d.key = m.key AND d.attempt = 1
    WHERE m.state = 'waiting'
  ) AS unsent
  CROSS JOIN (
    -- A letter that never arrived and of which nobody was told, though its work is still to be done.
    SELECT count(*) AS all_of_them, count(*) FILTER (
      WHERE m.settled_at < clock_timestamp() - interval '60 seconds'
        AND EXISTS (SELECT 1 FROM public.task AS k WHERE k.site_id = m.site_id AND k.episode_id = m.episode_id
          AND k.key = m.task AND k.state = 'open')
        AND NOT EXISTS (SELECT 1 FROM public.task AS k WHERE k.site_id = m.site_id AND k.episode_id = m.episode_id
          AND k.name = 'undelivered' AND (k.closed_at IS NULL OR k.closed_at >= m.settled_at))) AS untold
    FROM public.message AS m WHERE m.state = 'dead'
  ) AS dead
  LEFT JOIN LATERAL (SELECT o.from_at, o.until_at FROM public.outage AS o ORDER BY o.id DESC LIMIT 1) AS outage ON true
$$;
"""

BEFORE = """
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
"""


def upgrade() -> None:
    op.execute("DROP FUNCTION vital_signs()")
    for block in (OUTAGES, SIGNS):
        op.execute(block.replace(":", "\\:"))
    _grant("note_outage(interval)", to="theca_app, theca_worker")
    _grant("vital_signs()", to="theca_app, theca_worker")
    nobody, dead = text("state = 'live' AND reached = 0"), text("state = 'dead'")
    op.create_index("ix_timer_reached_nobody", "timer", ["site_id"], postgresql_where=nobody)
    op.create_index("ix_message_dead", "message", ["site_id", "episode_id"], postgresql_where=dead)
    withheld = text("state = 'open' AND withheld_until IS NOT NULL")
    op.create_index("ix_task_withheld", "task", ["site_id", "withheld_until"], postgresql_where=withheld)


def _grant(function: str, *, to: str) -> None:
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {to}")


def downgrade() -> None:
    op.drop_index("ix_task_withheld", "task")
    op.drop_index("ix_message_dead", "message")
    op.drop_index("ix_timer_reached_nobody", "timer")
    op.execute("DROP FUNCTION note_outage(interval)")
    op.execute("DROP FUNCTION vital_signs()")
    op.execute(BEFORE.replace(":", "\\:"))
    _grant("vital_signs()", to="theca_app, theca_worker")
