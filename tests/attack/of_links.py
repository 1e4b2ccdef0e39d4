"""Signed links, played again: spoilt in every place, for another message, by another person, late, twice, at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from itsdangerous import URLSafeSerializer

from tests.api.caller import REFERRAL, ago
from tests.attack.ground import Ground
from tests.attack.watch import Watch, shown
from tests.faults.results import Bar, Result, exactly, none
from workflow.service import fire, links

RECIPIENT = "coordinator-1"
AHEAD = {"Purpose": "prefetch", "Sec-Purpose": "prefetch", "X-Moz": "prefetch", "User-Agent": "mail scanner"}


def told(ground: Ground, *, to: str = RECIPIENT, hours: float = 0, episode: str = "") -> str:
    """The path of a link as a letter about this candidate has it, written so many hours ago."""
    about = episode or ground.things["/episodes/"]
    found = ground.house.sql(
        "SELECT key FROM message WHERE recipient = :to AND channel = 'email' AND episode_id = CAST(:about AS uuid)"
        " ORDER BY created_at LIMIT 1",
        to=to,
        about=about,
    )
    now = datetime.now(UTC) - timedelta(hours=hours)
    vault = ground.house.store.vault
    url = links.acknowledge_url(vault, "http://x", site="north", episode=about, message=found[0].key, now=now)
    return url.removeprefix("http://x")


def written(ground: Ground) -> Ground:
    """A candidate nobody has triaged, whose first reminder is written."""
    episode = ground.house.api.enrol()
    fire.sweep(ground.house.worker_store)
    return replace(ground, things={**ground.things, "/episodes/": episode})


def forged(ground: Ground) -> Iterator[str]:
    """Tokens that nobody signed: spoilt in each place, cut short, of another purpose, of another shape."""
    here = written(ground)
    good = told(here).removeprefix("/a/")
    for place in range(len(good)):
        other = "A" if good[place] != "A" else "B"
        yield good[:place] + other + good[place + 1 :]
        if place > 1:  # nothing, and a dot, are no token but another address
            yield good[:place]
    vault = ground.house.store.vault
    ours = links._serializer(vault)
    said = ours.loads(good)
    for purpose in ("session", "acknowledge ", "download", ""):
        key = vault.signing_key(purpose)
        yield URLSafeSerializer(key, salt="theca.acknowledge", signer_kwargs=ours.signer_kwargs).dumps(said)
        yield URLSafeSerializer(key, salt=purpose or "x").dumps(said)
    yield URLSafeSerializer("", salt="theca.acknowledge").dumps(said)
    for shape in (
        [],
        said[:3],
        [*said, 1],
        {"site": "north"},
        "x",
        None,
        [*said[:3], str(said[3])],
        [said[0], *said[1:3], -1e9],
    ):
        yield ours.dumps(shape)
    for site, episode in (("south", said[1]), ("nowhere", said[1]), (said[0], "x"), (said[0], said[1].upper() + "0")):
        yield ours.dumps([site, episode, *said[2:]])


def replayed(ground: Ground, watch: Watch, *, every: int = 1) -> Result:
    """None that is forged shows or does anything; a good one acts once, for its own message, until it is too old."""
    client = ground.house.api.client
    for number, token in enumerate(forged(ground)):
        if number % every == 0:
            watch.forget()
            watch.attack(f"GET {token[:40]}", partial(client.get, f"/a/{token}"))
            watch.attack(f"POST {token[:40]}", partial(client.post, f"/a/{token}/half-hour"))
    here = written(ground)
    watch.forget()
    path = told(here)
    for method in ("GET", "HEAD", "OPTIONS"):
        for _ in range(5):
            watch.attack(
                f"{method} ahead", partial(client.request, method, path, headers=AHEAD), may=True, counted=False
            )
    for button in ("for-ever", "../week", "%2e%2e", "half-hour%00", "HALF-HOUR", ""):
        watch.attack(f"a button {button}", partial(client.post, f"{path}/{button}"), counted=False)
    for old in (72.1, 100, 24 * 365):
        watch.attack(f"{old} hours old", partial(client.post, f"{told(here, hours=old)}/half-hour"))
    signed_in = partial(client.post, f"{told(here, hours=80)}/half-hour", headers=ground.house.api("lead-1").headers)
    watch.attack("too old, by somebody signed in", signed_in)
    return watch.result("links nobody signed, or too old", least=int(100 / every))


def twice(ground: Ground, *, hands: int = 12) -> Result:
    """Pressed by many at once, and again; and after the work is done: one acts, in its recipient's name alone."""
    house, here = ground.house, written(ground)
    path, statuses, ready = told(here), list[int](), threading.Barrier(hands)
    other = house.api("nurse-1").headers

    def press() -> None:
        ready.wait()
        statuses.append(house.api.client.post(f"{path}/half-hour", headers=other).status_code)

    pressing = [threading.Thread(target=press) for _ in range(hands)]
    for hand in pressing:
        hand.start()
    for hand in pressing:
        hand.join()
    before = house.digest()
    again = [house.api.client.post(f"{told(here, hours=hour)}/two-hours").status_code for hour in (0, 1, 71)]
    lines = house.sql(
        "SELECT actor, verb FROM ledger WHERE episode_id = CAST(:episode AS uuid) AND verb = 'acknowledge'",
        episode=here.things["/episodes/"],
    )
    changed = int(before != house.digest())
    ended = _after_the_end(ground)
    return shown(
        "a link pressed twice, and after the end",
        exactly("that acted", statuses.count(200), 1),
        exactly("lines, in the recipient's name", sum(tuple(line) == (RECIPIENT, "acknowledge") for line in lines), 1),
        none("lines of anybody else", sum(line.actor != RECIPIENT for line in lines)),
        none("taken again", sum(status < 400 for status in again)),
        none("changed by that", changed),
        none("acted after the work was done", ended),
        Bar(what="presses", seen=hands + len(again), least=10),
        **{str(status): float(count) for status, count in Counter([*statuses, *again]).items()},
    )


def _after_the_end(ground: Ground) -> int:
    """How many presses acted on work that somebody had done meanwhile."""
    house, here = ground.house, written(ground)
    path, episode = told(here), here.things["/episodes/"]
    clerk = house.api("coordinator-1")
    assert clerk.record(episode, ago(days=39), REFERRAL).status_code == 201
    assert clerk.advance(episode, "accept_referral").status_code == 200
    before = house.digest()
    acted = sum(house.api.client.post(f"{path}/{button}").status_code < 400 for button in links.CHOICES)
    return acted + int(before != house.digest())
