"""How time reaches people: a site's days and quiet hours, who is away, who stands in, who is on call, and addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BY_SITE = ("absence", "deputy", "on_call", "used_link", "outage_timer")

SECURITY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON {table}
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
"""

GRANTS = """
GRANT SELECT ON absence, deputy, on_call, outage, outage_timer TO theca_app, theca_worker, theca_verify, theca_backup;
GRANT INSERT, UPDATE, DELETE ON absence, deputy, on_call TO theca_app;
GRANT SELECT, INSERT ON used_link TO theca_app;
GRANT SELECT ON used_link TO theca_verify, theca_backup;
GRANT SELECT ON address TO theca_worker, theca_backup;
GRANT SELECT (staff_id, kind) ON address TO theca_app, theca_verify;
"""

SITE: dict[str, tuple[str, sa.String | sa.Integer]] = {
    "weekdays": ("01234", sa.String()),
    "quiet_from": ("18:00", sa.String()),
    "quiet_until": ("07:00", sa.String()),
    "routine": ("digest", sa.String()),
    "urgent_per_hour": ("20", sa.Integer()),
    "emergency_number": ("", sa.String()),
}


def upgrade() -> None:
    for name, (default, kind) in SITE.items():
        op.add_column("site", sa.Column[object](name, kind, nullable=False, server_default=default))
        op.alter_column("site", name, server_default=None)
    op.create_check_constraint(op.f("ck_site_routine_known"), "site", "routine IN ('digest', 'at_once')")
    op.create_check_constraint(op.f("ck_site_urgent_per_hour"), "site", "urgent_per_hour >= 1")
    op.add_column("task", sa.Column("offered_to", sa.String(), nullable=True))
    op.add_column("task", sa.Column("contacts", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("task", "contacts", server_default=None)
    op.add_column("task", sa.Column("withheld_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("timer", sa.Column("reached", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("letter", sa.String(), nullable=True))
    _people()
    _time()
    for table in BY_SITE:
        op.execute(SECURITY.format(table=table))
    op.execute(GRANTS)


def _people() -> None:
    op.create_table(
        "absence",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("substitute", sa.String(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_absence_forward")),
        sa.CheckConstraint("substitute IS NULL OR substitute <> staff_id", name=op.f("ck_absence_somebody_else")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_absence_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absence_staff_id")),
        sa.ForeignKeyConstraint(["substitute"], ["staff.id"], name=op.f("fk_absence_substitute")),
        sa.PrimaryKeyConstraint("site_id", "staff_id", "starts_at", name=op.f("pk_absence")),
    )
    op.create_table(
        "deputy",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("deputy_id", sa.String(), nullable=False),
        sa.CheckConstraint("deputy_id <> staff_id", name=op.f("ck_deputy_somebody_else")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_deputy_deputy_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_deputy_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_deputy_staff_id")),
        sa.PrimaryKeyConstraint("site_id", "staff_id", "deputy_id", name=op.f("pk_deputy")),
    )
    op.create_table(
        "on_call",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_on_call_forward")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_on_call_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_on_call_staff_id")),
        sa.PrimaryKeyConstraint("site_id", "staff_id", "starts_at", name=op.f("pk_on_call")),
    )
    op.create_table(
        "address",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('webhook', 'apprise')", name=op.f("ck_address_kind_known")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_address_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "kind", name=op.f("pk_address")),
    )


def _time() -> None:
    op.create_table(
        "used_link",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_used_link_site_id")),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_used_link")),
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_outage_forward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )
    op.create_table(
        "outage_timer",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_timer_outage_id")),
        sa.PrimaryKeyConstraint("site_id", "outage_id", "episode_id", "key", name=op.f("pk_outage_timer")),
    )


def downgrade() -> None:
    for table in ("outage_timer", "outage", "used_link", "address", "on_call", "deputy", "absence"):
        op.drop_table(table)
    op.drop_column("message", "letter")
    op.drop_column("timer", "reached")
    for name in ("withheld_until", "contacts", "offered_to"):
        op.drop_column("task", name)
    op.drop_constraint(op.f("ck_site_urgent_per_hour"), "site")
    op.drop_constraint(op.f("ck_site_routine_known"), "site")
    for name in SITE:
        op.drop_column("site", name)
