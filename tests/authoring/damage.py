"""Seeded damage to protocol files, and what must come of each: `python -m tests.authoring.damage [COUNT]`.

A damaged file is refused, every finding naming its file, its line and what is allowed; or it reads well, lints, and
has another sum than the true file, so that it cannot be published under the same number. There is no third way.
"""

import hashlib
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from workflow.authoring.lint import examine
from workflow.authoring.printings import edited

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "protocols").glob("*/v*.yaml"))
SEED = 20261122
COUNT, SHARE, PROCESSES = 10_000, 100, 2
_KEY = re.compile(rb"[a-z_A-Z0-9]+(?=:)")
_VALUE = re.compile(rb"(?<=[ \[])[^\s\[\]{},:#]+(?=[,\]}\n])")
_INDENT = re.compile(rb"^ *(?=[^ #\n])", re.MULTILINE)

# One kind of outcome per file; what does not fit one of the first two is told in full.
REFUSED, ANOTHER = "refused", "reads well, lints, and is another file by its sum"


def main() -> int:
    """Damage every protocol file COUNT times and print what came of it. Answers 1 where one fault was not told well."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    shares = [(file, number) for file in FILES for number in range(0, count, SHARE)]
    found: dict[Path, Counter[str]] = {file: Counter() for file in FILES}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for at, (file, outcomes) in enumerate(pool.map(partial(_share, count), shares), start=1):
            found[file] += outcomes
            print(f"\r{at * 100 // len(shares):3} %", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for file, outcomes in found.items():
        others = {outcome: times for outcome, times in outcomes.items() if outcome not in (REFUSED, ANOTHER)}
        print(f"{file.relative_to(ROOT)}: {outcomes.total():,} damages with seeds from {SEED}")
        print(f"  {outcomes[REFUSED]:6,} {REFUSED}, each finding with file, line and what is allowed")
        print(f"  {outcomes[ANOTHER]:6,} {ANOTHER}; refused under the same number")
        print(f"  {sum(others.values()):6,} anything else", *others, sep="\n         ")
    return int(any(outcomes.keys() - {REFUSED, ANOTHER} for outcomes in found.values()))


def damages(text: bytes, number: int) -> bytes:
    """The damage of this number: the same on every machine and in every run."""
    return damaged(text, random.Random(SEED + number))


def damaged(text: bytes, dice: random.Random) -> bytes:
    """The text with one thing wrong; never the text itself."""
    while (found := dice.choice(DAMAGES)(text, dice)) == text:
        pass
    return found


def outcome(text: bytes, damage: bytes, file: str) -> str:
    """What came of a damaged file: refused, another file, or in words what is wrong with the refusal."""
    examined = examine(damage, file)
    for finding in examined.findings:
        known = finding.place.file == file and 1 <= finding.place.line <= damage.count(b"\n") + 2
        if not known or not finding.message or not finding.remedy:
            return f"a finding that does not help: {finding}"
    if any(finding.is_error for finding in examined.findings):
        return REFUSED
    if examined.version is None:
        return "nothing was read and nothing is told"
    true = examine(text, file).version
    if true is None or examined.version.sha256 in (true.sha256, hashlib.sha256(text).hexdigest()):
        return "the sum is the true file's"
    same = examined.version.name == true.name
    if same != bool(edited(examined.version, {true.name: true.sha256}, examined.where)):
        return "the list of printings does not see it"
    return ANOTHER


# ---------------------------------------------------------------------------------------------------------------


def _share(count: int, share: tuple[Path, int]) -> tuple[Path, Counter[str]]:
    file, first = share
    text, name = file.read_bytes(), file.relative_to(ROOT).as_posix()
    numbers = range(first, min(first + SHARE, count))
    return file, Counter(outcome(text, damages(text, number), name) for number in numbers)


def _flipped_bit(text: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << dice.randrange(8))]) + text[at + 1 :]


def _bytes_lost(text: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(text))
    return text[:at] + text[at + dice.choice([1, 1, 1, 2, 10, 500]) :]


def _byte_too_many(text: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(text) + 1)
    return text[:at] + bytes([dice.choice([*b":{}[],'\"#-&*!|>%@ \n0a", dice.randrange(256)])]) + text[at:]


def _cut(text: bytes, dice: random.Random) -> bytes:
    return text[: dice.randrange(len(text))]


def _swapped_lines(lines: list[bytes], dice: random.Random) -> list[bytes]:
    one, other = dice.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return lines


def _doubled_line(lines: list[bytes], dice: random.Random) -> list[bytes]:
    at = dice.randrange(len(lines))
    return [*lines[:at], lines[at], *lines[at:]]


def _lost_line(lines: list[bytes], dice: random.Random) -> list[bytes]:
    at = dice.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def _in_lines(change: Callable[[list[bytes], random.Random], list[bytes]], text: bytes, dice: random.Random) -> bytes:
    return b"".join(change(text.splitlines(keepends=True), dice))


def _renamed_key(text: bytes, dice: random.Random) -> bytes:
    keys = list(_KEY.finditer(text))
    at = dice.choice(keys)
    name = dice.choice([dice.choice(keys)[0], at[0][:-1], at[0] + b"s", at[0].upper()])
    return text[: at.start()] + name + text[at.end() :]


def _other_value(text: bytes, dice: random.Random) -> bytes:
    values = list(_VALUE.finditer(text))
    at = dice.choice(values)
    value = dice.choice(
        [dice.choice(values)[0], dice.choice(values)[0], b"", b"null", b"[]", b"{}", b'"-1"', b"9" * 20]
    )
    return text[: at.start()] + value + text[at.end() :]


def _other_indent(text: bytes, dice: random.Random) -> bytes:
    at = dice.choice(list(_INDENT.finditer(text)))
    return text[: at.start()] + dice.choice([b"", b" ", b"  ", b"    ", b"\t"]) + text[at.end() :]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flipped_bit,
    _flipped_bit,
    _bytes_lost,
    _byte_too_many,
    _cut,
    partial(_in_lines, _swapped_lines),
    partial(_in_lines, _doubled_line),
    partial(_in_lines, _lost_line),
    _renamed_key,
    _other_value,
    _other_indent,
)


if __name__ == "__main__":
    sys.exit(main())
