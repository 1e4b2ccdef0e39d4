"""theca protocol diff and migrate: what a new version changes for whom, and the live cohort going on under it."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from workflow.authoring.diff import Change
from workflow.authoring.diff import diff as differences
from workflow.authoring.mapping import mapping
from workflow.authoring.schema import read
from workflow.cli.ground import ground, plainly
from workflow.domain.actor import Role
from workflow.domain.decide.forecast import Forecast, GateShift, WorkShift
from workflow.domain.protocol import ProtocolVersion
from workflow.service import migrate as migrating
from workflow.service.act import Desk
from workflow.service.migrate import Left, Looked, Move

_Before = Annotated[str, typer.Argument(help="a published name, like opioid_trial@1, or a protocol file")]
_After = Annotated[str, typer.Argument(help="the same, of the version it is held against")]
_Json = Annotated[bool, typer.Option("--json", help="for programs")]
_WIDTH = 4


def diff(
    before: _Before,
    after: _After,
    role: Annotated[Role | None, typer.Option("--for", help="only what concerns this role")] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Say what changes from one version to another, and for whom. Exit 0, also where nothing does."""
    with plainly(), _versions(before, after) as (old, new, _):
        found = [one for one in differences(old, new) if role is None or not one.concerns or role in one.concerns]
        if as_json:
            print(json.dumps([asdict(change) for change in found], indent=2, ensure_ascii=False))
            return
        print(f"{old.name} to {new.name}")
        for line in _changes(found):
            print(line)


def migrate(
    before: Annotated[str, typer.Argument(help="the published version they stand under, like opioid_trial@1")],
    after: Annotated[str, typer.Argument(help="the published version they shall go on under; a file, to try it out")],
    names: Annotated[
        list[str] | None, typer.Option("--map", help="old=new, for each stage or transition whose name changed")
    ] = None,
    by: Annotated[str, typer.Option(help="who signs: a clinician or lead at the episodes' site")] = "",
    reason: Annotated[str, typer.Option(help="why, for the ledger")] = "",
    *,
    apply: Annotated[bool, typer.Option("--apply", help="do it; without, it is only told")] = False,
    as_json: _Json = False,
) -> None:
    """Tell, for every open episode, what going on under another version would mean; with --apply, do it.

    Each episode is one transaction and one ledger line. Killed halfway, run it again. Exit 1: some stay, and why.
    """
    if Path(before).is_file():
        raise typer.BadParameter("nobody stands under a file; name the published version", param_hint="BEFORE")
    if apply and (Path(after).is_file() or not by or not reason.strip()):
        raise typer.BadParameter("--apply takes --by, --reason and a published version", param_hint="--apply")
    with plainly(), _versions(before, after, database=True) as (old, new, desk):
        assert desk is not None
        move = Move(before=old, after=new, reason=reason, by=by, names=mapping(names or (), old, new))
        staying = _apply(desk, move, as_json=as_json) if apply else _preview(desk, move, as_json=as_json)
    raise typer.Exit(1 if staying else 0)


# ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _versions(
    before: str, after: str, *, database: bool = False
) -> Iterator[tuple[ProtocolVersion, ProtocolVersion, Desk | None]]:
    """Two versions by file or published name; with a database only where one is needed."""
    if not database and Path(before).is_file() and Path(after).is_file():
        yield _file(before), _file(after), None
        return
    for name in (before, after):
        if "@" not in name and not Path(name).is_file():
            raise typer.BadParameter(f"{name} is neither a file nor a published name like opioid_trial@1")
    with ground() as here:
        desk = here.desk()
        with closing(desk.store) as store:
            old, new = (_file(n) if Path(n).is_file() else migrating.published(store, n) for n in (before, after))
            yield old, new, desk


def _file(name: str) -> ProtocolVersion:
    return read(Path(name).read_bytes(), name=name)


def _changes(found: list[Change]) -> Iterator[str]:
    """A line each under the part of the file it belongs to, with whom it concerns."""
    if not found:
        yield "nothing changes"
    for thing in dict.fromkeys(change.thing for change in found):
        yield f"\n{thing.replace('_', ' ')}"
        for change in found:
            if change.thing == thing:
                whom = f"  [for {', '.join(change.concerns)}]" if change.concerns else ""
                yield f"  {change.told}{whom}"


