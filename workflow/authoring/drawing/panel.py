"""The panel beside the flow: the ways out, what can be done anywhere, the duties, and what the marks mean."""

from collections.abc import Iterator
from dataclasses import replace

from workflow.authoring.drawing.boxes import box_of, runs
from workflow.authoring.drawing.figures import INSET, MARGIN, TEXT, WIDTH, Arrow, Block, Box, Entry, Figure
from workflow.authoring.drawing.lettering import Run, wrap
from workflow.authoring.drawing.plan import Plan
from workflow.authoring.words import closing
from workflow.domain.task import Scope

LEFT = 816.0
_WIDE = WIDTH - MARGIN - LEFT
_RAIL = 22.0  # from the panel to the line the ways out branch from
_BETWEEN, _BETWEEN_BLOCKS = 12.0, 22.0


def panel_of(plan: Plan, *, top: float) -> Figure:
    """The panel from this height downwards."""
    done = _outs(plan, top)
    y = max(top, done.bottom + _BETWEEN_BLOCKS) if done.boxes else top
    for heading, entries in _texts(plan):
        if entries:
            block = Block(x=LEFT, y=y, heading=heading, entries=entries)
            done = done.beside(Figure(blocks=(block,)))
            y = block.bottom + _BETWEEN_BLOCKS
    return done


# ---------------------------------------------------------------------------------------------------------------


def _outs(plan: Plan, top: float) -> Figure:
    """The ends beside the flow, each a box, with a light line to all of them."""
    heading = Block(x=LEFT, y=top, heading="Ways out, by the numbers of stages", entries=())
    boxes: list[Box] = []
    y = heading.bottom
    for key, ways in plan.outs():
        box = replace(box_of(plan, key, w=_WIDE, ways_in=ways), x=LEFT, y=y)
        boxes.append(box)
        y = box.bottom + _BETWEEN
    if not boxes:
        return Figure()
    rail = LEFT - _RAIL
    arrows = [Arrow(points=((rail, top + 8), (rail, _door(boxes[-1]))), calm=True, tip=False)]
    arrows += [Arrow(points=((rail, _door(box)), (LEFT, _door(box))), calm=True) for box in boxes]
    return Figure(boxes=tuple(boxes), arrows=tuple(arrows), blocks=(heading,))


def _door(box: Box) -> float:
    return box.y + 20


def _texts(plan: Plan) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    version = plan.version
    yield (
        "In every stage",
        tuple(_entry("gate" if t.authorises else "fact", *runs(t)) for t in plan.anywhere if not t.to),
    )
    moves = [t for t in plan.anywhere if t.to]
    yield (
        "Also",
        tuple(_entry("way", *runs(t, source=f"from {plan.among(t.sources)} to {plan.numbers[t.to]}")) for t in moves),
    )
    duties = [task for task in version.tasks.values() if task.scope is Scope.EPISODE and not task.by_engine]
    yield (
        "Duties outlive stages, holds and endings",
        tuple(_entry("duty", Run(task.label), Run(f"until {closing(task, version)}", "muted")) for task in duties),
    )
    yield "Marks", tuple(_entry(mark, Run(meaning, "muted")) for mark, meaning in _MARKS)


_MARKS = (
    ("gate", "an act is approved; its gates are asked that day"),
    ("fact", "what was done is recorded"),
    ("way", "a way into or out of the stage"),
    ("duty", "a duty that everybody here has"),
)


def _entry(mark: str, *told: Run) -> Entry:
    return Entry(mark=mark, lines=wrap(told, size=TEXT, room=_WIDE - INSET))
