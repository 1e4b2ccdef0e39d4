"""What one person signed is good for nothing once nobody can agree to it; and nobody agrees to another time."""

from dataclasses import replace

from printing import migrated
from route import DAY, ready_for_implant, reviewed
from signed import SIGNED, standing, voided
from test_signing import in_review
from world import CEM, CLARA, INES, barred

REVIEW = "advance:decide_implant"


def test_a_second_person_does_not_date_back_what_the_first_signed_for_now():
    """An implant done before anybody approved it is a deviation, whatever time the second person says."""
    walker = ready_for_implant(in_review())
    walker.record(**DAY)
    walker.later("3h")
    walker.advance("approve_implant", INES)
    late = walker.advance("approve_implant", CEM, at=walker.ago("2h"), reason="forgotten")
    assert late.entry.outcome == "proposed"
    assert "no authorisation stands" in barred(walker.advance("record_implant", INES, at=walker.ago("1h")))


def test_nor_where_nothing_is_signed():
    walker = reviewed()
    walker.record(CLARA, review_outcome="implant", life_expectancy_months=60)
    walker.later("3h")
    walker.advance("decide_implant", CLARA)
    assert walker.advance("decide_implant", CEM, at=walker.ago("2h")).entry.outcome == "proposed"


def test_two_people_sign_a_late_entry_as_of_the_same_time_and_it_stands_in_the_record():
    walker = in_review()
    at = walker.now
    walker.later("3h")
    assert walker.together("decide_implant", at=at).entry.outcome == "done"
    one, other = (signed for signed in standing(walker) if signed.about == REVIEW)
    assert one.digest == other.digest
    assert '"asked":{"at":"2026-' in walker.lines[-1].payload.decode()


def test_what_one_person_signed_ends_with_the_version_it_was_asked_under():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    assert not migrated(walker, replace(SIGNED, number=2)).refused
    assert REVIEW not in {one.about for one in standing(walker)}
    assert REVIEW in {one.about for one in voided(walker)}


def test_what_one_person_signed_ends_when_nobody_agreed_in_time():
    walker = in_review()
    walker.advance("decide_implant", CLARA)
    walker.later("3d").tick()
    (gone,) = [one for one in walker.episode.signatures.values() if one.about == REVIEW]
    assert (gone.stands, gone.void_reason) == (False, "it lapsed before a second person agreed")
    assert walker.advance("decide_implant", CEM).entry.outcome == "proposed"
    assert walker.advance("decide_implant", CLARA).entry.outcome == "done"
