"""Messages that are read all at once are what they are read one by one, or are not read at once at all."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.formats.apart import read_apart
from casedesk.formats.mapping import TRANSACTION_FIELDS

GOOD = b'{"transaction_id":"T-1","amount":"5.00","reference":null,"from_country":"\xc3\x85"}'
#: What breaks a message, hides another in it, or lets it end in the next one.
PIECES = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\n", b" ", b"\\", b"1", b"NaN", b"null", b"\xff", b"\\ud800", b"\x00",
    b',"x":1', b'"amount":"7"', b'"},{"', b'"}\n{"', b"{}", GOOD, b"",
)  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A good message, or one with a piece put in or taken out."""
    text = GOOD
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[stop:]
    return text


@given(st.lists(messages(), min_size=1, max_size=4))
@settings(max_examples=500, deadline=None)
def test_whatever_is_read_at_once_is_read_one_by_one_as_well_and_is_the_same(values: list[bytes]) -> None:
    found = read_apart(values)
    if found is None:
        return
    objects: list[dict[str, Any]] = [orjson.loads(value) for value in values]
    assert all(isinstance(one, dict) for one in objects)
    columns = dict(zip(TRANSACTION_FIELDS, (column.to_pylist() for column in found.records.columns), strict=True))
    for name, column in columns.items():
        assert column == ["" if one.get(name) is None else one[name] for one in objects]
    assert list(found) == objects


@pytest.mark.parametrize(
    "values",
    [
        [GOOD, b""], [GOOD + GOOD], [GOOD + b"," + GOOD], [b"[" + GOOD + b"]"], [b'{"amount":5}'], [b'{"more":"x"}'],
        [b'{"amount":"1"', b"}"], [b'{"amount":"1","amount":"2"}'], [b'{"amount":"\xff"}'], [b'{"amount":NaN}'], [],
    ],
)  # fmt: skip
def test_what_has_to_be_looked_at_by_itself_is_not_read_at_once(values: list[bytes]) -> None:
    assert read_apart(values) is None
    assert read_apart([GOOD, *values, GOOD]) is None or not values


def test_good_messages_are_read_at_once() -> None:
    found = read_apart([GOOD, GOOD.replace(b"T-1", b"T-2")])
    assert found is not None
    assert found.records.columns[0].to_pylist() == ["T-1", "T-2"]
