"""A sound protocol broken on purpose: each time one small change to the opioid trial, and what the proof must say."""

from dataclasses import dataclass
from pathlib import Path

V1 = Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml"

HOUSE = "source: HOUSE, mark: D"
DAY = "day_checks, bleeding_risk_today, observation_ready, no_contraindication, first_puncture"


def base() -> str:
    """The first printing."""
    return V1.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One way to break it. `walks`: what its counter-example goes through. `lints`: the lint finds nothing."""

    name: str
    code: str
    changes: tuple[tuple[str, str], ...] = ()
    added: str = ""  # at the end of the file
    walks: tuple[str, ...] = ()
    lints: bool = True

    def text(self) -> str:
        """The broken file."""
        text = base()
        for old, new in self.changes:
            assert text.count(old) >= 1, f"{self.name}: {old!r} is not in the file"
            text = text.replace(old, new, 1)
        return text + self.added


def _transition(text: str) -> tuple[tuple[str, str], ...]:
    """A transition more."""
    return (("transitions:\n", f"transitions:\n  {text}\n"),)


def _gates(name: str, old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Other gates on a transition that has these."""
    before, _, rest = base().partition(f"\n  {name}:\n")[2].partition(f"gates: {old}\n")
    assert rest, name
    head = f"\n  {name}:\n{before}gates: "
    return ((f"{head}{old}\n", f"{head}{new}\n"),)


