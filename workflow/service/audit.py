"""Is everything as it says? The invariants that must hold after any fault, checked episode by episode.

ledger    every line is hashed, chained and committed to as it claims
fold      the stored state is the fold of the ledger
timers    every open task has exactly one timer, live or declared-paused; every ended task an ended one
duties    no episode is closed with a duty open
commands  every command key that was used leads to its ledger line
signed    every signature fits the record beside it in its line, and was voided or left as it was
messages  who must be told was told once; every message ended, with its reason, or waits no longer than it may
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from workflow.domain.decision import fold
from workflow.domain.episode import Episode
from workflow.domain.ladder import OnHold, TimerState
from workflow.domain.ledger import GENESIS
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.signature import faults_in
from workflow.service.audit_letters import Sent, messages_of, of_messages
from workflow.store import episodes, ledger, protocols
from workflow.store.episodes import Loaded
from workflow.store.ledger import Read
from workflow.store.session import Store

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that does not hold."""

    episode: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was looked at, and what does not hold."""

    episodes: int
    lines: int
    messages: int
    flaws: tuple[Flaw, ...]


def audit(store: Store) -> Audit:
    """Check every episode of every site. Needs a role that sees all sites: theca_verify or theca_migrate."""
    flaws: list[Flaw] = []
    counts = [0, 0, 0]
    with store.transaction() as connection:
        for site, page in _pages(connection):
            loaded = episodes.load(connection, site, page, sealed=False)
            kept = messages_of(connection, site, page)
            for id_ in page:
                lines = _audit_one(store, connection, loaded[id_], kept[id_], flaws)
                counts = [counts[0] + 1, counts[1] + lines, counts[2] + len(kept[id_])]
        flaws.extend(
            Flaw(episode=id_, kind="ledger", detail="a chain without an episode") for id_ in _orphans(connection)
        )
        flaws.extend(
            Flaw(episode=id_, kind="commands", detail="a command without its line") for id_ in _unwritten(connection)
        )
    return Audit(episodes=counts[0], lines=counts[1], messages=counts[2], flaws=tuple(flaws))


def _orphans(connection: Connection) -> list[str]:
    """Chains of episodes that are not there, and whose candidate was not erased."""
    query = (
        "SELECT DISTINCT l.episode_id FROM ledger AS l LEFT JOIN episode AS e"
        " ON e.site_id = l.site_id AND e.id = l.episode_id WHERE e.id IS NULL AND NOT EXISTS ("
        "SELECT 1 FROM erasure AS x WHERE x.site_id = l.site_id AND l.episode_id = ANY (x.episodes)"
        " AND x.erased_at IS NOT NULL)"
    )
    return [str(id_) for id_ in connection.scalars(text(query))]


def _unwritten(connection: Connection) -> list[str]:
    """Episodes of command keys that lead to no ledger line."""
    query = (
        "SELECT c.episode_id FROM command AS c LEFT JOIN ledger AS l USING (site_id, episode_id, seq)"
        " WHERE l.seq IS NULL OR l.actor <> c.actor"
    )
    return [str(id_) for id_ in connection.scalars(text(query))]


def _pages(connection: Connection) -> Iterator[tuple[str, list[str]]]:
    by_site: dict[str, list[str]] = {}
    for line in connection.execute(text("SELECT site_id, id FROM episode ORDER BY site_id, id")):
        by_site.setdefault(line.site_id, []).append(str(line.id))
    for site, ids in by_site.items():
        for start in range(0, len(ids), PAGE):
            yield site, ids[start : start + PAGE]


def _audit_one(store: Store, connection: Connection, loaded: Loaded, kept: Sequence[Sent], flaws: list[Flaw]) -> int:
    episode = loaded.episode
    key = store.vault.key(episode.candidate, loaded.wrapped)
    lines = ledger.read(connection, episode.site, episode.id, key)
    protocol = protocols.cached(connection, episode.protocol)
    found = [
        *_chain(lines, loaded),
        *_fold(lines, episode),
        *_clocks(protocol, episode),
        *_signed(lines, episode),
        *of_messages(lines, episode, kept),
    ]
    flaws.extend(Flaw(episode=episode.id, kind=kind, detail=detail) for kind, detail in found)
    return len(lines)


def _chain(lines: list[Read], loaded: Loaded) -> Iterator[tuple[str, str]]:
    prev = GENESIS
    for number, line in enumerate(lines, start=1):
        if line.seq != number or line.prev != prev or not line.sound:
            yield "ledger", f"line {line.seq} is not what it claims"
        prev = line.hash
    if prev != loaded.head or len(lines) != loaded.episode.seq:
        yield "ledger", f"the chain ends at line {len(lines)}, the episode at {loaded.episode.seq}"


def _fold(lines: list[Read], episode: Episode) -> Iterator[tuple[str, str]]:
    state = Episode(id=episode.id, site=episode.site, candidate=episode.candidate)
    for line in lines:
        if line.payload is not None:
            state = fold(state, line.payload, seq=line.seq)
    if state != episode:
        names = [name for name in Episode.__slots__ if getattr(state, name) != getattr(episode, name)]
        yield "fold", f"the rows differ from the ledger in {', '.join(names)}"
    last = lines[-1].payload if lines else None
    if last is not None and last["stands"] != {"stage": episode.stage, "version": episode.version}:
        yield "fold", "the last line leaves another stage or version"


def _signed(lines: list[Read], episode: Episode) -> Iterator[tuple[str, str]]:
    for line in lines:
        for fault in faults_in(line.payload, episode=episode.id, actor=line.actor, line=f"{line.seq}"):
            yield "signed", f"line {line.seq}: {fault}"


def _clocks(protocol: ProtocolVersion, episode: Episode) -> Iterator[tuple[str, str]]:
    for task in episode.tasks.values():
        timer = episode.timers.get(task.key)
        rule = protocol.ladders[protocol.tasks[task.name].ladder] if task.name in protocol.tasks else None
        may_pause = episode.hold is not None and rule is not None and rule.on_hold is OnHold.PAUSE
        paused = timer is not None and timer.state is TimerState.PAUSED and may_pause
        runs = timer is not None and (timer.state is TimerState.LIVE or paused)
        if task.is_open and not runs:
            yield "timers", f"open task {task.key} has no running clock"
        if not task.is_open and timer is not None and timer.state is not TimerState.ENDED:
            yield "timers", f"ended task {task.key} still has a clock"
    if episode.closed_at is not None and episode.open_tasks:
        yield "duties", "closed with work open"
