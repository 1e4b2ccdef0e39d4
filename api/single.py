"""Single sign-on: where to send the browser. It comes back to /sign-in/came-back."""

from fastapi import Request, Response

from api import entrance
from api.asks import asks, open_to_all
from api.deps import MySession, TheDesk
from api.document import BODY, problems
from api.door import resource, threshold
from api.schemas.sessions import NothingIn, OnwardOut
from workflow.domain.errors import NotFoundError
from workflow.domain.policy import Verb
from workflow.service import sign_in, single_sign_on
from workflow.service.single_sign_on import Provider
from workflow.store.sign_ons import MINUTES

open_router = threshold("sessions")
router = resource("sessions")
_ONWARD = BODY | problems(
    _403="Made by a page of another site (`csrf`).",
    _429="Too many tries; `Retry-After` says how many seconds to wait.",
)


@open_router.post(
    "/sessions/oidc", responses=_ONWARD, summary="Sign in elsewhere", response_description="Where to send the browser."
)
@open_to_all("it sends the browser to the provider, who says who it is")
def begin(_: NothingIn, request: Request, response: Response, desk: TheDesk) -> OnwardOut:
    """Begins a sign-in with the hospital's own provider, if one is set."""
    sign_in.count_begun(desk.store, entrance.whence(request))
    location, browser = single_sign_on.start(desk.store, provider_of(request))
    entrance.put(request, response, entrance.SSO, browser, seconds=MINUTES * 60)
    return OnwardOut(location=location)


@router.post(
    "/sessions/current/oidc",
    responses=_ONWARD,
    summary="Confirm who you are elsewhere",
    response_description="Where to send the browser.",
)
@asks(Verb.SELF)
def again(
    _: NothingIn,
    request: Request,
    response: Response,
    desk: TheDesk,
    session: MySession,
) -> OnwardOut:
    """Lets the provider ask you again; your session then goes on under a new secret, confirmed for five minutes."""
    location, browser = single_sign_on.start(desk.store, provider_of(request), session)
    entrance.put(request, response, entrance.SSO, browser, seconds=MINUTES * 60)
    return OnwardOut(location=location)


def provider_of(request: Request) -> Provider:
    """The provider that is set. Raises NotFoundError where there is none."""
    found: Provider | None = request.app.state.provider
    if found is None:
        raise NotFoundError("no single sign-on is set up here", allowed="POST /api/v1/sessions")
    return found
