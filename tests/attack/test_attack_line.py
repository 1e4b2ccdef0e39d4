"""What arrives on the line before it is a request."""

from tests.attack import of_line
from tests.attack.ground import Ground


def test_a_message_of_two_lengths_is_one_or_none(stood_on: Ground):
    assert of_line.two_lengths(stood_on).missed == []


def test_a_method_nobody_declared_is_refused(stood_on: Ground):
    assert of_line.undeclared(stood_on).missed == []


def test_a_request_nobody_ends_holds_nobody_up(stood_on: Ground):
    assert of_line.halves(stood_on, lines=50).missed == []
