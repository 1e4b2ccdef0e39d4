"""Protocols: what is prescribed, version by version."""

from typing import Annotated

from fastapi import Path

from api.asks import asks
from api.deps import Me, TheDesk
from api.door import resource
from api.schemas.around import PrintedOut, ProtocolOut, ProtocolsOut
from workflow.domain.policy import Verb
from workflow.service import look

router = resource("protocols")
Key = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="A protocol's key.", examples=["opioid_trial"])
]
Number = Annotated[int, Path(ge=1, le=999_999, description="A version's number.", examples=[1])]


@router.get("/protocols", summary="List protocols", response_description="Every published version.")
@asks(Verb.READ_PEOPLE)
def printings(desk: TheDesk, me: Me) -> ProtocolsOut:
    """Every published protocol version, newest first. What is published never changes."""
    found = look.printings(desk, me)
    return ProtocolsOut(
        items=tuple(PrintedOut(key=one.key, number=one.number, title=one.title, sha256=one.sha256) for one in found)
    )


@router.get("/protocols/{key}/versions/{n}", summary="Read a protocol", response_description="Its text and drawing.")
@asks(Verb.READ_PEOPLE)
def printing(key: Key, n: Number, desk: TheDesk, me: Me) -> ProtocolOut:
    """The exact text of one version, with its hash, and a drawing of it."""
    found = look.printing(desk, me, f"{key}@{n}")
    return ProtocolOut(
        key=found.version.key,
        number=found.version.number,
        title=found.version.title,
        sha256=found.version.sha256,
        definition=found.text,
        drawing=found.drawing,
    )
