"""Sessions: sign in, stay, confirm who you are, sign out. Whose they are, the cookie says; nobody sees another's."""

from typing import Annotated

from fastapi import Path, Request, Response

from api import entrance
from api.asks import asks, open_to_all
from api.deps import AnySession, Me, MySession, TheDesk
from api.document import BODY, problems
from api.door import resource, threshold
from api.people import session_told, told_of
from api.schemas.around import SessionOut
from api.schemas.sessions import (
    ConfirmIn,
    InvitedIn,
    NewPasswordIn,
    NewPinIn,
    NothingIn,
    PinIn,
    SessionLineOut,
    SessionsOut,
    SignedInOut,
    SignInIn,
)
from workflow.domain.errors import NotFoundError
from workflow.domain.policy import Verb
from workflow.service import own_sessions, passwords, shift, sign_in
from workflow.service.sign_in import Opened

router = resource("sessions")
open_router = threshold("sessions")
_SLOWED = BODY | problems(
    _401="Nobody is who this says; which of it was wrong is not told.",
    _403="Made by a page of another site (`csrf`).",
    _429="Too many tries; `Retry-After` says how many seconds to wait.",
)
_CONFIRMED = BODY | problems(
    _403="That is not your password (`not_confirmed`), or a page of another site asked (`csrf`).",
    _429="Too many tries; `Retry-After` says how many seconds to wait.",
)
SessionId = Annotated[
    str,
    Path(
        alias="id",
        description="One of your sessions.",
        examples=["1b4e28ba-2fa1-4d2e-883f-0016d3cca427"],
        max_length=80,
    ),
]
SIGNED_IN = "You are signed in. The session's cookie comes along."


@open_router.post("/sessions", status_code=201, responses=_SLOWED, summary="Sign in", response_description=SIGNED_IN)
@open_to_all("it is how somebody becomes known: with the password")
def begin(asked: SignInIn, request: Request, response: Response, desk: TheDesk) -> SignedInOut:
    """Begins a session with your password, under a new secret; the one this browser had before ends.

    It ends 14 hours later in any case, and after 15 minutes in which nothing is asked.
    """
    opened = sign_in.sign_in(desk.store, person=asked.person, password=asked.password, whence=entrance.whence(request))
    return _keep(request, response, opened)


@open_router.post(
    "/sessions/pin", status_code=201, responses=_SLOWED, summary="Wake a session", response_description=SIGNED_IN
)
@open_to_all("it is how somebody becomes known: with a PIN, on a tablet")
def wake(asked: PinIn, request: Request, response: Response, desk: TheDesk) -> SignedInOut:
    """On an enrolled tablet, wakes the session its person began there with the password, to record and no more."""
    opened = shift.unlock(desk.store, person=asked.person, pin=asked.pin, whence=entrance.whence(request))
    return _keep(request, response, opened)


@open_router.post(
    "/passwords", status_code=204, responses=_SLOWED, summary="Choose a password", response_description="Chosen."
)
@open_to_all("an invitation is the authority, once")
def accept(asked: InvitedIn, request: Request, desk: TheDesk) -> None:
    """Chooses your password with an invitation: once, within 72 hours. Then sign in."""
    with sign_in.counted(desk.store, "", entrance.whence(request)):
        passwords.accept(desk.store, asked.invitation, asked.password)


@router.get("/sessions", summary="List your sessions", response_description="Your sessions.")
@asks(Verb.SELF)
def mine(desk: TheDesk, me: Me, session: AnySession) -> SessionsOut:
    """Where you are signed in now."""
    lines = own_sessions.of(desk.store, me)
    return SessionsOut(
        items=tuple(
            SessionLineOut(
                id=one.id,
                how=one.how,
                began_at=one.began_at,
                seen_at=one.seen_at,
                ends_at=one.ends_at,
                tablet=one.tablet,
                this=session is not None and one.id == session.id,
            )
            for one in lines
        )
    )


@router.post("/sessions/current/alive", responses=BODY, summary="Stay signed in", response_description="Your session.")
@asks(Verb.SELF)
def alive(_: NothingIn, session: MySession) -> SessionOut:
    """Says that somebody is typing or on the telephone: the idle limit moves on, the other one never does."""
    return session_told(session)


@router.post(
    "/sessions/current/confirm", responses=_CONFIRMED, summary="Confirm who you are", response_description=SIGNED_IN
)
@asks(Verb.SELF)
def confirm(asked: ConfirmIn, request: Request, response: Response, desk: TheDesk, session: MySession) -> SignedInOut:
    """Asks your password again. The session goes on under a new secret and a new token, and the old ones are dead."""
    return _keep(request, response, sign_in.step_up(desk.store, session, password=asked.password))


@router.post("/sessions/current/end", status_code=204, responses=BODY, summary="Sign out", response_description="Out.")
@asks(Verb.SELF)
def leave(_: NothingIn, request: Request, response: Response, desk: TheDesk, session: MySession) -> None:
    """Ends the session you ask by."""
    own_sessions.end(desk.store, session.person, session.id)
    entrance.put(request, response, entrance.SESSION, "", seconds=0)


@router.post(
    "/sessions/end", status_code=204, responses=BODY, summary="Sign out everywhere", response_description="Out."
)
@asks(Verb.SELF)
def leave_everywhere(_: NothingIn, request: Request, response: Response, desk: TheDesk, session: MySession) -> None:
    """Ends all your sessions, also those you have lost sight of."""
    own_sessions.end(desk.store, session.person)
    entrance.put(request, response, entrance.SESSION, "", seconds=0)


@router.post(
    "/sessions/{id}/end", status_code=204, responses=BODY, summary="End a session", response_description="Ended."
)
@asks(Verb.SELF)
def end(_: NothingIn, which: SessionId, desk: TheDesk, session: MySession) -> None:
    """Ends one of your sessions, wherever it is."""
    if not own_sessions.end(desk.store, session.person, which):
        raise NotFoundError


@router.post("/me/password", responses=_CONFIRMED, summary="Change your password", response_description=SIGNED_IN)
@asks(Verb.SELF)
def change(
    asked: NewPasswordIn, request: Request, response: Response, desk: TheDesk, session: MySession
) -> SignedInOut:
    """Changes your password. All your sessions end, and this browser gets a new one."""
    opened = sign_in.change_password(
        desk.store, session, password=asked.password, new=asked.new, whence=entrance.whence(request)
    )
    return _keep(request, response, opened)


@router.post("/me/pin", status_code=204, responses=_CONFIRMED, summary="Choose a PIN", response_description="Chosen.")
@asks(Verb.SELF)
def choose_pin(asked: NewPinIn, desk: TheDesk, session: MySession) -> None:
    """Chooses the PIN that wakes your session on enrolled tablets."""
    shift.set_pin(desk.store, session, password=asked.password, pin=asked.pin)


def _keep(request: Request, response: Response, opened: Opened) -> SignedInOut:
    entrance.keep(request, response, opened)
    return SignedInOut(me=told_of(opened.session.person), session=session_told(opened.session))
