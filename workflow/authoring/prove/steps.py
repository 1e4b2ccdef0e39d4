"""Everything that can happen next: the verbs of the kernel on a state, on time, late, or against a shut gate."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from workflow.authoring.prove.adoption import adopted
from workflow.authoring.prove.model import Model
from workflow.authoring.prove.state import State
from workflow.authoring.prove.trials import acted, entered, happened, punctured, removable, went, with_passed
from workflow.domain.decide.deviate import DOSES
from workflow.domain.protocol import Transition
from workflow.domain.trial import Method


class Step(NamedTuple):
    """What was done, as far as it takes to tell it and to judge it."""

    verb: str
    name: str = ""  # the transition, or what is told
    act: str = ""
    approval: str = ""  # the transition that authorised the act
    stage: str = ""  # entered by it
    late: bool = False  # entered after the fact
    deviation: bool = False
    death: bool = False
    planned: bool = True  # nothing late, nothing against a gate, nothing corrected, no adoption


class Steps:
    """The successors of a state under one model."""

    def __init__(self, model: Model) -> None:
        rules = tuple(model.protocol.transitions.values())
        self._model = model
        self._from = {key: tuple(rule for rule in rules if key in rule.sources) for key in model.protocol.stages}
        self._approving = {act: tuple(r for r in rules if r.authorises == act) for act in model.protocol.acts}
        self._recording = {act: next((r for r in rules if r.records == act), None) for act in model.protocol.acts}
        self._events = model.events()

    def after(self, state: State) -> Iterator[tuple[Step, State]]:
        """Every step from here with where it leads, ordinary ones first."""
        yield from self._moves(state)
        yield from self._acts(state)
        yield from self._hold(state)
        yield from self._recorded(state)
        yield from self._corrected(state)
        yield from self._deviations(state)
        for told, after in adopted(self._model, state):
            yield Step("adopt", told, stage=after.stage, planned=False), after

    # -- transitions

    def _moves(self, state: State) -> Iterator[tuple[Step, State]]:
        for rule in self._from[state.stage]:
            if rule.records or not may_take(rule, state):
                continue
            late = self._model.passing(rule.gates, state) is None
            if late and not self._late(rule, state):
                continue
            verb = "approve" if rule.authorises else "advance"
            step = Step(verb, rule.name, stage=rule.to, late=late, death=rule.death, planned=not late)
            yield from ((step, after) for after in self._go(state, rule, late=late))

    def _late(self, rule: Transition, state: State) -> bool:
        """Whether a step can still be entered for an earlier time in this stay, when its gates were open."""
        return self._model.passing(rule.gates, None) is not None and self._model.not_shut(rule.gates, state)

    def _go(self, state: State, rule: Transition, *, late: bool) -> Iterator[State]:
        state = went(self._model, state, rule)
        entering = entered(self._model, state, rule, rule.to, late=late) if rule.to else (state,)
        fact = self._model.fact(transition=rule.name)
        for after in entering:
            yield from happened(self._model, after, fact, late=late)

    # -- acts

    def _acts(self, state: State) -> Iterator[tuple[Step, State]]:
        for rule in self._from[state.stage]:
            if rule.records and may_take(rule, state):
                yield from self._record_act(state, rule)
        act = _next_dose(state)
        if act in self._model.protocol.acts:
            yield from self._dose(state, act)

    def _record_act(self, state: State, rule: Transition) -> Iterator[tuple[Step, State]]:
        act = rule.records
        possible = act != "catheter_removal" or removable(self._model, state)
        step = Step("record", rule.name, act=act, stage=rule.to, death=rule.death)
        for approval in self._approvals(act, state) if possible else ():
            gates = (*approval.gates, *rule.gates)
            if self._model.passing(gates, state) is not None:
                done = step._replace(approval=approval.name)
                yield from ((done, after) for after in self._recorded_act(state, rule, gates, late=False))
        for approval in self._approving[act]:
            gates = (*approval.gates, *rule.gates)
            once = state.stage in approval.sources and (possible or state.out)
            if once and self._model.passing(gates, None) is not None:
                told = step._replace(approval=approval.name, late=True, planned=False)
                yield from ((told, after) for after in self._recorded_act(state, rule, gates, late=True))

    def _recorded_act(self, state: State, rule: Transition, gates: Sequence[str], *, late: bool) -> Iterator[State]:
        fact = self._model.fact(act=rule.records, transition=rule.name)
        before = with_passed(self._model, went(self._model, state, rule), tuple(gates))
        for done in acted(before, rule.records, late=late):
            for after in happened(self._model, done, fact, late=late):
                yield from entered(self._model, after, rule, rule.to, late=late) if rule.to else (after,)

    def _dose(self, state: State, act: str) -> Iterator[tuple[Step, State]]:
        if state.running and not state.out and not state.hold:
            for approval in self._approvals(act, state):
                if self._model.passing(approval.gates, state) is not None:
                    step = Step("dose", act, act=act, approval=approval.name)
                    yield from ((step, after) for after in self._given(state, act, approval.gates))
        for approval in self._approving[act]:
            if self._model.passing(approval.gates, None) is not None:
                step = Step("dose", act, act=act, approval=approval.name, late=True, planned=False)
                yield from ((step, after) for after in self._given(state, act, approval.gates, late=True))

    def _given(self, state: State, act: str, gates: tuple[str, ...] = (), *, late: bool = False) -> Iterator[State]:
        state = state._replace(doses=min(state.doses + 1, self._model.most_doses))
        state = with_passed(self._model, punctured(state) if act == "puncture" else state, gates)
        return happened(self._model, state, self._model.fact(act=act), late=late)

    def _approvals(self, act: str, state: State) -> Iterator[Transition]:
        """The transitions that can authorise an act here and now."""
        return (rule for rule in self._approving[act] if may_take(rule, state))

    # -- hold, values, corrections

    def _hold(self, state: State) -> Iterator[tuple[Step, State]]:
        if state.hold:
            yield Step("release"), state._replace(hold=False)
        elif not self._model.protocol.stages[state.stage].ends:
            yield Step("hold"), state._replace(hold=True)

    def _recorded(self, state: State) -> Iterator[tuple[Step, State]]:
        for told, effect in self._events:
            if not effect.touches(state.duties):
                continue
            step = Step("event", told)
            yield from ((step, after) for after in happened(self._model, state, effect))
            if effect.by_value and effect.closes:
                late = step._replace(late=True, planned=False)
                yield from ((late, after) for after in happened(self._model, state, effect, late=True))

    def _corrected(self, state: State) -> Iterator[tuple[Step, State]]:
        for at, rule in enumerate(self._model.alone):
            bit = 1 << at
            if state.valued & bit and not state.duties & bit:
                step = Step("correct", f"the value that discharged {rule.key} is taken back", planned=False)
                yield step, state._replace(duties=state.duties | bit)
            by_value = any(trigger.test is not None for trigger in rule.opens)
            if by_value and state.duties & bit and not rule.completable:
                step = Step("correct", f"the value that opened {rule.key} is taken back", planned=False)
                yield step, state._replace(duties=state.duties & ~bit)

    # -- deviations

    def _deviations(self, state: State) -> Iterator[tuple[Step, State]]:
        for act in self._model.protocol.acts:
            rule = self._recording[act]
            step = Step("deviate", act, act=act, stage=rule.to if rule else "", deviation=True, planned=False)
            if act in DOSES and _next_dose(state) == act:
                yield from ((step._replace(stage=""), after) for after in self._given(self._against(state), act))
            if rule is not None and self._may_have_happened(state, rule):
                yield from ((step, after) for after in self._recorded_act(self._against(state), rule, (), late=True))

    def _may_have_happened(self, state: State, rule: Transition) -> bool:
        removal = rule.records == "catheter_removal"
        over = self._model.protocol.stages[state.stage].ends and rule.to
        return not over and (not removal or state.out or removable(self._model, state))

    def _against(self, state: State) -> State:
        """The state once two people have said that an act went against a gate: a safety review opens."""
        safety = self._model.bits((self._model.protocol.safety_task,))
        return state._replace(deviated=True, passed=0, duties=state.duties | safety)


def may_take(rule: Transition, state: State) -> bool:
    """Whether a transition leads on from here, hold and all; its gates aside."""
    return (not state.hold or rule.on_hold) and state.stage in rule.sources


def _next_dose(state: State) -> str:
    """The act that the next dose of the last trial is; nothing where there can be none."""
    if state.method in ("", Method.WAIVED):
        return ""
    if state.method == Method.CATHETER:
        return "repeat_dose" if state.punctured else ""
    return "puncture"
