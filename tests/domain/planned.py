"""The opioid trial's first printing with plans written into it, and what tests of plans share."""

from datetime import datetime

from route import diary, go, ready
from world import CLARA, FILE, Walker

from workflow.authoring.schema import read
from workflow.domain.criterion import Known, Missing, Subject
from workflow.domain.protocol import ProtocolVersion

ITEMS = """
  pain: {label: Pain after the dose, kind: number, unit: "{score}", range: ["0", "10"]}
  apixaban_dose: {label: Dose, kind: choice, choices: [low, high]}
  planned_stop: {label: Last dose planned, kind: time}
  last_taken: {label: Last dose taken, kind: time}
  taken_again: {label: First dose afterwards, kind: time}
  blood_seen: {label: Traumatic puncture, kind: yes_no}
  filled: {label: Pump filled, kind: time}
  volume: {label: Filled with, kind: number, unit: mL, range: ["1", "60"]}
  reserve: {label: Reserve, kind: number, unit: mL, range: ["0", "10"]}
  strength: {label: Concentration, kind: number, unit: mg/mL, range: ["0", "50"]}
  daily: {label: Daily dose, kind: number, unit: mg/d, range: ["0", "20"], decimals: 1}
  sheet: {label: Low-reservoir date on the sheet, kind: date}
  filling: {label: Filling, kind: choice, choices: [first, later]}
  outcome: {label: After the increase, kind: choice, choices: [relieved, not_relieved]}
"""
PLANS = """
observation_plans:
  four_hours:
    label: After morphine
    drug: morphine
    lasts: 4h
    rounds: [{every: 1h, until: 2h}, {every: 2h, until: 4h}]
    items: [pain, sedation_score]
    tolerance: 20min
    source: HOUSE
    mark: D
anticoagulants:
  drug: anticoagulant
  inputs: [apixaban_dose]
  agreed: anticoagulant_plan_agreed
  planned: planned_stop
  last_dose: last_taken
  restarted: taken_again
  traumatic: blood_seen
  procedures: [trial_procedure]
  interruptions:
    low:
      of: apixaban
      when: {item: apixaban_dose, is: low}
      stop: 36h
      restart: 6h
      restart_after_trauma: 48h
      source: HOUSE
      mark: D
    high: {of: apixaban, stop: 72h, restart: 24h, restart_after_trauma: 48h, source: HOUSE, mark: D}
refill:
  filled_at: filled
  volume: volume
  reserve: reserve
  concentration: strength
  daily_dose: daily
  printed: sheet
  kind: filling
  keeps: {first: 14d, later: 40d}
  margin: 2d
  source: HOUSE
  mark: D
"""
LADDER = """
  ahead:
    label: Ahead
    time: clock
    on_hold: run
    urgency: urgent
    rungs:
      - {after: -14d, tell: [nurse]}
      - {after: -1d, tell: [nurse, lead]}
    repeat: 1d
  each_round:
    label: Each round
    time: clock
    on_hold: run
    urgency: urgent
    rungs:
      - {after: 15min, tell: [nurse]}
      - {after: 1h, tell: [lead]}
    repeat: 1h
"""
DUTIES = """
  watch:
    label: Watch
    for: nurse
    opens: [{act: puncture}]
    closes: [{item: discharged, is: "yes"}]
    ladder: each_round
    follows: observation.next_round
  fill_pump:
    label: Fill the pump
    for: nurse
    opens: [{item: filled, recorded: "yes"}]
    closes: [{item: pump_removed, is: "yes"}]
    ladder: ahead
    follows: refill.due
  off:
    label: Off
    for: nurse
    opens: [{item: last_taken, recorded: "yes"}]
    closes: [{item: taken_again, recorded: "yes"}]
    ladder: each_round
    follows: anticoagulant.restart
  taken_with_catheter:
    label: Taken with the catheter in
    for: clinician
    opens: [{item: last_taken, recorded: "yes", during: catheter_in}]
    closes: [{done: "yes"}]
    ladder: red
  not_relieved_twice:
    label: Look for a reason
    for: clinician
    opens: [{item: outcome, is: not_relieved, times: "2"}]
    closes: [{done: "yes"}]
    ladder: red
  steep:
    label: Rising
    for: clinician
    opens: [{item: daily, above: "50", rise_over: 365d, source: HOUSE, mark: D}]
    closes: [{done: "yes"}]
    ladder: red
  restart_today:
    label: Restart today
    for: clinician
    opens: [{cancelled: trial_procedure, during: off}]
    closes: [{done: "yes"}]
    ladder: red
"""
REPEAT = """
  repeat_tests:
    label: Repeat what expires
    for: coordinator
    scope: appointment
    opens: [{appointment: trial_procedure}]
    ladder: before_appointment
    repeats_expiring: "yes"
"""


def planned_version() -> ProtocolVersion:
    """The opioid trial's first printing, with plans written into it."""
    text = FILE.read_text()
    for before, added in (
        ("\ngates:\n", ITEMS),
        ("\ntasks:\n", LADDER),
        ("\nduties:\n", REPEAT),
        ("\nappointments:\n", DUTIES),
    ):
        at = text.index(before)
        text = text[:at] + added.rstrip() + "\n" + text[at:]
    needs = "  trial_procedure: {label: Trial procedure, needs: [platelets, inr]}\n"
    return read(text.replace("  trial_procedure: Trial procedure\n", needs) + PLANS)


PLANNED = planned_version()


def dosed(walker: Walker) -> Walker:
    diary(walker)
    go(walker, "approve_single_shot_trial")
    ready(walker)
    go(walker, "approve_puncture")
    assert not walker.give().refused
    return walker


def looked(walker: Walker, derived: str, of: str = "") -> Known | Missing:
    return walker.situation(CLARA).view(walker.now).look(Subject(derived=derived, of=of))


def text(found: Known | Missing) -> str | None:
    return None if isinstance(found, Missing) else found.text


def iso(at: datetime) -> str:
    return at.isoformat()


def taking(walker: Walker, dose: str = "high") -> Walker:
    walker.record(anticoagulant="apixaban", apixaban_dose=dose)
    return walker
