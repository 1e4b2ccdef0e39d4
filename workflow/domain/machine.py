"""pytransitions as a compiled table: one immutable flat Machine per protocol version, no model ever registered.

A seat is thrown away after one question. The gates report themselves into it; what follows from a transition
is read from the declaration, never from a callback.
"""

from dataclasses import replace
from functools import lru_cache

from transitions import EventData, Machine

from workflow.domain.actor import Actor
from workflow.domain.errors import UnsoundError
from workflow.domain.gate import GateReport, Weight, closed, report
from workflow.domain.protocol import ProtocolVersion, Transition
from workflow.domain.view import View


class Seat:
    """Where one question sits: the stage asked from, what can be seen, and the reports that come back."""

    __slots__ = ("actor", "reports", "rule", "state", "view")

    def __init__(self, rule: Transition, view: View, actor: Actor) -> None:
        self.state = view.episode.stage
        self.rule = rule
        self.view = view
        self.actor = actor
        self.reports: tuple[GateReport, ...] = ()


class Table:
    """The transitions of one protocol version, compiled once."""

    def __init__(self, protocol: ProtocolVersion) -> None:
        self._protocol = protocol
        self._machine = Machine(
            model=None,
            states=list(protocol.stages),
            initial=protocol.begins,
            auto_transitions=False,
            send_event=True,
            queued=False,
            ignore_invalid_triggers=True,
        )
        for rule in protocol.transitions.values():
            self._machine.add_transition(
                trigger=rule.name, source=list(rule.sources), dest=rule.to or None, conditions=[_passes]
            )

    def ask(self, rule: Transition, view: View, actor: Actor) -> Seat:
        """Try one transition. The seat's stage has moved only if everything passed; its reports say why or why not."""
        seat = Seat(rule, view, actor)
        moved = self._machine.events[rule.name].trigger(seat)
        if not seat.reports and not moved:
            seat.reports = (_elsewhere(self._protocol, rule, view.episode.stage),)
        if moved and not all(r.passes for r in seat.reports):
            raise UnsoundError(f"{rule.name} moved against a shut gate")
        return seat


@lru_cache(maxsize=64)
def table(protocol: ProtocolVersion) -> Table:
    """The compiled table of a protocol version; one per version and process."""
    return Table(protocol)


def reports_of(rule: Transition, view: View) -> tuple[GateReport, ...]:
    """What each gate of a transition answers at the view's instant; then those that warn and do not pass."""
    warnings = (replace(report(view.protocol.gate(gate), view), weight=Weight.WARNS) for gate in rule.warns)
    told = tuple(seen for seen in warnings if not seen.verdict.passes)
    return (*(report(view.protocol.gate(gate), view) for gate in rule.gates), *told)


def _passes(event: EventData) -> bool:
    seat = event.model
    assert isinstance(seat, Seat)
    seat.reports = (*_standing(seat), *reports_of(seat.rule, seat.view))
    return all(seen.passes for seen in seat.reports)


def _standing(seat: Seat) -> tuple[GateReport, ...]:
    """What bars the way beside the file's gates: a hold, or a transition that is somebody else's."""
    bars, rule, episode = [], seat.rule, seat.view.episode
    if episode.hold is not None and not rule.on_hold:
        bars.append(closed("hold", "On hold", f"on hold: {episode.hold.reason}", "release the hold"))
    mine = seat.actor.is_system if rule.by_system else seat.actor.holds(*rule.by)
    if not mine:
        whose = ", ".join(rule.by) or "the system"
        bars.append(closed("role", "Not yours", f"not yours: this asks for {whose}", f"asked by: {whose}"))
    return tuple(bars)


def _elsewhere(protocol: ProtocolVersion, rule: Transition, stage: str) -> GateReport:
    sources = ", ".join(protocol.stages[key].label for key in rule.sources)
    here = protocol.stages[stage].label
    return closed("stage", "Not from here", f"the candidate stands in {here}", f"possible from: {sources}")
