"""The journal: ledger, commands, outbox, deliveries, access."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quarantine",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "access",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_access")),
    )
    op.create_table(
        "command",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "actor", "key", name=op.f("pk_command")),
    )
    op.create_table(
        "delivery",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", "attempt", name=op.f("pk_delivery")),
    )
    op.create_table(
        "ledger",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("prev", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "seq", name=op.f("pk_ledger")),
    )
    op.create_table(
        "ledger_payload",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "seq", name=op.f("pk_ledger_payload")),
    )
    op.create_table(
        "pulse",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulse")),
    )
    op.create_table(
        "security_event",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "kind", "minute", name=op.f("pk_security_event")),
    )
    op.create_table(
        "message",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'cancelled', 'dead')", name=op.f("ck_message_state_known")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_message_attempts")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_message_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_message")),
    )
    op.create_index(
        "ix_message_due", "message", ["next_try_at"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_message_mine", "message", ["site_id", "recipient", "created_at"], unique=False)


def downgrade() -> None:
    for table in (
        "quarantine",
        "message",
        "security_event",
        "pulse",
        "ledger_payload",
        "ledger",
        "delivery",
        "command",
        "access",
    ):
        op.drop_table(table)
