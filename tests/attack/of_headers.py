"""What every answer forbids, whoever asks for what; and headers that other programs have been fooled by."""

from collections import Counter
from collections.abc import Iterator

import httpx

from tests.api.caller import V1
from tests.attack.ground import Ground
from tests.attack.watch import shown
from tests.faults.results import Bar, Result, none

ELSEWHERE = "https://elsewhere.example"
FORWARDED = {
    "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/x", "X-Forwarded-User": "admin-1", "X-Remote-User": "admin-1", "Remote-User": "admin-1",
    "X-User-Id": "admin-1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1;host=elsewhere.example;proto=https",
    "X-Original-URL": "/metrics", "X-Rewrite-URL": "/metrics", "X-HTTP-Method-Override": "POST",
    "X-HTTP-Method": "POST",
    "X-Method-Override": "DELETE", "True-Client-IP": "127.0.0.1", "Via": "1.1 x", "X-Api-Key": "x",
    "Cookie": "session=x",
}  # fmt: skip


def answers(ground: Ground) -> Iterator[tuple[str, httpx.Response]]:
    """An answer of every kind: pages, lists, refusals, what is not there, who is nobody."""
    api, client = ground.house.api, ground.house.api.client
    for path in sorted(ground.queries):
        filled = ground.filled(path)
        yield filled, client.get(filled, headers=api("lead-1").headers)
        yield f"{filled} by nobody", client.get(filled)
        yield f"{filled} from elsewhere", client.get(filled, headers={**api("lead-1").headers, "Origin": ELSEWHERE})
        yield f"{filled} preflight", client.options(filled, headers={"Origin": ELSEWHERE, **_PREFLIGHT})
    for path in sorted(ground.bodies):
        yield f"POST {path}", ground.post(path, b"{")
    for path in ("/nowhere", "/", "/static/theca.css", "/static/nothing", "/a/x", "/e/x", "/healthz", "/readyz", V1):
        yield path, client.get(path)
    yield "a body too large", client.post(f"{V1}/episodes", content=b" " * 300_000)


_PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


def forbidding(ground: Ground) -> Result:
    """Every answer says what it is, stays out of caches and forbids a browser everything; no other origin reads it."""
    wrong: dict[str, list[str]] = {"policy": [], "type": [], "cors": [], "cookie": []}
    statuses = Counter[str]()
    for name, told in answers(ground):
        statuses[f"{told.status_code // 100}xx"] += 1
        headers = told.headers
        policy = headers.get("content-security-policy", "")
        kept = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'")
        fixed = {
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
        }
        if not all(part in policy for part in kept) or any(headers.get(key) != said for key, said in fixed.items()):
            wrong["policy"].append(name)
        if told.content and not _typed(headers.get("content-type", "")):
            wrong["type"].append(f"{name}: {headers.get('content-type')}")
        if any(key.startswith("access-control-") for key in headers):
            wrong["cors"].append(name)
        if "set-cookie" in headers:
            wrong["cookie"].append(name)
    bars = [none(f"{what}: {', '.join(which[:5])}", len(which)) for what, which in wrong.items()]
    return shown("what every answer forbids", Bar(what="answers", seen=statuses.total(), least=100), *bars, **statuses)


def _typed(said: str) -> bool:
    """Whether a type names its charset where it is text; JSON is UTF-8 by its own rule."""
    return said.startswith(("application/json", "application/problem+json")) or "charset=utf-8" in said


def forwarded(ground: Ground) -> Result:
    """No header of a proxy changes who asks, what is answered, or who is counted."""
    api, client = ground.house.api, ground.house.api.client
    nurse, differs = api("nurse-1"), list[str]()
    before = ground.house.turned()
    plain = {path: client.get(path, headers=nurse.headers) for path in (f"{V1}/me", f"{V1}/episodes", "/healthz")}
    for name, value in FORWARDED.items():
        for path, told in plain.items():
            again = client.get(path, headers={**nurse.headers, name: value})
            if (again.status_code, again.text) != (told.status_code, told.text):
                differs.append(f"{name} at {path}")
        if client.get(f"{V1}/me", headers={name: value}).status_code != 401:
            differs.append(f"{name} opens")
    counted = {key for key, count in ground.house.turned().items() if count != before.get(key)}
    return shown(
        "headers that a proxy might set",
        Bar(what="requests", seen=len(FORWARDED) * (len(plain) + 1), least=50),
        none(f"answers that differ: {', '.join(differs[:5])}", len(differs)),
        none("counted as somebody else", len(counted - {("nobody", "not_signed_in")})),
    )


def doubled(ground: Ground) -> Result:
    """What is said twice is refused, or read in the one way that says nothing more than it would alone."""
    api, client = ground.house.api, ground.house.api.client
    nurse, admin = api("nurse-1").headers["Authorization"], api("admin-1").headers["Authorization"]
    before = ground.house.digest()
    asked = {
        "two people": [("Authorization", nurse), ("Authorization", admin)],
        "nobody and somebody": [("Authorization", "Bearer x"), ("Authorization", nurse)],
        "two in one": [("Authorization", f"{nurse}, {admin}")],
    }
    odd = list[str]()
    for name, headers in asked.items():
        told = client.get(f"{V1}/me", headers=headers)
        if told.status_code != 401 and not (told.status_code == 200 and told.json()["id"] == "nurse-1"):
            odd.append(name)
    path = f"{V1}{ground.filled('/episodes/{id}')}/hold"
    kinds = [("Content-Type", "text/plain"), ("Content-Type", "application/json")]
    headers = [("Authorization", api("coordinator-1").headers["Authorization"]), *kinds]
    if client.post(path, content=b'{"reason":"waiting_for_payer"}', headers=headers).status_code < 400:
        odd.append("two types")
    for query in ("site=north&site=south", "site=south&site=north", "limit=1&limit=100000", "late=true&late=x"):
        told = client.get(f"{V1}/episodes?{query}", headers={"Authorization": nurse})
        sites = {one["site"] for one in told.json()["items"]} if told.status_code == 200 else set()
        if told.status_code >= 500 or not sites <= {"north"}:
            odd.append(query)
    return shown(
        "what is said twice",
        Bar(what="requests", seen=len(asked) + 5, least=8),
        none(f"read in two ways: {', '.join(odd)}", len(odd)),
        none("changed", int(before != ground.house.digest())),
    )


def only_asked(ground: Ground) -> Result:
    """Every GET, as a person, a mail scanner and a browser that fetches ahead send it: nothing changes."""
    client, before, sent = ground.house.api.client, ground.house.digest(), 0
    ahead = {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch", "Accept": "text/html"}
    for path in sorted({*ground.queries, "/", "/e/x", "/a/x", "/static/theca.css"}):
        for method in ("GET", "HEAD", "OPTIONS"):
            for more in ({}, ahead):
                client.request(method, ground.filled(path), headers={**ground.house.api("lead-1").headers, **more})
                sent += 1
    changed = int(before != ground.house.digest())
    return shown("what is only asked", Bar(what="requests", seen=sent, least=50), none("changed", changed))
