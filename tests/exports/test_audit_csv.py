"""The audit CSV: everything in it survives a spreadsheet's eyes, and no byte of it changes unseen."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain import events
from casedesk.domain.ledger import ZERO_HASH, Recorded, link
from casedesk.domain.moments import canonical
from casedesk.domain.verification import Verdict
from casedesk.exports.audit_csv import COLUMNS, neutralise, read, restore, write
from casedesk.services.audit import verify_file

NASTY = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",  # full-width forms, which spreadsheets in East Asian locales evaluate
    "＋1",
    "－1",
    "＠SUM(1)",
    "'=1",
    "''=1",
    "'",
    "''",
    "'quoted'",
    '"quoted"',
    '""',
    'a "quote", a comma; a semicolon',
    "two\nlines",
    "carriage\r\nreturn",
    "lone\rreturn",
    "\ufeffbyte-order mark",
    "Łódź 東京 ☎ 🧾 e\u0301",
    "\u202egnirts desrever",
    "<script>alert(1)</script>",
    "\u2028line separator",
    " leading and trailing ",
    "a,b,c",
    "",
    "x" * 20_000,
]


def chain(notes: Sequence[str], case_id: str = "C-26-00001", *, first: int = 1, step: int = 1) -> list[Recorded]:
    """A case that was opened and then noted upon; event ids start at ``first`` and go up by ``step``."""
    at = datetime(2026, 7, 1, 9, tzinfo=UTC)
    opening = events.CaseOpened(
        customer_id="K-1", alerted_at=canonical(at), suspicion_at=canonical(at), suspect_identified=True
    )
    rows: list[Recorded] = []
    for n, event in enumerate([opening, *(events.NoteAdded(notes=note, via="app") for note in notes)]):
        rows.append(
            link(
                event,
                stream=case_id,
                user="ann",
                ts=canonical(at + timedelta(minutes=n, microseconds=n)),
                event_id=first + n * step,
                case_seq=n + 1,
                prev_hash=rows[-1].event_hash if rows else ZERO_HASH,
                nonce=f"{first + n:032x}",
            )
        )
    return rows


def verdict(content: bytes) -> Verdict:
    return verify_file(content).report.verdict


def lines(content: bytes) -> list[bytes]:
    """The physical rows, header first; only for files whose notes hold no line breaks."""
    return content.splitlines(keepends=True)


def test_every_nasty_text_comes_back_as_it_was_written() -> None:
    rows = chain(NASTY)
    content = write(rows)
    assert [row.event for row in read(content)] == rows
    assert verdict(content) is Verdict.VERIFIED


def test_no_cell_begins_as_a_formula_does() -> None:
    text = write(chain(NASTY)).decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\n＝＋－＠")]


def test_the_file_is_utf_8_with_the_named_columns_and_crlf() -> None:
    content = write(chain(["a note"]))
    assert content.startswith(",".join(COLUMNS).encode() + b"\r\n")
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == 3
    assert not content.startswith(b"\xef\xbb\xbf")


def test_a_file_that_a_spreadsheet_saved_again_is_still_verified() -> None:
    content = write(chain(['Łódź, "x"', "=1+1", "plain"]))
    quoted = io.StringIO(newline="")
    csv.writer(quoted, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        csv.reader(io.StringIO(content.decode(), newline=""))
    )
    assert verdict(b"\xef\xbb\xbf" + content) is Verdict.VERIFIED
    assert verdict(content.replace(b"\r\n", b"\n")) is Verdict.VERIFIED
    assert verdict(b"\xef\xbb\xbf" + content.replace(b"\r\n", b"\n")) is Verdict.VERIFIED
    assert verdict(content.removesuffix(b"\r\n")) is Verdict.VERIFIED
    assert verdict(quoted.getvalue().encode()) is Verdict.VERIFIED


def test_a_note_of_several_lines_survives_either_way_of_ending_lines() -> None:
    content = write(chain(["one\ntwo\n\nthree", "a\r\nb\nc", "\r\n=1", "\n"]))
    unix = content.replace(b"\r\n", b"\n")
    assert verdict(unix) is Verdict.VERIFIED
    assert verdict(unix.replace(b"\n", b"\r\n")) is Verdict.VERIFIED
    assert verdict(unix.replace(b"one\ntwo", b"one\n\ntwo")) is Verdict.TAMPERED
    assert verdict(unix.replace(b"one\ntwo", b"one\rtwo")) is Verdict.TAMPERED


SHORT = write(chain(['=a "b", c\nd']))


@pytest.mark.slow
def test_no_flipped_byte_is_ever_verified() -> None:
    """Exhaustive: every byte, every bit of it, and the characters that CSV gives a meaning."""
    assert verdict(SHORT) is Verdict.VERIFIED
    tampered, missed = 0, []
    for place, byte in enumerate(SHORT):
        values = {byte ^ (1 << bit) for bit in range(8)} | set(b"\"',\r\n =\x00\xff")
        for value in sorted(values - {byte}):
            found = verdict(SHORT[:place] + bytes([value]) + SHORT[place + 1 :])
            if found is Verdict.VERIFIED:
                missed.append((place, bytes([byte]), bytes([value])))
            tampered += found is Verdict.TAMPERED
    assert not missed
    assert tampered > 8 * len(SHORT)


def test_no_byte_left_out_put_in_or_doubled_is_ever_verified() -> None:
    end = len(SHORT) - 2  # the last line end may be missing
    for place in range(end):
        for inside in (b"", SHORT[place : place + 1] * 2, b"x" + SHORT[place : place + 1]):
            changed = SHORT[:place] + inside + SHORT[place + 1 :]
            half_a_line_end = not inside and b"\r\n" in (SHORT[place : place + 2], SHORT[place - 1 : place + 1])
            if changed != SHORT and not half_a_line_end:
                assert verdict(changed) is not Verdict.VERIFIED, (place, inside)


LONG = lines(write(chain([f"note {n}" for n in range(1, 7)])))


@pytest.mark.parametrize("gone", range(1, 7))
def test_a_row_that_was_left_out_is_missed(gone: int) -> None:
    assert verdict(b"".join(LONG[:gone] + LONG[gone + 1 :])) is Verdict.TAMPERED


def test_the_tail_of_one_case_can_only_be_missed_with_the_whole_ledger_or_a_checkpoint() -> None:
    """Said in the documents as a residual risk, and held here so that it is not mistaken for a promise."""
    assert verdict(b"".join(LONG[:-1])) is Verdict.VERIFIED


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 3), (3, 6), (6, 7)])
def test_rows_in_another_order_are_found(one: int, other: int) -> None:
    rows = list(LONG)
    rows[one], rows[other] = rows[other], rows[one]
    assert verdict(b"".join(rows)) is Verdict.TAMPERED


@pytest.mark.parametrize("twice", range(1, 8))
def test_a_row_that_stands_twice_is_found(twice: int) -> None:
    assert verdict(b"".join([*LONG[: twice + 1], LONG[twice], *LONG[twice + 1 :]])) is Verdict.TAMPERED
    assert verdict(b"".join([*LONG, LONG[twice]])) is Verdict.TAMPERED


def test_rows_swapped_between_two_files_are_found() -> None:
    other = lines(write(chain([f"note {n}" for n in range(1, 7)], "C-26-00002", first=101)))
    for place in range(1, 8):
        mixed = list(LONG)
        mixed[place] = other[place]
        assert verdict(b"".join(mixed)) is not Verdict.VERIFIED or place == 7


def test_a_row_appended_from_another_case_is_found() -> None:
    other = lines(write(chain(["x", "y"], "C-26-00002", first=101)))
    assert verdict(b"".join([*LONG, other[2]])) is Verdict.TAMPERED


def test_a_hole_in_a_whole_ledger_is_found_even_where_a_whole_case_was_cut_out() -> None:
    one, two = chain(["a"], "C-26-00001"), chain(["b"], "C-26-00002", first=3)
    three = chain(["c"], "C-26-00003", first=5)
    assert verdict(write([*one, *two, *three])) is Verdict.VERIFIED
    assert verdict(write([*one, *three])) is Verdict.TAMPERED


def test_an_edit_with_a_hash_computed_anew_breaks_the_chain() -> None:
    rows = chain(["a", "b", "c"])
    forged = chain(["a", "forged", "c"])
    assert verdict(write([rows[0], rows[1], forged[2], rows[3]])) is Verdict.TAMPERED


@pytest.mark.parametrize("place", range(1, 8))
def test_the_row_named_is_the_row_that_was_edited(place: int) -> None:
    rows = list(LONG)
    rows[place] = rows[place].replace(b'""user"":""ann""', b'""user"":""bob""')
    found = verify_file(b"".join(rows))
    assert found.report.verdict is Verdict.TAMPERED
    assert found.row == place + 1  # the header is row 1


@pytest.mark.parametrize("twice", range(1, 7))
def test_the_row_named_is_the_second_of_two_equal_rows(twice: int) -> None:
    found = verify_file(b"".join([*LONG[: twice + 1], LONG[twice], *LONG[twice + 1 :]]))
    assert found.row == twice + 2


def test_the_row_named_counts_rows_and_not_lines() -> None:
    rows = chain(["three\nlines\nhere", "b"])
    content = write(rows).replace(b"note_added,b,", b"note_added,B,")
    found = verify_file(content)
    assert (found.report.verdict, found.row) == (Verdict.TAMPERED, 4)
    first = found.report.first
    assert first is not None
    assert (first.column, first.expected, first.got) == ("notes", "b", "B")


def test_a_row_with_a_cell_too_many_or_too_few_is_named() -> None:
    for change in (lambda row: row.replace(b"\r\n", b",x\r\n"), lambda row: row[row.index(b",") + 1 :]):
        rows = list(LONG)
        rows[3] = change(rows[3])
        found = verify_file(b"".join(rows))
        assert (found.report.verdict, found.row) == (Verdict.TAMPERED, 4)


@pytest.mark.parametrize("number", ["01", "+1", "1.0", "1e0", "٣", "", "0", "-1", " 1", "1" * 19])
def test_a_number_written_in_another_way_is_found(number: str) -> None:
    rows = list(LONG)
    rows[1] = number.encode() + rows[1][1:]
    found = verify_file(b"".join(rows))
    assert (found.report.verdict, found.row) == (Verdict.TAMPERED, 2)


def test_a_cell_made_into_a_formula_after_the_export_is_found() -> None:
    content = write(chain(["=1+1"]))
    assert content.count(b",'=1+1,") == 1
    assert verdict(content.replace(b",'=1+1,", b",=1+1,")) is Verdict.TAMPERED
    assert verdict(content.replace(b",'=1+1,", b",''=1+1,")) is Verdict.TAMPERED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b"a,b\r\n1,2\r\n", "it lacks the column event_id"),
        (",".join(reversed(COLUMNS)).encode() + b"\r\n", "in another order"),
        (SHORT.replace(b"event_id", b"event_id,more", 1), "too many"),
        (SHORT.replace(b"K-1", b"K-\xff"), "not UTF-8"),
        (SHORT.decode().encode("utf-16"), "not UTF-8"),
        (b"PK\x03\x04" + bytes(range(200)), "not UTF-8"),
        (lines(SHORT)[0], "not one event"),
        (SHORT + b'"never closed', "not well-formed"),
    ],
)
def test_what_is_no_audit_file_is_never_verified_and_the_report_says_why(content: bytes, sentence: str) -> None:
    found = verify_file(content)
    assert found.report.verdict is Verdict.NOT_EVALUATED
    assert sentence in found.report.sentence()
    assert found.row == 0


@given(st.text(st.characters(codec="utf-8"), max_size=12) | st.from_regex(r"'{0,3}[=+\-@\t\r\n]?'?x?", fullmatch=True))
def test_neutralising_loses_nothing_and_restoring_undoes_it(text: str) -> None:
    safe = neutralise(text)
    assert restore(safe) == text
    assert safe[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert safe == text or safe == "'" + text


@given(st.text(st.sampled_from("'=+-@\t\rab"), max_size=5), st.text(st.sampled_from("'=+-@\t\rab"), max_size=5))
def test_no_two_texts_become_the_same_cell(one: str, other: str) -> None:
    assert (neutralise(one) == neutralise(other)) == (one == other)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30), max_size=4))
def test_any_text_survives_the_file(notes: list[str]) -> None:
    rows = chain(notes)
    content = write(rows)
    assert [row.event for row in read(content)] == rows
    assert verdict(content) is Verdict.VERIFIED


def test_a_note_as_large_as_a_note_may_be_and_far_larger_is_read_back() -> None:
    content = write(chain(["x" * 1_000_000]))
    assert verdict(content) is Verdict.VERIFIED
