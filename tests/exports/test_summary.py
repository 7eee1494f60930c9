"""The case summary: everything an examiner asks for is in it, and nothing that people typed becomes mark-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from casedesk.domain.alerts import Alert
from casedesk.domain.amendments import Amendment, changes
from casedesk.domain.cases import AlertFigures, Case, CaseStatus, Disposition, QaStatus
from casedesk.domain.filings import Filing, FilingState, Remark
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.exports.documents.markdown import escape
from casedesk.exports.summary import Counterparty, Position, Summary, write

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
NARRATIVE = "Between 3 and 5 June the customer made eleven cash deposits."


def alert(n: int = 1) -> Alert:
    return Alert(
        alert_id=f"A-{n:012}",
        rule="rapid_movement",
        rule_version="3",
        parameters="{}",
        customer_id="K-7",
        account_id="ACC-1",
        window_start=AT - timedelta(days=28),
        window_end=AT - timedelta(days=26),
        transaction_ids=("T-1", "T-2"),
        amount_minor=1_234_567_89,
        severity=80,
        sentence="Two deposits left within the hour.",
        case_id="C-26-00042",
    )


CASE = Case(
    case_id="C-26-00042",
    customer_id="K-7",
    status=CaseStatus.CLOSED,
    owner="ann",
    disposition=Disposition.SAR,
    version=7,
    opened_at=AT,
    alerted_at=AT,
    suspicion_at=AT,
    suspicion_event=15,
    suspicion_moved=True,
    suspect_identified=True,
    decision_text=NARRATIVE,
    decided_by="ann",
    decided_at=AT + timedelta(hours=1),
    approved_by="mia",
    approved_at=AT + timedelta(hours=2),
    closed_at=AT + timedelta(hours=2),
    qa_status=QaStatus.FAIL,
    qa_reviewer="queenie",
    qa_reviewed_at=AT + timedelta(days=3),
    qa_severity="Major",
    qa_notes="The branches are not named.",
    alerts=(AlertFigures("A-000000000001", "rapid_movement", 80, 1_234_567_89, 2),),
)

SUMMARY = Summary(
    case=CASE,
    customer=Customer("K-7", "Kim Roe", CustomerKind.PERSON, "US", "salaried", "Baker", date(2019, 5, 2)),
    accounts=[Account("ACC-1", "K-7", "Kim Roe", "First Bank", "USD", "US", date(2020, 2, 29))],
    alerts=[alert()],
    counterparties=[Counterparty("Orion Ltd", "KY", 0, 999_999_99, 3)],
    names={"ann": "Ann Ash", "mia": "Mia Moss", "queenie": "Queenie Quill"},
    titles={"rapid_movement": "Rapid movement"},
    position=Position(last_event=99, case_hash="ab" * 32, size=1234, root="cd" * 32),
    prepared_at=AT + timedelta(days=4),
    prepared_by="Otto Oak",
    base_currency="USD",
    distinct_transactions=2,
    distinct_amount=1_234_567_89,
)


FILING = Filing(
    "F-000001", "C-26-00042", FilingState.TRANSMITTED, 90, "initial joint", "d" * 64, "ann", AT, decision=20,
    approved_by="mia", approved_at=AT, batch_id="B-000003", place=2, tracking_id="TRK|7",
)  # fmt: skip


def test_it_says_how_far_each_report_has_come_and_never_that_one_was_filed() -> None:
    text = write(replace(SUMMARY, filings=(FILING,)))
    assert "| F-000001 | initial joint | transmitted | B-000003, number 2 | TRK\\|7 |  |" in text
    assert "filed" not in text
    assert "## Filing" not in write(SUMMARY)
    answered = replace(
        FILING, state=FilingState.ACKNOWLEDGED, bsa_id="31000055053784",
        remarks=(Remark("WARN", "C21", "x", "y", "An *invalid* number."),),
    )  # fmt: skip
    text = write(replace(SUMMARY, filings=(answered,)))
    assert "acknowledged | B-000003, number 2 | TRK\\|7 | 31000055053784 |" in text
    assert "- F-000001, WARN C21: An \\*invalid\\* number." in text


def test_it_lists_what_each_figure_of_the_narrative_rests_on() -> None:
    start = NARRATIVE.index("eleven")
    bound = {"figures": [["count", "case/in", start, 6]], "selections": {"case/in": ["T-1", "T-2"], "case": ["T-3"]}}
    text = write(replace(SUMMARY, bound=bound))
    assert "| Number of transactions | eleven | case/in | 2 |" in text
    assert "- case/in: T-1, T-2" in text
    assert "T-3" not in text
    assert "What its figures rest on" not in write(SUMMARY)


def rendered(text: str) -> list[Token]:
    """Parse as GitHub and Streamlit do: CommonMark and tables, HTML let through."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def shown(tokens: list[Token]) -> str:
    """Return the text as a reader sees it, one line for each line, blocks apart by spaces."""
    pieces = []
    for token in flat(tokens):
        if token.type in ("text", "text_special", "code_inline", "code_block", "fence", "html_inline", "html_block"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        elif token.type.endswith("_close"):
            pieces.append(" ")
    return "".join(pieces)


def kinds(text: str) -> list[tuple[str, str]]:
    """Return the block and inline structure, texts left out."""
    return [(t.type, t.tag) for t in flat(rendered(text)) if t.type not in ("text", "softbreak", "text_special")]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("header", "C-26-00042"),
        ("subject", "Kim Roe (customer K-7, customer since 2 May 2019)"),
        ("about", "salaried, Baker, US"),
        ("period", "3 Jun 2026 – 5 Jun 2026"),
        ("amount and count", "USD 1,234,567.89 in 2 transactions"),
        ("due date with its derivation", "Due 31 Jul 2026: 30 calendar days after 1 Jul 2026 (event 15"),
        ("preparation", "5 Jul 2026 09:00 UTC by Otto Oak"),
        ("account", "ACC-1 First Bank USD 29 Feb 2020"),
        ("typology", "Rapid movement v3 2 3 Jun 2026 – 5 Jun 2026 1,234,567.89"),
        ("sentence", "Two deposits left within the hour. (alert A-000000000001, account ACC-1)"),
        ("counterparty", "Orion Ltd KY 3  999,999.99"),
        ("narrative", NARRATIVE),
        ("decision", "SAR, by Ann Ash on 1 Jul 2026 10:00 UTC."),
        ("approval", "Approved by Mia Moss on 1 Jul 2026 11:00 UTC."),
        ("QA", "Fail, severity Major, by Queenie Quill on 4 Jul 2026 09:00 UTC."),
        ("QA notes", "The branches are not named."),
        ("last event", "Last event of the case: 99, hash " + "ab" * 32),
        ("ledger", "Ledger: 1,234 events, RFC 6962 root " + "cd" * 32),
    ],
)
def test_the_summary_says(part: str, words: str) -> None:
    text = " ".join(shown(rendered(write(SUMMARY))).split())
    assert " ".join(words.split()) in text, part


