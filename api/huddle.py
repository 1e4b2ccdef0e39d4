"""The huddle: what harms at a site if nobody acts today."""

from typing import Annotated

from fastapi import Path

from api.asks import asks
from api.deps import Me, TheDesk
from api.document import problems
from api.door import resource
from api.ids import name
from api.schemas.huddle import HuddleLineOut, HuddleOut
from workflow.domain.huddle import Harm
from workflow.domain.policy import Verb
from workflow.service.huddle import Huddle, Shown, huddle

router = resource("people")

SiteId = Annotated[str, Path(alias="id", min_length=1, max_length=60, description="A site's id.", examples=["north"])]


@router.get(
    "/sites/{id}/huddle",
    summary="What harms if nobody acts today?",
    response_description="At most 200 lines, the gravest first.",
    responses=problems(_404="It is none of your sites."),
)
@asks(Verb.READ)
def of_site(site: SiteId, desk: TheDesk, me: Me) -> HuddleOut:
    """One list for the morning, by harm if nobody acts today. That you looked is noted.

    Red work; duties late or due today; procedures of the next five working days, with what they lack; late referrals
    that come first; chases; reminders that reached nobody; and the first twenty of what else is late.
    """
    return _out(huddle(desk, me, site))


def _out(found: Huddle) -> HuddleOut:
    return HuddleOut(
        site=found.site,
        at=found.at,
        emergency_number=found.emergency_number,
        lines=tuple(_line(found, one) for one in found.lines),
        counts={str(harm): number for harm, number in found.counts.items()},
        withheld=found.withheld,
        unseen=found.unseen,
    )


def _line(found: Huddle, one: Shown) -> HuddleLineOut:
    it, named = one.line, one.identity
    return HuddleLineOut(
        harm=it.harm,
        urgency=it.urgency,
        episode=it.episode,
        code=it.code,
        family_name=named.family_name if named else None,
        given_name=named.given_name if named else None,
        stage=it.stage,
        about=name(it.episode, it.about) if it.about else None,
        what=it.what,
        because=it.because,
        to_do=it.to_do,
        held_by=it.held_by,
        since=it.since,
        due_at=it.due_at,
        lacks=it.lacks,
        on_the_day=it.on_the_day,
        call=found.emergency_number or None if it.harm is Harm.RED else None,
    )
