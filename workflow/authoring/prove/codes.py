"""What the proof can refuse: each code with what it means, why it matters and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """One thing that must be so on every path. A code never changes its meaning."""

    code: str
    title: str
    why: str
    remedy: str


_ALL = (
    Obligation(
        code="P101",
        title="Stage nobody comes to",
        why="No enrolled candidate can come to this stage on time and through open gates: the way to it is closed.",
        remedy="see what bars the last step, or take the stage out",
    ),
    Obligation(
        code="P102",
        title="Transition nobody can take",
        why="Its gates can never all be passed at one instant: they contradict each other, or what is known by then.",
        remedy="change the gates that contradict each other",
    ),
    Obligation(
        code="P103",
        title="Pathway that cannot end",
        why="From here no way leads to an end with every duty discharged: the episode would stay open for ever.",
        remedy="give this stage a way out that can be taken",
    ),
    Obligation(
        code="P104",
        title="Duty left behind",
        why="A duty can be open where nothing a person may do discharges it any more: it alarms for ever.",
        remedy="make the fact that discharges it recordable from there, and its gates able to open there",
    ),
    Obligation(
        code="P105",
        title="Act approved without a gate",
        why="An act touches a person's body; its approval must ask something.",
        remedy="name the gates that must be open on the day",
    ),
    Obligation(
        code="P106",
        title="Weaker approval beside a stronger one",
        why="Whoever meets the shut gate takes the approval that does not ask it. The gate then guards nothing.",
        remedy="put the same gates on both, or make it one approval",
    ),
    Obligation(
        code="P107",
        title="Act that can never be done as approved",
        why="No path leads to this act with its approval standing: it could only ever be recorded as a deviation.",
        remedy="let it be approved and recorded from the same stage, with gates that can be open together",
    ),
    Obligation(
        code="P108",
        title="Act approved or recorded by the software",
        why="Software may move a candidate where the file says so. It never approves or records an act on a person.",
        remedy="name the roles of the people who may",
    ),
    Obligation(
        code="P109",
        title="Gate that can never be open",
        why="No values a person can record open it, wherever it is asked.",
        remedy="look at the tests that contradict each other",
    ),
    Obligation(
        code="P110",
        title="Gate that is always open",
        why="Wherever it is asked it answers open, whatever is recorded or missing: it guards nothing.",
        remedy="ask something that can be otherwise, or take the gate out",
    ),
    Obligation(
        code="P111",
        title="Test that decides nothing",
        why="Every value that can be recorded meets it, or none does. Where any value will do, `recorded` says so.",
        remedy="compare with a value that divides what can be recorded, or say recorded",
    ),
    Obligation(
        code="P112",
        title="Ladder that tells nobody",
        why="A rung of work that does open tells only roles that may take on no work: nobody who hears it can answer.",
        remedy="tell a role that the policy lets take on work",
    ),
    Obligation(
        code="P113",
        title="Candidate who is nobody's work",
        why="A candidate can stand here with no task and no duty open. Nobody is reminded, and nobody sees it.",
        remedy="add a task that opens on the stage",
    ),
    Obligation(
        code="P114",
        title="Invariant that does not hold",
        why="The file says what must be so on every path to an act or a stage. There is a path on which it is not.",
        remedy="ask for the gate on that path, or correct what the invariant says",
    ),
    Obligation(
        code="P115",
        title="Work that never opens",
        why="What it waits for can never happen on this pathway. It reads as a safeguard and is none.",
        remedy="open it on something that happens, or take it out",
    ),
    Obligation(
        code="P116",
        title="Way past an act",
        why="A stage that is entered by recording an act can be entered without it: nobody asked for its approval.",
        remedy="let the other way record the act too, or lead somewhere else",
    ),
    Obligation(
        code="P190",
        title="Too large to prove",
        why="The search was ended before it had seen every state, so nothing is proven.",
        remedy="count fewer trials or doses, or name fewer duties and gates in invariants",
    ),
)

OBLIGATIONS: Mapping[str, Obligation] = MappingProxyType({one.code: one for one in _ALL})
