"""What a site sets for itself: values of protocol parameters, one row each time, the newest counts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SECURITY = """
ALTER TABLE setting ENABLE ROW LEVEL SECURITY;
ALTER TABLE setting FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON setting
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT ON setting TO theca_app, theca_worker, theca_verify, theca_backup;
"""


def upgrade() -> None:
    op.create_table(
        "setting",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("value <> 'NaN' AND abs(value) < 'Infinity'", name=op.f("ck_setting_value_finite")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_setting_set_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_setting_site_id")),
        sa.PrimaryKeyConstraint("site_id", "protocol", "name", "set_at", name=op.f("pk_setting")),
    )
    op.execute(SECURITY)


def downgrade() -> None:
    op.drop_table("setting")
