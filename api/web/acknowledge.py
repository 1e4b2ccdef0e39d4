"""/a/{token}: the page behind a link in a letter. GET shows and changes nothing; POST acts, once.

Outside /api/v1 and its description, and behind no door: the signed link is the authority, and a browser sends along
nothing that another site could abuse. A page holds the candidate's code, no name and no clinical word.
"""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from api.asks import open_to_all
from api.deps import TheDesk
from api.errors import NOBODY, RETRY_AFTER, status_of
from api.web.paper import page
from workflow.domain.errors import TroubleError
from workflow.service import links, look

BUTTONS = {
    "half-hour": "Mine, for 30 minutes",
    "two-hours": "Mine, for 2 hours",
    "tomorrow": "Mine, until tomorrow morning",
    "three-days": "Mine, for 3 days",
    "week": "Mine, for a week",
}

router = APIRouter(include_in_schema=False)


@router.get("/a/{token}")
@open_to_all("the signed link is the authority; opening it changes nothing")
def shown(token: str, request: Request, desk: TheDesk) -> Response:
    """What the link offers."""
    try:
        found = links.open_page(desk, token)
    except TroubleError as wrong:
        return _sorry(request, wrong, up="../")
    buttons = [(name, BUTTONS[name], _clock(at)) for name, at in found.choices.items()]
    known = {"code": found.code, "urgency": found.urgency, "due": _clock(found.due_at), "token": token}
    return page(200, "Take this on?", up="../", buttons=buttons, **known)


@router.post("/a/{token}/{choice}")
@open_to_all("the signed link is the authority, once")
def pressed(token: str, choice: str, request: Request, desk: TheDesk) -> Response:
    """Take the work on until then."""
    try:
        until = links.press(desk, token, choice)
    except TroubleError as wrong:
        return _sorry(request, wrong, up="../../")
    said = f"Until {_clock(until)}. Not done by then, the reminders go on."
    return page(200, "It is yours", up="../../", said=said)


def _sorry(request: Request, wrong: TroubleError, *, up: str) -> Response:
    """Why nothing was done, in plain words; what nobody signed is counted."""
    status = 410 if isinstance(wrong, links.SpentLinkError) else status_of(wrong)
    if status == 404:
        look.turned_away(request.app.state.desk, actor=NOBODY, kind="link")
    said = f"{wrong.detail[:1].upper()}{wrong.detail[1:].rstrip('.')}."
    answer = page(status, "Nothing was changed", up=up, said=said)
    if status == 503:
        answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def _clock(at: datetime) -> str:
    return f"{at:%A %Y-%m-%d %H:%M} {at.tzname()}"
