"""From values to rows: one upsert per table, from JSON, whatever the number of rows.

`COPY` is refused under row security, and a list of rows must cost one statement: the rows travel as one JSON
array and are unfolded by the database.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import TypeAlias, TypeVar, get_args, get_type_hints

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from workflow.domain.canonical import Plain, plain
from workflow.store import journal, signed, tables

T = TypeVar("T")
Image: TypeAlias = "dict[str, Plain | None]"  # one row, as it travels

# What a collection of the episode is called as a table.
TABLES: Mapping[str, str] = {
    "trials": tables.TrialRow.__tablename__,
    "observations": tables.ObservationRow.__tablename__,
    "administrations": tables.AdministrationRow.__tablename__,
    "appointments": tables.AppointmentRow.__tablename__,
    "tasks": tables.TaskRow.__tablename__,
    "timers": tables.TimerRow.__tablename__,
    "passages": tables.PassageRow.__tablename__,
    "proposals": tables.ProposalRow.__tablename__,
    "overrides": tables.OverrideRow.__tablename__,
    "signatures": signed.SignatureRow.__tablename__,
}
COMMAND = journal.CommandRow.__tablename__
MESSAGE = journal.MessageRow.__tablename__
EPISODE = tables.EpisodeRow.__tablename__
RECALLED = "recalled"  # no table: work whose letters are taken back


def write(name: str) -> str:
    """The statement that writes what a decision leaves in one table, from one JSON array `:name`."""
    if name == RECALLED:
        return _RECALL
    return insert(name) if name in (COMMAND, MESSAGE) else upsert(name)


@lru_cache(maxsize=64)
def upsert(name: str) -> str:
    """The statement that writes any number of after-images of one table from one JSON array `:name`."""
    table = _table(name)
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    changes = ", ".join(f'"{column}" = excluded."{column}"' for column in others)
    conflict = ", ".join(f'"{key}"' for key in keys)
    return f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {_unfolded(name)} ON CONFLICT ({conflict}) DO UPDATE SET {changes}"  # noqa: E501, S608 - names from our own metadata


@lru_cache(maxsize=64)
def insert(name: str) -> str:
    """The statement that adds rows and fails where one is there already."""
    columns = ", ".join(f'"{column.name}"' for column in _table(name).columns)
    return f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {_unfolded(name)}"  # noqa: S608 - as above


# A letter under lease is on its way and cannot be taken back. One that hands work over, or tells the lead how much
# waits for somebody, is of no moment.
_RECALL = """
UPDATE message AS m SET state = 'cancelled', reason = 'its work counts from another moment now',
  settled_at = clock_timestamp(), letter = NULL
FROM jsonb_to_recordset(CAST(:recalled AS jsonb)) AS w(site_id text, episode_id uuid, task text)
WHERE m.site_id = w.site_id AND m.episode_id = w.episode_id AND m.task = w.task AND m.state = 'waiting'
  AND (m.lease_until IS NULL OR m.lease_until < clock_timestamp())
  AND m.key NOT LIKE '%~handed.%' AND m.key NOT LIKE '%~storm~%'
"""


def packed(rows: Iterable[Image]) -> str:
    """Rows, plain already, as one JSON array."""
    return json.dumps(list(rows))


def columns(cls: type, alias: str) -> str:
    """The columns that `thing` reads a dataclass from, of a table by that alias."""
    return ", ".join(f'{alias}."{name}"' for name in _shape(cls)[0])


def thing(cls: Callable[..., T], values: Iterable[object]) -> T:
    """A dataclass of single values from the columns of its row."""
    names, words = _shape(cls)
    named = dict(zip(names, values, strict=True))
    for name, kind in words:
        if named[name] is not None:
            named[name] = kind(named[name])
    return cls(**named)


@lru_cache(maxsize=32)
def _shape(cls: type) -> tuple[tuple[str, ...], tuple[tuple[str, type[Enum]], ...]]:
    """The fields of a dataclass in order, and those that take only certain words."""
    hints = get_type_hints(cls)
    kinds = ((name, kind) for name in hints for kind in get_args(hints[name]) or (hints[name],))
    return tuple(hints), tuple((name, kind) for name, kind in kinds if issubclass(kind, Enum))


def row(value: object, *, site: str, episode: str) -> Image:
    """The row of one thing of an episode."""
    image = plain(value)
    assert isinstance(image, dict)
    return {**image, "site_id": site, "episode_id": episode}


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


def _unfolded(name: str) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    fields = ", ".join(f'"{column.name}" {column.type.compile(dialect)}' for column in _table(name).columns)
    return f"jsonb_to_recordset(CAST(:{name} AS jsonb)) AS unfolded({fields})"
