"""Ways that pass other rows or lead back up: each in a lane beside the flow, with its label outside the lane."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workflow.authoring.drawing.boxes import runs
from workflow.authoring.drawing.figures import MARGIN, TEXT, TEXT_STEP, Arrow, Box, Figure, Label
from workflow.authoring.drawing.lettering import Line, width, wrap
from workflow.authoring.drawing.plan import Plan, Way

_AROUND, _APART = 22.0, 14.0
_NARROWEST, _WIDEST = 72.0, 150.0


def lanes_of(plan: Plan, boxes: Mapping[str, Box], *, right: float) -> tuple[Figure, Way | None]:
    """The lanes on both sides, inner ones first, at most as far out as `right`; and a way that finds no room."""
    done, misfit = Figure(), None
    for side in ("left", "right"):
        ways = [way for way in plan.lanes if plan.side(way) == side]
        ways.sort(key=lambda way: abs(plan.ranks[way.to] - plan.ranks[way.sources[0]]))
        doors = _doors(ways, boxes)
        lanes: list[_Lane] = []
        for way in ways:
            lane = _lane(plan, way, doors, boxes, lanes, side=side, right=right)
            lanes.append(lane)
            misfit = misfit if MARGIN <= lane.outside <= right else way
        done = done.beside(*(lane.figure for lane in lanes))
    return done, misfit


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """One lane: between which heights, how far out it reaches with its label, and what is drawn."""

    low: float
    high: float
    outside: float
    figure: Figure


def _doors(ways: list[Way], boxes: Mapping[str, Box]) -> Mapping[tuple[str, str, str], float]:
    """At which height each way leaves and enters the side of a box: those from above on top."""
    ends: dict[str, list[tuple[float, tuple[str, str, str]]]] = {}
    for way in ways:
        source, to, name = way.sources[0], way.to, way.transition.name
        ends.setdefault(source, []).append((boxes[to].y, (source, name, "out")))
        ends.setdefault(to, []).append((boxes[source].y, (to, name, "in")))
    doors: dict[tuple[str, str, str], float] = {}
    for key, found in ends.items():
        box = boxes[key]
        for at, (_, door) in enumerate(sorted(found)):
            doors[door] = box.y + box.h * (at + 1) / (len(found) + 1)
    return doors


def _lane(
    plan: Plan,
    way: Way,
    doors: Mapping[tuple[str, str, str], float],
    boxes: Mapping[str, Box],
    placed: list[_Lane],
    *,
    side: str,
    right: float,
) -> _Lane:
    source, to, name = way.sources[0], way.to, way.transition.name
    start, end = doors[source, name, "out"], doors[to, name, "in"]
    low, high = min(start, end), max(start, end)
    passed = list(_passed(plan, way, boxes))
    beyond = [lane.outside for lane in placed if lane.low < high and low < lane.high]
    if side == "left":
        x = min([min(box.x for box in passed) - _AROUND, *(edge - _APART for edge in beyond)])
        leave, enter, room = boxes[source].x, boxes[to].x, x - 10 - MARGIN
    else:
        x = max([max(box.x + box.w for box in passed) + _AROUND, *(edge + _APART for edge in beyond)])
        leave, enter, room = boxes[source].x + boxes[source].w, boxes[to].x + boxes[to].w, right - x - 10
    lines = wrap(runs(way.transition), size=TEXT, room=max(_NARROWEST, min(room, _WIDEST)))
    arrow = Arrow(points=((leave, start), (x, start), (x, end), (enter, end)))
    return _lane_with(arrow, lines, x=x, low=low, high=high, side=side)


def _lane_with(arrow: Arrow, lines: tuple[Line, ...], *, x: float, low: float, high: float, side: str) -> _Lane:
    outward = -1 if side == "left" else 1
    anchor = "end" if side == "left" else "start"
    middle = (low + high) / 2 - len(lines) * TEXT_STEP / 2 + 12
    label = Label(x=x + outward * 10, y=middle, lines=lines, anchor=anchor)
    widest = max(sum(width(run.text, TEXT, tone=run.tone) for run in line) for line in lines)
    figure = Figure(arrows=(arrow,), labels=(label,))
    return _Lane(low=low, high=high, outside=x + outward * (10 + widest), figure=figure)


def _passed(plan: Plan, way: Way, boxes: Mapping[str, Box]) -> Iterator[Box]:
    """Every box in the rows a way leaves, passes and enters."""
    ranks = sorted((plan.ranks[way.sources[0]], plan.ranks[way.to]))
    for row in plan.rows[ranks[0] : ranks[1] + 1]:
        yield from (boxes[key] for key in row)
