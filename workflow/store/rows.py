"""From values to rows: one upsert per table, from JSON, whatever the number of rows.

`COPY` is refused under row security, and a list of rows must cost one statement: the rows travel as one JSON
array and are unfolded by the database.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from workflow.domain.canonical import Plain, plain
from workflow.store import journal, tables

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
}
COMMAND = journal.CommandRow.__tablename__
MESSAGE = journal.MessageRow.__tablename__
EPISODE = tables.EpisodeRow.__tablename__


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


def packed(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as one JSON array, in canonical form."""
    return json.dumps([plain(row) for row in rows])


def row(value: object, *, site: str, episode: str) -> dict[str, Plain]:
    """The row of one thing of an episode."""
    image = plain(value)
    assert isinstance(image, dict)
    return image | {"site_id": site, "episode_id": episode}


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


def _unfolded(name: str) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    fields = ", ".join(f'"{column.name}" {column.type.compile(dialect)}' for column in _table(name).columns)
    return f"jsonb_to_recordset(CAST(:{name} AS jsonb)) AS unfolded({fields})"
