"""The name a person signs with is text on one line that reads as it is written."""

import pytest

from workflow.domain.errors import ImpossibleInputError
from workflow.service import people
from workflow.store.session import Store, open_store


@pytest.fixture
def admin(database):
    opened = open_store(database.migrate, database.key_file)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ["", " ", "Ada\u202eretsgnaG", "Ada\nLead", "Ada\x00", "Ada\u200b\x1b[2J", "x" * 201])
def test_a_name_nobody_could_read_is_refused(admin: Store, name: str):
    with pytest.raises(ImpossibleInputError) as refused:
        people.add_person(admin, person="ada", name=name)
    assert (refused.value.place, refused.value.allowed) == ("name", "one line, 1 to 200 characters")


def test_a_label_of_a_token_is_text_on_one_line(admin: Store):
    with pytest.raises(ImpossibleInputError):
        people.add_token(admin, person="nurse-1", label="x\x1b[2J", days=1)


@pytest.mark.parametrize("name", ["Ada Löfström-O'Neill", "李 娜", "Zoë"])
def test_a_name_of_any_alphabet_is_taken(admin: Store, name: str):
    people.add_person(admin, person="ada", name=name)
