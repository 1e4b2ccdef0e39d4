"""One plan per procedure: when the last dose was, when the procedure may be, when the drug may go on.

    last dose ── stop ──► puncture ═══ catheter in ═══► removal ── restart ──► next dose
                           one interruption; a dose taken inside it counts the wait anew

Times, not days. What is missing is unknown; a drug with no row here is unknown too.
"""

from dataclasses import dataclass

from workflow.domain.calendar import Duration
from workflow.domain.criterion import Criterion
from workflow.domain.item import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """How long one drug is stopped before a procedure and kept off after it. `when` narrows it to some people."""

    key: str
    drug: str  # a choice of the anticoagulant item
    stop: Duration  # from the last dose to the procedure
    restart: Duration  # from the procedure, or from the catheter's removal, to the next dose
    restart_after_trauma: Duration
    when: Criterion | None = None
    basis: Basis = Basis()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnticoagulantRule:
    """The items a plan is made of, and the interruptions to choose from: the first of a drug whose `when` is open."""

    drug: str  # choice item; its choice `none` means there is nothing to plan
    inputs: tuple[str, ...]  # items that must be recorded before a plan can be judged
    agreed: str  # yes_no item: the prescriber agrees
    planned: str  # time item: the last dose as planned
    last_dose: str  # time item: the last dose as taken
    restarted: str  # time item: the first dose afterwards
    traumatic: str  # yes_no item: the puncture drew blood
    procedures: tuple[str, ...]  # appointment kinds a plan is for
    interruptions: tuple[Interruption, ...]


NOTHING = "none"  # the choice of somebody who takes no anticoagulant
