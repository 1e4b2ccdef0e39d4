"""What the lists can be asked for, in the query. Unknown names are refused: a filter misspelt is no filter."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.kinds import Asked, Wanted
from workflow.domain.actor import Role

Cursor = Annotated[
    Annotated[str, Field(max_length=400)] | None,
    Field(description="`next` of the page before.", examples=["WyIyMDI2LTExLTIyIl0"]),
]
Most = Annotated[int, Field(ge=1, le=200, description="How many lines a page has at most.", examples=[50])]
OneSite = Annotated[Asked | None, Field(description="Only this site, one of yours.", examples=["north"])]


class EpisodesQuery(Wanted):
    """Which episodes: open ones; with `stage` or `q` also those that are over."""

    stage: Annotated[Asked | None, Field(description="Only this stage.", examples=["screening"])] = None
    site: OneSite = None
    q: Annotated[
        Asked | None,
        Field(description="A code, a record number, or the beginnings of names.", examples=["adl"]),
    ] = None
    late: Annotated[bool, Field(description="Only those with late work.", examples=[True])] = False
    assignee: Annotated[Asked | None, Field(description="Only with work of this person.", examples=["nurse-1"])] = None
    cursor: Cursor = None
    limit: Most = 50


class TasksQuery(Wanted):
    """Which open tasks."""

    mine: Annotated[
        bool, Field(description="Assigned or offered to me, or to nobody and for a role of mine.", examples=[True])
    ] = False
    role: Annotated[Role | None, Field(description="Only for this role.", examples=["nurse"])] = None
    late: Annotated[bool, Field(description="Only those past their first reminder.", examples=[True])] = False
    site: OneSite = None
    cursor: Cursor = None
    limit: Most = 50


class MessagesQuery(Wanted):
    """Which messages of the delivery log."""

    state: Annotated[
        Literal["waiting", "sent", "cancelled", "dead"] | None,
        Field(description="Only in this state.", examples=["dead"]),
    ] = None
    recipient: Annotated[Asked | None, Field(description="Only to this person.", examples=["nurse-1"])] = None
    episode: Annotated[
        Asked | None, Field(description="Only of this episode.", examples=["6f1f2f0e-5b1c-4a86-9a53-0f4a7a3f9b11"])
    ] = None
    site: OneSite = None
    cursor: Cursor = None
    limit: Most = 50


class LedgerQuery(Wanted):
    """Which lines of an episode's ledger."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1, description="Only lines after this seq.", examples=[0])] = 0
    limit: Annotated[int, Field(ge=1, le=500, description="How many lines at most.", examples=[200])] = 200
