"""An account told: day by day for people, whole for programs."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from workflow.authoring.walk.happening import Bar, Happening, Notice, Work
from workflow.authoring.walk.play import Account
from workflow.domain.canonical import plain

_IN = " " * 10


def told(account: Account) -> Iterator[str]:
    """The account line by line."""
    version, day = account.version, 0
    yield f"{account.walk.title} ({version.name})"
    for _, alike in groupby(account.happenings, key=_sort):
        seen, *again = alike
        if account.walk.days.day(seen.at) != day:
            day = account.walk.days.day(seen.at)
            yield f"\nDay {day}, {_local(account, seen.at):%a %Y-%m-%d}"
        yield from _one(account, seen)
        if again:
            times = "once" if len(again) == 1 else f"{len(again)} times"
            yield f"{_IN}the same {times} more, until {_local(account, again[-1].at):%a %Y-%m-%d %H:%M}"
    yield ""
    yield _ending(account)


def as_json(account: Account) -> dict[str, object]:
    """The account as plain JSON values."""
    episode = account.episode
    return {
        "walk": account.walk.title,
        "protocol": account.version.name,
        "sound": not account.unmet,
        "unmet": [str(finding) for finding in account.unmet],
        "stage": episode.stage,
        "closed": episode.closed_at is not None,
        "open": [task.name for task in episode.open_tasks],
        "happenings": plain(account.happenings),
    }


# ---------------------------------------------------------------------------------------------------------------


def _sort(seen: Happening) -> object:
    """What makes one message the like of the one before it; anything else is like nothing."""
    return seen.told if seen.told and not seen.asked else seen


def _one(account: Account, seen: Happening) -> Iterator[str]:
    clock = f"{_local(account, seen.at):%H:%M}"
    if seen.told:
        for notice_line in _notices(seen.told):
            yield f"  {clock}  ~ {notice_line}"
        return
    stage = account.version.stages[seen.stage].label if seen.outcome == "moved" else ""
    outcome = f"{seen.outcome} to {stage}" if stage else seen.outcome.upper() if _barred(seen) else seen.outcome
    yield f"  {clock}  {seen.by}: {seen.asked or seen.verb} -> {outcome}"
    if seen.outcome == "impossible":
        yield f"{_IN}{seen.because}"
    for bar in seen.bars:
        yield from _bar(bar)
    if seen.response:
        relief = f", {seen.relief} % relief" if seen.relief else ""
        yield f"{_IN}response: {seen.response}{relief} ({seen.because})"
    for work in seen.closed:
        yield f"{_IN}- {work.kind} ends: {work.label} ({work.why})"
    for work in seen.opened:
        yield f"{_IN}+ {work.kind} opens: {work.label} ({work.role}){_first(account, work)}"


def _bar(bar: Bar) -> Iterator[str]:
    yield f"{_IN}{bar.verdict}: {bar.label}: {bar.because}"
    if bar.opens_when:
        yield f"{_IN}  opens when: {bar.opens_when}"


def _first(account: Account, work: Work) -> str:
    return "" if work.due_at is None else f", first reminder {_local(account, work.due_at):%a %Y-%m-%d %H:%M}"


def _notices(told: tuple[Notice, ...]) -> Iterator[str]:
    """One line for a rung, with everybody it told."""
    people = ", ".join(f"{notice.recipient} ({'/'.join(notice.roles)})" for notice in told)
    first = told[0]
    yield f"{first.urgency} message, rung {first.rung + 1} of {first.rungs}: {first.label} -> {people}"


def _barred(seen: Happening) -> bool:
    return seen.outcome in ("refused", "impossible")


def _ending(account: Account) -> str:
    episode, version = account.episode, account.version
    over = ", episode closed" if episode.closed_at is not None else ""
    duties = ", ".join(sorted(version.tasks[task.name].label for task in episode.open_duties)) or "none"
    messages = sum(len(seen.told) for seen in account.happenings)
    refused = sum(seen.outcome == "refused" for seen in account.happenings)
    stands = f"Stands in {version.stages[episode.stage].label}{over}; duties open: {duties}."
    return f"{stands} {len(account.entries)} decisions, {refused} refused, {messages} messages."


def _local(account: Account, at: datetime) -> datetime:
    return at.astimezone(account.walk.days.zone)
