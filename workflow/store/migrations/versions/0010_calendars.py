"""A calendar that changes: which episodes' clocks are still to be put where it has them now."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DOORS = """
ALTER TABLE reprojection ENABLE ROW LEVEL SECURITY;
ALTER TABLE reprojection FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON reprojection
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT ON reprojection TO theca_app, theca_verify, theca_backup;
"""


def upgrade() -> None:
    op.create_table(
        "reprojection",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("timers", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "episode_id", name=op.f("pk_reprojection")),
    )
    op.execute(DOORS)


def downgrade() -> None:
    op.drop_table("reprojection")
