"""theca doctor: is it well, and is everything as it says."""

import json
from contextlib import closing
from dataclasses import asdict

import typer

from workflow.cli.ground import ground, plainly
from workflow.service.audit import audit
from workflow.service.guards import loose
from workflow.service.health import examine

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def doctor(*, invariants: bool = False, as_json: bool = typer.Option(False, "--json")) -> None:
    """Look at the running parts; with --invariants, check every episode against its ledger, and the ledger's guards.

    Exit 0 sound, 1 something is wrong, 3 could not look.
    """
    with plainly(), ground(upgrade=False) as here:
        desk = here.desk()
        with closing(desk.store):
            findings = [asdict(finding) for finding in examine(desk.store, desk.bell)]
        flaws: list[dict[str, str]] = []
        counted = ""
        if invariants:
            with closing(here.verify()) as looking:
                found, guards = audit(looking), loose(looking)
            flaws = [asdict(flaw) for flaw in found.flaws]
            flaws += [{"episode": "", "kind": "guard", "detail": one} for one in guards]
            counted = f"{found.episodes} episodes, {found.lines} ledger lines, {found.messages} messages"
    well = all(finding["well"] for finding in findings) and not flaws
    if as_json:
        print(json.dumps({"well": well, "findings": findings, "invariants": counted, "flaws": flaws}, indent=2))
    else:
        for finding in findings:
            print(f"{'ok ' if finding['well'] else 'BAD'}  {finding['what']}: {finding['shown']}")
            if not finding["well"]:
                print(f"     {finding['remedy']}")
        for flaw in flaws:
            where = f"episode {flaw['episode']}: " if flaw["episode"] else ""
            print(f"BAD  {flaw['kind']}: {where}{flaw['detail']}")
        if invariants:
            print(f"{'BAD' if flaws else 'ok '}  invariants: {counted}, {len(flaws)} flaws")
    raise typer.Exit(0 if well else 1)
