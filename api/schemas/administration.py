"""What an administrator sends and is told: people and their roles, tokens of programs, hours and closures of a site."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schemas.kinds import Asked, Day, Instant, Name, Reason, Wanted, Wire, example, said
from workflow.domain.actor import Role
from workflow.store.administration import Given

Lax = Field(strict=False)  # an enum's value is text on the wire
_Called = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(said)]
_Clock = Annotated[str, Field(min_length=5, max_length=5)]
_ROLE = {"site": "north", "role": "nurse", "starts_on": "2026-12-01"}
_HABITS = {"opens": "08:00", "closes": "17:00", "weekdays": "01234", "emergency_number": "+49 30 1234, 112"}


class RoleIn(Wire):
    """A role at one of your sites, from a day to a day; from today and until further notice where none is said."""

    model_config = example(**_ROLE)

    site: Name
    role: Annotated[Role, Lax]
    starts_on: Day | None = None
    ends_on: Day | None = None

    def given(self) -> Given:
        """The role, beginning at once where no day is said."""
        return Given(
            site=self.site,
            role=self.role,
            starts_on=date.fromisoformat(self.starts_on) if self.starts_on else None,
            ends_on=date.fromisoformat(self.ends_on) if self.ends_on else None,
        )


class StaffIn(RoleIn):
    """A new person with their first role. The id is theirs for good, at every site; the address may be empty."""

    model_config = example(id="n.adler", name="N. Adler", email="n.adler@hospital.example", **_ROLE)

    id: Annotated[str, Field(min_length=1, max_length=64)]
    name: _Called
    email: Annotated[str, Field(max_length=200)] = ""


class EndIn(Wire):
    """Which role ends now at which of your sites; every one where none is named."""

    model_config = example(site="north", role="nurse")

    site: Name
    role: Annotated[Role, Lax] | None = None


class TokenIn(Wire):
    """What a program's token is called, and for how many days it is good."""

    model_config = example(site="north", label="laboratory results", days=90)

    site: Name
    label: _Called
    days: Annotated[int, Field(ge=1, le=365)]


class TokensQuery(Wanted):
    """Which tokens: those of one label, or all."""

    site: Annotated[Asked, Field(description="A site they work at and you administer.", examples=["north"])]
    label: Annotated[Asked | None, Field(description="What it was called.", examples=["laboratory results"])] = None


class HabitsIn(Wire):
    """When a site works and how its people are told; what is left out stays as it is. Times are the site's own."""

    model_config = example(**_HABITS)

    opens: _Clock | None = None
    closes: _Clock | None = None
    weekdays: Annotated[str, Field(min_length=1, max_length=7)] | None = None
    quiet_from: _Clock | None = None
    quiet_until: _Clock | None = None
    routine: Annotated[str, Field(max_length=20)] | None = None
    urgent_per_hour: Annotated[int, Field(ge=1, le=1000)] | None = None
    emergency_number: Annotated[str, Field(max_length=40)] | None = None


class ClosureIn(Wire):
    """A day the site is closed beside weekends and public holidays, and why."""

    model_config = example(day="2026-12-24", label="between the years")

    day: Day
    label: Reason


class ClosureQuery(Wanted):
    """Which day."""

    day: Annotated[Day, Field(description="The day.", examples=["2026-12-24"])]


class GivenOut(Wire):
    """One role at one of your sites: past, present or to come."""

    model_config = example(**_ROLE)

    site: str
    role: str
    starts_on: str
    ends_on: str | None = None


class KnownOut(Wire):
    """One person, and every role of theirs at your sites."""

    model_config = example(id="n.adler", name="N. Adler", roles=[_ROLE])

    id: str
    name: str
    roles: tuple[GivenOut, ...]


class TokenOut(Wire):
    """A token. It is shown this once; only its hash is kept."""

    model_config = example(token="theca_" + "x" * 43, expires_at="2027-02-20T10:00:00Z")

    token: str
    expires_at: Instant


class EndedOut(Wire):
    """How many tokens were taken away."""

    model_config = example(ended=1)

    ended: int


class MovedOut(Wire):
    """How many clocks moved with the site's hours, each with its line in its ledger."""

    model_config = example(site="north", moved=12)

    site: str
    moved: int
