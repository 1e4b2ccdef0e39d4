"""The floor: the rows of a sweep, taken from a sweep that is rolled back, and written by plain SQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, event

from workflow.service import fire
from workflow.store.session import Store, see

Batch = Mapping[str, Sequence[Mapping[str, object]]]  # by table, the rows of one transaction
Prepared = list[tuple[str, list[list[object]]]]  # statements, and their columns as arrays

LEDGER = ("site_id", "episode_id", "seq", "at", "occurred_at", "actor", "verb", "outcome", "prev", "hash", "head")
KINDS = {
    "text": "site_id key state head actor verb outcome prev hash task name recipient channel urgency",
    "uuid": "id episode_id",
    "integer": "n rung seq attempts reached",
    "timestamptz": "due_at at occurred_at created_at next_try_at settled_at",
    "bytea": "sealed",
}
KIND = {name: kind for kind, names in KINDS.items() for name in names.split()}


class _Rehearsed(Store):
    """A store whose transactions are rolled back."""

    @contextmanager
    def transaction(self, sites: Sequence[str] = ()) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            see(connection, sites)
            yield connection
            connection.rollback()


def rows_of(worker: Store, most: int) -> list[Prepared]:
    """What a sweep would write now, batch by batch, ready to be written."""
    taken: list[Batch] = []

    def listen(_connection: object, _cursor: object, statement: str, values: Mapping[str, str], *_rest: object) -> None:
        if "ledger_append" in statement:
            taken.append({name: json.loads(rows) for name, rows in values.items()})

    event.listen(worker.engine, "before_cursor_execute", listen)
    rehearsed = _Rehearsed(engine=worker.engine, vault=worker.vault)
    for batch in fire.due_batches(rehearsed, most=most):
        fire._fire(rehearsed, batch)
    event.remove(worker.engine, "before_cursor_execute", listen)
    return [_prepared(batch) for batch in taken]


def floor(superuser: str, batches: Sequence[Prepared]) -> None:
    """Write them: one connection, one statement a table, one transaction a batch."""
    with psycopg.connect(superuser) as connection:
        for batch in batches:
            with connection.cursor() as cursor:
                for statement, columns in batch:
                    cursor.execute(statement, columns)
            connection.commit()


def _prepared(batch: Batch) -> Prepared:
    lines = [
        {**line, "head": bytes.fromhex(str(line["head"])), "sealed": bytes.fromhex(str(line["sealed"]))}
        for line in batch["lines"]
    ]
    message = tuple(name for name in batch["message"][0] if name in KIND)
    timer = tuple(name for name in batch["timer"][0] if name in KIND)
    return [
        _update("timer", ("site_id", "episode_id", "key"), timer, batch["timer"]),
        _update("episode", ("site_id", "id"), ("site_id", "id", "seq", "head"), batch["episode"]),
        _insert("ledger", LEDGER, lines, head="bytea"),
        _insert("ledger_payload", ("site_id", "episode_id", "seq", "sealed"), lines),
        _insert("message", message, batch["message"]),
    ]


def _insert(
    table: str, names: Sequence[str], rows: Sequence[Mapping[str, object]], **kinds: str
) -> tuple[str, list[list[object]]]:
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table} ({columns}) SELECT * FROM {_unnested(names, kinds)}", _columns(names, rows)


def _update(
    table: str, keys: Sequence[str], names: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> tuple[str, list[list[object]]]:
    changes = ", ".join(f'"{name}" = given."{name}"' for name in names if name not in keys)
    same = " AND ".join(f'old."{name}" = given."{name}"' for name in keys)
    given = ", ".join(f'"{name}"' for name in names)
    return f"UPDATE {table} AS old SET {changes} FROM {_unnested(names, {})} AS given({given}) WHERE {same}", _columns(
        names, rows
    )


def _unnested(names: Sequence[str], kinds: Mapping[str, str]) -> str:
    return "unnest(" + ", ".join(f"%s::{kinds.get(name, KIND[name])}[]" for name in names) + ")"


def _columns(names: Sequence[str], rows: Sequence[Mapping[str, object]]) -> list[list[object]]:
    return [[row.get(name) for row in rows] for name in names]
