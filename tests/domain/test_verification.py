"""The verifier itself, over rows in memory: its verdicts, and where it points."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

import pytest
import rfc8785

from casedesk.domain import events
from casedesk.domain.alerts import lapsed_digest
from casedesk.domain.events import DESK, Event
from casedesk.domain.history import columns, fold
from casedesk.domain.ledger import ZERO_HASH, Recorded, link
from casedesk.domain.merkle import Frontier
from casedesk.domain.verification import Verdict, Verifier, not_evaluated

TS = "2026-07-01T12:00:00.000001Z"
OPENED = events.CaseOpened(customer_id="CU-1", alerted_at=TS, suspicion_at=TS, suspect_identified=True)
NOTE = events.NoteAdded(notes="“x”, y\r\n=1+1 🏦 é", via="app")
PERSON = events.PersonAdded(user_id="ana", role="Analyst", active=True)


def ledger(*story: tuple[str, Event]) -> list[Recorded]:
    tips: dict[str, tuple[int, str]] = {}
    rows = []
    for n, (stream, event) in enumerate(story, start=1):
        seq, tip = tips.get(stream, (0, ZERO_HASH))
        row = link(
            event, stream=stream, user="ana", ts=TS, event_id=n, case_seq=seq + 1, prev_hash=tip, nonce=f"{n:032x}"
        )
        tips[stream] = (row.case_seq, row.event_hash)
        rows.append(row)
    return rows


STORY = (("C-1", OPENED), (DESK, PERSON), ("C-2", OPENED), ("C-1", NOTE), ("C-2", NOTE), ("C-1", NOTE))


def verified(rows: Iterable[Recorded], *, whole: bool = True) -> Verifier:
    verifier = Verifier(whole=whole)
    for row in rows:
        verifier.check(row)
    return verifier


def rewritten(row: Recorded, **changed: object) -> Recorded:
    body = rfc8785.dumps(json.loads(row.body) | changed)
    return row._replace(**changed, body=body, event_hash=sha256(body).hexdigest())


def test_an_intact_ledger_is_verified_and_says_its_root() -> None:
    rows = ledger(*STORY)
    verifier = verified(rows)
    tree = Frontier()
    for row in rows:
        tree.append(row.body)
    verifier.check_head(6, tree.root(), tree.dump())
    for case_id in ("C-1", "C-2"):
        verifier.check_case(case_id, columns(fold(case_id, [r for r in rows if r.case_id == case_id])))
    verifier.check_complete()
    report = verifier.report()
    assert (report.verdict, report.events, report.cases, report.root) == (Verdict.VERIFIED, 6, 2, tree.root())
    assert report.verdict.exit_code == 0
    assert report.sentence().startswith("Intact: 6 events of 2 cases agree")
    assert "no signed checkpoint covers them yet" in report.sentence()


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("field", [name for name in Recorded._fields if name != "body"])
def test_any_field_of_any_row_is_vouched_for(place: int, field: str) -> None:
    rows = ledger(*STORY)
    old = getattr(rows[place], field)
    rows[place] = rows[place]._replace(**{field: old + 1 if isinstance(old, int) else old + "x"})
    report = verified(rows).report()
    assert report.verdict is Verdict.TAMPERED
    assert report.first is not None
    assert report.first.event_id in (place + 1, place + 2)


@pytest.mark.parametrize("place", range(6))
def test_every_bit_of_a_body_is_vouched_for(place: int) -> None:
    rows = ledger(*STORY)
    for byte in range(0, len(rows[place].body), 7):
        flipped = bytearray(rows[place].body)
        flipped[byte] ^= 1 << byte % 8
        altered = [*rows[:place], rows[place]._replace(body=bytes(flipped)), *rows[place + 1 :]]
        assert verified(altered).report().verdict is Verdict.TAMPERED


def test_the_sentence_names_the_place_and_both_values() -> None:
    rows = ledger(*STORY)
    rows[3] = rows[3]._replace(user="ben")
    assert verified(rows).report().sentence() == (
        "Broken. Event 4 (C-1, number 2 there): A column says something else than the hashed content. "
        "Column user: expected “ana”, got “ben”."
    )


def test_a_deleted_row_is_missed_in_a_whole_ledger_and_in_its_case() -> None:
    rows = ledger(*STORY)
    del rows[3]
    report = verified(rows).report()
    assert report.first is not None
    assert report.first.problem == "1 event is missing before it."
    single = verified([row for row in rows if row.case_id == "C-1"], whole=False).report()
    assert {finding.column for finding in single.findings} == {"case_seq", "prev_hash"}


def test_the_events_of_one_case_verify_by_themselves_but_not_in_another_order() -> None:
    rows = [row for row in ledger(*STORY) if row.case_id == "C-1"]
    assert verified(rows, whole=False).report().verdict is Verdict.VERIFIED
    for altered in ([rows[0], rows[2], rows[1]], [*rows, rows[-1]], rows[1:]):
        assert verified(altered, whole=False).report().verdict is Verdict.TAMPERED


def test_nothing_is_never_verified() -> None:
    report = verified([]).report()
    assert (report.verdict, report.verdict.exit_code) == (Verdict.NOT_EVALUATED, 2)
    assert report.sentence() == "Cannot tell: there is not one event to check."


def test_nothing_but_a_head_that_counts_something_is_tampering() -> None:
    verifier = verified([])
    verifier.check_head(3, "0" * 64, "")
    assert verifier.report().verdict is Verdict.TAMPERED


def test_a_format_of_another_desk_cannot_be_evaluated() -> None:
    rows = ledger(*STORY)
    rows[5] = rewritten(rows[5], format="casedesk.event/9")
    report = verified(rows).report()
    assert report.verdict is Verdict.NOT_EVALUATED
    assert report.sentence() == (
        "Cannot tell: event 6 is of the format “casedesk.event/9”; this desk reads casedesk.event/1 and casedesk.event/2."
    )


def test_a_format_changed_in_the_column_alone_is_tampering() -> None:
    rows = ledger(*STORY)
    rows[5] = rows[5]._replace(format="casedesk.event/2")
    report = verified(rows).report()
    assert report.verdict is Verdict.TAMPERED
    assert report.first is not None
    assert report.first.column == "format"


def test_a_body_in_another_writing_of_the_same_values_is_found() -> None:
    rows = ledger(*STORY)
    loose = json.dumps(json.loads(rows[5].body)).encode()
    rows[5] = rows[5]._replace(body=loose, event_hash=sha256(loose).hexdigest())
    report = verified(rows).report()
    assert report.first is not None
    assert report.first.expected == "the canonical form (RFC 8785)"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"null", b"{}", b'{"meta":1}', "“".encode()])
def test_a_body_that_is_no_event_is_a_finding_and_no_crash(body: bytes) -> None:
    rows = ledger(*STORY)
    rows[5] = rows[5]._replace(body=body, event_hash=sha256(body).hexdigest())
    assert verified(rows).report().verdict is Verdict.TAMPERED


@pytest.mark.parametrize("meta", ["", "{", "[]", "null", '{"v":1}', '{"alert_id":1}'])
def test_meta_that_is_no_event_is_a_finding_and_no_crash(meta: str) -> None:
    rows = ledger(*STORY)
    rows[3] = rows[3]._replace(meta=meta, action="alert_attached")
    assert verified(rows).report().verdict is Verdict.TAMPERED


def test_after_a_broken_history_the_rest_of_the_case_is_not_blamed_again() -> None:
    rows = ledger(("C-1", NOTE), ("C-1", NOTE), ("C-1", NOTE))
    report = verified(rows).report()
    assert [finding.problem for finding in report.findings] == ["Case C-1 was never opened."]


def test_an_unknown_desk_event_is_found() -> None:
    rows = ledger((DESK, PERSON))
    rows[0] = rewritten(rows[0], action="person_removed")
    report = verified(rows).report()
    assert report.first is not None
    assert report.first.problem == "No such thing happens on the desk."


def test_at_most_a_hundred_findings_are_kept_and_all_broken_events_counted() -> None:
    rows = [row._replace(user="ben") for row in ledger(("C-1", OPENED), *[("C-1", NOTE)] * 150)]
    report = verified(rows).report()
    assert len(report.findings) == 100
    assert len(report.broken_events) == 151


def test_state_is_compared_column_by_column() -> None:
    rows = ledger(("C-1", OPENED), ("C-1", events.CaseTaken(owner="ana", via="app")))
    should = columns(fold("C-1", rows))
    for column, value in should.items():
        other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value + "x"
        verifier = verified(rows)
        verifier.check_case("C-1", should | {column: other})
        report = verifier.report()
        assert [finding.column for finding in report.findings] == [column]


def test_a_flag_that_is_no_flag_is_found() -> None:
    rows = ledger(("C-1", OPENED))
    verifier = verified(rows)
    verifier.check_case("C-1", columns(fold("C-1", rows)) | {"is_open": 2})
    assert verifier.report().verdict is Verdict.TAMPERED


def test_alerts_are_held_against_their_last_record() -> None:
    attached = events.AlertAttached(
        alert_id="A-1", rule="r", rule_version="1", severity=1, amount_minor="1", transactions=1, digest="d1"
    )
    lapsed = events.AlertLapsed(alert_id="A-1", rule="r", run_id="R-1", by="")
    rows = ledger(("C-1", OPENED), ("C-1", attached), ("C-1", lapsed))
    assert fold("C-1", rows).digests == {"A-1": lapsed_digest("d1", "R-1")}
    rows = ledger(("C-1", OPENED), ("C-1", attached))
    row = columns(fold("C-1", rows))
    for checks, problem in (
        ([("A-1", "d1")], None),
        ([("A-1", "d2")], "Alert A-1 is not what the ledger recorded."),
        ([("A-1", "d1"), ("A-2", "d1")], "Alert A-2 is not what the ledger recorded."),
        ([], "An alert in the ledger has no row."),
    ):
        verifier = verified(rows)
        verifier.check_case("C-1", row)
        for alert_id, digest in checks:
            verifier.check_alert("C-1", alert_id, digest)
        verifier.check_complete()
        assert [finding.problem for finding in verifier.report().findings] == ([problem] if problem else [])


def test_a_long_value_is_cut_in_the_sentence() -> None:
    rows = ledger(*STORY)
    rows[5] = rows[5]._replace(notes="y" * 1_000_000)
    assert len(verified(rows).report().sentence()) < 400


def test_a_report_of_nothing_carries_its_reason() -> None:
    assert not_evaluated("the file is empty.").sentence() == "Cannot tell: the file is empty."
