"""Ward tablets: enrolled by whoever manages a site, bound to it, and revocable."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Request, Response

from api import entrance
from api.asks import asks, open_to_all
from api.deps import Me, TheDesk
from api.document import BODY, problems
from api.door import resource, threshold
from api.schemas.sessions import (
    EnrolledOut,
    NewTabletOut,
    NothingIn,
    TabletCodeIn,
    TabletIn,
    TabletOut,
    TabletsOut,
)
from workflow.domain.errors import NotFoundError
from workflow.domain.policy import Verb
from workflow.service import shift, sign_in

router = resource("tablets")
open_router = threshold("tablets")
_SLOWED = BODY | problems(_429="Too many tries; `Retry-After` says how many seconds to wait.")
SiteId = Annotated[str, Path(alias="id", description="A site of yours.", examples=["north"], max_length=80)]
TabletId = Annotated[str, Path(alias="tablet", description="A tablet of the site.", examples=["5f1c2a"], max_length=80)]


@router.get("/sites/{id}/tablets", summary="List tablets", response_description="The site's tablets.")
@asks(Verb.MANAGE)
def listed(site: SiteId, desk: TheDesk, me: Me) -> TabletsOut:
    """The tablets of a site, also those to be and those revoked."""
    return TabletsOut(items=tuple(TabletOut(**asdict(one)) for one in shift.of(desk.store, me, site)))


@router.post(
    "/sites/{id}/tablets",
    status_code=201,
    responses=BODY,
    summary="Add a tablet",
    response_description="The code for its browser.",
)
@asks(Verb.MANAGE)
def add(site: SiteId, asked: TabletIn, desk: TheDesk, me: Me) -> NewTabletOut:
    """Adds a tablet to be; the code makes one browser it, within the hour."""
    id_, code = shift.add(desk.store, me, site=site, label=asked.label)
    return NewTabletOut(id=id_, code=code)


@router.post(
    "/sites/{id}/tablets/{tablet}/revoke",
    status_code=204,
    responses=BODY,
    summary="Revoke a tablet",
    response_description="It is none any more.",
)
@asks(Verb.MANAGE)
def revoke(site: SiteId, tablet: TabletId, _: NothingIn, desk: TheDesk, me: Me) -> None:
    """Lets a tablet be none any more; sessions on it end."""
    shift.revoke(desk.store, me, site=site, tablet=tablet)


@open_router.post(
    "/tablets", status_code=201, responses=_SLOWED, summary="Be a tablet", response_description="This browser is it."
)
@open_to_all("the code an administrator made is the authority, once")
def enrol(asked: TabletCodeIn, request: Request, response: Response, desk: TheDesk) -> EnrolledOut:
    """Makes this browser the tablet a code was made for."""
    with sign_in.counted(desk.store, "", entrance.whence(request)):
        kept = shift.enrol(desk.store, asked.code)
    found = shift.tablet_of(desk.store, kept)
    if found is None:
        raise NotFoundError("this tablet was revoked")
    entrance.put(request, response, entrance.TABLET, kept)
    return EnrolledOut(id=found.id, site=found.site, label=found.label)
