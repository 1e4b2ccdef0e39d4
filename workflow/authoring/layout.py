"""Where everything in a drawing stands, in pixels: stages in rows, ways between and beside them, a panel to the right."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from workflow.authoring.lettering import Line, Run, held, width, wrap
from workflow.authoring.plan import Plan, Way
from workflow.authoring.words import closing, counted
from workflow.domain.protocol import ProtocolVersion, TaskRule, Transition
from workflow.domain.task import Scope

WIDTH = 1100
MARGIN = 24
TITLE, TEXT = 14.0, 12.5  # sizes of letters
TITLE_STEP, TEXT_STEP = 18, 16  # from one line to the next
PAD = 11
INSET = 20  # where words begin beside a mark
_HEAD = 96
_CENTRE, _SPINE = 402, 484  # the flow is centred here, and at most this wide
_ALONE, _BETWEEN = 244, 24
_FLOW_RIGHT = 782
_PANEL = 812
_AROUND = 22  # from a box to a way beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A few lines behind a mark: gate, fact, way, duty, or none."""

    mark: str
    lines: tuple[Line, ...]

    @property
    def height(self) -> float:
        return len(self.lines) * TEXT_STEP + 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A stage, with what is done in it."""

    key: str
    number: int
    kind: str  # stage or end
    w: float
    title: tuple[Line, ...]
    entries: tuple[Entry, ...]
    x: float = 0.0
    y: float = 0.0

    @property
    def h(self) -> float:
        inside = sum(entry.height for entry in self.entries)
        return 2 * PAD + len(self.title) * TITLE_STEP - 2 + (inside + 5 if self.entries else 0)

    @property
    def middle(self) -> float:
        return self.x + self.w / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A line along its points, with a tip at the last. `calm`: a way out, drawn lightly."""

    points: tuple[tuple[float, float], ...]
    calm: bool = False
    tip: bool = True

    def lowered(self, by: float) -> "Arrow":
        return replace(self, points=tuple((x, y + by) for x, y in self.points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Lines of text; `y` is the first baseline, `x` the start of each line, or its end."""

    x: float
    y: float
    lines: tuple[Line, ...]
    anchor: str = "start"
    tone: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading of the panel with entries under it."""

    x: float
    y: float
    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything to draw."""

    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]
    blocks: tuple[Block, ...]
