"""How a step changes the trial and the stage of a state: the abstract twins of the kernel's own steps."""

from collections.abc import Iterator
from itertools import product

from workflow.authoring.prove.facts import Effect
from workflow.authoring.prove.model import Model
from workflow.authoring.prove.state import State
from workflow.domain.protocol import Transition
from workflow.domain.trial import Method


def begun(model: Model, state: State, method: Method) -> State:
    """A new trial begins; what invariants ask for is counted from here."""
    return state._replace(
        trials=min(state.trials + 1, model.most_trials),
        method=method.value,
        running=True,
        punctured=False,
        out=False,
        left_in=state.left_in or state.catheter == "in",
        doses=0,
        passed=0,
    )


def punctured(state: State) -> State:
    """A puncture of the last trial; a catheter placed anew is in."""
    return state._replace(punctured=True, out=False)


def taken_out(state: State) -> State:
    """Every trial catheter is out."""
    return state._replace(out=state.out or state.catheter == "in", left_in=False)


def removable(model: Model, state: State) -> bool:
    """Whether the removal of a catheter can be recorded: one is in, or a duty says so."""
    return state.catheter == "in" or state.left_in or bool(state.duties & model.kept_catheters)


def went(model: Model, state: State, rule: Transition) -> State:
    """The trial and the passed gates after a transition, before its act and its stage."""
    if rule.ends_trial:
        state = state._replace(running=False)
    if rule.begins_trial is not None:
        state = begun(model, state, rule.begins_trial)
    return with_passed(model, state, rule.gates)


def with_passed(model: Model, state: State, gates: tuple[str, ...]) -> State:
    return state if state.deviated else state._replace(passed=state.passed | model.passed(gates))


def acted(state: State, act: str, *, late: bool) -> Iterator[State]:
    """The trial after an act recorded by a transition; entered late, it may concern an earlier time."""
    match act:
        case "puncture" if state.method and (state.running or late):
            yield punctured(state)
        case "catheter_removal":
            yield taken_out(state)
        case _:
            yield state
            return
    if late:
        yield state


def entered(model: Model, state: State, rule: Transition | None, stage: str, *, late: bool = False) -> Iterator[State]:
    """The state after a stage is entered: an end winds up the trial and the hold, death the duties it ends."""
    state = state._replace(stage=stage)
    if model.protocol.stages[stage].ends:
        state = state._replace(running=False, hold=False)
        for left in _left_by_death(model, state) if rule is not None and rule.death else (state.duties,):
            yield from happened(model, state._replace(duties=left), model.fact(stage=stage), late=late)
    else:
        yield from happened(model, state, model.fact(stage=stage), late=late)


def happened(model: Model, state: State, effect: Effect, *, late: bool = False) -> Iterator[State]:
    """What a fact leaves open: surely what it surely does, and otherwise both ways. Late, it may discharge nothing."""
    closes, may_close = effect.closes & state.duties, effect.may_close & state.duties
    if late:
        closes, may_close = 0, closes | may_close
    if not (closes or may_close or effect.may_open):
        yield state._replace(duties=state.duties | effect.opens) if effect.opens & ~state.duties else state
        return
    may_close = sum(1 << at for at in _set(may_close) if _can_close(model, state, at))
    sure = state.duties & ~closes
    for ended, opened in product(_subsets(may_close), _subsets(effect.may_open)):
        duties = sure & ~ended | effect.opens | opened
        by_value = (closes | ended) if effect.by_value else 0
        yield state._replace(duties=duties, valued=state.valued | by_value)


# ---------------------------------------------------------------------------------------------------------------


def _left_by_death(model: Model, state: State) -> tuple[int, ...]:
    """What death can leave open: what is declared to outlive it."""
    tasks = model.protocol.tasks
    outlives = model.bits(rule.key for rule in model.alone if not rule.ends_at_death)
    rest = {tasks[name].ends_at_death for name in model.rest}
    bit = model.bits(model.rest)
    kept = state.duties & outlives
    shared = [0] * (True in rest) + [bit & state.duties] * (False in rest) if rest else [0]
    return tuple(dict.fromkeys(kept | more for more in shared))


def _can_close(model: Model, state: State, at: int) -> bool:
    """Whether the gates of a duty can be open here; what has no gates of its own can be closed."""
    if at >= len(model.alone):
        return True
    gates = model.alone[at].gates
    return not gates or model.passing(gates, state) is not None


def _set(bits: int) -> Iterator[int]:
    return (at for at in range(bits.bit_length()) if bits >> at & 1)


def _subsets(bits: int) -> Iterator[int]:
    """Every choice among these bits, all of them first."""
    chosen = bits
    while True:
        yield chosen
        if not chosen:
            return
        chosen = (chosen - 1) & bits
