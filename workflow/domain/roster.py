"""Who works at a site in which role now, so that a rung knows whom to tell."""

from dataclasses import dataclass

from workflow.domain.actor import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person at the site, and the channels that reach them beside the app."""

    id: str
    roles: frozenset[Role]
    channels: tuple[str, ...] = ("in_app",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everybody who holds a role at the site at this moment."""

    members: tuple[Member, ...] = ()

    def tell(self, whom: tuple[str, ...], *, assignee: str | None, role: Role) -> tuple[Member, ...]:
        """The people a rung names, each once. `assignee` falls back to the task's role, an empty answer to the lead."""
        wanted: set[str] = set()
        for name in whom:
            if name != "assignee":
                wanted |= self._with_role(Role(name))
            elif assignee is not None and self._has(assignee):
                wanted.add(assignee)
            else:
                wanted |= self._with_role(role)
        wanted = wanted or self._with_role(Role.LEAD)
        return tuple(member for member in self.members if member.id in wanted)

    def _with_role(self, role: Role) -> set[str]:
        return {member.id for member in self.members if role in member.roles}

    def _has(self, staff: str) -> bool:
        return any(member.id == staff for member in self.members)
