"""Words that some program would run, in every field and every parameter; and fields that belong to others."""

import random
from collections.abc import Iterator
from functools import partial

from tests.api.caller import V1
from tests.attack.corpus import QUERIES
from tests.attack.described import at, objects, places, spoilt
from tests.attack.ground import Ground, ground
from tests.attack.of_bodies import SEED
from tests.attack.watch import Watch
from tests.faults.results import Result

MARK = "zqmarkzq"
COMMANDS = [
    f"{MARK}'; DROP TABLE ledger; --", f"{MARK}' OR '1'='1", f'{MARK}"; SELECT pg_sleep(5); --', f"{MARK}\\'; --",
    f"1); DELETE FROM site; -- {MARK}", f"$${MARK}$$", f"{MARK}' UNION SELECT hash FROM token --", f"%{MARK}%",
    f":{MARK} :site",
    f"{MARK}{{{{7*7}}}}", f"{{% raw %}}{MARK}", f"${{7*7}}{MARK}", f"#{{7*7}}{MARK}", f"%(site)s {MARK}",
    f"%s%n%x {MARK}",
    "{0.__class__.__mro__}" + MARK, f"<script>{MARK}</script>", f"<img src=x onerror={MARK}>", f"javascript:{MARK}",
    f"]]>{MARK}", f"&{MARK};", f"=HYPERLINK({MARK})", f"+cmd|' /C calc'!{MARK}", f"@SUM({MARK})", f"-2+3+{MARK}",
    f"$(touch {MARK})", f"`touch {MARK}`", f"| touch {MARK}", f"../../../{MARK}", f"..\\..\\{MARK}",
    f"file:///{MARK}",
    f"Bcc: {MARK}@theca.example", f"%0d%0aBcc: {MARK}", f"{MARK}%00", f"*)(uid={MARK}", f"' or count(/*)={MARK} or '",
    f"!!python/object/apply:os.system [{MARK}]", f"&a [*a, {MARK}]", f"jndi:ldap://{MARK}", f"__proto__.{MARK}",
]  # fmt: skip
# Fields that are nobody's to send: the engine's own, another verb's, and those other programs have been fooled by.
FOREIGN = [
    "role", "roles", "site", "site_id", "stage", "state", "stint", "version", "seq", "id", "episode", "episode_id",
    "by",
    "actor", "person", "staff_id", "signed_by", "second", "verified", "is_admin", "admin", "scope", "scopes",
    "created_at",
    "recorded_at", "at", "closed_at", "hash", "prev", "head", "payload", "outcome", "superseded_by", "key",
    "evidence",
    "__proto__", "constructor", "prototype", "$where", "_method", "self", "model_config", "__class__", "password",
    "token",
]  # fmt: skip
# What a list shows of its own accord when somebody asks for an order or for more.
ASKED_FOR = [
    "sort",
    "order",
    "order_by",
    "_sort",
    "fields",
    "filter",
    "include",
    "expand",
    "format",
    "callback",
    "admin",
]


def commands(here: Ground, watch: Watch, *, share: float = 1.0) -> Result:
    """Every command in every text of every body. It is refused, or kept as the text it is."""
    dice = random.Random(SEED)
    for path, example in sorted(here.bodies.items()):
        fresh = ground(here.house)  # what was done to the one before bars nothing here
        watch.forget()
        for place in places(example):
            if not isinstance(at(example, place), str):
                continue
            for word in COMMANDS:
                if dice.random() < share:
                    send = partial(fresh.post, path, spoilt(example, place, word), seen=fresh.seen())
                    watch.attack(
                        f"{path} {place}: {word}", send, by=here.who(path), may=True, secret=MARK, counted=False
                    )
    return watch.result("commands in every text of every body", least=int(500 * share))


def queries(here: Ground, watch: Watch, *, share: float = 1.0) -> Result:
    """Every command in every parameter of every list, and parameters that lists of other programs have."""
    dice = random.Random(SEED)
    lead = here.house.api("lead-1")
    for path, declared in sorted(here.queries.items()):
        for name in [*declared, *ASKED_FOR]:
            for word in COMMANDS if name in declared else COMMANDS[::7]:
                if dice.random() < share:
                    send = partial(lead.get, here.filled(path).removeprefix(V1), **{name: word})
                    watch.attack(f"{path}?{name}={word}", send, by="lead-1", may=True, secret=MARK, counted=False)
    for query in QUERIES:
        send = partial(lead.client.get, f"{V1}/episodes{query}", headers=lead.headers)
        watch.attack(query[:60], send, by="lead-1")
    return watch.result("commands in every parameter of every list", least=int(500 * share))


def paths(here: Ground, watch: Watch, *, share: float = 1.0) -> Result:
    """Every command where an id stands."""
    dice = random.Random(SEED)
    lead = here.house.api("lead-1")
    for path in sorted({*here.queries, *here.bodies}):
        if "{" not in path:
            continue
        for word in COMMANDS:
            if dice.random() < share:
                spoilt_path = path.removeprefix(V1).replace("{id}", word).replace("{n}", word).replace("{key}", word)
                send = partial(lead.get, spoilt_path) if path in here.queries else partial(lead.post, spoilt_path, {})
                watch.attack(f"{spoilt_path}", send, by="lead-1", secret=MARK, counted=False)
    return watch.result("commands where an id stands", least=int(200 * share))


def foreign(here: Ground, watch: Watch, *, share: float = 1.0) -> Result:
    """Every object of every body with a field more, of those nobody declared there: refused each time."""
    dice = random.Random(SEED)
    for path, body, name in _with_more(here):
        if dice.random() < share:
            watch.attack(f"{path} with {name}", partial(here.post, path, body), by=here.who(path))
    return watch.result("fields that belong to others", least=int(500 * share))


def _with_more(here: Ground) -> Iterator[tuple[str, object, str]]:
    for path, example in sorted(here.bodies.items()):
        allowed = _allowed(here, path)
        for place in objects(example):
            whole = at(example, place)
            for name in sorted({*FOREIGN, *here.names} - set(whole) - allowed):
                for value in ("admin", 1, None):
                    yield path, spoilt(example, place, {**whole, name: value}), name


def _allowed(here: Ground, path: str) -> set[str]:
    """Every field that some object of this path's body may have, with those its example leaves out."""
    schemas, seen, found = here.described["components"]["schemas"], set[str](), set[str]()
    asked = here.described["paths"][V1 + path]["post"]["requestBody"]
    waiting = _named(asked)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            found |= set(schemas[name].get("properties", {}))
            waiting |= _named(schemas[name])
    return found


def _named(schema: object) -> set[str]:
    match schema:
        case {"$ref": str(ref), **rest}:
            return {ref.rpartition("/")[2]} | _named(rest)
        case dict():
            return {name for inner in schema.values() for name in _named(inner)}
        case list():
            return {name for inner in schema for name in _named(inner)}
    return set()
