"""The outbox: what may leave now, and in which order. A routine message that waits holds back nothing urgent."""

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = text("state = 'waiting'")

# One list per urgency, each from its own end of the index, so that 10,000 that wait for the morning cost nothing.
DUE = """
-- Red first, then urgent, then routine; in each the oldest unsent of an episode, person and channel, never a later one.
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
          AND (older.created_at, older.key) < (m.created_at, m.key))
    ORDER BY m.next_try_at LIMIT most
  ) AS due
  ORDER BY u.rank, due.next_try_at LIMIT most
$$;
"""

BEFORE = """
-- The oldest unsent message of each episode and person first: a later one never overtakes it.
CREATE OR REPLACE FUNCTION due_messages(most integer)
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
    op.drop_index("ix_message_due", "message")
    op.create_index("ix_message_due", "message", ["urgency", "next_try_at"], postgresql_where=WAITING)
    op.create_index("ix_message_waiting", "message", ["site_id", "recipient", "episode_id"], postgresql_where=WAITING)
    op.execute(DUE.replace(":", "\\:"))


def downgrade() -> None:
    op.execute(BEFORE.replace(":", "\\:"))
    op.drop_index("ix_message_waiting", "message")
    op.drop_index("ix_message_due", "message")
    op.create_index("ix_message_due", "message", ["next_try_at"], postgresql_where=WAITING)
