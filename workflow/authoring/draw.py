"""A protocol as one drawing: stages from top to bottom, ways between them, ways out and duties beside them."""

from collections.abc import Iterator

from workflow.authoring.drawing.figures import Arrow, Box, Figure
from workflow.authoring.drawing.flow import cramped, flow_of
from workflow.authoring.drawing.lanes import lanes_of
from workflow.authoring.drawing.panel import LEFT, panel_of
from workflow.authoring.drawing.plan import Plan
from workflow.authoring.drawing.svg import svg_of
from workflow.authoring.words import barred, closing, counted, listed
from workflow.domain.protocol import ProtocolVersion, Transition
from workflow.domain.task import Scope

_TOP = 112.0
_BEGIN = 22.0
_BESIDE = 34.0  # between the flow and the panel


def draw(version: ProtocolVersion) -> str:
    """The drawing as SVG, 1100 px wide, for light and dark pages; the same text for the same protocol."""
    sizes = (counted(len(version.stages), "stage"), counted(len(version.transitions), "transition"))
    return svg_of(
        figure_of(version),
        title=version.title,
        subtitle=f"{version.name} \u00b7 {listed(sizes)}",
        description=" ".join(_described(Plan(version=version))),
    )


def figure_of(version: ProtocolVersion) -> Figure:
    """Everything in its place: each way drawn as a line where that finds room, and told in words where not."""
    plan = Plan(version=version)
    while True:
        flow = flow_of(plan, top=_TOP)
        boxes = {box.key: box for box in flow.boxes}
        lanes, misfit = lanes_of(plan, boxes, right=LEFT - _BESIDE)
        misfit = cramped(plan, boxes) or misfit
        if misfit is None:
            begin = Figure(arrows=_begin(boxes.get(version.begins)))
            return begin.beside(flow, lanes, panel_of(plan, top=_TOP - _BEGIN))
        unfit = {(misfit.transition.name, source) for source in misfit.sources}
        plan = Plan(version=version, in_words=plan.in_words | unfit)


# ---------------------------------------------------------------------------------------------------------------


def _begin(box: Box | None) -> tuple[Arrow, ...]:
    """The short arrow into the stage everybody begins in."""
    return (Arrow(points=((box.middle, box.y - _BEGIN), (box.middle, box.y))),) if box else ()


def _described(plan: Plan) -> Iterator[str]:
    """The drawing in sentences, for those who do not see it."""
    version = plan.version
    yield f"Everybody begins in {version.stages[version.begins].label}."
    for key in plan.order:
        ways = [t for t in version.transitions.values() if key in t.sources and t.to]
        yield from (f"From {version.stages[key].label}: {listed([_way(t, version) for t in ways])}." for _ in ways[:1])
    duties = [task for task in version.tasks.values() if task.scope is Scope.EPISODE and not task.by_engine]
    yield from (f"Duty: {duty.label}, until {closing(duty, version)}." for duty in duties)


def _way(transition: Transition, version: ProtocolVersion) -> str:
    to = version.stages[transition.to].label
    return f"{transition.label} leads to {to} ({barred(transition)})"
