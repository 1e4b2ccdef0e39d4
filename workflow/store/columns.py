"""The pieces tables are made of, and the names the database gives to keys and checks."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def moment(*, nullable: bool = False) -> datetime:
    return Field(sa_type=DateTime(timezone=True), nullable=nullable)  # type: ignore[no-any-return]


def written_in() -> int | None:
    """By which transaction a row was written: how a checkpoint finds those it has not seen. Nothing else reads it."""
    default = {"server_default": text("(pg_current_xact_id()::text)::bigint")}
    return Field(default=None, sa_type=BigInteger, nullable=True, sa_column_kwargs=default)  # type: ignore[no-any-return]


def finite(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} <> 'NaN' AND abs({column}) < 'Infinity'", name=f"{column}_finite")


def one_of(column: str, *allowed: str) -> CheckConstraint:
    values = ", ".join(f"'{value}'" for value in allowed)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")


def of_episode() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["site_id", "episode_id"], ["episode.site_id", "episode.id"])
