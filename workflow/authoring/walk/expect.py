"""What was expected of a step, held against what came of it."""

from collections.abc import Iterator, Sequence

from workflow.authoring.finding import Finding, Where, error
from workflow.authoring.walk.happening import Bar, Happening
from workflow.authoring.walk.read import Turn
from workflow.authoring.walk.shape import WrittenExpected, WrittenGateExpected
from workflow.domain.episode import Episode

UNMET = "W201"
_PASSING = ("done", "moved", "proposed")


def unmet(turn: Turn, since: Sequence[Happening], episode: Episode, where: Where) -> tuple[Finding, ...]:
    """What is not as expected after a turn. `since`: everything that happened after the turn before."""
    said = turn.expected or WrittenExpected()
    done = next((seen for seen in reversed(since) if seen.path == turn.path), None)
    differing = [*_outcome(said, done), *_gates(said, done), *_standing(said, episode), *_told(said, since)]
    return tuple(
        error(UNMET, where.place(f"{turn.path}.{path}" if turn.expected else turn.path), message, remedy=remedy)
        for path, message, remedy in differing
    )


# ---------------------------------------------------------------------------------------------------------------

_Said = tuple[str, str, str]  # path under the step, what differs, what was expected


def _outcome(said: WrittenExpected, done: Happening | None) -> Iterator[_Said]:
    path = "expect.outcome"
    if done is None:
        if said.outcome is not None:
            yield path, "nothing was done in this step", "a step with a deed"
        return
    if said.outcome is None:
        if done.outcome not in _PASSING:
            yield path, f"it was {done.outcome}: {_why(done)}", "it goes through; or say which outcome is expected"
    elif said.outcome == "any":
        return
    elif done.outcome != said.outcome and not (said.outcome == "done" and done.outcome == "moved"):
        yield path, f"it was {done.outcome}{_because(done)}", f"expected: {said.outcome}"
    elif said.because is not None and said.because not in done.because:
        yield "expect.because", f"it was impossible because {done.because}", f"expected to contain: {said.because}"


def _gates(said: WrittenExpected, done: Happening | None) -> Iterator[_Said]:
    answered = {bar.gate: bar for bar in (*done.shown, *done.bars)} if done is not None else {}
    for gate, expected in (said.gates or {}).items():
        path, bar = f"expect.gates.{gate}", answered.get(gate)
        if bar is None:
            asked = ", ".join(answered) or "no gate at all"
            yield path, f"{gate} was not asked", f"asked were: {asked}"
        else:
            yield from _gate(path, expected, bar)


def _gate(path: str, expected: WrittenGateExpected, bar: Bar) -> Iterator[_Said]:
    if expected.verdict is not None and bar.verdict != expected.verdict:
        yield f"{path}.verdict", f"it is {bar.verdict}: {bar.because}", f"expected: {expected.verdict}"
    if expected.because is not None and expected.because not in bar.because:
        yield f"{path}.because", f"it is {bar.verdict}: {bar.because}", f"expected to contain: {expected.because}"


def _standing(said: WrittenExpected, episode: Episode) -> Iterator[_Said]:
    trial = episode.trial
    response = (trial.response if trial is not None else None) or "not judged yet"
    relief = trial.relief if trial is not None else None
    if said.stage is not None and episode.stage != said.stage:
        yield "expect.stage", f"the candidate stands in {episode.stage}", f"expected: {said.stage}"
    if said.response is not None and response != said.response:
        yield "expect.response", f"the response is {response}", f"expected: {said.response}"
    if said.relief is not None and relief != said.relief:
        yield "expect.relief", f"relief is {'not known' if relief is None else relief}", f"expected: {said.relief}"
    yield from _work(said, episode)
    over = "open" if episode.closed_at is None else "closed"
    if said.episode is not None and over != said.episode:
        yield "expect.episode", f"the episode is {over}", f"expected: {said.episode}"


def _work(said: WrittenExpected, episode: Episode) -> Iterator[_Said]:
    open_now = dict.fromkeys(task.name for task in episode.open_tasks)
    listed = ", ".join(open_now) or "nothing"
    for at, name in enumerate(said.open or ()):
        if name not in open_now:
            yield f"expect.open.{at}", f"{name} is not open", f"open are: {listed}"
    for at, name in enumerate(said.closed or ()):
        if name in open_now:
            yield f"expect.closed.{at}", f"{name} is still open", "expected: closed, or never opened"


def _told(said: WrittenExpected, since: Sequence[Happening]) -> Iterator[_Said]:
    notices = [notice for seen in since for notice in seen.told]
    for task, expected in (said.told or {}).items():
        path = f"expect.told.{task}"
        about = [notice for notice in notices if notice.name == task]
        people = dict.fromkeys(notice.recipient for notice in about)
        listed = ", ".join(people) or "nobody"
        if not expected and people:
            yield path, f"{listed} had a message about {task}", "expected: nobody"
        for name in expected:
            if not any(name in (notice.recipient, *notice.roles) for notice in about):
                yield path, f"{name} had no message about {task} since the step before", f"told: {listed}"


def _because(done: Happening) -> str:
    return f": {_why(done)}" if done.outcome not in _PASSING else ""


def _why(done: Happening) -> str:
    return done.because if done.outcome == "impossible" else "; ".join(f"{b.gate}: {b.because}" for b in done.bars)
