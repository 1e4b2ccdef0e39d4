"""A drawing written as SVG: one style for light and dark, no script, nothing from elsewhere."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from workflow.authoring.drawing.figures import (
    INSET,
    MARGIN,
    PAD,
    TEXT_STEP,
    TITLE_STEP,
    WIDTH,
    Arrow,
    Block,
    Box,
    Entry,
    Figure,
)
from workflow.authoring.drawing.lettering import Line

STYLE = """
text { font: 12.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; fill: #26323c }
.head { font-size: 21px; font-weight: 600 }
.name { font-size: 14px }
.strong { font-weight: 600 }
.muted { fill: #5a6772 }
.paper { fill: #fbfaf7 }
.stage { fill: #ffffff; stroke: #aab6bf; stroke-width: 1.2 }
.end { fill: #f1eee6; stroke: #c9c1b0; stroke-width: 1.2 }
.badge { fill: #dcebea }
.number { font-size: 11px; font-weight: 600; fill: #17585a; text-anchor: middle }
.way { fill: none; stroke: #6b7984; stroke-width: 1.6 }
.tip { fill: #6b7984 }
.out { fill: none; stroke: #a9b0b5; stroke-width: 1.2; stroke-dasharray: 2 4; stroke-linecap: round }
.outtip { fill: #a9b0b5 }
.gate { fill: #f6e3bd; stroke: #9a6a12; stroke-width: 1.2 }
.fact { fill: #6b7984 }
.duty { fill: #d9c7dd; stroke: #7a4c86; stroke-width: 1.2 }
.rule { stroke: #d9d4c8; stroke-width: 1 }
.halo { stroke: #fbfaf7; stroke-width: 4; stroke-linejoin: round; paint-order: stroke }
@media (prefers-color-scheme: dark) {
text { fill: #e3e8ec }
.muted { fill: #9fabb6 }
.paper { fill: #12171b }
.stage { fill: #1a2127; stroke: #465460 }
.end { fill: #23211c; stroke: #5b5446 }
.badge { fill: #1f4142 }
.number { fill: #a4dcd9 }
.way { stroke: #8d9ba7 }
.tip { fill: #8d9ba7 }
.out { stroke: #5f6b75 }
.outtip { fill: #5f6b75 }
.gate { fill: #5a4313; stroke: #e0b25a }
.fact { fill: #9fabb6 }
.duty { fill: #4a2f52; stroke: #c79ad3 }
.rule { stroke: #333c44 }
.halo { stroke: #12171b }
}
"""

_CORNER, _TIP = 7.0, 7.0


def svg_of(figure: Figure, *, title: str, subtitle: str, description: str) -> str:
    """The drawing as text: the same for the same figure."""
    height = figure.bottom + MARGIN
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {_px(height)}",
            "width": str(WIDTH),
            "height": _px(height),
            "role": "img",
            "aria-labelledby": "title desc",
        },
    )
    _element(root, "title", text=title, id="title")
    _element(root, "desc", text=description, id="desc")
    _element(root, "style", text=STYLE)
    _element(root, "rect", class_="paper", width=WIDTH, height=height, rx=10)
    _heading(root, title, subtitle)
    _fill(root, figure)
    ET.indent(root, space=" ")
    return ET.tostring(root, encoding="unicode") + "\n"


# ---------------------------------------------------------------------------------------------------------------


def _fill(root: ET.Element, figure: Figure) -> None:
    for arrow in figure.arrows:
        _arrow(root, arrow)
    for box in figure.boxes:
        _box(root, box)
    for label in figure.labels:
        _lines(root, label.lines, x=label.x, y=label.y, class_="halo", anchor=label.anchor)
    for block in figure.blocks:
        _block(root, block)


def _heading(root: ET.Element, title: str, subtitle: str) -> None:
    _element(root, "text", text=title, class_="head", x=MARGIN, y=44)
    _element(root, "text", text=subtitle, class_="muted", x=MARGIN, y=66)


def _box(root: ET.Element, box: Box) -> None:
    rounded = box.h / 2 if box.kind == "end" and not box.entries else 8
    _element(root, "rect", class_=box.kind, x=box.x, y=box.y, width=box.w, height=box.h, rx=min(rounded, 18))
    middle = box.y + PAD + 9
    _element(root, "circle", class_="badge", cx=box.x + PAD + 9, cy=middle, r=10)
    _element(root, "text", text=str(box.number), class_="number", x=box.x + PAD + 9, y=middle + 4)
    _lines(root, box.title, x=box.x + PAD + 28, y=middle + 5, class_="name", step=TITLE_STEP)
    y = box.y + PAD + len(box.title) * TITLE_STEP + 3
    for entry in box.entries:
        _entry(root, entry, x=box.x + PAD, y=y)
        y += entry.h


def _block(root: ET.Element, block: Block) -> None:
    _element(root, "text", text=block.heading, class_="strong", x=block.x, y=block.y + 12)
    y = block.y + 22
    for entry in block.entries:
        _entry(root, entry, x=block.x, y=y)
        y += entry.h + 4


def _entry(root: ET.Element, entry: Entry, *, x: float, y: float) -> None:
    _mark(root, entry.mark, x=x + 6, y=y + 8)
    _lines(root, entry.lines, x=x + INSET, y=y + 12)


def _mark(root: ET.Element, mark: str, *, x: float, y: float) -> None:
    match mark:
        case "gate":
            _element(root, "path", class_="gate", d=f"M{_px(x)} {_px(y - 5)}l5 5l-5 5l-5 -5z")
        case "fact":
            _element(root, "circle", class_="fact", cx=x, cy=y, r=3.5)
        case "duty":
            _element(root, "rect", class_="duty", x=x - 4, y=y - 4, width=8, height=8, rx=2)
        case _:
            _element(root, "path", class_="tip", d=f"M{_px(x - 4)} {_px(y - 4)}l8 4l-8 4z")


def _arrow(root: ET.Element, arrow: Arrow) -> None:
    _element(root, "path", class_="out" if arrow.calm else "way", d=_path(arrow))
    if arrow.tip:
        (before_x, before_y), (x, y) = arrow.points[-2:]
        along_x, along_y = _sign(x - before_x), _sign(y - before_y)
        back_x, back_y = x - along_x * _TIP, y - along_y * _TIP
        side = _TIP * 0.55
        corners = (
            (x, y),
            (back_x + along_y * side, back_y + along_x * side),
            (back_x - along_y * side, back_y - along_x * side),
        )
        points = " ".join(f"{_px(a)},{_px(b)}" for a, b in corners)
        _element(root, "polygon", class_="outtip" if arrow.calm else "tip", points=points)


def _path(arrow: Arrow) -> str:
    """The line with its corners rounded, ending where its tip begins."""
    points = list(arrow.points)
    if arrow.tip:
        (before_x, before_y), (x, y) = points[-2:]
        points[-1] = (x - _sign(x - before_x) * (_TIP - 1), y - _sign(y - before_y) * (_TIP - 1))
    parts = [f"M{_px(points[0][0])} {_px(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = _short_of(corner, before), _short_of(corner, after)
        parts.append(f"L{_px(ax)} {_px(ay)}Q{_px(corner[0])} {_px(corner[1])} {_px(bx)} {_px(by)}")
    parts.append(f"L{_px(points[-1][0])} {_px(points[-1][1])}")
    return "".join(parts)


def _short_of(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point a corner's radius away from it, towards another point; half way where that is nearer."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    radius = min(_CORNER, length / 2)
    return corner[0] + _sign(dx) * radius, corner[1] + _sign(dy) * radius


def _lines(
    root: ET.Element,
    lines: Iterable[Line],
    *,
    x: float,
    y: float,
    class_: str = "",
    anchor: str = "start",
    step: float = TEXT_STEP,
) -> None:
    for at, line in enumerate(lines):
        text = _element(root, "text", class_=class_, x=x, y=y + at * step)
        if anchor != "start":
            text.set("text-anchor", anchor)
        for nth, run in enumerate(line):
            gap = " " if nth else ""
            _element(text, "tspan", text=gap + run.text, class_="" if run.tone == "plain" else run.tone)


def _element(
    parent: ET.Element, tag: str, *, text: str = "", class_: str = "", **attributes: str | float
) -> ET.Element:
    told = {"class": class_} if class_ else {}
    told |= {name: value if isinstance(value, str) else _px(value) for name, value in attributes.items()}
    made = ET.SubElement(parent, tag, told)
    if text:
        made.text = text
    return made


def _px(value: float) -> str:
    """A length as short as it can be written, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
