"""Sessions on the wire: what proves who somebody is comes in and never goes out again."""

from typing import Annotated

from pydantic import Field

from api.schemas.around import SESSION, MeOut, SessionOut
from api.schemas.kinds import Instant, Name, Wire, example

_TIME = "2026-11-22T14:05:00+01:00"
_ID = "1b4e28ba-2fa1-4d2e-883f-0016d3cca427"
_WORDS = "made up for this page"
_ME = {"id": "nurse-1", "name": "N. Urse", "roles": {"north": ["nurse"]}, "may": {"north": ["read", "record"]}}
_LINE = {"id": _ID, "how": "password", "began_at": _TIME, "seen_at": _TIME, "ends_at": _TIME, "this": True}

# Longer than any password may be, so that how long one may be is told of new ones only.
Password = Annotated[str, Field(min_length=1, max_length=400, json_schema_extra={"format": "password"})]
Pin = Annotated[str, Field(min_length=1, max_length=40, json_schema_extra={"format": "password"})]
Code = Annotated[str, Field(min_length=1, max_length=200)]


class SignInIn(Wire):
    """Who you are, and your password."""

    model_config = example(person="nurse-1", password=_WORDS)

    person: Name
    password: Password


class PinIn(Wire):
    """Whose session is to wake on this tablet, and their PIN."""

    model_config = example(person="nurse-1", pin="4711")

    person: Name
    pin: Pin


class ConfirmIn(Wire):
    """Your password, once more."""

    model_config = example(password=_WORDS)

    password: Password


class NewPasswordIn(Wire):
    """Your password, and the one to be."""

    model_config = example(password=_WORDS, new=_WORDS + "s")

    password: Password
    new: Password


class NewPinIn(Wire):
    """Your password, and a PIN of 4 to 8 digits."""

    model_config = example(password=_WORDS, pin="4711")

    password: Password
    pin: Pin


class InvitedIn(Wire):
    """The code of an invitation, and the password you choose."""

    model_config = example(invitation="made-up-code", password=_WORDS)

    invitation: Code
    password: Password


class NothingIn(Wire):
    """Nothing has to be said."""

    model_config = example()


class SignedInOut(Wire):
    """Who you are, and your session."""

    model_config = example(me=_ME, session=SESSION)

    me: MeOut
    session: SessionOut


class SessionLineOut(Wire):
    """One of your sessions that last; `this` is the one you asked by."""

    model_config = example(**_LINE)

    id: str
    how: str
    began_at: Instant
    seen_at: Instant
    ends_at: Instant
    tablet: str | None = None
    this: bool


class SessionsOut(Wire):
    """Your sessions that last, the newest first."""

    model_config = example(items=[_LINE])

    items: tuple[SessionLineOut, ...]


class OnwardOut(Wire):
    """Where to send the browser."""

    model_config = example(location="https://login.hospital.example/authorize?client_id=theca")

    location: str


class TabletIn(Wire):
    """What a tablet is called."""

    model_config = example(label="Ward 3, by the door")

    label: Annotated[str, Field(min_length=1, max_length=80)]


class TabletCodeIn(Wire):
    """The code that makes this browser the tablet."""

    model_config = example(code="north~5f1c2a~made-up-code")

    code: Code


class TabletOut(Wire):
    """A tablet of a site. `code` comes once, when it is added, and is good for an hour and one browser."""

    model_config = example(id="5f1c2a", label="Ward 3, by the door", added_by="admin-1", added_at=_TIME)

    id: str
    label: str
    added_by: str
    added_at: Instant
    enrolled_at: Instant | None = None
    revoked_at: Instant | None = None


class NewTabletOut(Wire):
    """A tablet to be, and the code that makes one browser it, within the hour."""

    model_config = example(id="5f1c2a", code="north~5f1c2a~made-up-code")

    id: str
    code: str


class EnrolledOut(Wire):
    """What this browser is from now on."""

    model_config = example(id="5f1c2a", site="north", label="Ward 3, by the door")

    id: str
    site: str
    label: str


class TabletsOut(Wire):
    """A site's tablets, the newest first."""

    model_config = example(items=[{"id": "5f1c2a", "label": "Ward 3", "added_by": "admin-1", "added_at": _TIME}])

    items: tuple[TabletOut, ...]
