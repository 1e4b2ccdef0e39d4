"""theca demo: start everything, walk, look at what came of it; then stay until Ctrl-C, or end with --exit."""

import signal
import threading
import time
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import httpx
import typer

from workflow.cli.demo import aftermath, files, walks
from workflow.cli.demo.arrival import PROTOCOL, SITES, Arrival
from workflow.cli.demo.clinic import Clinic, Member, people, words
from workflow.cli.demo.house import House, HouseError, opened
from workflow.cli.demo.mailbox import HOST, Mailbox, mailbox
from workflow.cli.demo.telling import Telling, telling
from workflow.cli.demo.walker import Past, StrayedError, Walker
from workflow.cli.demo.walks import ILSE, SIGNERS, Walk
from workflow.settings import Settings, settings

app = typer.Typer(add_completion=False)

INTERRUPTED, COULD_NOT = 130, 3
SITE, VERSION = "north", 2
# A connection that idled while a verb ran is given up before the service may close it.
_LIMITS = httpx.Limits(keepalive_expiry=2)


@app.command()
def demo(
    *,
    leave: Annotated[bool, typer.Option("--exit", help="end when the walks are done, with status 0 or 1")] = False,
    own_database: Annotated[
        bool, typer.Option("--own-database", help="write invented people into the database DATABASE_URL names")
    ] = False,
) -> None:
    """Start everything and watch invented candidates walk the pathway."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    now, told = settings(), telling()
    if now.database_url and not own_database:
        told.line(
            "theca: DATABASE_URL is set; the demo writes invented people there only with --own-database", indent=0
        )
        raise typer.Exit(COULD_NOT)
    if not files.REFERRALS.exists():
        told.line(f"theca: the demo needs the files in {files.EXAMPLES}; run it from a clone", indent=0)
        raise typer.Exit(COULD_NOT)
    try:
        code = _play(now, told, stay=not leave)
    except HouseError as wrong:
        told.line(str(wrong), indent=0)
        raise typer.Exit(wrong.code) from None
    except KeyboardInterrupt:
        code = INTERRUPTED
    told.line("everything is stopped", style="dim", indent=1)
    raise typer.Exit(code)


def _play(now: Settings, told: Telling, *, stay: bool) -> int:
    """The whole demo. Answers 0 where everything was as it should be, else 1."""
    folder = now.theca_data.absolute() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    _greet(told)
    with ExitStack() as stack:
        box = stack.enter_context(mailbox())
        with told.waiting("starting PostgreSQL, Valkey, the API, a worker and beat ..."):
            house = stack.enter_context(opened(folder, _with_mail(box)))
        told.line(
            f"Theca answers at {house.address}; its e-mail goes to a mailbox of this demo, on port {box.port}", indent=1
        )
        today = datetime.now(ZoneInfo(SITES[0][2])).date()
        arrival = Arrival(house=house, telling=told, folder=folder, past=Past(zone=ZoneInfo(SITES[0][2]), today=today))
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)  # once is enough: what runs is being stopped
        told.chapter("A site and its people")
        tokens = arrival.staff()
        staff = people(files.PEOPLE, tokens, arrival.passwords())
        with httpx.Client(base_url=f"{house.address}/api/v1", timeout=15, limits=_LIMITS) as http:
            _show(arrival, Clinic(http, staff), box)
            code = 0 if _sum_up(told, seconds=time.monotonic() - began) else 1
            if stay:
                with suppress(KeyboardInterrupt):
                    _stay(told, house, Clinic(http, staff), box)
    return code


def _show(arrival: Arrival, clinic: Clinic, box: Mailbox) -> None:
    """Everything there is to see, chapter by chapter."""
    told = arrival.telling
    told.chapter("Referrals and pain diaries, as a clinic exports them", "Invented people, with the usual dirt.")
    arrival.spreadsheets(clinic)
    told.chapter("Some are on the way already: taken over at the stage they are really in")
    arrival.adopted(clinic)
    told.chapter("The coordinator goes through today's referrals")
    arrival.triage(clinic)
    arrival.backlog(clinic)
    walkers = [_walk(walk, arrival, clinic) for walk in walks.cast(f"{datetime.now(arrival.past.zone):%y%m%d-%H%M%S}")]
    told.chapter("What one site has is not there for another")
    _elsewhere(told, clinic, walkers[0])
    told.chapter(
        "What time did meanwhile: the e-mails",
        "Nobody pressed a button for these: they were due, so the worker sent them.",
    )
    aftermath.mails(clinic, box, told, walkers)
    told.chapter("Where everybody stands at Nordhafen")
    aftermath.board(clinic, told, walkers[0].words)
    told.chapter("Is everything as it says?")
    aftermath.doctor(arrival.house, told)


def _walk(walk: Walk, arrival: Arrival, clinic: Clinic) -> Walker:
    """Walk one route, and look whether it ended where it should and was barred by what it is about."""
    told = arrival.telling
    told.chapter(walk.title, walk.shows)
    walker = Walker(
        clinic=clinic,
        telling=told,
        words=words(clinic, ILSE, PROTOCOL, VERSION),
        past=arrival.past,
        who=walk.who,
        site=SITE,
        protocol=f"{PROTOCOL}@{VERSION}",
    )
    told.line(f"{walk.who.name}, invented, record number {walk.who.number}", style="bold", indent=1)
    bars: list[str] = []
    try:
        bars = [str(gate["because"]) for gate in walk.route(walker) if gate["gate"] == walk.barred_by]
    except StrayedError as strayed:
        told.line(f"the walk ends here: {strayed}", style="bold red")
    stage = walker.stands(ILSE) if walker.episode else "nowhere"
    told.expect(f"barred once, because: {walk.because}", held=any(walk.because in because for because in bars))
    label = walker.words.stage(walk.ends_in)
    told.expect(f"{walk.who.name} stands in {label} at the end", held=stage == walk.ends_in)
    return walker


def _elsewhere(told: Telling, clinic: Clinic, walker: Walker) -> None:
    stranger = clinic.of_role("clinician", "south")
    reply = clinic.ask(stranger.id, f"/episodes/{walker.episode}")
    told.step("now", str(stranger), f"Look at {walker.code} from the other site", answer=reply.trouble)
    told.expect(
        "a clinician of the other site is told there is no such thing", held=reply.status == httpx.codes.NOT_FOUND
    )


def _sum_up(told: Telling, *, seconds: float) -> bool:
    told.chapter("In short")
    broken = [what for what, held in told.kept if not held]
    for what in broken:
        told.line(f"NOT SO: {what}", style="bold red", indent=1)
    count = len(told.kept)
    told.line(
        f"{count - len(broken)} of {count} expectations held, in {seconds:.0f} s. Everybody here is invented.", indent=1
    )
    return not broken


def _stay(told: Telling, house: House, clinic: Clinic, box: Mailbox) -> None:
    """Keep running until Ctrl-C; tell of e-mails as they come."""
    told.chapter("It goes on running", "Ctrl-C stops everything. The data stay, and the next demo adds to them.")
    roles = {member.role: member for member in reversed(tuple(clinic.people.values())) if member.site == SITE}
    told.table(("role", "name", "token"), [(one.role, one.name, one.token) for one in reversed(roles.values())])
    token = clinic.of_role("coordinator", SITE).token
    told.line("Try, for example:", indent=1)
    told.verbatim(f"curl -H 'Authorization: Bearer {token}' '{house.address}/api/v1/tasks?late=true'")
    _sign_in(told, house, clinic.people[SIGNERS[0]])
    shown = len(box.mails)
    pause = threading.Event()
    while house.runs:
        for mail in box.mails[shown:]:
            told.line(f"e-mail to {mail.to}: {mail.subject}", style="dim", indent=1)
        shown = len(box.mails)
        pause.wait(1)
    raise HouseError("theca up has ended; its logs say why", code=COULD_NOT)


def _sign_in(told: Telling, house: House, who: Member) -> None:
    """Name somebody who can sign in, and sign, with a password made up for this demo."""
    password = who.password
    told.line(f"or sign in as {who.name} ({who.id}) with the password {password}, made up for this demo:", indent=1)
    told.verbatim(
        "curl -c cookies -H 'Content-Type: application/json' "
        f'-d \'{{"person": "{who.id}", "password": "{password}"}}\' \'{house.address}/api/v1/sessions\''
    )


def _greet(told: Telling) -> None:
    told.line(
        "Theca: the trial phase of intrathecal drug delivery, walked by people who do not exist", style="bold", indent=0
    )
    told.line(
        "Every name, number and letter below is invented. The parts are real: PostgreSQL, Valkey (Redis protocol),"
        " FastAPI, a Celery worker and beat as processes of their own. What is printed is what the service answered.",
        style="dim",
        indent=0,
    )


def _with_mail(box: Mailbox) -> dict[str, str]:
    """The settings that send e-mail to the demo's own mailbox."""
    return {
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(box.port),
        "SMTP_TLS": "false",
        "SMTP_USER": "",
        "SMTP_PASSWORD": "",
        "TRANSPORT": "smtp",
        "THECA_TOKEN": "",
    }
