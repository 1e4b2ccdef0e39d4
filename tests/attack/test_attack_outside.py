"""What leaves leads nowhere inside, and says no more than it should."""

from tests.attack import of_outside
from tests.attack.ground import Ground


def test_no_address_leads_a_webhook_inside(stood_on: Ground):
    assert of_outside.inward(stood_on, every=3).missed == []


def test_no_line_is_smuggled_into_a_letter(stood_on: Ground):
    assert of_outside.smuggled(stood_on).missed == []


def test_no_cell_of_a_file_of_ours_would_run(stood_on: Ground):
    assert of_outside.formulas(stood_on).missed == []
