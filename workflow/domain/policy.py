"""Who may use which verb: one table, deny by default. What does not stand in it is refused.

A verb is asked for in a relation: at a site where one holds a role, about oneself, about another's work, or a second
time. Where one holds no role there is no relation, and nothing there exists for whoever asks (404, never 403).
A protocol's transitions narrow this further (`by: [clinician]`); that answers as a shut gate, not as a 403.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from workflow.domain.actor import Actor, Role
from workflow.domain.errors import NotPermittedError


class Verb(StrEnum):
    """Everything that can be asked for, over HTTP or on the command line."""

    SELF = "self"  # one's own sign-in: who am I, what may I; whoever is signed in, with a role or without
    READ = "read"  # see candidates, episodes, tasks
    READ_LEDGER = "read_ledger"  # see who did what
    READ_PEOPLE = "read_people"  # see sites, staff, calendars, protocols
    ENROL = "enrol"
    ADOPT = "adopt"
    ADVANCE = "advance"
    SIGN = "sign"  # put one's name under a transition or a review: a physician, or whom the site names
    RECORD = "record"
    JUDGE = "judge"  # record a clinical judgement, beside values
    CORRECT = "correct"
    ADMINISTER = "administer"
    APPOINT = "appoint"
    COMPLETE = "complete"
    ACKNOWLEDGE = "acknowledge"
    CLAIM = "claim"
    REASSIGN = "reassign"
    SNOOZE = "snooze"
    WAIT = "wait"
    CONTACT = "contact"  # log an attempt to reach an outsider
    HOLD = "hold"
    RELEASE = "release"
    RELEASE_BACKLOG = "release_backlog"  # let reminders go that were withheld because their work arrived overdue
    OVERRIDE = "override"
    DEVIATE = "deviate"
    MIGRATE = "migrate"  # let an episode go on under another version of its protocol
    SET_PARAMETER = "set_parameter"  # give a protocol's parameter the site's own value
    ROSTER = "roster"  # who is away, who stands in, who is on call
    MANAGE = "manage"  # people and their roles, site settings, closures, tokens of programs
    ERASE = "erase"  # destroy what says who a candidate was
    PUBLISH = "publish"  # freeze a protocol version for good
    BACKUP = "backup"  # copy everything out, or back in
    VERIFY = "verify"  # hold the ledger against its checkpoints
    OPERATE = "operate"  # start, stop, upgrade, sweep


class Relation(StrEnum):
    """How whoever asks stands to what they ask about."""

    HERE = "here"  # it is at a site where they hold the role
    OWN = "own"  # it is about themselves: their own absence, their own roles
    OTHERS = "others"  # it is another person's work, or another person's word
    AGAIN = "again"  # they have asked for the very same: a second person is somebody else


Row = Mapping[Relation, frozenset[Role]]

_CARE = frozenset(
    {
        Role.COORDINATOR,
        Role.NURSE,
        Role.CLINICIAN,
        Role.IMPLANTER,
        Role.PHARMACIST,
        Role.SCHEDULER,
        Role.LEAD,
    }
)
_DECIDES = frozenset({Role.CLINICIAN, Role.IMPLANTER})  # the physicians
_SIGNS = _DECIDES | {Role.SIGNER}
_LEADS = frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.LEAD})
_ARRANGES = frozenset({Role.COORDINATOR, Role.LEAD})
_EVERYBODY = frozenset(Role)
_NOBODY = frozenset[Role]()


def _row(here: frozenset[Role], *, own: frozenset[Role] = _NOBODY, others: frozenset[Role] = _NOBODY) -> Row:
    """One line of the table. No line lets anybody be their own second person."""
    named = {Relation.HERE: here, Relation.OWN: own, Relation.OTHERS: others}
    return MappingProxyType({relation: roles for relation, roles in named.items() if roles})


POLICY: Mapping[Verb, Row] = MappingProxyType(
    {
        Verb.SELF: _row(_NOBODY, own=_EVERYBODY),
        Verb.READ: _row(_CARE | {Role.SIGNER, Role.AUDITOR, Role.SERVICE}),
        Verb.READ_LEDGER: _row(_LEADS | {Role.AUDITOR}),
        Verb.READ_PEOPLE: _row(_EVERYBODY),
        Verb.ENROL: _row(_LEADS | {Role.SERVICE}),
        Verb.ADOPT: _row(_LEADS),
        Verb.ADVANCE: _row(_CARE),
        Verb.SIGN: _row(_SIGNS),
        Verb.RECORD: _row(_CARE | {Role.SERVICE}),
        Verb.JUDGE: _row(_DECIDES | {Role.NURSE}),
        Verb.CORRECT: _row(_DECIDES | {Role.NURSE, Role.COORDINATOR}),
        Verb.ADMINISTER: _row(_DECIDES | {Role.NURSE}),
        Verb.APPOINT: _row(_LEADS | {Role.SCHEDULER, Role.NURSE, Role.IMPLANTER}),
        Verb.COMPLETE: _row(_CARE, others=_ARRANGES),
        Verb.ACKNOWLEDGE: _row(_CARE, others=_ARRANGES),
        Verb.CLAIM: _row(_CARE),
        Verb.REASSIGN: _row(_CARE, others=_ARRANGES),
        Verb.SNOOZE: _row(_CARE),
        Verb.WAIT: _row(_CARE),
        Verb.CONTACT: _row(_CARE),
        Verb.HOLD: _row(_LEADS | {Role.IMPLANTER}),
        Verb.RELEASE: _row(_LEADS | {Role.IMPLANTER}),
        Verb.RELEASE_BACKLOG: _row(_ARRANGES),
        Verb.OVERRIDE: _row(_DECIDES),
        Verb.DEVIATE: _row(_DECIDES),
        Verb.MIGRATE: _row(frozenset({Role.CLINICIAN, Role.LEAD})),
        Verb.SET_PARAMETER: _row(frozenset({Role.CLINICIAN, Role.LEAD})),
        Verb.ROSTER: _row(_ARRANGES | {Role.ADMIN}, own=_EVERYBODY),
        Verb.MANAGE: _row(frozenset({Role.ADMIN})),
        Verb.ERASE: _row(_DECIDES | {Role.LEAD}),
        Verb.PUBLISH: _row(_NOBODY),
        Verb.BACKUP: _row(_NOBODY),
        Verb.VERIFY: _row(_NOBODY),
        Verb.OPERATE: _row(_NOBODY),
    }
)

# Whoever holds the key file and a database's password may do these from the command line, in no person's name.
ON_THE_MACHINE = frozenset(
    {
        Verb.READ_PEOPLE,
        Verb.ROSTER,
        Verb.SET_PARAMETER,  # the person who decided it is named and must hold a role that may
        Verb.MIGRATE,  # likewise
        Verb.MANAGE,
        Verb.PUBLISH,
        Verb.BACKUP,
        Verb.VERIFY,
        Verb.OPERATE,
    }
)


def who_may(verb: Verb, relation: Relation = Relation.HERE) -> frozenset[Role]:
    """The roles that carry a verb in a relation; none where the table says nothing."""
    return POLICY[verb].get(relation, _NOBODY)


def permits(actor: Actor, verb: Verb, relation: Relation = Relation.HERE) -> bool:
    """Whether a role the actor holds at this site carries the verb in this relation, and the way they came in too."""
    return actor.may(verb) and actor.holds(*who_may(verb, relation))


def permits_somehow(actor: Actor, verb: Verb) -> bool:
    """Whether there is any relation in which the actor may use the verb at this site."""
    return any(permits(actor, verb, relation) for relation in POLICY[verb])


def require(actor: Actor, verb: Verb, relation: Relation = Relation.HERE) -> None:
    """Refuse a verb the actor's roles do not carry in this relation. Raises NotPermittedError naming who may."""
    if not actor.may(verb):
        raise NotPermittedError(
            f"{verb} is not left to you by the way you came in", allowed="a sign-in with the password, a wider token"
        )
    if not permits(actor, verb, relation):
        raise refusal(verb, relation)


def refusal(verb: Verb, relation: Relation = Relation.HERE) -> NotPermittedError:
    """What whoever may not is answered: which verb, and which roles may."""
    roles = ", ".join(sorted(who_may(verb, relation)))
    about = "" if relation is Relation.HERE else f" ({relation})"
    return NotPermittedError(f"{verb}{about} is not yours to do here", allowed=f"roles: {roles or 'none'}")
