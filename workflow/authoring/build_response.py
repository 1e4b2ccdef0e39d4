"""From a written response rule to the domain's."""

from decimal import Decimal
from types import MappingProxyType

from workflow.authoring import shape_response as written
from workflow.authoring.build_criterion import Items, basis, single
from workflow.domain.criterion import Operator
from workflow.domain.response_rule import BaselineRule, Line, ResponseRule


def response(key: str, said: written.WrittenResponse, items: Items) -> ResponseRule:
    """A response rule; the one that counts for relief has an empty key."""
    operator = said.operator or (Operator.ABOVE if said.above is not None else Operator.AT_LEAST)
    return ResponseRule(
        key=key,
        label=said.label,
        instrument=said.instrument,
        lower_is_better=said.better == "lower",
        baseline=_baseline(said.baseline),
        measure=said.measure,
        operator=Operator(operator),
        lines=MappingProxyType({value: _line(amount) for value, amount in said.amounts.items()}),
        line_by=said.line_by or "",
        statistic=said.statistic,
        scores=said.scores,
        judged_by=said.judged_by,
        occasions=said.occasions,
        apart=said.apart,
        held_for=said.held_for,
        function=None if said.function is None else single(said.function, items),
        tolerance=None if said.tolerance is None else single(said.tolerance, items),
        context=said.context or (),
        basis=basis(said),
    )


def _line(amount: Decimal | str) -> Line:
    return Line(parameter=amount.removeprefix("$")) if isinstance(amount, str) else Line(number=amount)


def _baseline(said: written.WrittenBaseline) -> BaselineRule:
    return BaselineRule(
        window=said.window,
        days=said.days,
        ended_within=said.ended_within,
        predose_within=said.predose_within,
        void_by=said.void_by or "",
        floor=said.floor,
        statistic=said.statistic,
        basis=basis(said),
    )