def test_the_sections_stand_in_the_order_of_a_report() -> None:
    tokens = rendered(write(SUMMARY))
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert headings == [
        "Kim Roe", "Accounts", "What was found", "Counterparties in the evidence", "Narrative", "Decision", "QA",
        "Position in the ledger",
    ]  # fmt: skip


def test_an_open_case_says_that_nothing_is_decided_and_nothing_reviewed() -> None:
    case = replace(
        CASE, status=CaseStatus.IN_REVIEW, disposition=Disposition.NONE, decision_text="", decided_at=None, approved_at=None,
        qa_status=QaStatus.NONE,
    )  # fmt: skip
    text = shown(rendered(write(replace(SUMMARY, case=case))))
    assert "Not decided yet." in text
    assert "Not reviewed." in text
    assert "Approved" not in text


def test_a_sar_that_waits_is_not_called_approved() -> None:
    case = replace(CASE, status=CaseStatus.IN_REVIEW, approved_at=None, approved_by="", qa_status=QaStatus.NONE)
    text = shown(rendered(write(replace(SUMMARY, case=case))))
    assert "It waits for approval" in text
    assert "Approved by" not in text


def test_an_amended_narrative_shows_what_became_of_the_approved_one() -> None:
    amended = Amendment(
        "approved", 41, "mia", "2026-07-01T11:00:00Z", changes("Ten deposits.", "Eleven *cash* deposits.")
    )
    document = write(replace(SUMMARY, amendment=amended))
    text = " ".join(shown(rendered(document)).split())
    assert "Approved by Mia Moss (event 41); 2 words came in (bold), 1 went (struck through)." in text
    assert "~~Ten~~ **Eleven \\*cash\\*** deposits." in document
    assert "Changes since it was" not in write(SUMMARY)


