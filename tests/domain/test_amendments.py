"""What became of a narrative: the right two texts, and a comparison from which both can be had again."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casedesk.domain.amendments import amendment, changes
from casedesk.domain.cases import Disposition
from tests.builders import NARRATIVE, TestDesk
from tests.databases import Sqlite

OTHER = NARRATIVE.replace("eleven cash deposits", "twelve cash deposits").replace(" at four branches", "")


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("a b c", "a b c", (("", "a b c"),)),
        ("a b c", "a x c", (("", "a "), ("-", "b "), ("+", "x "), ("", "c"))),
        ("a b", "a b c", (("", "a "), ("", "b "), ("+", "c"))),
        ("a b c", "b c", (("-", "a "), ("", "b c"))),
        ("", "a", (("+", "a"),)),
        ("a", "", (("-", "a "),)),
        ("", "", ()),
        ("a\n\nb", "x\n\nb", (("-", "a "), ("+", "x\n\n"), ("", "b"))),
        ("a b\nc", "a\n\nb c", (("", "a\n\nb c"),)),
        ("cash of 104,500.", "cash of 95,000.", (("", "cash of "), ("-", "104,500. "), ("+", "95,000."))),
    ],
)
def test_words_are_compared(before: str, after: str, pieces: tuple[tuple[str, str], ...]) -> None:
    merged: list[tuple[str, str]] = []
    for mark, text in pieces:
        if merged and merged[-1][0] == mark:
            merged[-1] = (mark, merged[-1][1] + text)
        else:
            merged.append((mark, text))
    assert changes(before, after) == tuple(merged)


TEXTS = st.lists(st.sampled_from(["cash ", "the ", "the\n\n", "9,900", " ", "<b> ", "**x** "]), max_size=25).map(
    "".join
)


@given(TEXTS, TEXTS)
@example("9,900 cash ", "9,900")
def test_both_texts_can_be_had_from_the_pieces(before: str, after: str) -> None:
    pieces = changes(before, after)
    assert "".join(text for mark, text in pieces if mark != "-") == after
    assert "".join(text for mark, text in pieces if mark != "+").split() == before.split()
    assert all(one[0] != two[0] for one, two in pairwise(pieces))


def test_the_longest_narratives_are_compared_in_no_time() -> None:
    long = NARRATIVE * 60
    monotone = "cash " * 4_000
    began = time.process_time()
    assert changes(long, long.replace("eleven", "twelve"))[1] == ("-", "eleven ")
    assert [mark for mark, _ in changes(monotone + "a", "b " + monotone)] == ["-", "+"]
    assert time.process_time() - began < 2.0


@pytest.fixture
def desk(sqlite_kind: Sqlite, sqlite_engine: object) -> TestDesk:
    found = TestDesk(sqlite_engine)  # type: ignore[arg-type]
    found.staff()
    found.customer()
    return found


def reopened(desk: TestDesk) -> str:
    case_id = desk.closed(maker="ann", sar_approver="max")
    desk.reopen("mia", case_id)
    return case_id


def test_an_amended_report_is_held_against_the_approved_one(desk: TestDesk) -> None:
    case_id = reopened(desk)
    assert amendment(desk.history(case_id)) is None, "nothing was amended yet"
    desk.decide("ann", case_id, Disposition.SAR, OTHER)
    found = amendment(desk.history(case_id))
    assert found is not None
    approval = next(e for e in desk.history(case_id) if e.action == "disposition_approved")
    assert (found.judged, found.event_id, found.by) == ("approved", approval.event_id, "max")
    assert ("-", "eleven ") in found.pieces
    assert ("+", "twelve ") in found.pieces
    assert (found.came, found.went) == (2, 5)


def test_an_approved_amendment_is_still_held_against_what_was_approved_before(desk: TestDesk) -> None:
    case_id = reopened(desk)
    desk.decide("ann", case_id, Disposition.SAR, OTHER)
    desk.approve("max", case_id)
    found = amendment(desk.history(case_id))
    assert found is not None
    assert (found.judged, found.went) == ("approved", 5)


def test_a_returned_report_is_held_against_itself_before(desk: TestDesk) -> None:
    case_id = desk.awaiting()
    assert amendment(desk.history(case_id)) is None
    desk.send_back("mia", case_id)
    desk.decide("ann", case_id, Disposition.SAR, OTHER)
    found = amendment(desk.history(case_id))
    assert found is not None
    assert (found.judged, found.by) == ("returned", "mia")


def test_an_approved_text_counts_more_than_one_returned_since(desk: TestDesk) -> None:
    case_id = reopened(desk)
    desk.decide("ann", case_id, Disposition.SAR, "x" + OTHER)
    desk.send_back("max", case_id)
    desk.decide("ann", case_id, Disposition.SAR, OTHER)
    found = amendment(desk.history(case_id))
    assert found is not None
    assert (found.judged, found.came) == ("approved", 2)


def test_a_decision_not_to_report_has_no_amendment(desk: TestDesk) -> None:
    case_id = reopened(desk)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    assert amendment(desk.history(case_id)) is None
