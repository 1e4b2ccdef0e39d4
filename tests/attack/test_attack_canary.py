"""Nothing that is said of a person is found where it should not be."""

from tests.attack import of_canary
from tests.attack.house import House


def test_nothing_of_a_person_leaves_by_log_mail_webhook_broker_figure_or_refusal(broken_into: House):
    assert of_canary.leaked(broken_into).missed == []
