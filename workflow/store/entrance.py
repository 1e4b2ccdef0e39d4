"""The rows of how people come in: what proves who they are, their sessions, tablets, and the brakes on guessing.

No secret stands here as it is: passwords and PINs are argon2 hashes, everything random is kept as its SHA-256.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from workflow.store.columns import moment, one_of


class CredentialRow(SQLModel, table=True):
    """A person's password and PIN. A change ends their sessions; a hash made anew of the same password does not."""

    __tablename__ = "credential"
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    password: str
    changed_at: datetime = moment()
    pin: str | None = None


class InvitationRow(SQLModel, table=True):
    """What lets a person choose a password, once."""

    __tablename__ = "invitation"
    hash: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class SessionRow(SQLModel, table=True):
    """One person signed in at one browser. `id` names it, `hash` is that of its secret, which changes at step-up."""

    __tablename__ = "session"
    __table_args__ = (
        one_of("how", "password", "pin", "oidc"),
        CheckConstraint("idle_at <= ends_at AND began_at < ends_at", name="forward"),
        Index("ix_session_live", "staff_id", postgresql_where=text("ended_at IS NULL")),
    )
    id: UUID = Field(primary_key=True)
    hash: str = Field(unique=True)
    staff_id: str = Field(foreign_key="staff.id")
    csrf: str
    how: str
    began_at: datetime = moment()
    seen_at: datetime = moment()
    idle_at: datetime = moment()
    ends_at: datetime = moment()
    confirmed_at: datetime = moment()
    tablet: str | None = None
    pins_wrong: int = 0
    ended_at: datetime | None = moment(nullable=True)
    ending: str | None = None


class TabletRow(SQLModel, table=True):
    """A ward tablet. Until it is enrolled `hash` is that of a code good once; then that of what the tablet keeps."""

    __tablename__ = "tablet"
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    id: str = Field(primary_key=True)
    label: str
    hash: str = Field(unique=True)
    added_by: str
    added_at: datetime = moment()
    enrolled_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class BrakeRow(SQLModel, table=True):
    """How often something was tried of late, under a hash of who tried what; and until when it may not be again."""

    __tablename__ = "brake"
    key: str = Field(primary_key=True)
    spent: float
    at: datetime = moment()
    until: datetime = moment()
    __table_args__ = (Index("ix_brake_at", "at"),)


class KnownSourceRow(SQLModel, table=True):
    """Where somebody has signed in before: an address or a browser, hashed."""

    __tablename__ = "known_source"
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    source: str = Field(primary_key=True)
    at: datetime = moment()


class IdentityLinkRow(SQLModel, table=True):
    """Who somebody is for a single sign-on provider."""

    __tablename__ = "identity_link"
    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    linked_at: datetime = moment()


class OidcAttemptRow(SQLModel, table=True):
    """A single sign-on that was begun in a browser and has not come back; good once, for ten minutes."""

    __tablename__ = "oidc_attempt"
    state: str = Field(primary_key=True)
    browser: str
    nonce: str
    verifier: str
    session_id: UUID | None = None  # the session it is to confirm
    created_at: datetime = moment()
