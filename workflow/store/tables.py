"""The rows. Every key begins with the site; names and checks are the database's own last word.

`table=True` classes skip validation, so nothing is validated here: values come from decisions, and the checks
below refuse what could only be a bug.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from workflow.store.columns import finite, moment, of_episode, one_of


class ProtocolRow(SQLModel, table=True):
    """One frozen printing of a protocol: the exact text, and its hash."""

    __tablename__ = "protocol_version"
    key: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    sha256: str = Field(unique=True)
    text: str
    published_at: datetime = moment()


class CandidateRow(SQLModel, table=True):
    """The person considered, as an opaque id and a code; `wrapped` is their data key, wrapped by the key file."""

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("site_id", "code"),)
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    id: UUID = Field(primary_key=True)
    code: str
    wrapped: bytes
    created_at: datetime = moment()


class IdentityRow(SQLModel, table=True):
    """Name, record number, birth date and contact, sealed under the candidate's key; found by blind index only."""

    __tablename__ = "candidate_identity"
    __table_args__ = (
        UniqueConstraint("site_id", "mrn_index"),
        ForeignKeyConstraint(["site_id", "candidate_id"], ["candidate.site_id", "candidate.id"]),
    )
    site_id: str = Field(primary_key=True)
    candidate_id: UUID = Field(primary_key=True)
    mrn_index: bytes
    sealed: bytes


class NameTokenRow(SQLModel, table=True):
    """Keyed hashes of a name's folded words and their prefixes from three letters."""

    __tablename__ = "candidate_name"
    __table_args__ = (ForeignKeyConstraint(["site_id", "candidate_id"], ["candidate.site_id", "candidate.id"]),)
    site_id: str = Field(primary_key=True)
    token: bytes = Field(primary_key=True)
    candidate_id: UUID = Field(primary_key=True)


class EpisodeRow(SQLModel, table=True):
    """Where an episode stands: the fold of its ledger, and the chain's head."""

    __tablename__ = "episode"
    __table_args__ = (
        ForeignKeyConstraint(["site_id", "candidate_id"], ["candidate.site_id", "candidate.id"]),
        CheckConstraint("seq >= 1 AND version >= 1 AND stint >= 1", name="counts"),
        CheckConstraint("head ~ '^[0-9a-f]{64}$'", name="head_is_sha256"),
        Index("ix_episode_board", "site_id", "stage", "stint_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_episode_candidate", "site_id", "candidate_id"),
    )
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    id: UUID = Field(primary_key=True)
    candidate_id: UUID
    protocol: str
    stage: str
    stint: int
    stint_at: datetime = moment()
    enrolled_at: datetime = moment()
    closed_at: datetime | None = moment(nullable=True)
    seq: int
    version: int
    head: str
    hold_reason: str | None = None
    hold_since: datetime | None = moment(nullable=True)
    hold_review_at: datetime | None = moment(nullable=True)
    hold_by: str | None = None


class TrialRow(SQLModel, table=True):
    """One attempt at a trial."""

    __tablename__ = "trial"
    __table_args__ = (of_episode(), one_of("method", "single_shot", "catheter", "waived"))
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    method: str
    drug: str
    started_at: datetime = moment()
    punctured_at: datetime | None = moment(nullable=True)
    catheter_out_at: datetime | None = moment(nullable=True)
    ended_at: datetime | None = moment(nullable=True)
    outcome: str | None = None
    response: str | None = None
    relief: Decimal | None = Field(default=None, sa_type=Numeric)
    prior: str | None = None


