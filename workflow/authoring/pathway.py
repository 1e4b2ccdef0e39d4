"""Rules on the way a candidate goes: no stage out of reach, none without a way out, none silent, none unguarded."""

from collections.abc import Iterator

from workflow.authoring.finding import Severity
from workflow.authoring.reach import backward, reachable, reached
from workflow.authoring.rule import Rule, Said
from workflow.domain.decide.deviate import DOSES
from workflow.domain.policy import Verb, who_may
from workflow.domain.protocol import ProtocolVersion, Transition


def unreachable(version: ProtocolVersion) -> Iterator[Said]:
    """Stages no candidate can come to."""
    there = reachable(version)
    for key in version.stages:
        if key not in there:
            yield f"stages.{key}", f"no way leads from {version.begins} to {key}"


def traps(version: ProtocolVersion) -> Iterator[Said]:
    """Stages from which no end can be reached."""
    ends = [key for key, stage in version.stages.items() if stage.ends]
    out = reached(backward(version), ends)
    for key in version.stages:
        if key not in out:
            yield f"stages.{key}", f"no way leads from {key} to an end"


def unguarded_twins(version: ProtocolVersion) -> Iterator[Said]:
    """Transitions without gates that do, from the same stage, what a gated one does."""
    for open_way in version.transitions.values():
        if open_way.gates:
            continue
        for gated in version.transitions.values():
            shared = [stage for stage in open_way.sources if stage in gated.sources]
            if gated.gates and shared and (same := _same(open_way, gated)):
                yield (
                    f"transitions.{open_way.name}.gates",
                    f"from {', '.join(shared)} it {same} like {gated.name}, and past its gates",
                )


def unguarded_acts(version: ProtocolVersion) -> Iterator[Said]:
    """Acts on a person that are authorised without asking anything."""
    for name, transition in version.transitions.items():
        if transition.authorises and not transition.gates:
            yield f"transitions.{name}.gates", f"{transition.authorises} is authorised without a gate"


def unauthorised_records(version: ProtocolVersion) -> Iterator[Said]:
    """Acts that are recorded and that no person can authorise first."""
    for name, transition in version.transitions.items():
        if transition.records and not _authorisers(version, transition.records):
            yield f"transitions.{name}.records", f"nobody can authorise {transition.records} before it is recorded"


def unauthorised_acts(version: ProtocolVersion) -> Iterator[Said]:
    """Acts that nothing authorises and nothing records."""
    recorded = {transition.records for transition in version.transitions.values()}
    for act in version.acts:
        if act not in recorded and not _authorisers(version, act):
            yield f"acts.{act}", f"no transition lets a person authorise {act}"


def silent_stages(version: ProtocolVersion) -> Iterator[Said]:
    """Stages in which nobody has anything to do."""
    busy = {trigger.stage for task in version.tasks.values() for trigger in task.opens}
    for key, stage in version.stages.items():
        if not stage.ends and not stage.duties and key not in busy:
            yield f"stages.{key}", f"a candidate in {key} is nobody's work"


def refused_roles(version: ProtocolVersion) -> Iterator[Said]:
    """Transitions only people may take whom the policy does not let advance anybody."""
    for name, transition in version.transitions.items():
        if transition.by and not who_may(Verb.ADVANCE).intersection(transition.by):
            yield f"transitions.{name}.by", f"{', '.join(transition.by)} may not advance a candidate"


def unsigned_acts(version: ProtocolVersion) -> Iterator[Said]:
    """Authorisations of what cannot be taken back that nobody puts their name under."""
    for name, transition in version.transitions.items():
        act = transition.authorises
        if act and not transition.signed and _is_for_good(version, act):
            yield f"transitions.{name}", f"{act} cannot be taken back, and nobody signs for it"


def powerless_signers(version: ProtocolVersion) -> Iterator[Said]:
    """Signatures asked of roles, or of the software, that cannot sign."""
    for name, transition in version.transitions.items():
        odd = [role for role in transition.by if role not in who_may(Verb.SIGN)]
        if transition.signed and (odd or transition.by_system):
            yield f"transitions.{name}.by", f"the policy lets no {', '.join(odd) or 'software'} sign"


