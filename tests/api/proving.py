"""A password for everybody in a test's database, so that whoever may sign can show who they are."""

from functools import lru_cache
from typing import Any

from caller import PASSWORD
from sqlalchemy import text

from workflow.service import passwords
from workflow.store import session


@lru_cache(maxsize=1)
def _hashed() -> str:
    return passwords.choose(PASSWORD, person="somebody", name="Somebody")


def give_passwords(database: Any) -> None:
    """The same password to everybody on the staff who has none yet."""
    store = session.open_store(database.migrate, database.key_file)
    with store.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO credential (staff_id, password, changed_at)"
                " SELECT id, :hashed, clock_timestamp() FROM staff ON CONFLICT (staff_id) DO NOTHING"
            ),
            {"hashed": _hashed()},
        )
    store.close()
