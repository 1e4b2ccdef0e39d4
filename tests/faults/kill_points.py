"""SIGKILL at each named point, times each kind of decision, enumerated; then the same is asked for again."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from tests.faults.deeds import DEEDS, do, lead_up
from tests.faults.line import cut_at_commit
from tests.faults.points import DECISION, DELIVERY, ENROLMENT, TIMER
from tests.faults.results import Result, exactly, none
from tests.faults.servers import until
from tests.faults.warm import LAPSED, Warm
from tests.faults.world import World

BATCH = 3
LEASE = 1
_keys = count(1)


def decisions(here: World, warm: Warm) -> Result:
    """A child is killed at a point of a decision. Nothing, or all of it, is on record; the same key makes it once."""
    seen: Counter[str] = Counter()
    for kind in DEEDS:
        for point, (_, stays) in DECISION.items():
            _one_decision(here, warm, kind, point, stays=stays, seen=seen)
    cases = len(DEEDS) * len(DECISION)
    return _told(here, f"SIGKILL at {len(DECISION)} points x {len(DEEDS)} kinds of decision", cases, seen)


def _one_decision(here: World, warm: Warm, kind: str, point: str, *, stays: bool, seen: Counter[str]) -> None:
    episode, key = here.enrolled(), f"kill-{next(_keys)}"
    lead_up(here.desk(), kind, episode)
    before = _lines(here, episode)
    ended = warm.do("deed", point=point, action="kill", of={"kind": kind, "episode": episode, "key": key})
    seen["killed"] += ended.killed
    seen["against the table"] += (_lines(here, episode) == before + 1) != stays
    _asked_again(here, kind, episode, key, before, stays=stays, seen=seen)


def _asked_again(
    here: World, kind: str, episode: str, key: str, before: int, *, stays: bool, seen: Counter[str]
) -> None:
    answer = do(here.desk(), kind, episode, key)
    seen["answered anew"] += answer.replayed != stays
    seen["not once"] += _lines(here, episode) != before + 1


def commits_cut(here: World, warm: Warm) -> Result:
    """T9b: the line is cut at COMMIT, before it arrives or before its answer does; the same key finds out which."""
    seen: Counter[str] = Counter()
    for kind in DEEDS:
        for after in (False, True):
            episode, key = here.enrolled(), f"cut-{next(_keys)}"
            lead_up(here.desk(), kind, episode)
            before = _lines(here, episode)
            with cut_at_commit(here.urls["theca_app"], after=after) as (url, cut):
                of = {"kind": kind, "episode": episode, "key": key, "through": url}
                ended = warm.do("deed", of=of)
            told = ended.status == LAPSED and ended.said["raised"] == "UnavailableError"
            seen["killed"] += cut.cuts == 1 and told
            seen["against the table"] += (_lines(here, episode) == before + 1) != after
            _asked_again(here, kind, episode, key, before, stays=after, seen=seen)
    return _told(here, f"line cut at COMMIT, before and after, x {len(DEEDS)} kinds", 2 * len(DEEDS), seen)


def enrolments(here: World, warm: Warm) -> Result:
    """A child is killed while it writes an enrolment: no candidate, no episode, and the same key makes one of each."""
    seen: Counter[str] = Counter()
    for point in ENROLMENT:
        key, mrn, at = f"enrol-{next(_keys)}", f"K-{next(_keys)}", datetime.now(UTC).isoformat()
        of = {"mrn": mrn, "at": at, "key": key}
        before = _counted(here)
        seen["killed"] += warm.do("enrol", point=point, action="kill", of=of).killed
        seen["against the table"] += _counted(here) != before
        again, third = warm.do("enrol", of=of), warm.do("enrol", of=of)
        seen["answered anew"] += again.said["replayed"] or not third.said["replayed"]
        seen["not once"] += _counted(here) != tuple(number + 1 for number in before)
    return _told(here, f"SIGKILL at {len(ENROLMENT)} points of an enrolment", len(ENROLMENT), seen)


def timers(here: World, warm: Warm) -> Result:
    """A sweeper is killed at a point of firing one timer, and of firing a batch; the next sweep fires each once."""
    seen: Counter[str] = Counter()
    for number in (1, BATCH):
        for point, (_, stays) in TIMER.items():
            episodes = here.late(number)
            seen["killed"] += warm.do("sweep", point=point, action="kill").killed
            fired = [_fired(here, episode) for episode in episodes]
            seen["against the table"] += fired != [int(stays)] * number
            warm.do("sweep")
            warm.do("sweep")
            seen["not once"] += [_fired(here, episode) for episode in episodes] != [1] * number
            seen["not once"] += [_letters(here, episode) for episode in episodes] != [1] * number
    here.sql(
        "UPDATE message SET state = 'cancelled', reason = 'of no interest', settled_at = clock_timestamp()"
        " WHERE state = 'waiting'"
    )
    return _told(here, f"SIGKILL at {len(TIMER)} points of one timer and of a batch", 2 * len(TIMER), seen)


def deliveries(here: World, warm: Warm) -> Result:
    """A sender is killed at a point of a delivery. The letter arrives; twice only if it died between dot and mark."""
    seen: Counter[str] = Counter()
    ours = {point: _broken_delivery(here, warm, point, seen) for point in DELIVERY}
    _pause_for_the_lease(here)
    warm.do("relay")
    extra = 0
    for point, episode in ours.items():
        _, _, wanted = DELIVERY[point]
        got = here.mail.about(episode)
        seen["not once"] += got < 1
        seen["against the table"] += got != wanted
        extra += max(0, got - 1)
    seen["extra"] = extra
    told = _told(here, f"SIGKILL at {len(DELIVERY)} points of a delivery", len(DELIVERY), seen)
    faults = exactly("letters waiting", here.waiting(), 0)
    allowed = sum(wanted - 1 for _, _, wanted in DELIVERY.values())
    return Result(
        fault=told.fault,
        statement="ALO",
        counts={**told.counts, "second copies": extra},
        bars=(*told.bars, faults, exactly("second copies", extra, allowed)),
    )


def _broken_delivery(here: World, warm: Warm, point: str, seen: Counter[str]) -> str:
    """One letter whose sender is killed; answers its episode."""
    [episode] = here.late()
    warm.do("sweep")
    if point in ("ehlo", "rcpt", "data", "kept"):
        ended = _killed_by_the_relay(here, warm, point)
    else:
        ended = warm.do("relay", point=point, action="kill", lease=LEASE)
    seen["killed"] += ended.killed
    _, then, _ = DELIVERY[point]
    seen["against the table"] += here.mail.about(episode) != then
    # The others wait for their lease; this one must not be taken along by the next sender.
    here.sql("UPDATE message SET next_try_at = 'infinity' WHERE state = 'waiting'")
    return episode


def _killed_by_the_relay(here: World, warm: Warm, stage: str):
    """The relay kills whoever reached this stage, before it answers."""
    dying: list[int] = []

    def reached(name: str) -> None:
        if name == stage:
            until(lambda: dying, what="knowing whom")
            os.kill(dying[0], signal.SIGKILL)

    here.mail.seen = reached
    dying.append(warm.start("relay", lease=LEASE))
    ended = warm.ended(dying[0])
    here.mail.seen = None
    return ended


def _pause_for_the_lease(here: World) -> None:
    here.sql("UPDATE message SET next_try_at = clock_timestamp() WHERE state = 'waiting'")
    leased = "SELECT count(*) FROM message WHERE state = 'waiting' AND lease_until > clock_timestamp()"
    until(lambda: here.one(leased) == 0, within=LEASE + 5, what="the end of every lease")


def _told(here: World, fault: str, cases: int, seen: Counter[str]) -> Result:
    return Result(
        fault=fault,
        statement="EO",
        counts={"cases": cases},
        bars=(
            exactly("died there", seen["killed"], cases),
            none("on record against the table", seen["against the table"]),
            none("not exactly once after the retry", seen["not once"]),
            none("wrongly replayed", seen["answered anew"]),
            none("flaws", len(here.flaws())),
        ),
    )


def _lines(here: World, episode: str) -> int:
    return here.one("SELECT count(*) FROM ledger WHERE episode_id = CAST(:id AS uuid)", id=episode)


def _fired(here: World, episode: str) -> int:
    return here.one("SELECT count(*) FROM ledger WHERE episode_id = CAST(:id AS uuid) AND verb = 'fire'", id=episode)


def _letters(here: World, episode: str) -> int:
    query = "SELECT count(*) FROM message WHERE episode_id = CAST(:id AS uuid) AND channel = 'email'"
    return here.one(query, id=episode)


def _counted(here: World) -> tuple[int, ...]:
    return tuple(here.one(f"SELECT count(*) FROM {table}") for table in ("candidate", "episode", "ledger"))


def every(here: World, warm: Warm) -> Iterator[Result]:
    """The whole enumeration."""
    yield decisions(here, warm)
    yield commits_cut(here, warm)
    yield enrolments(here, warm)
    yield timers(here, warm)
    yield deliveries(here, warm)
