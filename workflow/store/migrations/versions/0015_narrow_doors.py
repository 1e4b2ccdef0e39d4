"""Who somebody is, is written once: no session, password, invitation or tablet passes from one person to another.

The app still begins sessions and keeps hashes, because it is the app that finds a password right. It changes of them
what changes in a session's life, and reads no token of a page: the function that recognises a session tells it.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# What of each table may change.
CHANGES = {
    "session": "hash, csrf, how, seen_at, idle_at, confirmed_at, pins_wrong, ended_at, ending",
    "credential": "password, changed_at, pin",
    "invitation": "used_at",
    "known_source": "at",
    "tablet": "hash, enrolled_at, revoked_at",
}
READ = """id, hash, staff_id, how, began_at, seen_at, idle_at, ends_at, confirmed_at, tablet, pins_wrong, ended_at,
  ending"""


def upgrade() -> None:
    for table, columns in CHANGES.items():
        op.execute(f"REVOKE UPDATE ON {table} FROM theca_app; GRANT UPDATE ({columns}) ON {table} TO theca_app")
    op.execute("REVOKE SELECT ON session FROM theca_app")
    op.execute(f"GRANT SELECT ({READ}) ON session TO theca_app")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ({READ}) ON session FROM theca_app")  # noqa: S608 - our own columns
    op.execute("GRANT SELECT ON session TO theca_app")
    for table, columns in CHANGES.items():
        op.execute(f"REVOKE UPDATE ({columns}) ON {table} FROM theca_app; GRANT UPDATE ON {table} TO theca_app")