SEEDS = (
    Seed(
        name="a puncture is approved without a gate",
        code="P105",
        changes=_gates("approve_puncture", f"[{DAY}]", "none"),
        walks=("approve_puncture",),
        lints=False,
    ),
    Seed(
        name="another dose is approved without a gate",
        code="P105",
        changes=_gates("approve_repeat_dose", "[safe_to_repeat]", "none"),
        walks=("approve_repeat_dose",),
        lints=False,
    ),
    Seed(
        name="a second approval of the puncture asks less",
        code="P106",
        changes=_transition(
            "approve_puncture_anyway: {label: Approve anyway, from: [single_shot_trial], by: [clinician], "
            "authorises: puncture, gates: [day_checks, observation_ready]}"
        ),
        walks=("approve_puncture_anyway",),
    ),
    Seed(
        name="a second approval of the removal leaves the bleeding risk out",
        code="P106",
        changes=_transition(
            "approve_removal_now: {label: Approve now, from: [catheter_trial], by: [clinician], "
            "authorises: catheter_removal, gates: [right_person]}"
        ),
        walks=("approve_removal_now",),
    ),
    Seed(
        name="the software approves the removal of a catheter",
        code="P108",
        changes=_transition(
            "approve_by_itself: {label: By itself, from: [catheter_trial], by: system, "
            "authorises: catheter_removal, gates: [right_person, catheter_may_come_out]}"
        ),
        walks=("approve_by_itself by the software",),
    ),
    Seed(
        name="a way to Implanted without the implant",
        code="P116",
        changes=_transition(
            "implanted_elsewhere: {label: Elsewhere, from: [implant_planning], to: implanted, "
            "by: [clinician], gates: none}"
        ),
        walks=("implanted_elsewhere",),
    ),
    Seed(
        name="the implant is approved in a stage it cannot be recorded in",
        code="P107",
        changes=(
            (
                "    label: Approve the implant, today\n    from: [implant_planning]",
                "    label: Approve\n    from: [case_review]",
            ),
        ),
        walks=("approve_implant",),
    ),
    Seed(
        name="an approved implant is never recorded",
        code="P107",
        changes=(("    records: implant\n", ""),),
        walks=("implant is never done",),
    ),
    Seed(
        name="another dose is approved only before the catheter is in",
        code="P107",
        changes=_gates("approve_repeat_dose", "[safe_to_repeat]", "[safe_to_repeat, first_puncture]"),
        walks=("approve_repeat_dose",),
    ),
    Seed(
        name="contraindicated for good, and with nothing against a puncture",
        code="P102",
        changes=_gates(
            "contraindicate", "[contraindicated_for_good]", "[contraindicated_for_good, no_contraindication]"
        ),
        walks=("contraindicated_for_good and no_contraindication are never open together",),
    ),
    Seed(
        name="nobody comes to Contraindicated",
        code="P101",
        changes=_gates("contraindicate", "[contraindicated_for_good]", "[contraindicated_for_good, fit_for_implant]"),
        walks=("contraindicated is never entered",),
    ),
    Seed(
        name="a sedation above 2 and below 3, which no score is",
        code="P109",
        changes=(
            (
                '      - {item: sedation_score, below: "3", within: 1h',
                (
                    f'      - {{item: sedation_score, above: "2", {HOUSE}}}\n'
                    '      - {item: sedation_score, below: "3", within: 1h'
                ),
            ),
        ),
        walks=("safe_to_repeat is never open",),
    ),
    Seed(
        name="the review says implant and repeat",
        code="P102",
        changes=_gates(
            "decide_implant",
            "[responded, trial_tolerated, review_says_implant, life_expectancy_for_pump]",
            "[responded, trial_tolerated, review_says_implant, review_says_repeat, life_expectancy_for_pump]",
        ),
        walks=("review_says_implant and review_says_repeat are never open together",),
    ),
    Seed(
        name="a repeat is asked for and no second trial allowed",
        code="P102",
        changes=(('count.trials, below: "2"', 'count.trials, below: "1"'),),
        walks=("repeat_trial can never be taken",),
    ),
    Seed(
        name="the right person and the wrong one",
        code="P109",
        changes=(
            (
                "    label: The right person\n    all:\n",
                f'    label: The right person\n    all:\n      - {{item: identity_confirmed, is: "no", {HOUSE}}}\n',
            ),
        ),
        walks=("right_person is never open",),
    ),
    Seed(
        name="a catheter may come out only when it is out",
        code="P104",
        changes=_gates(
            "approve_catheter_removal",
            "[right_person, catheter_may_come_out]",
            "[right_person, catheter_may_come_out, first_puncture]",
        ),
        walks=("catheter_in", "nothing discharges catheter_in any more"),
    ),
    Seed(
        name="the catheter of a second trial never comes out",
        code="P104",
        changes=_gates(
            "approve_catheter_removal",
            "[right_person, catheter_may_come_out]",
            "[right_person, catheter_may_come_out, another_trial_allowed]",
        ),
        walks=("approve_catheter_trial", "nothing discharges catheter_in any more"),
    ),
    Seed(
        name="an observation without a dose never ends",
        code="P104",
        changes=(
            (
                "  observation_complete:\n    label: Observed as long as the drug asks\n    all:\n",
                (
                    "  observation_complete:\n    label: Observed\n    all:\n"
                    f'      - {{derived: count.doses, at_least: "1", label: Doses, {HOUSE}}}\n'
                ),
            ),
        ),
        walks=("nothing discharges observation any more",),
    ),
    Seed(
        name="an observation begun by a deviation never ends",
        code="P104",
        changes=(
            (
                "  observation_complete:\n    label: Observed as long as the drug asks\n    all:\n",
                (
                    "  observation_complete:\n    label: Observed\n    all:\n"
                    f"      - {{derived: trial.method, in: [single_shot, catheter], label: Method, {HOUSE}}}\n"
                ),
            ),
        ),
        walks=("deviation", "nothing discharges observation any more"),
    ),
    Seed(
        name="follow-up of whoever was dosed never ends",
        code="P103",
        changes=(
            *_gates("close_follow_up", "[duties_discharged]", "[duties_discharged, first_puncture]"),
            (
                "case_review, implant_planning, implanted, follow_up]\n    to: withdrawn",
                "case_review, implant_planning, implanted]\n    to: withdrawn",
            ),
        ),
        walks=("a dose is given", "-> Follow-up", "no way leads to an end from: follow_up"),
    ),
    Seed(
        name="a limit on trials that limits nothing",
        code="P110",
        changes=(('count.trials, below: "2"', 'count.trials, at_least: "0"'),),
        walks=("another_trial_allowed is open on every path",),
    ),
    Seed(
        name="platelets that every value meets",
        code="P111",
        changes=(('{item: platelets, at_least: "100"', '{item: platelets, at_least: "1"'),),
        walks=("every value of platelets meets this test",),
    ),
    Seed(
        name="an anticoagulant that every choice meets",
        code="P111",
        changes=(("in: [none, apixaban,", "in: [none, warfarin, apixaban,"),),
        walks=("every value of anticoagulant meets this test",),
    ),
    Seed(
        name="a sedation no score can show",
        code="P115",
        changes=(
            (
                '{item: sedation_score, at_least: "3", source: HOUSE, mark: D}\n',
                '{item: sedation_score, above: "4", source: HOUSE, mark: D}\n',
            ),
            ('      - {item: breathing_rate, below: "10", source: HOUSE, mark: D}\n    closes', "    closes"),
        ),
        walks=("respiratory_alarm never opens",),
    ),
    Seed(
        name="a catheter's first reminder goes to those who may only read",
        code="P112",
        changes=(
            ("scheduler, lead]", "scheduler, lead, auditor]"),
            (
                "      - {after: 1d, tell: [nurse]}\n      - {after: 3d, tell: [nurse, clinician]}",
                "      - {after: 1d, tell: [auditor]}\n      - {after: 3d, tell: [nurse, clinician]}",
            ),
        ),
        walks=("rung 1 of catheter tells auditor of catheter_in",),
    ),
    Seed(
        name="a task for those who may only read",
        code="P112",
        changes=(
            ("scheduler, lead]", "scheduler, lead, auditor]"),
            ("Check the wound, for: nurse", "Check the wound, for: auditor"),
        ),
        walks=("tells auditor of check_wound",),
    ),
    Seed(
        name="nobody follows up once the pump is handed over",
        code="P113",
        changes=(
            (
                "next_follow_up: {label: Arrange the next follow-up, for: nurse, opens: [{stage: follow_up}]",
                "next_follow_up: {label: Arrange the next follow-up, for: nurse, opens: [{stage: implanted}]",
            ),
        ),
        walks=("-> Follow-up", "a candidate can stand in follow_up with no task and no duty open"),
    ),
    Seed(
        name="an invariant that a waived trial breaks",
        code="P114",
        added="invariants: {consented: {label: Consent before an implant, act: implant, asks: [consented_to_trial]}}\n",
        walks=("waive_trial", "consented_to_trial was not passed on this path"),
    ),
    Seed(
        name="somebody withdraws with a catheter in",
        code="P114",
        added="invariants: {out: {label: Nobody leaves with a catheter, stage: withdrawn, without: [catheter_in]}}\n",
        walks=("record_catheter_in", "withdraw", "catheter_in is open then"),
    ),
)
