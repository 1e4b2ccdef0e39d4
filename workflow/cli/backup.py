"""theca backup, restore: everything but the keys into a folder, and back."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import Ground, ground, plainly
from workflow.cli.notes import notes_at_hand
from workflow.domain.errors import ImpossibleInputError
from workflow.service import backup
from workflow.service.verify import Notes
from workflow.store import vault

backups = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
restores = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@backups.command("backup")
def make(folder: Annotated[Path, typer.Argument(help="a new folder")]) -> None:
    """Write everything in the database into a new folder, as theca_backup. No key is in it: keep those elsewhere."""
    with plainly(), ground(upgrade=False) as here:
        made = backup.dump(here.backup_url(), folder)
        print(
            f"{folder}: everything at {made.at:%Y-%m-%d %H:%M:%S} UTC, {made.sha256[:12]}; the key files are not in it"
        )


@restores.command("restore")
def bring_back(
    folder: Annotated[Path | None, typer.Argument(help="of a backup; none: only look at the database")] = None,
    checkpoints: Annotated[Path | None, typer.Option(help="the notary's file; THECA_CHECKPOINTS unless said")] = None,
    pubkey: Annotated[list[Path] | None, typer.Option(help="what signed them: a .pub file")] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="hold the database against the checkpoints")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Bring a backup back into an empty database, as theca_migrate; no letter leaves until `theca relay resume`.

    Exit 0: back, and with --check the newest there was. 1: an old one, or broken. 3: could not check.
    """
    if folder is None and not check:
        raise typer.BadParameter("a folder, or --check")
    with plainly(), ground(upgrade=False) as here:
        notes = notes_at_hand(here.now, checkpoints, pubkey or ())
        if folder is not None:
            began = time.monotonic()
            key = here.now.theca_key_file
            if key is None:
                raise ImpossibleInputError("no key file is set", allowed="THECA_KEY_FILE names it")
            back = backup.restore(here.admin_url(), folder, notes, vault.Vault.from_file(key))
            print(
                f"back: {backup.PAGE} says {back.backup.at:%Y-%m-%d %H:%M:%S} UTC, in {time.monotonic() - began:.0f} s;"
                f" letters are paused, {back.handed_over} had left by the journal, {back.erased_again} erased again"
            )
        if check:
            raise typer.Exit(_checked(here, notes, as_json=as_json))


def _checked(here: Ground, notes: Notes, *, as_json: bool) -> int:
    with closing(here.verify()) as store:
        found, stale = backup.check(store, notes, opening=here.now.theca_key_file is not None)
    if as_json:
        flaws = [{"chain": flaw.chain, "seq": flaw.seq, "kind": flaw.kind} for flaw in found.flaws]
        print(json.dumps({"sound": found.sound, "stale": stale, "lines": found.lines, "flaws": flaws}, indent=2))
    elif found.sound:
        print(f"ok   {found.lines} lines of {found.chains} chains, as checkpoint {found.notes} signed them")
    else:
        print(f"BAD  {f'an old backup: {stale}' if stale else 'not what was signed'}")
        for flaw in found.flaws:
            print(f"     {flaw.kind}: {flaw.chain or 'checkpoints'}: {flaw.detail}")
    return 0 if found.sound else 1
