"""The smallest set of things that would open a criterion, read off its finding.

Each way to open a finding is a set of wishes. `all` needs one way of every part, `any` one way of one part, `some`
as many parts as are still short, `none` that no part is open. The shortest way wins; of equals, the one written first.
"""

from itertools import combinations

from workflow.domain.criterion import Finding, Join, Verdict

_MOST_WAYS = 64  # what is kept per part: far more than any file of ours has, and an end to what a hostile one could ask

_Way = tuple[str, ...]


def opening(finding: Finding) -> tuple[str, ...]:
    """The fewest things that, taken together, open this finding, in the order of the file; none where it is open."""
    return _ways(finding, wanted=True)[0]


def _ways(finding: Finding, *, wanted: bool) -> list[_Way]:
    """Every way to make a finding open (`wanted`) or shut, shortest first."""
    if finding.verdict is (Verdict.OPEN if wanted else Verdict.SHUT):
        return [()]
    if finding.join is None:
        return [(f"{'' if wanted else 'not '}{finding.asked}",)]
    join, parts = finding.join, finding.parts
    if join is Join.NONE:
        return _pick(parts, least=len(parts), wanted=False) if wanted else _pick(parts, least=1, wanted=True)
    least = {Join.ALL: len(parts), Join.ANY: 1}.get(join, finding.least or 0)
    if wanted:
        return _pick(parts, least=least, wanted=True)
    return _pick(parts, least=len(parts) - least + 1, wanted=False)


def _pick(parts: tuple[Finding, ...], *, least: int, wanted: bool) -> list[_Way]:
    """Every way to have at least `least` of the parts as wanted."""
    each = [_ways(part, wanted=wanted) for part in parts]
    found: list[_Way] = []
    for chosen in combinations(each, least):
        found.extend(_together(chosen))
        found = _shortest(found)
    return found


def _together(chosen: tuple[list[_Way], ...]) -> list[_Way]:
    ways: list[_Way] = [()]
    for options in chosen:
        ways = _shortest([tuple(dict.fromkeys(way + option)) for way in ways for option in options])
    return ways


def _shortest(ways: list[_Way]) -> list[_Way]:
    return sorted(dict.fromkeys(ways), key=len)[:_MOST_WAYS]
