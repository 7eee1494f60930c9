"""The canonical body: RFC 8785, and nothing that any database would store in another way."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.canonical_json import canonical_json
from casedesk.domain.events import KINDS, AlertAttached, CaseAssigned, NoteAdded, ReviewPassed
from casedesk.domain.ledger import (
    ZERO_HASH,
    NotStorable,
    body_from_columns,
    decoded,
    digest,
    is_body_of,
    link,
    normalise,
    plain_digest,
)

WHERE = {
    "stream": "C-26-00001",
    "user": "ana",
    "ts": "2026-07-01T12:00:00.123457Z",
    "event_id": 15,
    "case_seq": 3,
    "prev_hash": ZERO_HASH,
    "nonce": "0" * 32,
}
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
storable = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)


def test_a_body_is_exactly_this() -> None:
    row = link(NoteAdded(notes="Called “Main”\n=1+1", via="app"), **WHERE)
    assert row.body.decode() == (
        '{"action":"note_added","case_id":"C-26-00001","case_seq":3,"event_id":15,"format":"casedesk.event/1",'
        '"meta":{"v":1,"via":"app"},"nonce":"' + "0" * 32 + '","notes":"Called “Main”\\n=1+1","prev_hash":"'
        + "0" * 64 + '","ts":"2026-07-01T12:00:00.123457Z","user":"ana"}'
    )  # fmt: skip
    assert row.event_hash == sha256(row.body).hexdigest()


@given(
    any_text, any_text, any_text, any_text, any_text, st.integers(1, 2**53 - 1), st.integers(1, 2**31),
    st.dictionaries(any_text, any_text | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none() | st.lists(any_text)),
)  # fmt: skip
def test_columns_give_the_bytes_of_rfc_8785(
    case_id: str, user: str, action: str, notes: str, nonce: str, event_id: int, case_seq: int, meta: dict[str, Any]
) -> None:
    values = {
        "action": action, "case_id": case_id, "case_seq": case_seq, "event_id": event_id, "format": "f", "meta": meta,
        "nonce": nonce, "notes": notes, "prev_hash": "p", "ts": "t", "user": user,
    }  # fmt: skip
    text = rfc8785.dumps(meta).decode()
    columns: Any = (event_id, case_id, case_seq, "t", user, action, notes, text, "p", nonce, "f")
    written = body_from_columns(*columns)
    assert written == rfc8785.dumps(values)
    assert is_body_of(written, *columns)
    assert not is_body_of(written[:-1], *columns)


@pytest.mark.parametrize("other", [None, 5, 5.0, True, b"5", "\ud800"])
@pytest.mark.parametrize("place", [1, 3, 4, 5, 6, 7, 8, 9, 10])
def test_what_is_no_text_never_passes_for_the_text_of_a_body(place: int, other: object) -> None:
    columns: list[Any] = [1, "C", 1, "t", "ana", "a", "n", "5", "p", "0", "f"]
    columns[place] = other
    forged = json.dumps(other).encode() if not isinstance(other, bytes) else other
    keys = {
        1: "case_id",
        3: "ts",
        4: "user",
        5: "action",
        6: "notes",
        7: "meta",
        8: "prev_hash",
        9: "nonce",
        10: "format",
    }
    body = json.dumps(
        {"action": "a", "case_id": "C", "case_seq": 1, "event_id": 1, "format": "f", "meta": 5, "nonce": "0", "notes": "n",
         "prev_hash": "p", "ts": "t", "user": "ana"} | {keys[place]: "@"}, separators=(",", ":"),
    ).encode().replace(b'"@"', forged)  # fmt: skip
    assert not is_body_of(body, *columns)


def test_every_sign_is_escaped_as_the_standard_says() -> None:
    signs = "".join(map(chr, range(0x3000))) + "\ufffe\uffff🏦"
    assert canonical_json([signs]) == rfc8785.dumps([signs])
    assert canonical_json({"a": "x" + signs[:128]}) == rfc8785.dumps({"a": "x" + signs[:128]})


json_values = st.recursive(
    any_text | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_the_fast_writer_writes_the_canonical_form(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_keys_stand_in_the_order_of_utf_16() -> None:
    assert canonical_json({"\ufb33": 1, "🏦": 2}) == '{"🏦":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**70, {"a": object()}, ["\ud800"]])
def test_what_json_cannot_carry_exactly_is_refused(value: Any) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical_json(value)


@pytest.mark.parametrize("text", ["\ud800", "a\udfe6"])
def test_half_a_character_has_a_digest_too(text: str) -> None:
    assert plain_digest({"a": text}) != plain_digest({"a": "x"})


@pytest.mark.shared
@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_the_vectors_of_the_standard(shared: Path, name: str) -> None:
    folder = shared / "formats" / "jcs"
    value = json.loads((folder / "input" / f"{name}.json").read_text(encoding="utf-8"))
    expected = bytes.fromhex((folder / "outhex" / f"{name}.txt").read_text().replace("\n", " "))
    assert digest(value) == sha256(expected).hexdigest()


@given(storable)
def test_equal_words_have_equal_bytes_however_they_were_typed(text: str) -> None:
    import unicodedata

    once = normalise(unicodedata.normalize("NFD", text))
    assert once == normalise(text) == normalise(once)


@pytest.mark.parametrize("text", ["\ud83c", "a\udfe6", "\udfe6\ud83c"])
def test_half_a_character_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(NotStorable, match=r"half a character at position [12]; type it again"):
        link(NoteAdded(notes=text, via="app"), **WHERE)


def test_a_whole_emoji_is_no_half_character() -> None:
    assert "🏦".encode() in link(NoteAdded(notes="🏦", via="app"), **WHERE).body


@pytest.mark.parametrize("where", ["notes", "meta"])
def test_nul_is_refused_wherever_it_stands(where: str) -> None:
    event = NoteAdded(notes="\x00", via="app") if where == "notes" else NoteAdded(notes="x", via="a\x00")
    with pytest.raises(NotStorable, match="NUL character; remove it"):
        link(event, **WHERE)


def test_a_number_that_json_cannot_carry_exactly_is_refused() -> None:
    event = CaseAssigned(owner="a", previous="", escalation=False, bulk="", via=1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a ledger body holds no float"):
        link(event, **WHERE)


def test_the_nonce_keeps_equal_events_apart() -> None:
    event = NoteAdded(notes="x", via="app")
    assert link(event, **WHERE).event_hash != link(event, **{**WHERE, "nonce": "1" * 32}).event_hash


def test_money_and_lists_stand_in_meta_as_text_and_lists() -> None:
    alert = AlertAttached(
        alert_id="A", rule="r", rule_version="1", severity=80, amount_minor=str(2**60), transactions=3, digest="d"
    )
    assert link(alert, **WHERE).data["amount_minor"] == str(2**60)
    review = ReviewPassed(checklist=("alerts", "funds"), severity="", draw_id="", via="app", notes="")
    assert link(review, **WHERE).data["checklist"] == ["alerts", "funds"]


def test_every_kind_is_found_by_its_action_and_says_what_happened() -> None:
    for action, kind in KINDS.items():
        assert kind.action == action
        assert kind.title
    assert len(KINDS) == len({kind.title for kind in KINDS.values()})


@pytest.mark.parametrize("meta", ["[]", "1", '"x"', "null", "{", ""])
def test_meta_that_is_no_object_is_refused(meta: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decoded(meta)


@given(
    st.dictionaries(st.text("abcdef_", min_size=1), st.one_of(storable, st.integers(0, 2**53 - 1), st.lists(storable)))
)
def test_the_fast_digest_is_the_digest(value: dict[str, str | int | list[str]]) -> None:
    assert plain_digest(value) == digest(value)
