"""The bytes that are hashed: the same for the same facts, for ever, and back again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.domain.canonical import canonical, instant, plain, revive
from workflow.domain.ledger import SALT_BYTES, commitment, digest
from workflow.domain.observation import Absence, Observation

AT = datetime(2026, 11, 22, 9, 5, 1, 20, tzinfo=UTC)
SEEN = Observation(
    key="3.0", item="inr", observed_at=AT, recorded_at=AT, by="nurse-1", number=Decimal("1.10"), unit="{INR}"
)


def test_these_facts_have_these_bytes():
    assert canonical(SEEN) == (
        b'{"by":"nurse-1","item":"inr","key":"3.0","number":"1.10","observed_at":"2026-11-22T09:05:01.000020Z",'
        b'"recorded_at":"2026-11-22T09:05:01.000020Z","unit":"{INR}"}'
    )
    assert digest(canonical(SEEN)) == "403aac9377f5106ebc90c01a73ed5c7ec21890d51e0f06b106343d5847074fe5"


def test_a_decimal_keeps_the_scale_it_was_entered_with():
    assert plain(Decimal("1.10")) == "1.10"
    assert plain(Decimal("1E+2")) == "100"
    assert revive(Observation, plain(SEEN)) == SEEN
    assert str(revive(Observation, plain(SEEN)).number) == "1.10"


def test_a_time_is_the_same_moment_in_every_zone():
    assert instant(AT) == instant(AT.astimezone(timezone(timedelta(hours=5, minutes=45))))
    with pytest.raises(ValueError, match="offset"):
        instant(AT.replace(tzinfo=None))


def test_the_same_letters_composed_or_not_are_the_same_bytes():
    assert canonical({"a": "Mu\u0308ller"}) == canonical({"a": "Müller"})


@pytest.mark.parametrize("value", [True, 1.5, object(), {"a": 2.0}, {1, 2}])
def test_what_has_no_one_form_is_refused(value: object):
    with pytest.raises(TypeError, match="canonical"):
        canonical(value)


@dataclass(frozen=True)
class Nest:
    items: tuple[Observation, ...]


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.text(st.characters(exclude_categories=("Cs",))),
)
def test_there_and_back(number: Decimal, at: datetime, text: str):
    one = Observation(key="k", item="i", observed_at=at, recorded_at=at, by="b", number=number)
    two = Observation(key="k", item="i", observed_at=at, recorded_at=at, by=text, absent=Absence.ASLEEP)
    back = revive(Nest, plain(Nest((one, two))))
    assert canonical(back) == canonical(Nest((one, two)))
    assert back.items[0] == one


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_changed_byte_changes_the_hash(head: bytes, data: st.DataObject):
    place = data.draw(st.integers(0, len(head) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytes(b ^ (1 << bit) if i == place else b for i, b in enumerate(head))
    assert digest(changed) != digest(head)
    salt = b"s" * SALT_BYTES
    assert commitment(salt, changed) != commitment(salt, head)


def test_a_salt_is_never_short():
    with pytest.raises(ValueError, match="32"):
        commitment(b"short", b"payload")
