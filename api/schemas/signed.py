"""Signing on the wire: what would be signed, how somebody shows who they are, and what stands signed."""

from typing import Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.asked import AdvanceIn, DeviationIn, OverrideIn, Secret
from api.schemas.kinds import Instant, Wire, example

_DIGEST = "9f" * 32
_TIME = "2026-11-22T13:05:00Z"
_PASSWORD = {"password": "three words of your own"}


class SigningIn(Wire):
    """The step that would be signed: one of `transition`, `override`, `deviation`, as it would be asked for."""

    model_config = example(transition={"name": "approve_implant"})

    transition: AdvanceIn | None = None
    override: OverrideIn | None = None
    deviation: DeviationIn | None = None

    @model_validator(mode="after")
    def _one(self) -> "SigningIn":
        if sum(each is not None for each in (self.transition, self.override, self.deviation)) != 1:
            raise PydanticCustomError("one_of", "say one step", {"allowed": "transition, override or deviation"})
        if any(each and each.signature for each in (self.transition, self.override, self.deviation)):
            raise PydanticCustomError("nothing_signed", "nothing is signed here", {"allowed": "the step alone"})
        return self


class ToSignOut(Wire):
    """What would be signed: the meaning, the whole record, and its digest, which whoever signs sends back."""

    model_config = example(meaning="I have reviewed the trial and plan an implant.", digest=_DIGEST, record={})

    meaning: str
    digest: str
    record: dict[str, Any]


class SeriesIn(Wire):
    """The password; or nothing, in a session that was signed in anew a moment ago."""

    model_config = example(**_PASSWORD)

    password: Secret | None = Field(default=None, repr=False)


class SeriesOut(Wire):
    """A signing series: sent along with each signature, in the same session or by the same token.

    It lasts while it is used: `idle_at` moves on with each signature; `ends_at` does not.
    """

    model_config = example(series="series_…", opened_at=_TIME, idle_at=_TIME, ends_at=_TIME)

    series: str
    opened_at: Instant
    idle_at: Instant
    ends_at: Instant


class SeriesEndIn(Wire):
    """That the sitting is over: nothing more is to be said."""

    model_config = example()


class SeriesEndOut(Wire):
    """How many series ended: one, or none where none was open."""

    model_config = example(ended=1)

    ended: int


class SignatureOut(Wire):
    """One signature: the name printed, when, at the site's own time, and what it means; and whether it still holds.

    `about` is what was signed; `voided_on` the ledger line that voided it.
    """

    model_config = example(
        about="advance:decide_implant",
        printed="Dr Ines Brask",
        by="implanter-1",
        meaning="I have reviewed the trial and plan an implant.",
        at=_TIME,
        at_site="2026-11-22T14:05:00+01:00",
        zone="Europe/Berlin",
        digest=_DIGEST,
        confirmed="password",
        line="41",
        stands=True,
    )

    about: str
    printed: str
    by: str
    meaning: str
    at: Instant
    at_site: str
    zone: str
    digest: str
    confirmed: str
    series: str | None = None
    line: str
    stands: bool
    voided_at: Instant | None = None
    voided_by: str | None = None
    voided_on: str | None = None
    void_reason: str | None = None
