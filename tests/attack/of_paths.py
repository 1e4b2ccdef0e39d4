"""Ways out of where files are: in addresses that are asked for, and in names of protocols."""

from collections import Counter
from collections.abc import Iterator

from tests.api.caller import V1
from tests.attack.ground import Ground
from tests.attack.of_line import connected
from tests.attack.watch import shown
from tests.faults.results import Bar, Result, none

STEPS = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e%252f", "....//", "..;/", "%c0%ae%c0%ae/",
    ".%00./",
    "..%00/", "..%0d%0a/", "/", "//", "\\\\x\\", "C:/", "file:///",
)  # fmt: skip
TARGETS = (
    "etc/passwd",
    "pyproject.toml",
    ".git/config",
    "api/app.py",
    "theca.css%00.txt",
    "templates/acknowledge.html",
)
# What stands in those files and in no answer of ours.
TELLING = (b"root:", b"[build-system]", b"[core]", b"def create_app", b"{% if", b"theca_app:")
BEGINNINGS = (
    "/",
    "/static/",
    "/e/",
    "/a/",
    "/a/x/",
    f"{V1}/protocols/",
    f"{V1}/protocols/opioid_trial/versions/",
    f"{V1}/sites/",
)


def addresses() -> Iterator[str]:
    """Every beginning, every way up, one to six times, and every file."""
    for begun in BEGINNINGS:
        for step in STEPS:
            for times in (1, 3, 6):
                for target in TARGETS:
                    yield f"{begun}{step * times}{target}"


def outside(ground: Ground, *, every: int = 1) -> Result:
    """No address leads to a file; every `every`th one is asked for, as it is written."""
    token = ground.house.api("admin-1").headers["Authorization"]
    asked = list(addresses())[::every]
    before, statuses, odd, told_of = ground.house.digest(), Counter[str](), list[str](), list[str]()
    for path in asked:
        status, answer = _ask(ground, path, token)
        statuses[f"{status // 100}xx"] += 1
        if status >= 500:
            odd.append(path)
        if any(word in answer for word in TELLING):
            told_of.append(path)
    return shown(
        "ways out of where files are",
        Bar(what="addresses", seen=len(asked), least=min(100, len(asked))),
        none(f"answered 5xx: {', '.join(odd[:5])}", len(odd)),
        none(f"showed a file: {', '.join(told_of[:5])}", len(told_of)),
        none("changed", int(before != ground.house.digest())),
        **statuses,
    )


def _ask(ground: Ground, path: str, token: str) -> tuple[int, bytes]:
    """Ask for a path exactly as written, which a client that tidies up would not."""
    said = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    heard = bytearray()
    with connected(ground, 10) as line:
        line.sendall(said.encode())
        while more := line.recv(65_536):
            heard += more
    return int(heard[9:12] or b"400"), bytes(heard)
