"""Alembic's way in: one connection as theca_migrate, acting as the owner."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel

from workflow.store import entrance, journal, places, signed, tables

assert entrance
assert journal
assert places
assert signed
assert tables

_engine = create_engine(make_url(context.config.attributes["url"]).set(drivername="postgresql+psycopg"))
with _engine.begin() as _connection:
    _connection.execute(text("SET ROLE theca_owner"))
    _connection.execute(text("SET lock_timeout = '2s'"))
    context.configure(connection=_connection, target_metadata=SQLModel.metadata)
    context.run_migrations()
_engine.dispose()
