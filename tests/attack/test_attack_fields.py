"""Words that some program would run stay words, and nobody sets what is not theirs to set."""

from tests.attack import of_fields
from tests.attack.ground import Ground
from tests.attack.watch import Watch


def test_no_field_takes_what_would_be_read_as_a_command(stood_on: Ground, watch: Watch):
    result = of_fields.commands(stood_on, watch, share=0.06)
    assert watch.broken == []
    assert result.missed == []


def test_no_query_reaches_the_database_as_words(stood_on: Ground, watch: Watch):
    result = of_fields.queries(stood_on, watch, share=0.08)
    assert watch.broken == []
    assert result.missed == []


def test_no_id_is_a_command(stood_on: Ground, watch: Watch):
    result = of_fields.paths(stood_on, watch, share=0.08)
    assert watch.broken == []
    assert result.missed == []


def test_no_body_takes_a_field_nobody_declared(stood_on: Ground, watch: Watch):
    result = of_fields.foreign(stood_on, watch, share=0.015)
    assert watch.broken == []
    assert result.missed == []
