"""What every answer forbids a browser, and headers that change nothing."""

from tests.attack import of_headers
from tests.attack.ground import Ground


def test_every_answer_forbids_what_a_browser_could_do_with_it(stood_on: Ground):
    assert [bar for bar in of_headers.forbidding(stood_on).missed if bar.startswith("policy")] == []


def test_every_answer_says_what_it_is(stood_on: Ground):
    assert [bar for bar in of_headers.forbidding(stood_on).missed if bar.startswith(("type", "answers"))] == []


def test_no_answer_lets_another_origin_in(stood_on: Ground):
    assert [bar for bar in of_headers.forbidding(stood_on).missed if bar.startswith(("cors", "cookie"))] == []


def test_no_forwarded_header_changes_who_asks_or_what_is_counted(stood_on: Ground):
    assert of_headers.forwarded(stood_on).missed == []


def test_what_is_said_twice_is_refused_or_read_in_one_way(stood_on: Ground):
    assert of_headers.doubled(stood_on).missed == []


def test_nothing_that_is_only_asked_changes_anything(stood_on: Ground):
    assert of_headers.only_asked(stood_on).missed == []
