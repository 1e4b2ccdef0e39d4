"""The preview judges on all that the decision itself will know: the birth date, and what the site has set."""

from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from workflow.service import migrate as migrating
from workflow.service import people
from workflow.service.act import Desk
from workflow.service.migrate import Move
from workflow.store.session import open_store

V1 = (Path(__file__).parents[2] / "protocols" / "opioid_trial" / "v1.yaml").read_text()
ORIGIN = '      - {item: pain_origin, recorded: "yes"}\n'
PARAMETERS = """
parameters:
  oldest: {label: Oldest, unit: a, default: "90", range: ["50", "120"], source: HOUSE, mark: D}
"""


def shifts(desk: Desk, database, line: str) -> list[tuple[str, str, str]]:
    """What becomes of the one gate of a referral, where the next version also asks this line of it."""
    text = V1.replace("version: 1\n", "version: 2\n").replace(ORIGIN, ORIGIN + line) + PARAMETERS
    with closing(open_store(database.migrate, database.key_file)) as store:
        after = people.publish(store, text)
        site = {"site": "north", "protocol": after.key, "name": "oldest", "person": "lead-1", "reason": "our choice"}
        people.set_parameter(store, value=Decimal(60), **site)
    before = migrating.published(desk.store, "opioid_trial@1")
    (looked,) = migrating.preview(desk, Move(before=before, after=after, reason="", by="lead-1"))
    return [
        (gate.before, gate.after, gate.because) for gate in looked.forecast.gates if gate.gate == "referral_complete"
    ]


def test_a_birth_date_counts(desk: Desk, database, enrolled: Callable[..., str], referral_told: Callable[[str], None]):
    referral_told(enrolled())
    line = '      - {derived: age.years, at_least: "100", label: Age, source: HOUSE, mark: D}\n'
    ((before, after, because),) = shifts(desk, database, line)
    assert (before, after) == ("open", "shut")
    assert because.endswith("asked for at least 100")


def test_what_the_site_has_set_counts(
    desk: Desk, database, enrolled: Callable[..., str], referral_told: Callable[[str], None]
):
    referral_told(enrolled())  # born in 1960
    line = '      - {derived: age.years, at_most: "$oldest", label: Age, source: HOUSE, mark: D}\n'
    ((before, after, because),) = shifts(desk, database, line)
    assert (before, after) == ("open", "shut")
    assert because.endswith("asked for at most 60")
