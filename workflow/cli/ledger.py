"""theca ledger: what was written, whether it still is, and the checkpoints that say so outside the database."""

import json
import sys
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import REFUSED, asking, ground, plainly
from workflow.cli.notes import notes_at_hand
from workflow.cli.work import episode_of
from workflow.service import look, notary, verify
from workflow.service.drill import drill
from workflow.service.notary import office_of
from workflow.service.verify import NO_NOTES, Notes, Verdict
from workflow.settings import settings
from workflow.store import signing

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_Json = Annotated[bool, typer.Option("--json", help="for programs")]
_Checkpoints = Annotated[Path | None, typer.Option(help="the notary's file; THECA_CHECKPOINTS unless said")]
_Keys = Annotated[
    list[Path] | None, typer.Option("--pubkey", help="what signed them: a .pub file; beside the key unless said")
]
_Episode = Annotated[str, typer.Argument(help="the candidate's code, as in messages, or the episode's id")]


@app.callback()
def _ledger() -> None:
    """Print, export and verify the ledger; sign how far it has come."""


@app.command()
def show(
    episode: _Episode,
    *,
    after: Annotated[int, typer.Option(help="only lines after this one")] = 0,
    as_json: _Json = False,
) -> None:
    """Print an episode's ledger, a line each; exit 1 where a line is not what it claims."""
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        person = asking(desk, here.now)
        lines, _ = look.chain(desk, person, episode_of(desk, person, episode), after=after, most=10_000)
    for line in lines:
        if as_json:
            print(json.dumps({"hash": line.hash, "payload": line.payload, **json.loads(line.head)}))
        else:
            print(f"{line.seq:>4}  {line.occurred_at:%Y-%m-%d %H:%M}  {line.verb:<12} {line.outcome:<9} {line.actor}")
    if not all(line.sound for line in lines):
        print("theca: a line is not what it claims", file=sys.stderr)
        raise typer.Exit(1)


@app.command("verify")
def verify_it(
    checkpoints: _Checkpoints = None,
    pubkey: _Keys = None,
    export: Annotated[Path | None, typer.Option(help="look at this export instead; needs no database")] = None,
    *,
    tamper_drill: Annotated[bool, typer.Option(help="tamper with throw-away stores, and see that it is found")] = False,
    places: Annotated[int, typer.Option(min=1, max=10_000, help="of the drill: how many of each kind")] = 100,
    record: Annotated[Path | None, typer.Option(help="of the drill: keep its figures here")] = None,
    as_json: _Json = False,
) -> None:
    """Is the ledger what was written? Every chain, every checkpoint, and what is sealed where the key file is at hand.

    Exit 0 sound, 1 broken (which chain, line and kind), 3 could not check.
    """
    with plainly():
        if tamper_drill:
            raise typer.Exit(_drill(places, record, as_json=as_json))
        if export is not None:
            notes = notes_at_hand(settings(), checkpoints, pubkey or ())
            began = time.monotonic()
            found = verify.of_export(export, notes)
        else:
            with ground(upgrade=False) as here, closing(here.verify()) as store:
                notes = notes_at_hand(here.now, checkpoints, pubkey or ())
                began = time.monotonic()
                found = verify.of_database(store, notes, opening=here.now.theca_key_file is not None)
    _tell(found, notes, time.monotonic() - began, as_json=as_json)
    raise typer.Exit(0 if found.sound else 1)


@app.command("export")
def export_it(file: Annotated[Path, typer.Argument(help="a new file")]) -> None:
    """Write every line of every chain to a file: who did what when, and nothing clinical."""
    with plainly(), ground(upgrade=False) as here, closing(here.verify()) as store:
        chains, lines = verify.export(store, file)
        print(f"{lines} lines of {chains} chains in {file}")


@app.command()
def checkpoint(
    *,
    whole: Annotated[bool, typer.Option(help="look at every chain, not only those that grew")] = False,
    new_key: Annotated[Path | None, typer.Option(help="announce this key: it signs from the next one on")] = None,
    restored: Annotated[str, typer.Option(help="the database was brought back on purpose: who says so")] = "",
) -> None:
    """Sign how far the ledger has come, as the notary does every minute.

    Exit 1 where the database does not hold what was signed before.
    """
    with plainly(), ground(upgrade=False) as here, closing(here.verify()) as store:
        office = office_of(here.now, store)
        other = signing.signer(new_key, here.now.theca_origin) if new_key else None
        note = notary.take(office, whole=whole, new_key=other, restored_by=restored)
        if note is None:
            print("another notary is at it")
        else:
            print(f"checkpoint {note.number}: {note.size} chains, {len(note.heads)} grew, {len(note.sent)} handed over")


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="a new file; one that is there is never overwritten")],
) -> None:
    """Make a key that signs checkpoints, readable by you alone; its public half is beside it as .pub."""
    with plainly():
        try:
            made = signing.create(file, settings().theca_origin)
        except OSError as wrong:
            print(f"theca: {file} was not written: {wrong.strerror}", file=sys.stderr)
            raise typer.Exit(REFUSED) from None
        print(f"THECA_CHECKPOINT_KEY={file.absolute()}")
        print(f"THECA_CHECKPOINTS={file.absolute().with_name('notes')}")
        print(made.written, file=sys.stderr)


# ---------------------------------------------------------------------------------------------------------------


def _tell(found: Verdict, notes: Notes, seconds: float, *, as_json: bool) -> None:
    if as_json:
        told = asdict(found) | {"sound": found.sound, "seconds": round(seconds, 3)}
        print(json.dumps(told | {"noted_until": str(found.noted_until or "")}, indent=2))
        return
    for flaw in found.flaws:
        print(
            f"BAD  {flaw.kind}: {flaw.chain or 'checkpoints'}{f' line {flaw.seq}' if flaw.seq else ''}: {flaw.detail}"
        )
    sealed = "payloads not looked at" if found.opened is None else f"{found.opened} payloads opened"
    if found.sealed_for_good:
        sealed += f", {found.sealed_for_good} sealed for good by an erasure"
    print(
        f"{'ok ' if found.sound else 'BAD'}  {found.lines} lines of {found.chains} chains in {seconds:.1f} s; {sealed}"
    )
    if notes is NO_NOTES:
        print("     no checkpoints at hand: what was cut off at the end, or rebuilt as a whole, would not be seen")
    else:
        print(f"     held against {found.notes} checkpoints, the last of {found.noted_until:%Y-%m-%d %H:%M:%S} UTC")


def _drill(places: int, record: Path | None, *, as_json: bool) -> int:
    found = drill(places)
    told = found.told()
    if record is not None:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(told, indent=2))
        return 0 if found.well else 1
    for kind, (tried, seen) in found.found.items():
        print(f"{'ok ' if tried == seen else 'BAD'}  {kind:<28} {seen} of {tried} found")
    print(f"{'BAD' if found.false_alarms else 'ok '}  {found.clean} clean runs, {found.false_alarms} false alarms")
    print(f"     {found.seconds:.1f} s, {found.lines} lines of {found.chains} chains, {found.notes} checkpoints")
    return 0 if found.well else 1
