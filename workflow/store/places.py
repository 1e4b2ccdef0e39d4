"""The rows of sites and of the people there: when a site works, who holds which role, who is away, who is on call."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, Numeric
from sqlmodel import Field, SQLModel

from workflow.store.columns import finite, moment, one_of


class Site(SQLModel, table=True):
    """A hospital or clinic: its zone, when it works, and when and how often people are told of things there."""

    __tablename__ = "site"
    __table_args__ = (
        one_of("routine", "digest", "at_once"),
        CheckConstraint("urgent_per_hour >= 1", name="urgent_per_hour"),
        CheckConstraint("retention_years BETWEEN 0 AND 100", name="retention_years"),
    )
    site_id: str = Field(primary_key=True)
    name: str
    zone: str
    country: str
    subdivision: str = ""
    opens: str = "08:00"
    closes: str = "17:00"
    weekdays: str = "01234"  # Monday is 0
    quiet_from: str = "18:00"  # routine letters wait from then
    quiet_until: str = "07:00"  # until then; the same time twice: no quiet hours
    routine: str = "digest"
    urgent_per_hour: int = 20  # letters to one person, before they become one summary
    emergency_number: str = ""
    retention_years: int = Field(
        default=10, sa_column_kwargs={"server_default": "10"}
    )  # after an episode closed, before what is known of its candidate may be erased


class Closure(SQLModel, table=True):
    """A day a site is closed beside weekends and public holidays."""

    __tablename__ = "closure"
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    day: date = Field(primary_key=True)
    label: str


class Setting(SQLModel, table=True):
    """A site's own value of a protocol's parameter; the newest counts, and none is ever changed."""

    __tablename__ = "setting"
    __table_args__ = (finite("value"),)
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    protocol: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    set_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    value: Decimal = Field(sa_type=Numeric)
    set_by: str = Field(foreign_key="staff.id")
    reason: str


class Staff(SQLModel, table=True):
    """A person who works somewhere; what they may do stands in their memberships."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True)
    name: str
    email: str = ""
    ends_on: date | None = None  # their last day


class Membership(SQLModel, table=True):
    """One role of one person at one site, from a day to a day; entered by hand, or come by a provider's groups."""

    __tablename__ = "membership"
    __table_args__ = (one_of("origin", "hand", "group"),)
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    role: str = Field(primary_key=True)
    starts_on: date = Field(primary_key=True)
    ends_on: date | None = None
    origin: str = "hand"


class AbsenceRow(SQLModel, table=True):
    """Somebody is away from a site for a while; `substitute` answers for them, where there is one."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="forward"),
        CheckConstraint("substitute IS NULL OR substitute <> staff_id", name="somebody_else"),
    )
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    starts_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    ends_at: datetime = moment()
    substitute: str | None = Field(default=None, foreign_key="staff.id")


class DeputyRow(SQLModel, table=True):
    """Whom a rung named `deputy` tells for somebody at a site."""

    __tablename__ = "deputy"
    __table_args__ = (CheckConstraint("deputy_id <> staff_id", name="somebody_else"),)
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    deputy_id: str = Field(primary_key=True, foreign_key="staff.id")


class OnCallRow(SQLModel, table=True):
    """One duty of one person at a site: who a rung named `on_call` tells."""

    __tablename__ = "on_call"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="forward"),)
    site_id: str = Field(primary_key=True, foreign_key="site.site_id")
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    starts_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    ends_at: datetime = moment()


class AddressRow(SQLModel, table=True):
    """Where a person is reached beside app and e-mail: an address and its secret, sealed under the key file."""

    __tablename__ = "address"
    __table_args__ = (one_of("kind", "webhook", "apprise"),)
    staff_id: str = Field(primary_key=True, foreign_key="staff.id")
    kind: str = Field(primary_key=True)
    sealed: bytes


class Token(SQLModel, table=True):
    """A bearer token, kept as its SHA-256 only; it may be narrowed to some scopes, and to one site."""

    __tablename__ = "token"
    hash: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id")
    label: str
    created_at: datetime = moment()
    expires_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)
    scopes: str = ""  # names with commas between; empty: all that the person's roles give
    only_site: str | None = Field(default=None, foreign_key="site.site_id")
    last_used_at: datetime | None = moment(nullable=True)  # to the hour
