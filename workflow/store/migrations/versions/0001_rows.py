"""The rows: sites, people, protocols, candidates, episodes and what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protocol_version",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "number", name=op.f("pk_protocol_version")),
        sa.UniqueConstraint("sha256", name=op.f("uq_protocol_version_sha256")),
    )
    op.create_table(
        "site",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("subdivision", sa.String(), nullable=False),
        sa.Column("opens", sa.String(), nullable=False),
        sa.Column("closes", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_table(
        "candidate",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_candidate_site_id")),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_candidate_site_id_code")),
    )
    op.create_table(
        "closure",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_closure_site_id")),
        sa.PrimaryKeyConstraint("site_id", "day", name=op.f("pk_closure")),
    )
    op.create_table(
        "membership",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_membership_site_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_membership_staff_id")),
        sa.PrimaryKeyConstraint("site_id", "staff_id", "role", "starts_on", name=op.f("pk_membership")),
    )
    op.create_table(
        "token",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_token_staff_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_token")),
    )
    op.create_table(
        "candidate_identity",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("mrn_index", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "candidate_id"],
            ["candidate.site_id", "candidate.id"],
            name=op.f("fk_candidate_identity_site_id_candidate_id"),
        ),
        sa.PrimaryKeyConstraint("site_id", "candidate_id", name=op.f("pk_candidate_identity")),
        sa.UniqueConstraint("site_id", "mrn_index", name=op.f("uq_candidate_identity_site_id_mrn_index")),
    )
    op.create_table(
        "candidate_name",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "candidate_id"],
            ["candidate.site_id", "candidate.id"],
            name=op.f("fk_candidate_name_site_id_candidate_id"),
        ),
        sa.PrimaryKeyConstraint("site_id", "token", "candidate_id", name=op.f("pk_candidate_name")),
    )
    op.create_table(
        "episode",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("stint", sa.Integer(), nullable=False),
        sa.Column("stint_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("hold_reason", sa.String(), nullable=True),
        sa.Column("hold_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_by", sa.String(), nullable=True),
        sa.CheckConstraint("head ~ '^[0-9a-f]{64}$'", name=op.f("ck_episode_head_is_sha256")),
        sa.CheckConstraint("seq >= 1 AND version >= 1 AND stint >= 1", name=op.f("ck_episode_counts")),
        sa.ForeignKeyConstraint(
            ["site_id", "candidate_id"],
            ["candidate.site_id", "candidate.id"],
            name=op.f("fk_episode_site_id_candidate_id"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_episode_site_id")),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_episode")),
    )
    op.create_index(
        "ix_episode_board",
        "episode",
        ["site_id", "stage", "stint_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_episode_candidate", "episode", ["site_id", "candidate_id"], unique=False)
    op.create_table(
        "administration",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=False),
        sa.Column("drug", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("ordered", sa.Numeric(), nullable=False),
        sa.Column("given", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("given <> 'NaN' AND abs(given) < 'Infinity'", name=op.f("ck_administration_given_finite")),
        sa.CheckConstraint("mode IN ('bolus', 'infusion')", name=op.f("ck_administration_mode_known")),
        sa.CheckConstraint(
            "ordered <> 'NaN' AND abs(ordered) < 'Infinity'", name=op.f("ck_administration_ordered_finite")
        ),
        sa.CheckConstraint("ordered > 0 AND given > 0", name=op.f("ck_administration_positive")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"],
            ["episode.site_id", "episode.id"],
            name=op.f("fk_administration_site_id_episode_id"),
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_administration")),
    )
    op.create_table(
        "appointment",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'attended', 'missed', 'cancelled')", name=op.f("ck_appointment_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_appointment_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_appointment")),
    )
    op.create_index(
        "ix_appointment_week",
        "appointment",
        ["site_id", "starts_at"],
        unique=False,
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "gate_override",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("gate", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.CheckConstraint("how IN ('waived', 'overridden')", name=op.f("ck_gate_override_how_known")),
        sa.CheckConstraint("second <> by", name=op.f("ck_gate_override_two_people")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"],
            ["episode.site_id", "episode.id"],
            name=op.f("fk_gate_override_site_id_episode_id"),
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_gate_override")),
    )
    op.create_table(
        "observation",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("number", sa.Numeric(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("absent", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("trial", sa.Integer(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "absent IN ('asleep', 'refused', 'unable', 'away')", name=op.f("ck_observation_absent_known")
        ),
        sa.CheckConstraint("number <> 'NaN' AND abs(number) < 'Infinity'", name=op.f("ck_observation_number_finite")),
        sa.CheckConstraint("num_nonnulls(number, text, absent) = 1", name=op.f("ck_observation_one_value")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_observation_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_observation")),
    )
    op.create_table(
        "passage",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=True),
        sa.Column("act", sa.String(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trial", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("how IN ('open', 'waived', 'overridden', 'deviation')", name=op.f("ck_passage_how_known")),
        sa.CheckConstraint("second IS NULL OR second <> by", name=op.f("ck_passage_two_people")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_passage_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_passage")),
    )
    op.create_table(
        "proposal",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_proposal_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_proposal")),
    )
    op.create_table(
        "task",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_on", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closing", sa.String(), nullable=True),
        sa.Column("opened_on", sa.String(), nullable=True),
        sa.Column("closed_on", sa.String(), nullable=True),
        sa.Column("about", sa.String(), nullable=True),
        sa.CheckConstraint(
            "scope IN ('stint', 'appointment', 'hold', 'proposal', 'episode')", name=op.f("ck_task_scope_known")
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f("ck_task_state_known")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_task_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_task")),
    )
    op.create_index(
        "ix_task_inbox", "task", ["site_id", "role"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "trial",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("drug", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("punctured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("catheter_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("response", sa.String(), nullable=True),
        sa.Column("relief", sa.Numeric(), nullable=True),
        sa.Column("prior", sa.String(), nullable=True),
        sa.CheckConstraint("method IN ('single_shot', 'catheter', 'waived')", name=op.f("ck_trial_method_known")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id"], ["episode.site_id", "episode.id"], name=op.f("fk_trial_site_id_episode_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_trial")),
    )
    op.create_table(
        "timer",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('live', 'paused', 'ended')", name=op.f("ck_timer_state_known")),
        sa.CheckConstraint("n >= 1 AND rung >= 0", name=op.f("ck_timer_counts")),
        sa.ForeignKeyConstraint(
            ["site_id", "episode_id", "key"],
            ["task.site_id", "task.episode_id", "task.key"],
            name=op.f("fk_timer_site_id_episode_id_key"),
        ),
        sa.PrimaryKeyConstraint("site_id", "episode_id", "key", name=op.f("pk_timer")),
    )
    op.create_index("ix_timer_due", "timer", ["due_at"], unique=False, postgresql_where=sa.text("state = 'live'"))


def downgrade() -> None:
    for table in (
        "timer",
        "trial",
        "task",
        "proposal",
        "passage",
        "observation",
        "gate_override",
        "appointment",
        "administration",
        "episode",
        "candidate_name",
        "candidate_identity",
        "token",
        "membership",
        "closure",
        "candidate",
        "staff",
        "site",
        "protocol_version",
    ):
        op.drop_table(table)
