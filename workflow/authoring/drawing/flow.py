"""The flow: stages in rows from top to bottom, with the ways from each row to the next between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from workflow.authoring.drawing.boxes import box_of, runs
from workflow.authoring.drawing.figures import TEXT, TEXT_STEP, Arrow, Box, Figure, Label
from workflow.authoring.drawing.lettering import wrap
from workflow.authoring.drawing.plan import Plan, Way

CENTRE, SPINE = 402.0, 484.0  # the flow is centred here, and its rows are at most this wide
_ALONE, _BETWEEN = 244.0, 24.0
_ABOVE, _TRACK, _TIP, _SHORTEST = 8.0, 9.0, 12.0, 40.0
_NARROWEST = 60.0


def flow_of(plan: Plan, *, top: float) -> Figure:
    """The flow from this height downwards."""
    done, y = Figure(), top
    row: tuple[Box, ...] = ()
    for at, keys in enumerate(plan.rows):
        below = _row(plan, keys)
        gap = _gap([way for way in plan.down if plan.ranks[way.to] == at], row, below)
        placed = tuple(replace(box, y=y + gap.height) for box in below)
        done = done.beside(gap.at(y), Figure(boxes=placed))
        row, y = placed, y + gap.height + below[0].h
    return done


def cramped(plan: Plan, boxes: Mapping[str, Box]) -> Way | None:
    """A way between two rows whose label has no room beside it."""
    for keys in plan.rows:
        ways = [way for way in plan.down if way.to in keys]
        ports = _ports(ways, tuple(boxes[key] for key in keys))
        for way in reversed(ways):
            if _room(way, ports) < _NARROWEST:
                return way
    return None


# ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """What stands between two rows, measured from the bottom of the upper one."""

    height: float = 0.0
    arrows: tuple[Arrow, ...] = ()
    labels: tuple[Label, ...] = ()

    def at(self, y: float) -> Figure:
        arrows = tuple(arrow.lowered(y) for arrow in self.arrows)
        return Figure(arrows=arrows, labels=tuple(label.lowered(y) for label in self.labels))


def _row(plan: Plan, keys: tuple[str, ...]) -> tuple[Box, ...]:
    """The boxes of one row from left to right, all as tall as the tallest."""
    count = len(keys)
    w = min(_ALONE, (SPINE - _BETWEEN * (count - 1)) / count)
    left = CENTRE - (w * count + _BETWEEN * (count - 1)) / 2
    boxes = [box_of(plan, key, w=w) for key in keys]
    tallest = max(box.h for box in boxes)
    return tuple(replace(box, x=left + at * (w + _BETWEEN), least=tallest) for at, box in enumerate(boxes))


def _gap(ways: list[Way], upper: tuple[Box, ...], lower: tuple[Box, ...]) -> _Gap:
    """The ways between two rows. Each bends on a track of its own, unless it shares a source with another."""
    if not upper:
        return _Gap()
    middles = {box.key: box.middle for box in upper}
    ports = _ports(ways, lower)
    tracks = _tracks(ways, middles, ports)
    bend = {name: _ABOVE + track * _TRACK for name, track in tracks.items()}
    under = max(bend.values(), default=0.0) + (4.0 if bend else 0.0)
    told = {way.transition.name: wrap(runs(way.transition), size=TEXT, room=_room(way, ports)) for way in ways}
    tallest = max((len(lines) for lines in told.values()), default=1) * TEXT_STEP
    height = max(_SHORTEST, under + tallest + _TIP)
    labels = [
        Label(x=ports[name] + 10, y=under + (height - under - len(lines) * TEXT_STEP) / 2 + 10, lines=lines)
        for name, lines in told.items()
    ]
    arrows = [arrow for way in ways for arrow in _arrows(way, middles, ports, bend, height)]
    return _Gap(height=height, arrows=tuple(arrows), labels=tuple(labels))


def _ports(ways: list[Way], lower: tuple[Box, ...]) -> Mapping[str, float]:
    """Where each transition enters its stage, side by side where there are several."""
    ports: dict[str, float] = {}
    for box in lower:
        names = [way.transition.name for way in ways if way.to == box.key]
        ports |= {name: box.x + box.w * (at + 1) / (len(names) + 1) for at, name in enumerate(names)}
    return ports


def _tracks(ways: list[Way], middles: Mapping[str, float], ports: Mapping[str, float]) -> Mapping[str, int]:
    """On which track each bending transition runs sideways; those that share a source run together."""
    tracks: dict[str, int] = {}
    taken: list[list[tuple[float, float]]] = []
    for together in _sharing(ways):
        xs = [middles[source] for way in together for source in way.sources]
        xs += [ports[way.transition.name] for way in together]
        low, high = min(xs), max(xs)
        if low == high:
            continue
        free = (at for at, spans in enumerate(taken) if all(high < a or low > b for a, b in spans))
        track = next(free, len(taken))
        taken += [[]] if track == len(taken) else []
        taken[track].append((low, high))
        tracks |= {way.transition.name: track for way in together}
    return tracks


def _sharing(ways: list[Way]) -> list[list[Way]]:
    """The ways in groups that share sources, directly or through one another."""
    groups: list[list[Way]] = []
    for way in ways:
        touching = [group for group in groups if any(set(way.sources) & set(other.sources) for other in group)]
        merged = [other for group in touching for other in group] + [way]
        groups = [group for group in groups if group not in touching] + [merged]
    return groups


def _room(way: Way, ports: Mapping[str, float]) -> float:
    here = ports[way.transition.name]
    right = min([x for x in ports.values() if x > here], default=CENTRE + SPINE / 2 + 14)
    return right - here - 18


def _arrows(
    way: Way, middles: Mapping[str, float], ports: Mapping[str, float], bend: Mapping[str, float], height: float
) -> Iterator[Arrow]:
    port, name = ports[way.transition.name], way.transition.name
    for source in way.sources:
        start = middles[source]
        if name in bend:
            yield Arrow(points=((start, 0), (start, bend[name]), (port, bend[name]), (port, height)))
        else:
            yield Arrow(points=((start, 0), (port, height)))
