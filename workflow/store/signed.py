"""The rows of signing: every signature, and the series that somebody opened to sign several times in one sitting."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from workflow.store.columns import moment, of_episode, one_of


class SignatureRow(SQLModel, table=True):
    """One signature. The database lets it be voided, once, and changes nothing else of it."""

    __tablename__ = "signature"
    __table_args__ = (
        of_episode(),
        one_of("confirmed", "password", "sign_in", "series"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest_is_sha256"),
        CheckConstraint(
            "num_nonnulls(voided_at, voided_by, voided_on, void_reason) IN (0, 4)", name="voided_for_a_reason"
        ),
    )
    site_id: str = Field(primary_key=True)
    episode_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    about: str
    by: str
    printed: str
    meaning: str
    at: datetime = moment()
    digest: str
    rests_on: list[str] = Field(sa_type=JSONB)
    confirmed: str
    series: str | None = None
    voided_at: datetime | None = moment(nullable=True)
    voided_by: str | None = None
    voided_on: str | None = None
    void_reason: str | None = None


class SigningSeriesRow(SQLModel, table=True):
    """One sitting in which a person signs several times. `held_by` is the session or token it belongs to, hashed."""

    __tablename__ = "signing_series"
    __table_args__ = (Index("ix_signing_series_open", "staff_id", postgresql_where=text("ended_at IS NULL")),)
    id: UUID = Field(primary_key=True)
    hash: str = Field(unique=True)
    staff_id: str = Field(foreign_key="staff.id")
    held_by: str
    opened_at: datetime = moment()
    used_at: datetime = moment()
    ended_at: datetime | None = moment(nullable=True)
