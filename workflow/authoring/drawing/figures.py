"""What a drawing is made of, in pixels: boxes, arrows, labels, and blocks of text."""

from dataclasses import dataclass, replace

from workflow.authoring.drawing.lettering import Line

WIDTH = 1100
MARGIN = 24
TITLE, TEXT = 14.0, 12.5  # sizes of letters
TITLE_STEP, TEXT_STEP = 18, 16  # from one baseline to the next
PAD = 11
INSET = 18  # where words begin beside a mark or a number


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A few lines behind a mark: gate, fact, way, duty."""

    mark: str
    lines: tuple[Line, ...]

    @property
    def h(self) -> float:
        return len(self.lines) * TEXT_STEP + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A stage, with what is done in it. `kind`: stage or end."""

    key: str
    number: int
    kind: str
    w: float
    title: tuple[Line, ...]
    entries: tuple[Entry, ...]
    x: float = 0.0
    y: float = 0.0
    least: float = 0.0  # how tall the tallest box beside it is

    @property
    def h(self) -> float:
        inside = sum(entry.h for entry in self.entries)
        return max(self.least, 2 * PAD + len(self.title) * TITLE_STEP - 2 + (inside + 3 if inside else 0))

    @property
    def middle(self) -> float:
        return self.x + self.w / 2

    @property
    def bottom(self) -> float:
        return self.y + self.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A line along its points. `calm`: drawn lightly, as a way out; without `tip` it only leads on."""

    points: tuple[tuple[float, float], ...]
    calm: bool = False
    tip: bool = True

    def lowered(self, by: float) -> "Arrow":
        return replace(self, points=tuple((x, y + by) for x, y in self.points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Lines of text from `x` (or up to it, where `anchor` is end); `y` is the first baseline."""

    x: float
    y: float
    lines: tuple[Line, ...]
    anchor: str = "start"

    def lowered(self, by: float) -> "Label":
        return replace(self, y=self.y + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading of the panel with entries under it."""

    x: float
    y: float
    heading: str
    entries: tuple[Entry, ...]

    @property
    def bottom(self) -> float:
        return self.y + 26 + sum(entry.h + 4 for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A part of a drawing, put in its place."""

    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    labels: tuple[Label, ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def bottom(self) -> float:
        return max([0.0, *(box.bottom for box in self.boxes), *(block.bottom for block in self.blocks)])

    def beside(self, *others: "Figure") -> "Figure":
        """This and the others as one."""
        every = (self, *others)
        return Figure(
            boxes=tuple(box for part in every for box in part.boxes),
            arrows=tuple(arrow for part in every for arrow in part.arrows),
            labels=tuple(label for part in every for label in part.labels),
            blocks=tuple(block for part in every for block in part.blocks),
        )
