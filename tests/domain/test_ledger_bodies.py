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

from casedesk.domain.events import KINDS, AlertAttached, CaseAssigned, NoteAdded, ReviewPassed
from casedesk.domain.ledger import (
    ZERO_HASH,
    NotStorable,
    body_from_columns,
    decoded,
    digest,
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
    written = body_from_columns(event_id, case_id, case_seq, "t", user, action, notes, text, "p", nonce, "f")
    assert written == rfc8785.dumps(values)


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
