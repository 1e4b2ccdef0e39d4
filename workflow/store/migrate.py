"""Change the database's shape: Alembic, from our own folder, as theca_migrate."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from workflow.store.session import address_of, translated

_HERE = Path(__file__).parent / "migrations"


def upgrade(admin_url: str, revision: str = "head") -> None:
    """Bring a database up to a revision, as theca_migrate."""
    with translated():
        command.upgrade(configured(admin_url), revision)


def downgrade(admin_url: str, revision: str) -> None:
    """Take a database back to a revision. Only for an empty one: rows of dropped tables are gone."""
    command.downgrade(configured(admin_url), revision)


def current(admin_url: str) -> str:
    """The revision a database is at; empty where it has none."""
    engine = create_engine(address_of(admin_url))
    with translated(), engine.connect() as connection:
        known = connection.scalar(text("SELECT to_regclass('public.alembic_version')"))
        found = connection.scalar(text("SELECT version_num FROM alembic_version")) if known else ""
    engine.dispose()
    return str(found or "")


def head() -> str:
    """The newest revision there is."""
    return str(ScriptDirectory(str(_HERE)).get_current_head())


def configured(admin_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["url"] = admin_url
    return config
