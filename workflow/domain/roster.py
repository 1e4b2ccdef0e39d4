"""Who works at a site in which role now, who is away, who stands in, and who is on call: so a rung knows whom to tell.

somebody away      their substitute is told, and theirs where that one is away too; else their deputies
assignee           whoever has the work, and whom they asked to take it over; with nobody there, the work's role
a role             everybody there who holds it; with nobody there, whoever stands in for those who do
deputy             the deputies of whoever has the work; of everybody of its role where nobody has it
on_call            those on call now, and of them those of the work's role where there are any
nobody at all      the lead, and the rung is known to have reached none of those it names
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workflow.domain.actor import Role
from workflow.domain.policy import Verb, who_may

ASSIGNEE, DEPUTY, ON_CALL = "assignee", "deputy", "on_call"
NAMES = (ASSIGNEE, DEPUTY, ON_CALL)  # whom a rung can name beside the roles
_MOST_SUBSTITUTES = 3  # one standing in for another, in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person at the site, and the channels that reach them beside the app."""

    id: str
    roles: frozenset[Role]
    channels: tuple[str, ...] = ("in_app",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The people to tell, and how many of them the rung's own names gave; 0: none, so they are the lead."""

    people: tuple[Member, ...]
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everybody who holds a role at the site at this moment, whether they are there, and who is in their place."""

    members: tuple[Member, ...] = ()
    away: Mapping[str, str | None] = field(default_factory=dict)  # who is away now, and who stands in
    deputies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_call: frozenset[str] = frozenset()

    def tell(self, whom: tuple[str, ...], *, assignee: str | None, role: Role, offered_to: str | None = None) -> Called:
        """The people a rung names, each once, as things stand now."""
        wanted: set[str] = set()
        for name in whom:
            match name:
                case "assignee":
                    wanted |= self._with_the_work(assignee, role)
                    wanted |= {one for one in (offered_to,) if one is not None and self.is_there(one)}
                case "deputy":
                    wanted |= self._deputies_of((assignee,) if assignee is not None else self._holders(role))
                case "on_call":
                    wanted |= self._called_in(role)
                case _:
                    wanted |= self._there_for(Role(name))
        if wanted:
            return Called(people=self._these(wanted), reached=len(wanted))
        return Called(people=self._these(self._there_for(Role.LEAD)), reached=0)

    def member(self, person: str) -> Member | None:
        """Who this is at the site today; None where they hold no role there."""
        return next((member for member in self.members if member.id == person), None)

    def is_there(self, person: str) -> bool:
        """Whether somebody works at the site today and is not away now."""
        return person not in self.away and self.member(person) is not None

    def _may_answer(self, person: str) -> bool:
        """Whether somebody is there in a role that may take work on; anybody else would be told for nothing."""
        member = self.member(person)
        return member is not None and person not in self.away and bool(member.roles & who_may(Verb.ACKNOWLEDGE))

    def _these(self, wanted: set[str]) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.id in wanted)

    def _holders(self, role: Role) -> tuple[str, ...]:
        return tuple(member.id for member in self.members if role in member.roles)

    def _there_for(self, role: Role) -> set[str]:
        holders = self._holders(role)
        return {one for one in holders if one not in self.away} or self._in_place_of(holders)

    def _with_the_work(self, assignee: str | None, role: Role) -> set[str]:
        return (self._in_place_of((assignee,)) if assignee is not None else set()) or self._there_for(role)

    def _called_in(self, role: Role) -> set[str]:
        called = self._in_place_of(self.on_call)
        return called & set(self._holders(role)) or called

    def _deputies_of(self, people: Iterable[str]) -> set[str]:
        found = (self._substitute_for(deputy) for one in people for deputy in self.deputies.get(one, ()))
        return {one for one in found if one is not None}

    def _in_place_of(self, people: Iterable[str]) -> set[str]:
        """Each of these, or who stands in for them."""
        found: set[str] = set()
        for one in people:
            there = self._substitute_for(one)
            found |= self._deputies_of((one,)) if there is None else {there}
        return found

    def _substitute_for(self, person: str) -> str | None:
        """This person where they are there and may answer, else the first of their substitutes who is; or None."""
        asked: str | None = person
        for _ in range(_MOST_SUBSTITUTES + 1):
            if asked is None or self._may_answer(asked):
                return asked
            asked = self.away.get(asked)
        return None
