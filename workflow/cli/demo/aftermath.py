"""What time did meanwhile: the e-mails that came, where everybody stands, and whether everything is as it says."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from workflow.cli.demo import files
from workflow.cli.demo.clinic import Clinic, Words
from workflow.cli.demo.house import House
from workflow.cli.demo.mailbox import Mail, Mailbox
from workflow.cli.demo.telling import Telling
from workflow.cli.demo.walker import Walker
from workflow.cli.demo.walks import ILSE

QUIET, MOST = 7.0, 60.0  # seconds: longer than a tick, and as long as anybody would wait


def mails(clinic: Clinic, box: Mailbox, telling: Telling, walkers: Sequence[Walker]) -> None:
    """Wait for the e-mails the worker sends, show them, and look whether one names anybody."""
    codes = {walker.code for walker in walkers}
    with telling.waiting("waiting for the worker's e-mails ..."):
        both = box.wait(
            lambda came: _of(came, codes, late=False) != [] != _of(came, codes, late=True), quiet=QUIET, most=MOST
        )
    came = list(box.mails)
    _overview(clinic, telling, came)
    telling.expect("a reminder and an escalation came for the people who just walked", held=both)
    if both:
        telling.line("A reminder, an escalation, and that one in full:", style="dim", indent=1)
        reminder, escalation = _of(came, codes, late=False)[-1], _of(came, codes, late=True)[-1]
        telling.table(("subject", "to"), [(mail.subject, mail.to) for mail in (reminder, escalation)])
        _in_full(telling, escalation)
    named = leaks(came, [*files.names(files.REFERRALS), *_known(walkers)])
    telling.expect(f"no name and no record number is in any of the {len(came)} e-mails", held=not named)


def board(clinic: Clinic, telling: Telling, words: Words) -> None:
    """How many stand where."""
    counted: Counter[str] = Counter()
    for stage in words.definition["stages"]:
        cursor: dict[str, str] = {}
        while True:
            page = clinic.ask(ILSE, "/episodes", site="north", stage=stage, limit=200, **cursor).body
            counted[stage] += len(page["items"])
            if not page["next"]:
                break
            cursor = {"cursor": page["next"]}
    rows = [(words.stage(stage), number) for stage, number in counted.items() if number]
    telling.table(("stage", "candidates"), rows)


def doctor(house: House, telling: Telling) -> None:
    """Ask the doctor, who checks every episode against its ledger."""
    with telling.waiting("theca doctor --invariants ..."):
        ran = house.theca("doctor", "--invariants")
    telling.command(ran.shown, ran.said)
    telling.expect("every part is well, and every state is the fold of its ledger", held=ran.code == 0)


def leaks(came: Iterable[Mail], names: Iterable[str]) -> set[str]:
    """The names and numbers that stand in an e-mail as a word of their own."""
    wanted = {name.casefold() for name in names if name}
    wanted |= {part for name in wanted for part in name.split("-") if name.replace("-", "").isalpha()}
    text = " ".join(mail.whole.casefold() for mail in came)
    return wanted & {*re.findall(r"[\w-]+", text), *re.findall(r"\w+", text)}


def _overview(clinic: Clinic, telling: Telling, came: Sequence[Mail]) -> None:
    counted: dict[tuple[str, int], list[Mail]] = defaultdict(list)
    for mail in came:
        counted[mail.urgency, mail.rung].append(mail)
    rows = [
        (
            len(of),
            "reminder" if rung == 0 else f"escalation {rung}",
            urgency,
            len({mail.code for mail in of}),
            ", ".join(sorted({_role(clinic, m) for m in of})),
        )
        for (urgency, rung), of in sorted(counted.items())
    ]
    telling.table(("e-mails", "kind", "urgency", "candidates", "to"), rows)


def _in_full(telling: Telling, mail: Mail) -> None:
    for line in (f"To: {mail.to}", f"Subject: {mail.subject}", "", *mail.body.strip().splitlines()):
        telling.line(f"| {line}", hanging="| ")


def _of(came: Sequence[Mail], codes: set[str], *, late: bool) -> list[Mail]:
    return [mail for mail in came if mail.code in codes and (mail.rung > 0) is late]


def _known(walkers: Sequence[Walker]) -> Iterable[str]:
    for walker in walkers:
        yield from (walker.who.number, walker.who.family_name, walker.who.given_name)


def _role(clinic: Clinic, mail: Mail) -> str:
    """What whoever got it is; the example people's addresses begin with their ids."""
    return clinic.people[mail.to.partition("@")[0]].role
