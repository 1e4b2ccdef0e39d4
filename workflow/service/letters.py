"""The words of letters. Nothing of the candidate leaves but their code and a link: not even what the work is called.

Every letter ends by saying that this is no emergency channel; a red one says what number to call instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol as Shape

from workflow.domain.decide import of_handing, of_storm
from workflow.domain.ladder import Urgency
from workflow.store.house import House
from workflow.store.outbox import Claimed

NO_CHANNEL = "Theca is not an emergency channel."


class TryLaterError(Exception):
    """The way is blocked for now; the message may be sent again."""


class DownError(TryLaterError):
    """The transport itself does not answer: no letter would get through, whomever it is for."""


class UndeliverableError(Exception):
    """This address will never take this message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is handed to a transport. `reference` is the same on every attempt.

    `facts` is the same in words for programs (a webhook), `secret` what it is signed with there.
    """

    to: str
    subject: str
    body: str
    reference: str
    channel: str = "email"
    secret: str = field(default="", repr=False)
    kind: str = "work.due"
    facts: Mapping[str, str] = field(default_factory=dict)


class Transport(Shape):
    """A way out of the building."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over. Raises TryLaterError or UndeliverableError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where letters lead: pages of the service, where its address is known, and a link to take work on, if any."""

    to: str = ""
    acknowledge: Callable[[Claimed], str] = lambda _: ""

    def episode(self, one: Claimed) -> str:
        """The page of an episode: `/e/{id}`."""
        return f"{self.to.rstrip('/')}/e/{one.episode}" if self.to else ""


def write(rows: Sequence[Claimed], house: House, links: Links) -> Letter:
    """The letter in which these messages to one person leave: one, a digest, or a summary. Without an address yet."""
    first = rows[0]
    if first.letter is None and of_storm(first.key):
        return _line_to_lead(first, links)
    if first.letter is None:
        return _handed(first, house, links) if of_handing(first.key) else _single(first, house, links)
    return _summary(rows, house, links) if first.urgency == Urgency.URGENT else _digest(rows, house, links)


def _single(one: Claimed, house: House, links: Links) -> Letter:
    """One piece of work: whose, since when, how often told, and where to go."""
    open_, take = links.episode(one), links.acknowledge(one) if links.to else ""
    lines = [
        f"Work is due for {one.code}{_escalated(one)}.",
        "",
        f"Due since: {_when(one.due_at, house)} ({house.calendar.zone})",
        *(["A reply from outside is awaited."] if one.waiting_on else []),
        *([f"Open it:   {open_}"] if open_ else []),
        *([f"Take it:   {take}"] if take else []),
        "",
        "You get this because the work is open and names you or your role. It goes on until the",
        "work is done or somebody says until when they take it.",
        _not_here(one.urgency, house),
    ]
    facts = {"code": one.code, "urgency": one.urgency, "due_at": one.due_at.isoformat(), "escalation": str(one.rung)}
    return Letter(
        to="",
        subject=f"[{one.urgency}] Theca: work is due for {one.code}{_escalated(one)}",
        body=_body(lines),
        reference=_reference(one),
        facts={**facts, **({"link": open_} if open_ else {}), **({"acknowledge_link": take} if take else {})},
    )


def _handed(one: Claimed, house: House, links: Links) -> Letter:
    """Work that somebody has given or offered to the reader."""
    open_ = links.episode(one)
    lines = [
        f"A colleague has given or offered you work for {one.code}.",
        *([f"Open it:   {open_}"] if open_ else []),
        "",
        "Its reminders reach you from now on, and go on until the work is done.",
        _not_here(one.urgency, house),
    ]
    return Letter(
        to="",
        subject=f"[{one.urgency}] Theca: work for {one.code} comes to you",
        body=_body(lines),
        reference=_reference(one),
        kind="work.handed",
        facts={"code": one.code, "urgency": one.urgency, **({"link": open_} if open_ else {})},
    )


def _digest(rows: Sequence[Claimed], house: House, links: Links) -> Letter:
    """The morning's letter: everything routine that waits for one person."""
    return _listing(
        rows,
        house,
        links,
        subject=f"[routine] Theca: {_pieces(_distinct(rows), 'work')} due",
        opening=f"{_pieces(_distinct(rows), 'work')} due:",
        kind="work.digest",
    )


def _summary(rows: Sequence[Claimed], house: House, links: Links) -> Letter:
    """One letter instead of one each: more urgent work waits than letters may tell of in an hour."""
    oldest = _when(min(one.due_at for one in rows), house)
    waits = _pieces(_distinct(rows), "urgent work", verb=("waits", "wait"))
    return _listing(
        rows,
        house,
        links,
        subject=f"[urgent] Theca: {waits}",
        opening=f"{waits}, the oldest since {oldest} ({house.calendar.zone}):",
        kind="work.summary",
    )


def _line_to_lead(one: Claimed, links: Links) -> Letter:
    """What the lead is told of a colleague with more urgent work than letters may tell of. Who that is, Theca says."""
    open_ = links.episode(one)
    lines = [
        "More urgent work waits for one of your colleagues than letters may tell of in an hour.",
        f"They got one summary instead; the newest piece is about {one.code}.",
        "Theca says who it is.",
        *([f"Open it:   {open_}"] if open_ else []),
        "",
        NO_CHANNEL,
    ]
    return Letter(
        to="",
        subject="[urgent] Theca: much urgent work waits for a colleague",
        body=_body(lines),
        reference=_reference(one),
        kind="work.storm",
        facts={"code": one.code, **({"link": open_} if open_ else {})},
    )


def _listing(rows: Sequence[Claimed], house: House, links: Links, *, subject: str, opening: str, kind: str) -> Letter:
    """Several pieces of work, each once however often it was told, the oldest first."""
    newest = {(one.episode, one.task): one for one in sorted(rows, key=lambda one: (one.rung, one.created_at))}
    told = sorted(newest.values(), key=lambda one: (one.due_at, one.code, one.task))
    entries = [_entry(one, house, links) for one in told]
    lines = [opening, "", *entries, "", "Each goes on until it is done.", NO_CHANNEL]
    return Letter(
        to="",
        subject=subject,
        body=_body(lines),
        reference=str(rows[0].letter),
        kind=kind,
        facts={"count": str(len(told)), "codes": " ".join(sorted({one.code for one in told}))},
    )


def _entry(one: Claimed, house: House, links: Links) -> str:
    awaited = ", a reply from outside is awaited" if one.waiting_on else ""
    said = f"{one.code}{_escalated(one)}, due since {_when(one.due_at, house)}{awaited}"
    return "\n  ".join(filter(None, (said, links.episode(one))))


def _distinct(rows: Sequence[Claimed]) -> int:
    return len({(one.episode, one.task) for one in rows})


def _pieces(count: int, what: str, *, verb: tuple[str, str] = ("is", "are")) -> str:
    return f"1 piece of {what} {verb[0]}" if count == 1 else f"{count} pieces of {what} {verb[1]}"


def _escalated(one: Claimed) -> str:
    return f" (escalation {one.rung})" if one.rung else ""


def _when(at: datetime, house: House) -> str:
    return house.calendar.local(at).isoformat(sep=" ", timespec="minutes")


def _not_here(urgency: str, house: House) -> str:
    call = f" In an emergency call {house.emergency_number}."
    return NO_CHANNEL + (call if urgency == Urgency.RED and house.emergency_number else "")


def _reference(one: Claimed) -> str:
    return f"{one.episode}.{one.key}".replace("~", ".")


def _body(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
