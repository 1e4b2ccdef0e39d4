"""Further printings of the opioid protocol, made from version 1 by replacing text, and walkers who change to them."""

from collections.abc import Mapping

from world import FILE, LENA, Walker

from workflow.authoring.schema import read
from workflow.domain.decide.forecast import Forecast, forecast
from workflow.domain.decide.migrate import migrate
from workflow.domain.decision import Decision
from workflow.domain.episode import Episode
from workflow.domain.ladder import OnHold, TimerState
from workflow.domain.protocol import ProtocolVersion

V1 = FILE.read_text()
MAP = {"case_review": "board_review"}


def version(*replaced: tuple[str, str], number: int = 2) -> ProtocolVersion:
    """Version 1 with some of its text replaced, under another number."""
    text = V1.replace("version: 1\n", f"version: {number}\n")
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    return read(text)


SAME = version()
RENAMED_STAGE = (("case_review", "board_review"),)
NO_FENTANYL = (
    (V1[V1.index("  fentanyl:\n") : V1.index("\nitems:")], ""),
    ("choices: [morphine, fentanyl]", "choices: [morphine]"),
)
CATHETER_RUNGS = V1[V1.index("      - {after: 1d, tell: [nurse]}\n      - {after: 3d, tell: [nurse, clinician]}") :]
CATHETER_RUNGS = CATHETER_RUNGS[: CATHETER_RUNGS.index("    repeat")]
INPUTS_TASK = V1[V1.index("  collect_review_inputs:") : V1.index("  decide_in_review:")]
MUCH = version(
    *RENAMED_STAGE,
    *NO_FENTANYL,
    ('platelets, at_least: "100"', 'platelets, at_least: "150"'),
    (CATHETER_RUNGS, "      - {after: 12h, tell: [nurse]}\n      - {after: 2d, tell: [clinician, lead]}\n"),
    (
        INPUTS_TASK,
        INPUTS_TASK.replace("collect_review_inputs", "gather_inputs").replace("for: nurse", "for: clinician"),
    ),
    ("{after: 5d, tell: [assignee]}", "{after: 3d, tell: [assignee]}"),
    (
        "observation:\n    label: Observation running\n    time: clock\n    on_hold: run",
        "observation:\n    label: Observation running\n    time: working\n    on_hold: run",
    ),
    (
        "decision:\n    label: Decision within 7 days\n    time: clock\n    on_hold: pause",
        "decision:\n    label: Decision within 7 days\n    time: clock\n    on_hold: run",
    ),
)


def migrated(
    walker: Walker, to: ProtocolVersion, names: Mapping[str, str] | None = None, *, reason: str = "a new printing"
) -> Decision:
    """Migrate a walker, who goes on under the new version where nothing barred it; the laws hold."""
    before = walker.episode
    decision = migrate(walker.situation(LENA), to=to, reason=reason, names=names or {})
    walker.take(decision)
    if not decision.refused:
        walker.protocol = to
        kept(before, decision, to)
    return decision


def told(walker: Walker, to: ProtocolVersion, names: Mapping[str, str] | None = None) -> Forecast:
    return forecast(walker.situation(LENA), to=to, reason="try", names=names or {})


def kept(before: Episode, decision: Decision, to: ProtocolVersion) -> None:
    """What must hold after any migration."""
    after = decision.after
    assert after.protocol == to.name
    assert after.version == before.version + 1
    assert (after.stint, after.stint_at, after.hold) == (before.stint, before.stint_at, before.hold)
    for name in ("observations", "administrations", "appointments"):
        assert getattr(after, name) == getattr(before, name)
    assert {t.key: (t.drug, t.started_at, t.ended_at) for t in after.trials.values()} == {
        t.key: (t.drug, t.started_at, t.ended_at) for t in before.trials.values()
    }
    assert {d.key for d in before.open_duties} <= {d.key for d in after.open_duties}
    for key, passage in before.passages.items():
        assert (after.passages[key].at, after.passages[key].how) == (passage.at, passage.how)
    watched(after, to)
    assert after.closed_at is not None or after.open_tasks
    for key, timer in before.timers.items():
        now = after.timers[key]
        if before.tasks[key].is_duty and timer.due_at <= decision.entry.at and timer.state is TimerState.LIVE:
            assert now.due_at <= decision.entry.at, "what was due has been put off"
        assert now.n >= timer.n


def fired(walker: Walker, name: str) -> list[object]:
    """The rungs of one kind of work that fire now."""
    done = [decision for decision in walker.tick() if decision.entry.about["task"].endswith(f".{name}.1")]
    return [decision.entry.about["rung"] for decision in done]


def watched(episode: Episode, protocol: ProtocolVersion) -> None:
    """Every open task has exactly one live or declared-paused timer, on a rung its ladder has."""
    assert episode.timers.keys() == episode.tasks.keys()
    for key, task in episode.tasks.items():
        timer = episode.timers[key]
        if not task.is_open:
            assert timer.state is TimerState.ENDED
            continue
        ladder = protocol.ladders[protocol.tasks[task.name].ladder]
        assert timer.rung < len(ladder.rungs)
        paused = timer.state is TimerState.PAUSED
        assert timer.state is TimerState.LIVE or (paused and ladder.on_hold is OnHold.PAUSE)
        assert not paused or episode.hold is not None
    if not protocol.stages[episode.stage].ends:
        assert any(task.key.startswith(f"s{episode.stint}.") for task in episode.open_tasks)


WITHOUT_OFF = (
    (
        V1[V1.index("  anticoagulant_off:\n    label: Anticoagulant stopped") : V1.index("  pump_in_body:\n    label")],
        "",
    ),
    (V1[V1.index("  anticoagulant_off:\n    label: Anticoagulant off") : V1.index("  pump:\n")], ""),
)