def test_a_currency_without_cents_is_written_without_cents() -> None:
    text = write(replace(SUMMARY, base_currency="JPY"))
    assert "JPY 123,456,789 in 2 transactions" in text


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![pixel](https://evil.example/p.png)",
    "<https://evil.example>",
    "[ref]: https://evil.example\n[ref]",
    "# a heading",
    "a heading\n===",
    "a heading\n---",
    "a heading\r===",
    "a heading\r\n---\r\nmore",
    "---",
    "***",
    "_ _ _",
    "> a quotation",
    "- a list",
    "+ a list",
    "* a list",
    "1. a list",
    "12) a list",
    "```\ncode\n```",
    "~~~\ncode",
    "    indented code",
    "\tindented by a tab",
    "a paragraph\n\n    indented code after it",
    "a | b\n--|--\nc | d",
    "column\n:-:\ncell",
    "| a |",
    "*stars* _lines_ **bold** ~~gone~~ `code`",
    "&lt;b&gt; &copy; &#60;i&#62; AT&T",
    "back\\slash \\* \\",
    "trailing backslash\\",
    "two spaces  \nat the end",
    "$x^2$ and $$y$$",
    "a\n\nb\n\n\nc",
    "1,000.00 - 2.50 + 3 = 4",
    "2026. A year",
    "<!-- a comment",
    "<?php ?>",
    "<![CDATA[x]]>",
    "</td></tr></table>",
    "+1 555 0100",
    "-5",
    "=1+1",
    "Łódź 東京 🧾",
]


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("text", HOSTILE)
def test_typed_text_shows_as_it_was_typed_and_makes_no_mark_up(text: str) -> None:
    tokens = rendered(escape(text))
    made = {t.type for t in flat(tokens)}
    assert made <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"}
    assert words(shown(tokens)) == words(text)


@given(st.text(st.sampled_from("ab1 \n\t\r#*_-+=.)(<>[]!|&;:`~\\\"'$>{}^"), max_size=25))
def test_no_text_makes_mark_up(text: str) -> None:
    tokens = rendered(escape(text))
    made = {t.type for t in flat(tokens)}
    assert made <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"}
    assert words(shown(tokens)) == words(text)


def typed_everywhere(text: str) -> Summary:
    """A summary in which every text that comes from people or files is ``text``."""
    return replace(
        SUMMARY,
        case=replace(CASE, decision_text=text, qa_notes=text),
        customer=replace(SUMMARY.customer, name=text, customer_id=text, segment=text, occupation=text),
        accounts=[replace(SUMMARY.accounts[0], account_id=text, bank=text)],
        alerts=[replace(alert(), sentence=text, account_id=text)],
        counterparties=[replace(SUMMARY.counterparties[0], name=text)],
        names=dict.fromkeys(("ann", "mia", "queenie"), text),
        prepared_by=text,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_typed_text_changes_nothing_in_the_structure_of_the_summary(text: str) -> None:
    one_line = " ".join(text.split())
    plain, hostile = write(typed_everywhere("word")), write(typed_everywhere(text))
    allowed = {("paragraph_open", "p"), ("paragraph_close", "p"), ("inline", "")}  # a typed text may have paragraphs
    structure = [k for k in kinds(plain) if k not in allowed]
    assert [k for k in kinds(hostile) if k not in allowed] == structure
    assert " ".join(shown(rendered(hostile)).split()).count(one_line) >= 8


def test_the_number_of_rows_and_columns_does_not_depend_on_what_was_typed() -> None:
    count = [sum(t.type == "td_open" for t in rendered(write(typed_everywhere(text)))) for text in ("word", *HOSTILE)]
    assert set(count) == {count[0]}
