"""Taking a candidate over where they really stand: every trial and every duty one can be adopted with."""

from collections.abc import Iterator
from itertools import product

from workflow.authoring.prove.model import Model
from workflow.authoring.prove.state import State
from workflow.authoring.prove.trials import entered
from workflow.domain.protocol import TaskRule
from workflow.domain.trial import Method


def adopted(model: Model, state: State) -> Iterator[tuple[str, State]]:
    """Where an adoption can put somebody who has not moved yet; nothing for anybody else.

    What was passed before is on the record it rests on: no invariant asks for it until a trial begins here.
    """
    protocol = model.protocol
    if state.stage != protocol.begins or state.trials or state.deviated or state.passed:
        return
    everything = (1 << len(model.asked)) - 1
    for stage, trial in product(protocol.stages.values(), _trials(model)):
        if stage.ends or stage.key == protocol.begins or not _fits(model, stage.key, trial):
            continue
        for duties in _duties(model, stage.key, trial):
            taken = trial._replace(stage=stage.key, hold=state.hold, duties=state.duties | duties, passed=everything)
            yield from ((_told(model, after), after) for after in entered(model, taken, None, stage.key))


# ---------------------------------------------------------------------------------------------------------------


def _trials(model: Model) -> Iterator[State]:
    """No trial, or every last trial there can be after as many as the protocol allows."""
    yield State()
    ways = product(Method, (True, False), ((False, False), (True, False), (True, True)))
    for method, running, (punctured, out) in ways:
        for number in range(1, model.protocol.max_trials + 1):
            count = min(number, model.most_trials)
            last = State(trials=count, method=method.value, running=running, punctured=punctured, out=out)
            yield last
            if number > 1:
                yield last._replace(left_in=True)


def _fits(model: Model, stage: str, trial: State) -> bool:
    """A stage that a trial begins in asks for that trial, running."""
    begins = {rule.to: rule.begins_trial for rule in model.protocol.transitions.values() if rule.begins_trial}
    method = begins.get(stage, Method.WAIVED)
    return method is Method.WAIVED or (trial.running and trial.method == method)


def _duties(model: Model, stage: str, trial: State) -> Iterator[int]:
    """Every set of running duties this can be adopted with."""
    protocol = model.protocol
    known = [rule for rule in model.alone if rule.opens or rule.key in protocol.stages[stage].duties]
    bits = [model.bits((rule.key,)) for rule in known if trial.punctured or not _counts_from_puncture(rule)]
    bits += [model.bits(model.rest)] if model.rest else []
    for chosen in product(*((0, bit) for bit in bits)):
        duties = sum(chosen)
        if duties & model.kept_catheters or not (trial.left_in or trial.catheter == "in"):
            yield duties


def _counts_from_puncture(rule: TaskRule) -> bool:
    return any(trigger.act == "puncture" for trigger in rule.opens)


def _told(model: Model, state: State) -> str:
    trial = f"trial {state.trials} ({state.method}, {'running' if state.running else 'ended'}" if state.method else ""
    trial += f", catheter {state.catheter})" if state.method == Method.CATHETER else ")" if trial else ""
    duties = ", ".join(model.open(state.duties))
    return "; ".join(part for part in (trial, f"open: {duties}" if duties else "") if part) or "no trial yet"
