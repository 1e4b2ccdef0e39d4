"""theca import and adopt: take candidates in from what a clinic has."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from workflow.cli.ground import REFUSED, asking, ground, plainly, write_private
from workflow.domain.decide import PriorTrial, RunningDuty
from workflow.domain.errors import ImpossibleInputError, NotFoundError
from workflow.domain.trial import Method
from workflow.service import act, intake
from workflow.service.act import Asked
from workflow.service.intake import DIARY, REFERRAL, Dates, Intake, Source
from workflow.store import candidates

imports = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
adopts = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
_Site = Annotated[str, typer.Option(help="the site the rows belong to")]
_Map = Annotated[list[str] | None, typer.Option("--map", help="field=Heading, where the file's heading differs")]
_Errors = Annotated[Path | None, typer.Option(help="where to write the refused rows, with the reason")]
_Protocol = Annotated[str, typer.Option(help="key, or key@number")]


@imports.command()
def referrals(
    file: _File,
    site: _Site,
    dates: Dates = Dates.ISO,
    protocol: _Protocol = "opioid_trial",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    errors: _Errors = None,
    headings: _Map = None,
) -> None:
    """Enrol every referral of a CSV. Refused rows are named, and written to --errors; running it again is safe."""
    with plainly(), ground() as here:
        desk = here.desk()
        source = Source(
            desk=desk, person=asking(desk, here.now), site=site, protocol=protocol, dates=dates, dry=dry_run
        )
        found = intake.rows(file.read_bytes(), REFERRAL, headings=_pairs(headings, REFERRAL))
        _tell(intake.referrals(source, found), REFERRAL, errors, site=site, dry=dry_run)


@imports.command()
def diaries(
    file: _File,
    site: _Site,
    dates: Dates = Dates.ISO,
    protocol: _Protocol = "opioid_trial",
    item: Annotated[str, typer.Option(help="the item the scores are recorded as")] = "nrs",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    errors: _Errors = None,
    headings: _Map = None,
) -> None:
    """Record every score of a pain diary. An empty score is refused, never zero; asleep and the like are absences."""
    with plainly(), ground() as here:
        desk = here.desk()
        source = Source(
            desk=desk, person=asking(desk, here.now), site=site, protocol=protocol, dates=dates, dry=dry_run
        )
        found = intake.rows(file.read_bytes(), DIARY, headings=_pairs(headings, DIARY))
        _tell(intake.diaries(source, found, item=item), DIARY, errors, site=site, dry=dry_run)


@adopts.command()
def adopt(
    mrn: str,
    site: _Site,
    stage: Annotated[str, typer.Option()],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%dT%H:%M%z"], help="like 2026-11-02T09:30+0100")],
    reason: Annotated[str, typer.Option(help="the record this rests on")],
    protocol: _Protocol = "opioid_trial",
    duty: Annotated[list[str] | None, typer.Option(help="name=since, for a duty that is open already")] = None,
    trial: Annotated[
        list[str] | None, typer.Option(help="method,drug,started[,punctured[,catheter out[,ended]]]")
    ] = None,
) -> None:
    """Take over a candidate who was enrolled just now, at the stage they really are in."""
    with plainly(), ground() as here:
        desk = here.desk()
        person = asking(desk, here.now)
        with desk.store.transaction(person.sites) as connection:
            episode = candidates.open_episode(connection, desk.store.vault, site, mrn, protocol)
        if episode is None:
            raise NotFoundError(f"no open episode for record number {mrn!r} at {site}")
        answer = act.adopt(
            desk,
            Asked(person=person, episode=episode),
            stage=stage,
            reason=reason,
            occurred_at=since,
            trials=tuple(_trial(text, reason) for text in trial or ()),
            duties=tuple(_duty(text) for text in duty or ()),
        )
        print(f"{mrn} stands in {answer.stage} since {answer.occurred_at}")
        if "withheld" in answer.about:
            print(f"{answer.about['withheld']} arrived overdue and wait for a release: theca backlog list {site}")


def _duty(text: str) -> RunningDuty:
    name, _, since = text.partition("=")
    return RunningDuty(name=name, since=_time(since))


def _trial(text: str, source: str) -> PriorTrial:
    method, drug, started, punctured, out, ended, *surplus = [*text.split(","), "", "", "", "", ""]
    if any(surplus):
        raise ImpossibleInputError(f"{text!r} says more than a trial has", place="--trial")
    if method not in (Method.SINGLE_SHOT, Method.CATHETER):
        raise ImpossibleInputError(f"no trial method {method!r}", place="--trial", allowed="single_shot or catheter")
    return PriorTrial(
        method=Method(method),
        drug=drug,
        started_at=_time(started),
        punctured_at=_time(punctured) if punctured else None,
        catheter_out_at=_time(out) if out else None,
        ended_at=_time(ended) if ended else None,
        source=source,
    )


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ImpossibleInputError(f"{text!r} is not a time", allowed="like 2026-11-02T09:30+01:00") from None


def _pairs(headings: list[str] | None, fields: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in headings or ()]
    wrong = [field for field, _, heading in pairs if field not in fields or not heading]
    if wrong:
        raise ImpossibleInputError(f"--map {wrong[0]}", allowed=f"field=Heading, of {', '.join(fields)}")
    return {field: heading for field, _, heading in pairs}


def _tell(found: Intake, fields: tuple[str, ...], errors: Path | None, *, site: str, dry: bool) -> None:
    """Say what became of a file; exit 1 where a row was refused."""
    for refused in found.refused:
        print(f"line {refused.row.line}: {refused.because}")
    if errors is not None:
        write_private(errors, intake.error_file(found, fields))
    verb = "would be taken" if dry else "taken"
    print(f"{found.taken} rows {verb}, {found.known} known already, {len(found.refused)} refused")
    if found.withheld:
        waits = "would wait" if dry else "wait"
        print(f"{found.withheld} arrived overdue and {waits} for a release: theca backlog list {site}")
    if found.refused:
        raise typer.Exit(REFUSED)
