"""/sign-in/came-back: where a provider sends the browser. The one GET that changes something.

It cannot be otherwise, because a provider answers by a redirect; what it carries is good once, for ten minutes, and
only in the browser that was sent there.
"""

from fastapi import APIRouter, Request, Response

from api import entrance
from api.asks import open_to_all
from api.deps import TheDesk
from api.errors import NOBODY, RETRY_AFTER, status_of
from api.single import provider_of
from api.web.paper import page
from workflow.domain.errors import TroubleError
from workflow.service import look, single_sign_on
from workflow.service.sign_in import SignInRefusedError

router = APIRouter(include_in_schema=False)
_LONGEST = 4000


@router.get(single_sign_on.CAME_BACK)
@open_to_all("the provider's word is the authority, once, in the browser that was sent there")
def came_back(request: Request, desk: TheDesk) -> Response:
    """Sign in whoever the provider names."""
    told = {name: request.query_params.get(name, "") for name in ("state", "code")}
    browser = entrance.kept(request, entrance.SSO)
    try:
        provider = provider_of(request)
        if browser is None or not all(0 < len(value) <= _LONGEST for value in told.values()):
            raise SignInRefusedError
        opened = single_sign_on.come_back(
            desk.store, provider, **told, browser=browser, whence=entrance.whence(request)
        )
    except TroubleError as wrong:
        return _sorry(request, wrong)
    answer = page(200, "You are signed in", up="../", said=f"As {opened.session.person.name}.")
    entrance.keep(request, answer, opened)
    entrance.put(request, answer, entrance.SSO, "", seconds=0)
    return answer


def _sorry(request: Request, wrong: TroubleError) -> Response:
    status = status_of(wrong)
    if status in (401, 403):
        look.turned_away(request.app.state.desk, actor=NOBODY, kind=wrong.code)
    answer = page(status, "You are not signed in", up="../", said=f"{wrong.detail[:1].upper()}{wrong.detail[1:]}")
    if status == 503:
        answer.headers["Retry-After"] = RETRY_AFTER
    return answer
