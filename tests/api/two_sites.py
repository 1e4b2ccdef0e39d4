"""One world for many questions: a database of its own with two sites, everybody who asks, and something of everything.

Made once for a file of tests; those that share it may not mind what the ones before them did.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from caller import Api
from fastapi import FastAPI
from matrix import NORTH, SOUTH, people
from proving import give_passwords
from recipes import Place, of_place
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api.document import describe
from api.lately import Lately
from workflow.domain.actor import Role
from workflow.service import people as setting_up
from workflow.service.act import Desk
from workflow.store import session
from workflow.store.bell import Bell

# What a refused request may leave behind: who was turned away, and nothing else.
NOTED = ("security_event", "access")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The database, the application on it, and what stands at each site."""

    database: Any
    desk: Desk
    api: Api
    described: dict[str, Any]
    places: dict[str, Place]

    def ask(self, query: str) -> list[Any]:
        """Ask the database behind everybody's back."""
        engine = create_engine(make_url(self.database.migrate).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            found = connection.execute(text(query))
            rows = list(found) if found.returns_rows else []
        engine.dispose()
        return rows

    def fingerprint(self) -> list[tuple[str, int, str]]:
        """Every table with how many rows it has and a sum over all that is in them."""
        known = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        tables = [name for (name,) in self.ask(known)]
        row = "md5((to_jsonb(t) - 'last_used_at')::text)"  # when a token was used is noted by the hour
        summed = f"coalesce(md5(string_agg({row}, '' ORDER BY {row})), '')"
        one = f"SELECT '{{0}}', count(*), {summed} FROM {{0}} AS t"
        return sorted(self.ask(" UNION ALL ".join(one.format(name) for name in tables if name not in NOTED)))


@contextmanager
def standing(database: Any, served: tuple[FastAPI, str], tokens: dict[str, str]) -> Iterator[World]:
    """A world to ask questions in."""
    made, address = served
    desk = Desk(session.open_store(database.app, database.key_file), Bell(""))
    made.state.desk, made.state.lately = desk, Lately(seconds=0)
    limits = httpx.Limits(max_connections=60)
    with httpx.Client(base_url=address, timeout=30, limits=limits, trust_env=False) as client:
        api = Api(client, tokens | _everybody(database))
        give_passwords(database)
        places = {NORTH: of_place(api, NORTH, people=2), SOUTH: of_place(api, SOUTH, people=3)}
        yield World(database=database, desk=desk, api=api, described=describe(made), places=places)
    desk.store.close()


def _everybody(database: Any) -> dict[str, str]:
    """Those who ask and are not in the template; answers their tokens."""
    store = session.open_store(database.migrate, database.key_file)
    today, tokens = datetime.now(UTC).date(), {}
    for who in people():
        if who.id and not who.id.endswith("-1"):
            setting_up.add_person(store, person=who.id, name=who.id)
            for site, roles in who.roles.items():
                for role in roles:
                    setting_up.add_role(store, site=site, person=who.id, role=role, starts_on=date(2020, 1, 1))
            tokens[who.id] = setting_up.add_token(store, person=who.id, label="test", days=1)
    day = timedelta(days=1)
    for role in Role:
        # Two days, so that it is over and not begun yet in every zone.
        begun = {"site": NORTH, "role": role, "person": "ended"}
        setting_up.add_role(store, **begun, starts_on=date(2020, 1, 1), ends_on=today - 2 * day)
        setting_up.add_role(store, site=NORTH, role=role, person="future", starts_on=today + 2 * day)
        setting_up.add_role(store, site=NORTH, role=role, person="revoked", starts_on=date(2020, 1, 1))
        setting_up.add_role(store, site=NORTH, role=role, person="expired", starts_on=date(2020, 1, 1))
    with store.transaction() as connection:
        connection.execute(text("UPDATE token SET revoked_at = clock_timestamp() WHERE staff_id = 'revoked'"))
        connection.execute(text("UPDATE token SET expires_at = clock_timestamp() WHERE staff_id = 'expired'"))
    store.close()
    return tokens | {"": "nobody"}