class ObservationRow(SQLModel, table=True):
    """One recorded value, or why there is none; never edited, only superseded."""

    __tablename__ = "observation"
    __table_args__ = (
        of_episode(),
        finite("number"),
        CheckConstraint("num_nonnulls(number, text, absent) = 1", name="one_value"),
        one_of("absent", "asleep", "refused", "unable", "away"),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    item: str
    observed_at: datetime = moment()
    recorded_at: datetime = moment()
    by: str
    number: Decimal | None = Field(default=None, sa_type=Numeric)
    text: str | None = None
    absent: str | None = None
    unit: str
    trial: int | None = None
    superseded_by: str | None = None
    reason: str | None = None


class AdministrationRow(SQLModel, table=True):
    """One dose as ordered and as given."""

    __tablename__ = "administration"
    __table_args__ = (
        of_episode(),
        finite("ordered"),
        finite("given"),
        CheckConstraint("ordered > 0 AND given > 0", name="positive"),
        one_of("mode", "bolus", "infusion"),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    trial: int
    drug: str
    mode: str
    ordered: Decimal = Field(sa_type=Numeric)
    given: Decimal = Field(sa_type=Numeric)
    unit: str
    given_at: datetime = moment()
    by: str
    act: str
    reason: str | None = None


class AppointmentRow(SQLModel, table=True):
    """A planned procedure or visit."""

    __tablename__ = "appointment"
    __table_args__ = (
        of_episode(),
        one_of("state", "planned", "attended", "missed", "cancelled"),
        Index("ix_appointment_week", "site_id", "starts_at", postgresql_where=text("state = 'planned'")),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    kind: str
    starts_at: datetime = moment()
    state: str
    by: str
    reason: str | None = None


class TaskRow(SQLModel, table=True):
    """Work for a person. The key is natural: scope, name, occurrence."""

    __tablename__ = "task"
    __table_args__ = (
        of_episode(),
        one_of("scope", "stint", "appointment", "hold", "proposal", "episode"),
        one_of("state", "open", "done", "cancelled"),
        Index("ix_task_inbox", "site_id", "role", postgresql_where=text("state = 'open'")),
        Index(
            "ix_task_withheld",
            "site_id",
            "withheld_until",
            postgresql_where=text("state = 'open' AND withheld_until IS NOT NULL"),
        ),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str
    scope: str
    role: str
    opened_at: datetime = moment()
    anchor_at: datetime = moment()
    state: str
    assignee: str | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = moment(nullable=True)
    waiting_on: str | None = None
    closed_at: datetime | None = moment(nullable=True)
    closed_by: str | None = None
    closing: str | None = None
    opened_on: str | None = None
    closed_on: str | None = None
    about: str | None = None
    offered_to: str | None = None
    contacts: int
    withheld_until: datetime | None = moment(nullable=True)


class TimerRow(SQLModel, table=True):
    """The one clock of a task: its key is the task's, so that there can be no second."""

    __tablename__ = "timer"
    __table_args__ = (
        ForeignKeyConstraint(["site_id", "episode_id", "key"], ["task.site_id", "task.episode_id", "task.key"]),
        one_of("state", "live", "paused", "ended"),
        CheckConstraint("n >= 1 AND rung >= 0", name="counts"),
        Index("ix_timer_due", "due_at", postgresql_where=text("state = 'live'")),
        Index("ix_timer_reached_nobody", "site_id", postgresql_where=text("state = 'live' AND reached = 0")),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    n: int
    rung: int
    due_at: datetime = moment()
    state: str
    remaining: int | None = None
    reached: int | None = None


class PassageRow(SQLModel, table=True):
    """One gated step taken, on what ground, by whom."""

    __tablename__ = "passage"
    __table_args__ = (
        of_episode(),
        one_of("how", "open", "waived", "overridden", "deviation"),
        CheckConstraint("second IS NULL OR second <> by", name="two_people"),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str
    how: str
    at: datetime = moment()
    by: str
    second: str | None = None
    act: str | None = None
    until: datetime | None = moment(nullable=True)
    used_at: datetime | None = moment(nullable=True)
    trial: int | None = None
    reason: str | None = None
    signed: str | None = None


class ProposalRow(SQLModel, table=True):
    """What one person asks for and another must ask for too."""

    __tablename__ = "proposal"
    __table_args__ = (of_episode(),)
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    by: str
    at: datetime = moment()
    until: datetime = moment()
    evidence: str
    reason: str
    settled_at: datetime | None = moment(nullable=True)
    signed: str | None = None


class OverrideRow(SQLModel, table=True):
    """A gate two people agreed to pass, on what both saw."""

    __tablename__ = "gate_override"
    __table_args__ = (
        of_episode(),
        one_of("how", "waived", "overridden"),
        CheckConstraint("second <> by", name="two_people"),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    gate: str
    how: str
    reason: str
    by: str
    second: str
    at: datetime = moment()
    until: datetime = moment()
    evidence: str
    signed: str | None = None
