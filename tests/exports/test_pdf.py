"""PDF documents: the words of the Markdown ones, on numbered pages, the same bytes for the same document."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from casedesk.exports import case_file, confidentiality, summary
from casedesk.exports.case_file import CaseFile, EvidenceLine
from casedesk.exports.documents import paper, pdf, typeface
from casedesk.exports.documents.blocks import (
    Block,
    Column,
    Document,
    Facts,
    Heading,
    Items,
    Marked,
    Mono,
    Paragraph,
    Table,
    Typed,
)
from tests.builders import TestDesk
from tests.exports.test_summary import CASE, HOSTILE, SUMMARY, typed_everywhere

AT = datetime(2026, 7, 5, 9, 0, 30, tzinfo=UTC)


def printed(*blocks: Block, title: str = "Kim Roe") -> PdfReader:
    return PdfReader(io.BytesIO(pdf.write(Document(title, "Case summary C-26-00042", AT, blocks))))


def said(reader: PdfReader) -> str:
    """All text, in one line, without what runs at the head and foot of pages."""
    return " ".join(" ".join(_inner(page.extract_text()) for page in reader.pages).split())


def _inner(text: str) -> str:
    running = (confidentiality.SHORT, "Case summary C-26-00042", "Case file C-26-00042")
    lines = (line for line in text.splitlines() if not re.fullmatch(r"Page \d+ of \d+", line.strip()))
    return "\n".join(line for line in lines if line.strip() not in running)


def words_of(document: Document) -> list[str]:
    """Every word a document must print."""
    found: list[str] = [document.title]
    for block in document.blocks:
        match block:
            case Heading() | Typed():
                found.append(block.text)
            case Paragraph():
                found += [w.text if isinstance(w, Mono) else w for words in block.lines for w in words]
            case Facts():
                found += [text for row in block.rows for text in row]
            case Items():
                found += block.lines
            case Table():
                found += [column.title for column in block.columns] + [text for row in block.rows for text in row]
    return " ".join(found).split()


def test_the_summary_prints_every_word_that_stands_in_it() -> None:
    document = summary.document(SUMMARY)
    text = said(PdfReader(io.BytesIO(pdf.write(document))))
    squeezed = text.replace(" ", "")
    assert [word for word in words_of(document) if word not in squeezed] == []
    for words in ("SAR, by Ann Ash on 1 Jul 2026 10:00 UTC.", "USD 1,234,567.89 in 2 transactions", "ab" * 32):
        assert words in text


def test_every_page_says_what_it_is_of_that_it_is_confidential_and_its_number() -> None:
    reader = printed(Typed("\n".join(f"Line {n}" for n in range(200))))
    assert len(reader.pages) > 2
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        for words in ("Case summary C-26-00042", confidentiality.SHORT, f"Page {number} of {len(reader.pages)}"):
            assert words in text


def test_the_same_document_gives_the_same_bytes_and_its_own_moment() -> None:
    document = summary.document(SUMMARY)
    first = pdf.write(document)
    assert pdf.write(summary.document(SUMMARY)) == first
    later = summary.document(replace(SUMMARY, prepared_at=SUMMARY.prepared_at + timedelta(seconds=1)))
    assert pdf.write(later) != first
    about = PdfReader(io.BytesIO(first)).metadata
    assert about is not None
    assert about.creation_date == SUMMARY.prepared_at
    assert not re.search(r"SAR|suspicious|Kim", " ".join(map(str, about.values())))


def test_a_table_over_pages_repeats_its_head_and_loses_no_row() -> None:
    columns = (Column("Transaction"), Column("Text"), Column("Amount USD", figures=True))
    rows = tuple((f"T-{n:04}", "word " * (n % 40), f"{n:,}.00") for n in range(300))
    reader = printed(Table(columns, rows))
    assert len(reader.pages) > 5
    for page in reader.pages:
        assert "Amount USD" in page.extract_text()
    text = said(reader)
    assert re.findall(r"T-\d{4}", text) == [row[0] for row in rows]
    assert text.count("word") == sum(n % 40 for n in range(300))


def test_a_cell_that_is_longer_than_a_page_goes_on_on_the_next() -> None:
    columns = (Column("Event", figures=True), Column("What"), Column("Hash"))
    words = " ".join(f"w{n}" for n in range(6000))
    reader = printed(
        Table(columns, (("1", "short", "ab"), ("2", f"Decision made\n{words}", "cd"), ("3", "after", "ef")))
    )
    assert len(reader.pages) > 3
    assert re.findall(r"\bw\d+\b", said(reader)) == words.split()
    assert "after" in said(reader)


@pytest.mark.parametrize("text", ["X" * 400, "Zażółć Gęślą Jaźń Łódź Ωμέγα Жук Ħ " * 12, "a" * 64 + " " + "b" * 200])
def test_a_long_name_stays_on_the_page(text: str) -> None:
    reader = printed(
        Facts((("Subject", text),)),
        Table((Column("Name"), Column("Country")), ((text, "PL"),)),
        Items((text,)),
        title=text,
    )
    squeezed = re.sub(r"\s", "", text)
    assert re.sub(r"\s", "", said(reader)).count(squeezed) == 4
    ends: list[float] = []

    def note(piece: str, cm: list[float], tm: list[float], font: dict[str, str] | None, size: float) -> None:
        if font is not None and piece.strip():
            name = typeface.BOLD if "Bold" in font["/BaseFont"] else typeface.REGULAR
            ends.append(cm[4] + tm[4] + max(typeface.width(one.rstrip(), size, name) for one in piece.splitlines()))

    for page in reader.pages:
        page.extract_text(visitor_text=note)
    assert 500 < max(ends) <= paper.SIZE[0] - paper.MARGIN + 1


def test_a_character_that_the_type_has_not_is_written_by_its_number() -> None:
    text = said(printed(Typed("東京 🧾 \x07 Łódź")))
    assert text.endswith("[U+6771][U+4EAC] [U+1F9FE] [U+0007] Łódź")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_typed_is_printed_as_it_was_typed(text: str) -> None:
    """Neither XML nor Markdown is read from it, and the number of pages is that of a tame text."""
    reader = PdfReader(io.BytesIO(pdf.write(summary.document(typed_everywhere(text)))))
    shown = re.sub(r"\s|\[U\+[0-9A-F]+\]", "", said(reader))
    kept = re.sub(r"\s", "", "".join(c for c in text if c not in "東京🧾"))
    assert shown.count(kept) >= 8


def test_a_changed_text_shows_what_came_and_what_went() -> None:
    text = said(
        printed(Marked((("", "Eleven deposits, "), ("-", "together 104,500"), ("+", "together 95,000"), ("", "."))))
    )
    assert "Eleven deposits, together 104,500together 95,000." in text


def test_the_headings_are_the_outline() -> None:
    reader = PdfReader(io.BytesIO(pdf.write(summary.document(SUMMARY))))
    (top, sections) = reader.outline
    assert top.title == "Kim Roe"
    assert [one.title for one in sections][:3] == ["Accounts", "What was found", "Counterparties in the evidence"]


EVIDENCE = EvidenceLine("T-1", AT - timedelta(days=9), True, "Orion Ltd", "KY", "WIRE", 123_456_789)


def test_a_case_file_holds_alerts_with_evidence_and_every_event(desk: TestDesk) -> None:
    case_id = desk.closed(sar_approver="max")
    events = desk.history(case_id)
    found = CaseFile(replace(SUMMARY, case=replace(CASE, case_id=case_id)), {"A-000000000001": [EVIDENCE] * 3}, events)
    reader = PdfReader(io.BytesIO(pdf.write(case_file.document(found))))
    text = said(reader)
    for words in (
        "1 alert, 1 transaction",
        "Rapid movement v3, alert A-000000000001",
        "T-1 2026-06-26 09:00 in Orion Ltd KY WIRE 1,234,567.89",
        "Decision made: SAR",
        f"casedesk export packet {case_id}",
        "Last event of the case: 99",
    ):
        assert words in text
    for event in events:
        assert f"{event.event_id} {event.ts[:10]} {event.ts[11:19]}" in text
        assert event.event_hash[:12] in text
        assert not event.notes or event.notes.split()[0] in text