def by_system(version: ProtocolVersion) -> Iterator[Said]:
    """Transitions the software takes by itself."""
    for name, transition in version.transitions.items():
        if transition.by_system:
            gates = ", ".join(transition.gates) or "no gate"
            yield f"transitions.{name}.by", f"the software takes {name} by itself ({gates})"


PATHWAY = (
    Rule(
        code="T201",
        title="Unreachable stage",
        why="A stage nobody can come to is either a slip in a `to`, or a promise the pathway does not keep.",
        remedy="add a transition to it, or take the stage out",
        check=unreachable,
    ),
    Rule(
        code="T202",
        title="Trap stage",
        why="From a stage that leads to no end a candidate can never be discharged; its reminders never stop.",
        remedy='add a way to an end, or say ends: "yes"',
        check=traps,
    ),
    Rule(
        code="T203",
        title="Ungated branch beside a gated one",
        why="Whoever meets the shut gate takes the door next to it. The gate then guards nothing.",
        remedy="put the same gates on both, or make it one transition",
        check=unguarded_twins,
    ),
    Rule(
        code="T204",
        title="Act authorised without a gate",
        why="An act touches a person's body. Its authorisation is where the day's checks are asked.",
        remedy="name the gates that must be open on the day",
        check=unguarded_acts,
    ),
    Rule(
        code="T205",
        title="Recorded act nobody can authorise",
        why="What can be recorded and never authorised can only ever happen as a deviation.",
        remedy="add a transition that authorises the act, by a person",
        check=unauthorised_records,
    ),
    Rule(
        code="T206",
        title="Act no transition authorises",
        why="A dose or procedure under this act would always be a deviation, or the act is not needed.",
        remedy="add a transition that authorises the act, by a person, or take the act out",
        check=unauthorised_acts,
    ),
    Rule(
        code="T207",
        title="Silent stage",
        why="Where nobody has a task nobody is reminded, and a candidate can stand there for ever unseen.",
        remedy="add a task that opens on the stage",
        check=silent_stages,
    ),
    Rule(
        code="T208",
        title="Transition nobody may take",
        why="The policy lets only some roles advance a candidate; a protocol can narrow that, not widen it.",
        remedy="name a role that the policy lets advance",
        check=refused_roles,
    ),
    Rule(
        code="T209",
        title="Transition the software takes by itself",
        why="Software moves a candidate only where the file says so. Every such place is printed, so that it is meant.",
        remedy="make sure that this is meant",
        check=by_system,
        severity=Severity.NOTICE,
    ),
    Rule(
        code="T210",
        title="Act for good without a signature",
        why="A dose cannot be taken back, nor an act that carries a candidate to another stage. Whoever authorises it "
        "puts their name under what they saw.",
        remedy="say under signed what the signature means",
        check=unsigned_acts,
        severity=Severity.NOTICE,
    ),
    Rule(
        code="T211",
        title="Signature by a role without that power",
        why="The policy says who may sign; a protocol can narrow that, not widen it.",
        remedy=f"name only {', '.join(sorted(who_may(Verb.SIGN)))}, or take signed out",
        check=powerless_signers,
    ),
)


# ---------------------------------------------------------------------------------------------------------------


def _same(one: Transition, other: Transition) -> str:
    """What two transitions both do, in words; nothing where they differ."""
    if one.authorises and one.authorises == other.authorises:
        return f"authorises {one.authorises}"
    if one.records and one.records == other.records:
        return f"records {one.records}"
    if one.to and one.to == other.to:
        return f"leads to {one.to}"
    return ""


def _is_for_good(version: ProtocolVersion, act: str) -> bool:
    """Whether an act cannot be taken back: a dose, or one that carries a candidate to another stage."""
    return act in DOSES or any(way.records == act and way.to for way in version.transitions.values())


def _authorisers(version: ProtocolVersion, act: str) -> list[Transition]:
    """The transitions by which a person, standing where a candidate can be, authorises an act."""
    there = reachable(version)
    return [
        t
        for t in version.transitions.values()
        if t.authorises == act and not t.by_system and not there.isdisjoint(t.sources)
    ]