def _preview(desk: Desk, move: Move, *, as_json: bool) -> bool:
    """Tell it; answers whether anybody would stay."""
    looked = [*migrating.preview(desk, move)]
    unsigned = migrating.unsigned(desk, move) if move.by else ()
    stays = [one for one in looked if one.forecast.bars or one.site in unsigned]
    if as_json:
        told = {"from": move.before.name, "to": move.after.name, "applied": False, "unsigned": unsigned}
        print(json.dumps(told | {"episodes": [asdict(one) for one in looked]}, indent=2, default=_json))
        return bool(stays)
    print(f"{move.before.name} to {move.after.name}: {_counted(len(looked))}")
    for one in looked:
        print(f"\n{one.code}  {one.site}  {_where(one.forecast)}")
        for line in _told(one, nobody=one.site in unsigned):
            print(f"{'':{_WIDTH}}{line}")
    print(
        f"\n{len(looked) - len(stays)} would go on under {move.after.name}, {len(stays)} would stay. Nothing is done."
    )
    return bool(stays)


def _apply(desk: Desk, move: Move, *, as_json: bool) -> bool:
    """Do it; answers whether anybody stays."""
    done, left = 0, list[Left]()
    for one in migrating.apply(desk, move):
        if isinstance(one, Left):
            left.append(one)
        else:
            done += 1
        if not as_json:
            print(f"{one.episode}  {one.site}  " + (f"stays: {one.because}" if isinstance(one, Left) else "done"))
    told = {"from": move.before.name, "to": move.after.name, "applied": True, "done": done}
    if as_json:
        print(json.dumps(told | {"left": [asdict(one) for one in left]}, indent=2))
    else:
        print(f"{done} go on under {move.after.name}, {len(left)} stay under {move.before.name}", file=sys.stderr)
    return bool(left)


def _counted(number: int) -> str:
    return f"{number} open episode{'' if number == 1 else 's'}"


def _where(told: Forecast) -> str:
    return told.stage if told.stage == told.stage_after else f"{told.stage}, from then on {told.stage_after}"


def _told(one: Looked, *, nobody: bool) -> Iterator[str]:
    """What a migration would mean for one candidate, a line each."""
    told = one.forecast
    if nobody:
        yield f"stays: {migrating.NOBODY_TO_SIGN} at {one.site}"
    for bar in told.bars:
        yield f"stays: {bar.because}" + (f" ({bar.opens_when})" if bar.opens_when else "")
    if told.bars:
        return
    yield from (_gate(shift) for shift in told.gates)
    yield from (f"no longer possible: {way}" for way in told.ways_gone)
    yield from (f"newly possible: {way}" for way in told.ways_new)
    yield from (_work(shift) for shift in told.work)
    yield from (f"lapses: {name}" for name in told.lapsed)
    yield from (f"was passed, and would not be now: {way}" for way in told.would_not_pass)
    yield from (f"kept and no longer looked at: {item}" for item in told.not_asked)
    if told.response != told.response_after:
        yield f"response: {told.response}; then: {told.response_after}"


def _gate(shift: GateShift) -> str:
    before, after = shift.before or "not asked", shift.after or "not asked"
    return f"{shift.way}: gate {shift.label}: {before} becomes {after}: {shift.because}"


def _work(shift: WorkShift) -> str:
    named = f"{'duty' if shift.duty else 'task'} {shift.label}"
    was, now = _rung(shift.rung_before, shift.due_before), _rung(shift.rung_after, shift.due_after)
    now += " (paused)" if shift.clock == "paused" else ""
    match shift.fate:
        case "ended":
            return f"{named}: ends: {shift.why}"
        case "opened":
            return f"{named}: opens, {now}"
        case "moved":
            return f"{named}: goes on, {was} becomes {now}"
    return f"{named}: goes on, {now}"


def _rung(rung: int | None, due: datetime | None) -> str:
    return "" if rung is None or due is None else f"rung {rung + 1} on {due:%Y-%m-%d %H:%M} UTC"


def _json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
