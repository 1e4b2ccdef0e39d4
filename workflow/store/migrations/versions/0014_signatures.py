"""Signatures under steps, bound to what was signed; and series, in which one person signs several times."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SECURITY = """
ALTER TABLE signature ENABLE ROW LEVEL SECURITY;
ALTER TABLE signature FORCE ROW LEVEL SECURITY;
CREATE POLICY by_site ON signature
  USING (site_id = ANY (string_to_array((SELECT nullif(current_setting('app.sites', true), '')), ',')));
GRANT SELECT ON signature TO theca_app, theca_worker, theca_verify, theca_backup;
GRANT INSERT, UPDATE ON signature TO theca_app;
GRANT SELECT, INSERT, UPDATE (used_at, ended_at) ON signing_series TO theca_app;
GRANT SELECT ON signing_series TO theca_verify, theca_backup;
"""

# A signature is voided once, and nothing else of it ever changes.
KEPT = """
CREATE FUNCTION signature_is_kept() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  voiding constant text[] := ARRAY['voided_at', 'voided_by', 'voided_on', 'void_reason'];
BEGIN
  IF to_jsonb(new) = to_jsonb(old) OR (old.voided_at IS NULL AND to_jsonb(new) - voiding = to_jsonb(old) - voiding) THEN
    RETURN new;
  END IF;
  RAISE EXCEPTION 'a signature is never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER signature_is_kept BEFORE UPDATE ON signature
  FOR EACH ROW EXECUTE FUNCTION signature_is_kept();
ALTER TABLE signature ENABLE ALWAYS TRIGGER signature_is_kept;
"""


def upgrade() -> None:
    for table in ("passage", "proposal", "gate_override"):
        op.add_column(table, sa.Column("signed", sa.String(), nullable=True))
    _signature()
    op.create_table(
        "signing_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("held_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_signing_series_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_series")),
        sa.UniqueConstraint("hash", name=op.f("uq_signing_series_hash")),
    )
    op.create_index(
        "ix_signing_series_open", "signing_series", ["staff_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.execute(SECURITY)
    op.execute(KEPT)


def _signature() -> None:
    op.create_table(
        "signature",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("printed", sa.String(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("rests_on", JSONB(), nullable=False),
        sa.Column("confirmed", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.String(), nullable=True),
        sa.Column("voided_on", sa.String(), nullable=True),
        sa.Column("void_reason", sa.String(), nullable=True),
        sa.CheckConstraint("confirmed IN ('password', 'sign_in', 'series')", name=op.f("ck_signature_confirmed_known")),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_signature_digest_is_sha256")),
        sa.CheckConstraint(
            "num_nonnulls(voided_at, voided_by, voided_on, void_reason) IN (0, 4)",
            name=op.f("ck_signature_voided_for_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_signature_site_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_signature")),
    )


def downgrade() -> None:
    op.drop_table("signature")
    op.execute("DROP FUNCTION signature_is_kept()")
    op.drop_table("signing_series")
    for table in ("gate_override", "proposal", "passage"):
        op.drop_column(table, "signed")
