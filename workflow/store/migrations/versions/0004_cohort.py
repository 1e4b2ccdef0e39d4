"""The cohort of a protocol version: which open episodes stand under it, over all sites, as keys only."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COHORT = """
CREATE FUNCTION cohort(pinned text)
RETURNS TABLE (site_id text, episode_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT e.site_id::text, e.id FROM public.episode AS e
  WHERE e.protocol = pinned AND e.closed_at IS NULL ORDER BY e.site_id, e.id
$$;
"""


def upgrade() -> None:
    op.execute(COHORT)
    op.execute("REVOKE ALL ON FUNCTION cohort(text) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION cohort(text) TO theca_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION cohort(text)")
