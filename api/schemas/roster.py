"""A site's roster on the wire: who is there, who is away and who stands in, who is whose deputy, who is on call."""

from typing import Annotated

from pydantic import Field

from api.schemas.kinds import Asked, Instant, Name, Wanted, Wire, example

_FROM, _UNTIL = "2026-11-23T06:00:00Z", "2026-11-28T17:00:00Z"
_ABSENCE = {"person": "nurse-1", "starts_at": _FROM, "ends_at": _UNTIL, "substitute": "nurse-2"}
_SHIFT = {"person": "clinician-1", "starts_at": _FROM, "ends_at": _UNTIL}
_DEPUTY = {"person": "clinician-1", "deputy": "clinician-2"}
_THERE = {"id": "nurse-2", "name": "N. Urse", "roles": ["nurse"], "there": True, "on_call": False}


class AbsenceIn(Wire):
    """Who is away from when until when, and who stands in. Your own absence is yours to enter."""

    model_config = example(**_ABSENCE)

    person: Name
    starts_at: Instant
    ends_at: Instant
    substitute: Name | None = None


class DeputyIn(Wire):
    """Whom a rung named `deputy` tells for a person."""

    model_config = example(**_DEPUTY)

    person: Name
    deputy: Name


class OnCallIn(Wire):
    """Who is on call from when until when."""

    model_config = example(**_SHIFT)

    person: Name
    starts_at: Instant
    ends_at: Instant


_Whose = Annotated[Asked, Field(description="Whose it is.", examples=["nurse-1"])]
_Begins = Annotated[Instant, Field(description="When it begins, as it was entered.", examples=[_FROM])]


class StretchQuery(Wanted):
    """Which absence, or which duty on call."""

    person: _Whose
    starts_at: _Begins


class DeputyQuery(Wanted):
    """Which deputy."""

    person: _Whose
    deputy: Annotated[Asked, Field(description="Who is no deputy any more.", examples=["clinician-2"])]


class ThereOut(Wire):
    """One person who works at the site today: whether they are there now, and on call."""

    model_config = example(**_THERE)

    id: str
    name: str
    roles: tuple[str, ...]
    there: bool
    on_call: bool
    substitute: str | None = None
    deputies: tuple[str, ...] = ()


class AbsenceOut(Wire):
    """One absence that is not over."""

    model_config = example(**_ABSENCE)

    person: str
    starts_at: Instant
    ends_at: Instant
    substitute: str | None = None


class OnCallOut(Wire):
    """One duty on call that is not over."""

    model_config = example(**_SHIFT)

    person: str
    starts_at: Instant
    ends_at: Instant


class RosterOut(Wire):
    """Who works at a site today, and every absence and duty on call that is not over."""

    model_config = example(site="north", people=[_THERE], absences=[_ABSENCE], on_call=[_SHIFT])

    site: str
    people: tuple[ThereOut, ...]
    absences: tuple[AbsenceOut, ...]
    on_call: tuple[OnCallOut, ...]
