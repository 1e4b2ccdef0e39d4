"""The rows that tell what happened and what is to be sent: ledger, commands, messages, deliveries, access."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Identity, Index, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from workflow.store.columns import moment, of_episode, one_of, written_in


class LedgerRow(SQLModel, table=True):
    """One chained line: the exact bytes hashed stand in `head`. Only ledger_append() writes here."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ix_ledger_xact", "xact"),)
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    at: datetime = moment()
    occurred_at: datetime = moment()
    actor: str
    verb: str
    outcome: str
    prev: str
    hash: str
    head: bytes
    xact: int | None = written_in()


class ChainRow(SQLModel, table=True):
    """One line of a chain that is no episode's; `site_id` is empty where it is no site's. chain_append() writes it."""

    __tablename__ = "chain_line"
    __table_args__ = (
        CheckConstraint(
            "site_id = CASE WHEN chain LIKE 'site:%' THEN substr(chain, 6) ELSE '' END", name="site_of_chain"
        ),
        Index("ix_chain_line_chain", "chain", "seq"),
        Index("ix_chain_line_xact", "xact"),
    )
    site_id: str = Field(primary_key=True)
    chain: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    at: datetime = moment()
    actor: str
    verb: str
    prev: str
    hash: str
    head: bytes
    xact: int | None = written_in()


class PayloadRow(SQLModel, table=True):
    """What a line commits to, sealed with its salt under the candidate's key."""

    __tablename__ = "ledger_payload"
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    sealed: bytes


class CommandRow(SQLModel, table=True):
    """An idempotency key that was used, and the line that answers it."""

    __tablename__ = "command"
    site_id: str = Field(primary_key=True)
    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body: str
    episode_id: UUID
    seq: int
    created_at: datetime = moment()


class MessageRow(SQLModel, table=True):
    """The outbox: one message to one person on one channel, until it is sent, cancelled or dead."""

    __tablename__ = "message"
    __table_args__ = (
        of_episode(),
        one_of("state", "waiting", "sent", "cancelled", "dead"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_message_due", "urgency", "next_try_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_message_waiting", "site_id", "recipient", "episode_id", postgresql_where=text("state = 'waiting'")),
        Index("ix_message_mine", "site_id", "recipient", "created_at"),
        Index("ix_message_dead", "site_id", "episode_id", postgresql_where=text("state = 'dead'")),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    task: str
    name: str
    rung: int
    recipient: str
    channel: str
    urgency: str
    due_at: datetime = moment()
    created_at: datetime = moment()
    state: str
    attempts: int
    next_try_at: datetime = moment()
    lease_until: datetime | None = moment(nullable=True)
    lease_token: str | None = None
    settled_at: datetime | None = moment(nullable=True)
    reason: str | None = None
    letter: str | None = None  # the letter it left in, where that told of several


class UsedLinkRow(SQLModel, table=True):
    """A signed link that was used; there is no second time."""

    __tablename__ = "used_link"
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    id: str = Field(primary_key=True)
    used_at: datetime = moment()


class DeliveryRow(SQLModel, table=True):
    """One attempt to send one message."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_xact", "xact"),)
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    at: datetime = moment()
    result: str
    xact: int | None = written_in()


class QuarantineRow(SQLModel, table=True):
    """A timer that could not be fired, set aside so that it blocks no other; tried again after `until`."""

    __tablename__ = "quarantine"
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    n: int
    tries: int
    until: datetime = moment()
    error: str


class AccessRow(SQLModel, table=True):
    """Who looked at which episode; appended, never changed."""

    __tablename__ = "access"
    site_id: str = Field(primary_key=True)
    id: int | None = Field(default=None, primary_key=True, sa_column_args=[Identity()])
    actor: str
    at: datetime = moment()
    what: str
    episode_id: UUID | None = None


class SecurityRow(SQLModel, table=True):
    """Refused at the door: malformed or unauthorised, one row per actor, kind and minute."""

    __tablename__ = "security_event"
    actor: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    minute: datetime = Field(sa_type=DateTime(timezone=True), primary_key=True)
    count: int


class ErasureRow(SQLModel, table=True):
    """A candidate of whom one person proposed to erase everything; erased once another agreed. Ids only."""

    __tablename__ = "erasure"
    __table_args__ = (CheckConstraint("agreed_by <> proposed_by", name="two_people"),)
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    candidate_id: UUID = Field(primary_key=True)
    reason: str
    proposed_by: str
    proposed_at: datetime = moment()
    agreed_by: str | None = None
    erased_at: datetime | None = moment(nullable=True)
    episodes: list[UUID] = Field(sa_type=ARRAY(Uuid))


class RestorationRow(SQLModel, table=True):
    """The database was brought back from a backup; until a person says so, nothing leaves."""

    __tablename__ = "restoration"
    id: int | None = Field(default=None, primary_key=True, sa_column_args=[Identity()])
    at: datetime = moment()
    backup_at: datetime = moment()
    resumed_at: datetime | None = moment(nullable=True)


class HandedOverRow(SQLModel, table=True):
    """A message that had left already by the journal of the checkpoints, whatever the restored rows say."""

    __tablename__ = "handed_over"
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)


class PulseRow(SQLModel, table=True):
    """When each part last gave a sign of life."""

    __tablename__ = "pulse"
    name: str = Field(primary_key=True)
    at: datetime = moment()


class OutageRow(SQLModel, table=True):
    """A while in which nobody looked what was due."""

    __tablename__ = "outage"
    __table_args__ = (CheckConstraint("until_at > from_at", name="forward"),)
    id: int | None = Field(default=None, primary_key=True, sa_column_args=[Identity()])
    from_at: datetime = moment()
    until_at: datetime = moment()


class OutageTimerRow(SQLModel, table=True):
    """A reminder that should have left in an outage."""

    __tablename__ = "outage_timer"
    site_id: str = Field(primary_key=True)
    outage_id: int = Field(primary_key=True, foreign_key="outage.id")
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    n: int
    rung: int
    due_at: datetime = moment()


class ReprojectionRow(SQLModel, table=True):
    """An episode whose clocks are still to be put where its site's changed calendar has them."""

    __tablename__ = "reprojection"
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    before: str  # where and when the site worked, as the clocks were set
    why: str
    timers: dict[str, int] = Field(sa_type=JSONB)  # which projection of each
