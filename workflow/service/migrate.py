"""Episodes change their version: told first, for the whole live cohort; then done, one transaction and one line each.

cohort (site, id) ─► per site: see only that site ─► load ─► decide.migrate, pure ─┬─ forecast: shown, nothing written
                                                                                   └─ apply: lock, load and judge again

Killed halfway, those done are done and the others stay where they are: run it again and it goes on with them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from workflow.domain import decide
from workflow.domain.actor import Actor, system
from workflow.domain.decide.forecast import Forecast, forecast
from workflow.domain.decision import Decision
from workflow.domain.errors import ImpossibleNowError, NotPermittedError, TroubleError
from workflow.domain.gate import GateReport
from workflow.domain.policy import Verb, permits
from workflow.domain.protocol import ProtocolVersion
from workflow.domain.situation import Situation
from workflow.service.act import Asked, Desk, perform
from workflow.service.answer import Answer
from workflow.store import candidates, cohort, episodes, protocols
from workflow.store.bell import Bell
from workflow.store.episodes import Loaded
from workflow.store.session import Store, UnavailableError
from workflow.store.staff import Person

PAGE = 50
NOBODY_TO_SIGN = "nobody to sign"


class UnmappableError(TroubleError):
    """This episode cannot go on under the other version; it stays where it is."""

    code = "unmappable"

    def __init__(self, bars: tuple[GateReport, ...]) -> None:
        self.bars = bars
        super().__init__("; ".join(bar.because for bar in bars))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From which version to which, by whom and why; `names` gives the successors of what was renamed."""

    before: ProtocolVersion
    after: ProtocolVersion
    reason: str
    by: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One episode of the cohort: what the migration would mean for it. `code` is the candidate's, as in messages."""

    site: str
    episode: str
    code: str
    forecast: Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One episode that stays on its version, and why."""

    site: str
    episode: str
    because: str


def published(store: Store, name: str) -> ProtocolVersion:
    """A published version by `key@number`. Raises NotFoundError."""
    with store.transaction() as connection:
        return protocols.fetch(connection, name)


def unsigned(desk: Desk, move: Move) -> tuple[str, ...]:
    """The sites of the live cohort at which `move.by` may not sign for it."""
    found = []
    for site in _cohort(desk, move):
        with desk.store.transaction([site]) as connection:
            if not permits(cohort.signer(connection, site, move.by).at(site), Verb.MIGRATE):
                found.append(site)
    return tuple(found)


def preview(desk: Desk, move: Move) -> Iterator[Looked]:
    """What the migration would mean for every open episode of every site, one site and page at a time."""
    for site, ids in _cohort(desk, move).items():
        for start in range(0, len(ids), PAGE):
            yield from _page(desk, move, site, ids[start : start + PAGE])


def migrate(desk: Desk, asked: Asked, *, move: Move) -> Answer:
    """Let one episode go on under another version.

    Raises UnmappableError, and then nothing is written; ImpossibleNowError where it is closed or no longer under the
    first version; NotFoundError; NotPermittedError.
    """

    def deciding(s: Situation) -> Decision:
        if s.episode.protocol != move.before.name or s.episode.closed_at is not None:
            raise ImpossibleNowError(f"it is no longer open under {move.before.name}")
        decision = decide.migrate(s, to=move.after, reason=move.reason, names=move.names)
        if decision.refused:
            raise UnmappableError(decision.entry.basis)
        return decision

    return perform(desk, asked, Verb.MIGRATE, deciding)


def apply(desk: Desk, move: Move) -> Iterator[Answer | Left]:
    """Migrate every open episode, each in a transaction of its own; tells each as it is done, or why it stays.

    Raises UnavailableError where the database is gone; what was done by then is done.
    """
    quiet = replace(desk, bell=Bell(""))
    for site, ids in _cohort(desk, move).items():
        with desk.store.transaction([site]) as connection:
            person = cohort.signer(connection, site, move.by)
        for id_ in ids:
            done = _one(quiet, person, move, site, id_)
            if done is not None:
                yield done
    desk.bell.ring()


def _cohort(desk: Desk, move: Move) -> dict[str, list[str]]:
    with desk.store.transaction() as connection:
        return cohort.open_on(connection, move.before.name)


def _one(desk: Desk, person: Person, move: Move, site: str, episode: str) -> Answer | Left | None:
    """One episode, done or left; None where somebody else has migrated or closed it meanwhile."""
    try:
        return migrate(desk, Asked(person=person, episode=episode), move=move)
    except ImpossibleNowError:
        return None
    except NotPermittedError:
        because = NOBODY_TO_SIGN
    except UnmappableError as barred:
        because = barred.detail
    except UnavailableError as lost:
        if not cohort.held(lost):
            raise
        because = "somebody is writing to it; run it again"
    return Left(site=site, episode=episode, because=because)


def _page(desk: Desk, move: Move, site: str, ids: list[str]) -> list[Looked]:
    with desk.store.transaction([site]) as connection:
        now = cohort.now(connection)
        loaded = episodes.load(connection, site, ids)
    found = []
    for id_, each in sorted(loaded.items()):
        if each.episode.protocol == move.before.name and each.episode.closed_at is None:
            situation = _situation(desk, move, each, now)
            told = forecast(situation, to=move.after, reason=move.reason or "forecast", names=move.names)
            found.append(Looked(site=site, episode=id_, code=each.code, forecast=told))
    return found


def _situation(desk: Desk, move: Move, loaded: Loaded, now: datetime) -> Situation:
    candidate, identity = loaded.episode.candidate, None
    if loaded.identity is not None:
        identity = candidates.opened(desk.store.vault.key(candidate, loaded.wrapped), candidate, loaded.identity)
    return Situation(
        protocol=move.before,
        episode=loaded.episode,
        calendar=loaded.calendar,
        actor=Actor(id=move.by) if move.by else system("forecast"),
        now=now,
        born_on=identity.born_on if identity else None,
        settings=loaded.settings,
    )
