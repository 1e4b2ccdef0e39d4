"""The database's own people.

The app and the workers own nothing, only append to the ledger, and see the sites a transaction names.

theca_owner    owns every table, cannot sign in       theca_app      the API and the command line
theca_migrate  changes the shape                      theca_worker   timers and delivery
theca_backup   reads everything                       theca_verify   reads the ledger, writes nothing
"""

import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, create_engine, text

from workflow.store.session import address_of, translated

LOGINS = {
    "theca_migrate": "BYPASSRLS",
    "theca_backup": "BYPASSRLS",
    "theca_app": "NOBYPASSRLS",
    "theca_worker": "NOBYPASSRLS",
    "theca_verify": "BYPASSRLS",
}
OWNER = "theca_owner"


def new_passwords() -> dict[str, str]:
    """A random password for every role that signs in."""
    return {role: secrets.token_urlsafe(24) for role in LOGINS}


def establish(superuser_url: str, database: str, passwords: Mapping[str, str]) -> None:
    """Create the roles and the database, as a superuser; what exists keeps, passwords are set anew."""
    engine = create_engine(address_of(superuser_url), isolation_level="AUTOCOMMIT", hide_parameters=True)
    with translated(), engine.connect() as connection:
        _roles(connection, passwords)
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": database}):
            connection.execute(text(f"CREATE DATABASE {_name(connection, database)} OWNER {OWNER}"))
        # Nobody can shadow a name that an owner's function uses with one of their own.
        connection.execute(text(f"REVOKE TEMPORARY ON DATABASE {_name(connection, database)} FROM PUBLIC"))
    engine.dispose()


def url_of(superuser_url: str, role: str, password: str, database: str) -> str:
    """The address of a database for one of the roles."""
    address = address_of(superuser_url).set(username=role, password=password or None, database=database)
    return address.render_as_string(hide_password=False)


def _roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    if OWNER not in known:
        connection.execute(text(f"CREATE ROLE {OWNER} NOLOGIN NOSUPERUSER BYPASSRLS"))
    for role, sight in LOGINS.items():
        verb = "ALTER" if role in known else "CREATE"
        literal = _literal(connection, passwords.get(role, ""))
        connection.execute(text(f"{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE {sight} PASSWORD {literal}"))
    connection.execute(text(f"GRANT {OWNER} TO theca_migrate"))
    connection.execute(text("GRANT pg_read_all_data TO theca_backup"))


def _literal(connection: Connection, value: str) -> str:
    quoted: str = connection.execute(text("SELECT quote_literal(:value)"), {"value": value}).scalar_one()
    return quoted.replace(":", r"\:")


def _name(connection: Connection, value: str) -> str:
    quoted: str = connection.execute(text("SELECT quote_ident(:value)"), {"value": value}).scalar_one()
    return quoted
