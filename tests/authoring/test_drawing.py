"""A drawing and a page of a protocol: complete, well-formed, the same each time, nothing on top of anything."""

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from workflow.authoring.draw import draw, figure_of
from workflow.authoring.drawing.figures import TEXT, WIDTH
from workflow.authoring.drawing.lettering import Run, held, width, wrap
from workflow.authoring.lint_examples import applied, smallest
from workflow.authoring.outline import outline
from workflow.authoring.schema import read
from workflow.domain.protocol import ProtocolVersion

SVG = "{http://www.w3.org/2000/svg}"

# More ways than a drawing has room for: stages side by side, ways past rows and back, ways from everywhere.
CROWDED = """
stages:
  trial: {label: Trial}
  long: {label: A first work-up with a rather long name}
  other: {label: Another work-up}
  review: {label: Review}
  lost: {label: Lost, ends: "yes"}
transitions:
  begin_long: {label: Unscheduled preparation, from: [waiting], to: long, by: [nurse], gates: none}
  begin_long_too: {label: The long way, from: [waiting], to: long, by: [nurse], gates: none}
  begin_other: {label: The other way, from: [waiting], to: other, by: [nurse], gates: none}
  swap: {label: Swap, from: [other], to: long, by: [nurse], gates: none}
  meet: {label: Meet again, from: [long, other, trial], to: review, by: [nurse], gates: [ready]}
  hurry: {label: Straight to the review, from: [waiting], to: review, by: [nurse], gates: none}
  back: {label: Back to the waiting room, from: [review], to: waiting, by: [nurse], gates: none}
  back_again: {label: Back to the trial, from: [review], to: trial, by: [nurse], gates: none}
  over: {label: All over again, from: [long, other, trial, review], to: waiting, by: system, gates: none}
  found: {label: Found again, from: [lost], to: waiting, by: [nurse], gates: none}
  lose: {label: Lose, from: any, to: lost, by: [nurse], gates: none}
"""


@pytest.fixture(params=["v1", "smallest", "crowded"])
def version(request: pytest.FixtureRequest, v1: ProtocolVersion) -> ProtocolVersion:
    return {"v1": v1, "smallest": read(smallest()), "crowded": read(applied(CROWDED))}[request.param]


def test_every_stage_transition_and_duty_is_named_in_the_drawing(version: ProtocolVersion):
    root = ET.fromstring(draw(version))
    shown = " ".join(" ".join(text.itertext()) for text in root.iter(f"{SVG}text"))
    words = " ".join(shown.replace("\u00a0", " ").split())

    labels = [stage.label for stage in version.stages.values()]
    labels += [transition.label for transition in version.transitions.values()]
    labels += [task.label for task in version.tasks.values() if task.scope == "episode" and not task.by_engine]
    assert [label for label in labels if label not in words] == []


def test_a_drawing_needs_nothing_from_elsewhere_and_can_be_read_aloud(version: ProtocolVersion):
    text = draw(version)
    root = ET.fromstring(text)

    assert text == draw(version)
    assert root.find(f"{SVG}title").text == version.title
    assert all(stage.label in root.find(f"{SVG}desc").text for stage in version.stages.values())
    assert "prefers-color-scheme: dark" in text
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "circle", "path", "polygon", "text", "tspan")
    }
    assert not re.search(r"href|url\(|@import|<script|on\w+=", text)


def test_nothing_stands_on_anything_else_or_outside(version: ProtocolVersion):
    figure = figure_of(version)
    frames = [(box.x, box.y, box.x + box.w, box.bottom) for box in figure.boxes]
    frames += [_frame(label.x, label.y, label.lines, label.anchor) for label in figure.labels]

    assert [pair for pair in combinations(frames, 2) if _overlap(*pair)] == []
    assert all(left >= 0 and right <= WIDTH for left, _, right, _ in frames)


def test_no_line_runs_through_a_stage(version: ProtocolVersion):
    figure = figure_of(version)
    crossed = [
        (box.key, arrow.points)
        for arrow in figure.arrows
        for (ax, ay), (bx, by) in zip(arrow.points, arrow.points[1:], strict=False)
        for box in figure.boxes
        if _overlap((min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), (box.x, box.y, box.x + box.w, box.bottom))
    ]

    assert crossed == []


def test_labels_with_the_marks_of_xml_and_markdown_stay_text():
    version = read(applied("title: 'A <b> & \"c\" | d'\nstages: {trial: {label: 'Trial < 1 & | 2'}}"))

    assert "Trial < 1 & | 2" in ET.fromstring(draw(version)).find(f"{SVG}desc").text
    assert "Trial < 1 & \\| 2" in outline(version)


def test_lines_break_between_words_and_never_begin_with_a_separator():
    lines = wrap(
        [Run("Approve the puncture, today"), Run("\u00b7\u00a0" + held("5 gates"), "muted")], size=TEXT, room=145
    )

    assert [" ".join(run.text for run in line) for line in lines] == [
        "Approve the puncture,",
        "today \u00b7\u00a05\u00a0gates",
    ]
    narrow = wrap([Run("Approve"), Run("\u00b7\u00a0" + held("5 gates"), "muted")], size=TEXT, room=50)
    assert [line[0].text for line in narrow] == ["Approve", "5\u00a0gates"]


def test_the_page_names_everything_with_its_numbers_and_sources(v1: ProtocolVersion):
    page = outline(v1)

    labels = [
        thing.label for group in (v1.stages, v1.gates, v1.items, v1.tasks, v1.ladders) for thing in group.values()
    ]
    assert [label for label in labels if label not in page] == []
    assert "- Platelets: at least 100 10*9/L (common practice, site confirms; U)" in page
    assert "- Life expectancy (months): above 6 mo (SEED: more than 6; PACC24 and NCD accept 3; R)" in page
    assert "- INR on the day (on warfarin): at most 1.4, not older than 24 hours (ASRA18; R)" in page
    assert "May be overridden by two people (clinician) for 7 days: palliative with haematology plan." in page


def test_every_gate_the_page_points_to_has_its_heading(version: ProtocolVersion):
    page = outline(version)
    heads = re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", head.lower().replace(" ", "-")) for head in heads}

    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


def _frame(x: float, y: float, lines: tuple[tuple[Run, ...], ...], anchor: str) -> tuple[float, float, float, float]:
    wide = max(sum(width(run.text, TEXT, tone=run.tone) for run in line) for line in lines)
    left = x - wide if anchor == "end" else x
    return left, y - 10, left + wide, y - 10 + 16 * len(lines)


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
