"""What each command asks for: a verb of the policy, in whose name, and the role it comes to the database in.

A command that does not stand here fails the build; so does one that opens the database in another role than it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from workflow.domain.policy import Verb


class Name(StrEnum):
    """In whose name a command is done."""

    BEARER = "bearer"  # whoever THECA_TOKEN stands for, by their roles, as over HTTP
    MACHINE = "machine"  # whoever holds the key file and the database's password
    NOBODY = "nobody"  # it reads and writes files; no database is asked


class As(StrEnum):
    """As whom a command comes to the database."""

    APP = "theca_app"
    WORKER = "theca_worker"
    VERIFY = "theca_verify"
    MIGRATE = "theca_migrate"
    BACKUP = "theca_backup"
    SUPERUSER = "a superuser"
    NOT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One command's verb, name and database roles."""

    verb: Verb | None
    name: Name
    roles: tuple[As, ...]


def _bearer(verb: Verb) -> Authority:
    return Authority(verb=verb, name=Name.BEARER, roles=(As.APP,))


def _machine(verb: Verb, *roles: As) -> Authority:
    return Authority(verb=verb, name=Name.MACHINE, roles=roles)


_FILES = Authority(verb=None, name=Name.NOBODY, roles=())

COMMANDS: Mapping[str, Authority] = MappingProxyType(
    {
        "demo": _machine(Verb.OPERATE, As.APP, As.WORKER, As.VERIFY, As.MIGRATE),
        "up": _machine(Verb.OPERATE, As.APP, As.WORKER, As.VERIFY, As.MIGRATE),
        "doctor": _machine(Verb.VERIFY, As.APP, As.VERIFY),
        "protocol prove": _FILES,
        "protocol try": _FILES,
        "protocol diff": _machine(Verb.READ_PEOPLE, As.APP),
        "protocol migrate": _machine(Verb.MIGRATE, As.APP),
        "protocol lint": _FILES,
        "protocol draw": _FILES,
        "protocol publish": _machine(Verb.PUBLISH, As.MIGRATE),
        "protocol freeze": _FILES,
        "protocol schema": _FILES,
        "simulate": _FILES,
        "import referrals": _bearer(Verb.ENROL),
        "import diaries": _bearer(Verb.RECORD),
        "adopt": _bearer(Verb.ADOPT),
        "backlog list": _bearer(Verb.READ),
        "backlog release": _bearer(Verb.RELEASE_BACKLOG),
        "outages": _bearer(Verb.READ),
        "sweep": _machine(Verb.OPERATE, As.WORKER),
        "why": _bearer(Verb.READ),
        "huddle": _bearer(Verb.READ),
        "ledger show": _bearer(Verb.READ_LEDGER),
        "ledger verify": _machine(Verb.VERIFY, As.VERIFY),
        "ledger export": _machine(Verb.VERIFY, As.VERIFY),
        "ledger checkpoint": _machine(Verb.OPERATE, As.VERIFY),
        "ledger key": _FILES,
        "backup": _machine(Verb.BACKUP, As.BACKUP),
        "restore": _machine(Verb.BACKUP, As.MIGRATE, As.VERIFY),
        "relay resume": _machine(Verb.OPERATE, As.MIGRATE),
        "relay review": _bearer(Verb.RELEASE_BACKLOG),
        "erase propose": _bearer(Verb.ERASE),
        "erase agree": _bearer(Verb.ERASE),
        "erase list": _bearer(Verb.ERASE),
        "notify test": _machine(Verb.OPERATE, As.WORKER),
        "db upgrade": _machine(Verb.OPERATE, As.MIGRATE),
        "db key": _FILES,
        "db rotate-key": _machine(Verb.OPERATE, As.MIGRATE),
        "db establish": _machine(Verb.OPERATE, As.SUPERUSER),
        "site add": _machine(Verb.MANAGE, As.MIGRATE),
        "site set": _machine(Verb.SET_PARAMETER, As.MIGRATE),
        "site parameters": _machine(Verb.READ_PEOPLE, As.MIGRATE),
        "staff add": _machine(Verb.MANAGE, As.MIGRATE),
        "staff channel": _machine(Verb.MANAGE, As.MIGRATE),
        "staff load": _machine(Verb.MANAGE, As.MIGRATE),
        "staff password": _machine(Verb.MANAGE, As.MIGRATE),
        "staff invite": _machine(Verb.MANAGE, As.MIGRATE),
        "staff link": _machine(Verb.MANAGE, As.MIGRATE),
        "staff end": _machine(Verb.MANAGE, As.MIGRATE),
        "calendar add": _machine(Verb.MANAGE, As.MIGRATE),
        "calendar remove": _machine(Verb.MANAGE, As.MIGRATE),
        "calendar show": _machine(Verb.READ_PEOPLE, As.MIGRATE),
        "roster add": _machine(Verb.MANAGE, As.MIGRATE),
        "roster show": _machine(Verb.READ_PEOPLE, As.MIGRATE),
        "roster absence": _machine(Verb.ROSTER, As.MIGRATE),
        "roster back": _machine(Verb.ROSTER, As.MIGRATE),
        "roster deputy": _machine(Verb.ROSTER, As.MIGRATE),
        "roster no-deputy": _machine(Verb.ROSTER, As.MIGRATE),
        "roster on-call": _machine(Verb.ROSTER, As.MIGRATE),
        "roster off-call": _machine(Verb.ROSTER, As.MIGRATE),
        "token add": _machine(Verb.MANAGE, As.MIGRATE),
        "token list": _machine(Verb.READ_PEOPLE, As.MIGRATE),
        "token revoke": _machine(Verb.MANAGE, As.MIGRATE),
        "session list": _machine(Verb.READ_PEOPLE, As.MIGRATE),
        "session end": _machine(Verb.MANAGE, As.MIGRATE),
        "tablet add": _machine(Verb.MANAGE, As.MIGRATE),
        "tablet list": _machine(Verb.READ_PEOPLE, As.MIGRATE),
        "tablet revoke": _machine(Verb.MANAGE, As.MIGRATE),
    }
)
