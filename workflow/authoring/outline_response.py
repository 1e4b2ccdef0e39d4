"""How relief is judged, on a protocol's page."""

from collections.abc import Iterator

from workflow.authoring.uses import responses as all_of
from workflow.authoring.words import asked, counted, listed, resting_on, span
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.response_rule import JudgedBy, Line, Measure, ResponseRule


def responses(version: ProtocolVersion) -> Iterator[str]:
    """The response that counts, and the further ones."""
    for _, rule in all_of(version):
        yield f"## Response: {rule.label}\n" if rule.key else "## Response\n"
        yield from _response(rule, version)
        yield ""


def _response(rule: ResponseRule, version: ProtocolVersion) -> Iterator[str]:
    better = "lower" if rule.lower_is_better else "higher"
    yield f"- {version.items[rule.instrument].label}: {better} is better"
    for value, line in rule.lines.items():
        who = f" where {version.items[rule.line_by].label} is {value.replace('_', ' ')}" if value else ""
        yield f"- met{who}: relief {_line(rule, line, version)} {resting_on(rule.basis)}".rstrip()
    yield f"- the {rule.statistic} of at least {counted(rule.scores, 'score')} inside the effect window of the drug"
    yield from _occasions(rule)
    yield from _beside(rule, version)
    yield from _baseline(rule, version)


def _line(rule: ResponseRule, line: Line, version: ProtocolVersion) -> str:
    compared = rule.operator.replace("_", " ")
    if line.parameter:
        return f"{compared} what the site sets ({version.parameters[line.parameter].label})"
    return f"{compared} {line.number} {'%' if rule.measure is Measure.PERCENT else 'points'}"


def _occasions(rule: ResponseRule) -> Iterator[str]:
    if rule.judged_by is JudgedBy.DOSE:
        apart = f", at least {span(rule.apart)} apart" if rule.apart else ""
        yield f"- each dose is judged by itself; the last {counted(rule.occasions, 'dose')} must pass{apart}"
    if rule.held_for is not None:
        yield f"- held without a break for {span(rule.held_for)}"


def _beside(rule: ResponseRule, version: ProtocolVersion) -> Iterator[str]:
    if rule.context:
        yield f"- cannot be judged without: {listed([version.items[item].label for item in rule.context])}"
    if rule.function is not None:
        yield f"- no pass without {asked(rule.function, version)} {resting_on(rule.function.basis)}".rstrip()
    if rule.tolerance is not None:
        asks = f"{asked(rule.tolerance, version)} {resting_on(rule.tolerance.basis)}"
        yield f"- met, not tolerated, without {asks}".rstrip()


def _baseline(rule: ResponseRule, version: ProtocolVersion) -> Iterator[str]:
    base = rule.baseline
    yield (
        f"- baseline: the {base.statistic} of {base.days} days in {span(base.window)}, "
        f"ended at most {span(base.ended_within)} before dosing {resting_on(base.basis)}"
    )
    if base.predose_within is not None:
        yield f"- for a single shot a score within {span(base.predose_within)} before dosing is enough"
    if base.void_by:
        yield f"- void after: {version.items[base.void_by].label}"
    if base.floor:
        yield f"- below {base.floor} a floor effect is likely: shown, not decisive"
