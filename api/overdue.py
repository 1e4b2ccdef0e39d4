"""Work that came too late: what an import brought overdue and waits for a release, and what an outage delayed."""

from typing import Annotated

from fastapi import Path

from api.asks import asks
from api.deps import Me, TheDesk
from api.document import BODY
from api.door import resource
from api.ids import episode_of, name
from api.schemas.overdue import (
    BacklogOut,
    BacklogReleasedOut,
    BacklogReleaseIn,
    MissedOut,
    OutageOut,
    OutagesOut,
    WithheldOut,
)
from workflow.domain.policy import Verb
from workflow.service import backlog
from workflow.service.backlog import Withheld
from workflow.service.outages import Missed, Outage, report

router = resource("sites")
SiteId = Annotated[str, Path(alias="id", description="A site of yours.", examples=["north"], max_length=80)]


@router.get("/sites/{id}/backlog", summary="See what waits for a release", response_description="What waits.")
@asks(Verb.READ)
def waiting(site: SiteId, desk: TheDesk, me: Me) -> BacklogOut:
    """Work that an import or an adoption brought overdue. Nobody is reminded of it before the next working day."""
    return BacklogOut(items=tuple(_withheld(one) for one in backlog.waiting(desk, me, site)))


@router.post(
    "/sites/{id}/backlog/release",
    responses=BODY,
    summary="Release the backlog",
    response_description="How many were let go.",
)
@asks(Verb.RELEASE_BACKLOG)
def release(site: SiteId, asked: BacklogReleaseIn, desk: TheDesk, me: Me) -> BacklogReleasedOut:
    """Lets withheld reminders go now, one message a task and person. At most 500 candidates at a time."""
    episodes = None if asked.episodes is None else [episode_of(one) for one in asked.episodes]
    done = backlog.release(desk, me, site, episodes)
    return BacklogReleasedOut(released=done.released, waiting=done.waiting)


@router.get("/outages", summary="See what outages delayed", response_description="The latest outages.")
@asks(Verb.READ)
def outages(desk: TheDesk, me: Me) -> OutagesOut:
    """The whiles in which nobody looked what was due, what fell due meanwhile at your sites, and what became of it."""
    return OutagesOut(items=tuple(_outage(one) for one in report(desk, me)))


def _withheld(one: Withheld) -> WithheldOut:
    it = one.line
    return WithheldOut(
        task=name(it.episode, it.task),
        episode=it.episode,
        code=it.code,
        label=one.protocol.task(it.name).label,
        role=it.role,
        since=it.since,
        until=it.until,
    )


def _outage(one: Outage) -> OutageOut:
    return OutageOut(
        id=one.line.id,
        from_at=one.line.from_at,
        until_at=one.line.until_at,
        count=one.line.timers,
        missed=tuple(_missed(each) for each in one.missed),
    )


def _missed(one: Missed) -> MissedOut:
    it = one.line
    return MissedOut(
        site=it.site,
        task=name(it.episode, it.task),
        episode=it.episode,
        code=it.code,
        label=one.protocol.task(it.name).label,
        rung=it.rung,
        due_at=it.due_at,
        fate=one.fate,
        told_at=it.told_at,
        ended=it.ended,
    )
