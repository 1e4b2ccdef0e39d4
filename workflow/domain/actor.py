"""Who acts: a member of staff in the roles held at one site, or the system under a name of its own."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person is at a site; one person may be several."""

    COORDINATOR = "coordinator"  # carries candidates along the pathway
    NURSE = "nurse"  # records observations and doses as given
    CLINICIAN = "clinician"  # decides and approves
    IMPLANTER = "implanter"  # places the pump
    PHARMACIST = "pharmacist"  # prepares and checks drugs
    SCHEDULER = "scheduler"  # books procedures and visits
    LEAD = "lead"  # is told when nobody else answers
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADMIN = "admin"  # manages people, reads no clinical data
    SERVICE = "service"  # a program with a token
    SIGNER = "signer"  # no physician, but named by the site to sign; reads what there is to sign, and no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is acting, at one site. `id` is a staff id, or `system:<name>`.

    `only` names the verbs that the way they came in leaves them, of those their roles carry; None: all of them.
    """

    id: str
    roles: frozenset[Role] = frozenset()
    only: frozenset[str] | None = field(default=None, compare=False)

    def may(self, verb: str) -> bool:
        """Whether the way this person came in leaves them a verb; whether their roles carry it is the policy's."""
        return self.only is None or verb in self.only

    @property
    def is_system(self) -> bool:
        return self.id.startswith("system:")

    def holds(self, *roles: Role) -> bool:
        """Whether this person holds any of the roles here."""
        return not self.roles.isdisjoint(roles)


def system(name: str) -> Actor:
    """The software itself, acting under a name that says which part."""
    return Actor(id=f"system:{name}")
