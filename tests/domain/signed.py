"""The opioid trial's first printing with signatures asked for, and what tests of signing share."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from world import PROTOCOL, Walker

from workflow.domain import decide
from workflow.domain.actor import Actor
from workflow.domain.decision import Decision
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.signature import Confirmed, Matter, Signature, Signing

MEANINGS = {
    "waive_trial": "I answer for going on without a trial.",
    "approve_puncture": "I have seen today's checks and authorise the puncture.",
    "decide_implant": "I have reviewed the response and plan an implant.",
    "sign_non_responder": "I have reviewed the trial: it did not bring enough relief.",
    "approve_implant": "I have reviewed the response and authorise the implantation.",
}
SIGNED: ProtocolVersion = replace(
    PROTOCOL,
    transitions=MappingProxyType(
        {name: replace(rule, signed=MEANINGS.get(name, "")) for name, rule in PROTOCOL.transitions.items()}
    ),
)


def take(walker: Walker, actor: Actor, name: str, signed: Signing | None) -> Decision:
    """Take a transition with exactly this signature."""
    return walker.do(decide.advance, actor, name=name, signed=signed)


def shown(walker: Walker, actor: Actor, name: str) -> Matter:
    """What somebody would sign to take a transition now."""
    found = decide.advance_to_sign(walker.situation(actor), name=name)
    assert found is not None
    return found


def by(actor: Actor, digest: str) -> Signing:
    """A signature as the service hands it over, once the person has shown who they are."""
    return Signing(printed=f"Dr {actor.id.title()}", digest=digest, confirmed=Confirmed.WITH_PASSWORD)


def standing(walker: Walker) -> list[Signature]:
    return [one for one in walker.episode.signatures.values() if one.stands]


def voided(walker: Walker) -> list[Signature]:
    return [one for one in walker.episode.signatures.values() if not one.stands]


def on(protocol: ProtocolVersion, route: Callable[[Walker], Walker]) -> Walker:
    """A candidate taken along a route under a protocol."""
    return route(Walker(protocol))
