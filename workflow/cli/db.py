"""theca db: the database's roles and shape."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import DATABASE, REFUSED, ground, plainly
from workflow.service import people
from workflow.store import migrate, roles, vault
from workflow.store.vault import Vault

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def upgrade() -> None:
    """Bring the database to the newest shape, as theca_migrate (DATABASE_ADMIN_URL)."""
    with plainly(), ground(upgrade=False) as here:
        before = migrate.current(here.now.database_admin_url) or "nothing"
        migrate.upgrade(here.now.database_admin_url)
        print(f"from {before} to {migrate.head()}")


@app.command()
def key(file: Annotated[Path, typer.Argument(help="a new file; one that is there is never overwritten")]) -> None:
    """Make a key file, readable by you alone; keep it apart from the database and its backups."""
    try:
        vault.create_key_file(file)
    except OSError as wrong:
        print(f"theca: {file} was not written: {wrong.strerror}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    print(f"THECA_KEY_FILE={file.absolute()}")


@app.command("rotate-key")
def rotate_key(new: Annotated[Path, typer.Argument(help="the new key file", exists=True, dir_okay=False)]) -> None:
    """Exchange the key file: what it wrapped is wrapped by the new one, all or nothing. Stop everything else first.

    What was sealed under candidates' own keys stays. Signed links that were sent open nothing any more. Keep the old
    file as long as backups from before are kept.
    """
    with plainly(), ground(upgrade=False) as here, closing(here.admin()) as store:
        found = people.rotate_key(store, Vault.from_file(new))
        print(f"{found.candidates} candidates, {found.addresses} addresses; from now on:")
        print(f"THECA_KEY_FILE={new.absolute()}")


@app.command()
def establish(
    superuser_url: Annotated[str, typer.Option(envvar="DATABASE_SUPERUSER_URL", help="used once, for this")],
    database: str = DATABASE,
) -> None:
    """Create the roles and the database on your own PostgreSQL (15 or newer), and print their URLs."""
    with plainly():
        passwords = roles.new_passwords()
        roles.establish(superuser_url, database, passwords)
        for name, role in _NAMES.items():
            print(f"{name}={roles.url_of(superuser_url, role, passwords[role], database)}")


_NAMES = {
    "DATABASE_URL": "theca_app",
    "DATABASE_ADMIN_URL": "theca_migrate",
    "DATABASE_VERIFY_URL": "theca_verify",
    "DATABASE_WORKER_URL": "theca_worker",
    "DATABASE_BACKUP_URL": "theca_backup",
}
