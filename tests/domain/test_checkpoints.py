"""Checkpoints and their envelope, held against the formats' own words and a published example."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.checkpoints import (
    BadCheckpoint,
    BadKey,
    Checkpoint,
    Signature,
    origin,
    parse_note,
    parse_private_key,
    parse_public_key,
    write_note,
)

#: The key that the signed note format's first implementation gives as its example.
PUBLISHED = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ROOT = bytes(range(32))
NOTE = (
    "desk.bank.example/ledger\n1234\n" + base64.b64encode(ROOT).decode() + "\n\n— desk.bank.example/ledger "
    + base64.b64encode(b"\x01\x02\x03\x04" + b"s" * 64).decode() + "\n"
)  # fmt: skip


def test_a_note_is_the_text_an_empty_line_and_the_signatures() -> None:
    checkpoint = Checkpoint("desk.bank.example/ledger", 1234, ROOT)
    signature = Signature("desk.bank.example/ledger", b"\x01\x02\x03\x04", b"s" * 64)
    assert write_note(checkpoint.text(), [signature]) == NOTE
    read = parse_note(NOTE)
    assert (read.checkpoint, read.signatures, read.signed) == (checkpoint, (signature,), checkpoint.text())


@given(st.integers(0, 10**17), st.binary(min_size=32, max_size=32), st.integers(0, 3))
def test_what_is_written_is_read_back(size: int, root: bytes, more: int) -> None:
    checkpoint = Checkpoint("o", size, root)
    signatures = tuple(Signature(f"k{n}", b"1234", b"x" * (n + 1)) for n in range(more + 1))
    read = parse_note(write_note(checkpoint.text(), signatures))
    assert (read.checkpoint, read.signatures) == (checkpoint, signatures)


def test_further_lines_mean_nothing_but_are_signed() -> None:
    more = NOTE.replace("\n\n—", "\nwitnessed\n\n—")
    assert parse_note(more).checkpoint == parse_note(NOTE).checkpoint
    assert parse_note(more).signed.endswith("\nwitnessed\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1234", "01234", "Line 2"),
        ("1234", "-1", "Line 2"),
        ("1234", "1,234", "Line 2"),
        ("1234", "", "three lines"),
        ("1234\n", "", "three lines"),
        ("AAEC", "AAE", "Line 3"),
        ("AAEC", "????", "Line 3"),
        ("Hh8=", "Hh9=", "Line 3"),  # the same bytes in another writing
        ("\n\n", "\n", "no signatures"),
        ("— desk", "- desk", "not a signature line"),
        ("— desk.bank.example/ledger ", "— ", "not a signature line"),
        ("AQIDBHNz", "?", "not valid base64"),
        ("ledger\n1", "ledger\r\n1", "control characters"),
        ("ledger\n1", "led\x00ger\n1", "control characters"),
    ],
)
def test_what_is_not_a_signed_checkpoint_is_refused_by_line(old: str, new: str, said: str) -> None:
    assert old in NOTE
    with pytest.raises(BadCheckpoint, match=said):
        parse_note(NOTE.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "\n\n", NOTE[:-1], NOTE.split("\n\n", maxsplit=1)[0]])
def test_a_torn_note_is_refused(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        parse_note(text)


def test_a_published_key_is_read_and_written() -> None:
    key = parse_public_key(PUBLISHED + "\n")
    assert (key.name, key.key_id.hex(), len(key.raw)) == ("PeterNeumann", "c74f20a3", 32)
    assert key.text() == PUBLISHED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "NAME"),
        ("a+b", "NAME"),
        ("PeterNeumann+C74F20A3+AR", "NAME"),
        (PUBLISHED.replace("c74f20a3", "c74f20a4"), "it was altered"),
        (PUBLISHED.replace("Peter", "peter"), "it was altered"),
        (PUBLISHED.replace("ARpc", "ARpd"), "it was altered"),
        (PUBLISHED.replace("+ARpc", "+Agpc"), "not an Ed25519 key"),
        (PUBLISHED[:-4], "not an Ed25519 key"),
        (PUBLISHED + "?", "base64"),
        ("+" + PUBLISHED.split("+", 1)[1], "cannot name a key"),
    ],
)
def test_an_altered_key_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadKey, match=said):
        parse_public_key(text)


def test_a_public_key_does_not_pass_for_a_private_one() -> None:
    with pytest.raises(BadKey, match="does not begin with PRIVATE"):
        parse_private_key(PUBLISHED)
    name, key_id, seed = parse_private_key("PRIVATE+KEY+" + PUBLISHED)
    assert (name, key_id, len(seed)) == ("PeterNeumann", "c74f20a3", 32)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "x" * 201])
def test_a_name_that_would_break_the_format_is_refused(name: str) -> None:
    with pytest.raises(BadKey, match="cannot name a key"):
        origin(name)
