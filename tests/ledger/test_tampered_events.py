"""Edits of the ledger itself by somebody who may drop triggers. Source of the list: docs on what the ledger withstands."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain.events import DESK, NoteAdded
from casedesk.domain.ledger import REMOVABLE, ZERO_HASH, Recorded, committed, link
from casedesk.domain.verification import Verdict
from casedesk.store.ledger_store import COLUMNS
from casedesk.store.tables import alerts, case_events, cases, ledger_head
from casedesk.store.unit_of_work import Writing
from tests.ledger.asking import Tamper, assert_found, everything, verdict
from tests.store.builders import NOON, alert, open_case

EDITS: dict[str, Any] = {
    "event_id": 10_000,
    "case_id": "C-26-00009",
    "case_seq": 99,
    "ts": "2026-07-01T12:00:00.123458Z",
    "user": "Ana",
    "action": "note_removed",
    "notes": "Called the branch!",
    "meta": '{"v":1,"via":"cli"}',
    "prev_hash": "f" * 64,
    "event_hash": "e" * 64,
    "nonce": "d" * 32,
    "format": "casedesk.event/1",
    "salt": "c" * 64,
    "body": b"{}",
}


def event(event_id: int) -> sa.ColumnElement[bool]:
    return case_events.c.event_id == event_id


def values(row: Recorded) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS}


def note_of(engine: Engine) -> Recorded:
    """The first note of the long case: an event in the middle of a chain."""
    return next(row for row in everything(engine) if row.action == "note_added")


def test_every_column_has_an_edit_below() -> None:
    assert set(EDITS) == {column.name for column in case_events.columns} == set(COLUMNS)


@pytest.mark.parametrize("column", EDITS)
def test_an_edit_of_any_column_is_found(desk: Engine, tamper: Tamper, column: str) -> None:
    target = note_of(desk)
    tamper(sa.update(case_events).where(event(target.event_id)).values({column: EDITS[column]}))
    report = assert_found(desk)
    assert report.broken_events & {target.event_id, target.event_id + 1, 10_000}


#: SQLite keeps an event_id as a number whatever is put there, and a body is bytes anyway.
TEXTS = tuple(name for name in EDITS if name not in ("event_id", "body"))


@pytest.mark.parametrize("column", TEXTS)
def test_bytes_in_a_text_column_are_found_and_not_stumbled_over(desk: Engine, tamper: Tamper, column: str) -> None:
    if desk.dialect.name != "sqlite":
        pytest.skip("only SQLite keeps bytes in a text column")
    target = note_of(desk)
    edit = f'UPDATE case_events SET "{column}" = CAST("{column}" AS BLOB) WHERE event_id = {target.event_id}'
    tamper(sa.text(edit))
    report = assert_found(desk)
    assert column in {finding.column for finding in report.findings if finding.event_id == target.event_id}


@pytest.mark.parametrize(
    "column", [name for name in EDITS if name not in ("event_id", "case_id", "body", "format", "salt")]
)
def test_the_finding_names_event_and_column_with_both_values(desk: Engine, tamper: Tamper, column: str) -> None:
    target = note_of(desk)
    tamper(sa.update(case_events).where(event(target.event_id)).values({column: EDITS[column]}))
    report = verdict(desk)
    mine = [f for f in report.findings if f.event_id == target.event_id and f.column == column]
    assert mine, [f.sentence() for f in report.findings]
    assert any(str(EDITS[column]) in (f.got, f.expected) for f in mine)


def test_a_single_byte_of_the_body_is_found(desk: Engine, tamper: Tamper) -> None:
    target = note_of(desk)
    flipped = bytearray(target.body)
    flipped[len(flipped) // 2] ^= 1
    tamper(sa.update(case_events).where(event(target.event_id)).values(body=bytes(flipped)))
    assert_found(desk, "event_hash", target.event_id)


def test_a_deletion_in_the_middle_is_found(desk: Engine, tamper: Tamper) -> None:
    target = note_of(desk)
    tamper(sa.delete(case_events).where(event(target.event_id)))
    assert_found(desk, "event_id", target.event_id + 1)


def test_a_deletion_of_the_tail_is_found(desk: Engine, tamper: Tamper) -> None:
    last = everything(desk)[-1]
    assert last.case_id == DESK  # no case's state betrays it, only the head does
    tamper(sa.delete(case_events).where(event(last.event_id)))
    assert_found(desk, "size")


def test_a_deletion_of_the_first_event_is_found(desk: Engine, tamper: Tamper) -> None:
    tamper(sa.delete(case_events).where(event(1)))
    assert_found(desk, "event_id", 2)


def test_a_deletion_of_a_whole_case_is_found(desk: Engine, tamper: Tamper) -> None:
    case_id = everything(desk)[0].case_id
    tamper(
        sa.delete(case_events).where(case_events.c.case_id == case_id),
        sa.update(alerts).where(alerts.c.case_id == case_id).values(case_id=None),
        sa.delete(cases).where(cases.c.case_id == case_id),
    )
    assert_found(desk, "event_id", 3)


def test_the_newest_case_deleted_with_all_its_rows_is_found(desk: Engine, tamper: Tamper) -> None:
    with Writing(desk) as uow:
        case_id = open_case(uow, alert(4)).case_id
        uow.commit()
    tamper(
        sa.delete(case_events).where(case_events.c.case_id == case_id),
        sa.update(alerts).where(alerts.c.case_id == case_id).values(case_id=None),
        sa.delete(cases).where(cases.c.case_id == case_id),
    )
    assert_found(desk, "size")


def test_an_inserted_event_is_found(desk: Engine, tamper: Tamper) -> None:
    chain = [row for row in everything(desk) if row.case_id == everything(desk)[0].case_id]
    forged = link(
        NoteAdded(notes="Manager agreed.", via="app"),
        stream=chain[-1].case_id,
        user="mara",
        ts=chain[-1].ts,
        event_id=len(everything(desk)) + 1,
        case_seq=chain[-1].case_seq + 1,
        prev_hash=chain[-1].event_hash,
        nonce="0" * 32,
    )
    tamper(sa.insert(case_events).values(values(forged)))
    assert_found(desk, "size")


def test_two_events_in_each_others_place_are_found(desk: Engine, tamper: Tamper) -> None:
    first, second = (
        row
        for row in everything(desk)
        if row.action == "disposition_set" and row.notes in ("Salary", "Structured cash.")
    )
    tamper(
        sa.update(case_events).where(event(first.event_id)).values(event_id=900_001),
        sa.update(case_events).where(event(second.event_id)).values(event_id=first.event_id),
        sa.update(case_events).where(event(900_001)).values(event_id=second.event_id),
    )
    report = assert_found(desk)
    assert {first.event_id, second.event_id} <= report.broken_events


def test_events_swapped_between_cases_are_found(desk: Engine, tamper: Tamper) -> None:
    notes = [row for row in everything(desk) if row.action == "case_taken"]
    one, other = notes[0], notes[1]
    assert one.case_id != other.case_id
    content = ("ts", "user", "action", "notes", "meta", "nonce", "body", "event_hash")
    tamper(
        sa.update(case_events).where(event(one.event_id)).values({name: getattr(other, name) for name in content}),
        sa.update(case_events).where(event(other.event_id)).values({name: getattr(one, name) for name in content}),
    )
    report = assert_found(desk)
    assert {one.event_id, other.event_id} <= report.broken_events


@pytest.mark.parametrize(
    ("left", "right"),
    [("user", "action"), ("action", "notes"), ("notes", "meta"), ("case_id", "ts"), ("prev_hash", "nonce")],
)
def test_a_character_moved_across_a_field_boundary_is_found(
    desk: Engine, tamper: Tamper, left: str, right: str
) -> None:
    target = note_of(desk)
    moved = {left: getattr(target, left)[:-1], right: getattr(target, left)[-1] + getattr(target, right)}
    if len(moved[right]) > 64 and right not in ("notes", "meta"):
        pytest.fail("the column could not hold it")
    short = {name: value[: {"ts": 27, "nonce": 32}.get(name, 10**6)] for name, value in moved.items()}
    tamper(sa.update(case_events).where(event(target.event_id)).values(short))
    report = assert_found(desk)
    assert target.event_id in report.broken_events


def rewritten(row: Recorded, **changed: Any) -> Recorded:
    """The event with other content and a hash that fits it."""
    body = json.loads(row.body) | {k: v for k, v in changed.items() if k != "meta"}
    if row.format == REMOVABLE and "notes" in changed:
        body["notes"] = committed(row.salt, changed["notes"])
    if "meta" in changed:
        body["meta"] = changed["meta"]
        changed = changed | {"meta": rfc8785.dumps(changed["meta"]).decode()}
    raw = rfc8785.dumps(body)
    return row._replace(**changed, body=raw, event_hash=sha256(raw).hexdigest())


def replace(row: Recorded) -> sa.Update:
    return sa.update(case_events).where(event(row.event_id)).values(values(row))


def test_an_edit_with_its_own_hash_recomputed_breaks_the_next_link(desk: Engine, tamper: Tamper) -> None:
    target = note_of(desk)
    tamper(replace(rewritten(target, notes="Nothing to see here.")))
    assert_found(desk, "prev_hash", target.event_id + 1)


def test_the_last_event_of_a_case_edited_with_its_hash_is_found_by_the_tree(desk: Engine, tamper: Tamper) -> None:
    last = everything(desk)[-1]
    tamper(replace(rewritten(last, user="ben")))
    assert_found(desk, "root")


def test_a_whole_chain_rebuilt_with_correct_hashes_is_found_by_the_tree(desk: Engine, tamper: Tamper) -> None:
    target = note_of(desk)
    statements, prev = [], ZERO_HASH
    for row in (row for row in everything(desk) if row.case_id == target.case_id):
        changed = {"notes": "Nothing to see here."} if row.event_id == target.event_id else {}
        new = rewritten(row, prev_hash=prev, **changed)
        statements.append(replace(new))
        prev = new.event_hash
    assert prev != [row for row in everything(desk) if row.case_id == target.case_id][-1].event_hash
    tamper(*statements)
    report = assert_found(desk, "root")
    assert not report.broken_events


def test_a_decision_made_later_under_an_old_event_is_an_illegal_step(desk: Engine, tamper: Tamper) -> None:
    target = next(row for row in everything(desk) if row.action == "case_released")
    tamper(replace(rewritten(target, action="review_passed", meta={"v": 1})))
    assert_found(desk, "meta", target.event_id)


@pytest.mark.parametrize("column", ["size", "root", "frontier"])
def test_an_edited_head_is_found(desk: Engine, tamper: Tamper, column: str) -> None:
    other: Any = 3 if column == "size" else "0" * 64
    tamper(sa.update(ledger_head).values({column: other}))
    assert_found(desk, column)


def test_a_deleted_head_is_found(desk: Engine, tamper: Tamper) -> None:
    tamper(sa.delete(ledger_head))
    assert_found(desk, "head_id")


def test_a_case_deleted_and_made_again_under_its_id_is_found(desk: Engine, tamper: Tamper) -> None:
    case_id = everything(desk)[0].case_id
    tamper(
        sa.delete(case_events).where(case_events.c.case_id == case_id),
        sa.update(alerts).where(alerts.c.case_id == case_id).values(case_id=None),
        sa.delete(cases).where(cases.c.case_id == case_id),
        sa.text("UPDATE counters SET value = 0"),
    )
    with Writing(desk) as uow:
        assert open_case(uow, alert(1)).case_id == case_id
        uow.commit()
    assert_found(desk, "event_id", 3)


def test_an_event_stored_twice_under_a_new_number_is_found(desk: Engine, tamper: Tamper) -> None:
    copy = values(everything(desk)[-1]) | {"event_id": 900, "case_seq": 2, "prev_hash": "a" * 64}
    tamper(sa.insert(case_events).values(copy))
    assert_found(desk, "event_id", 900)


def test_an_emptied_log_is_not_called_verified(desk: Engine, tamper: Tamper) -> None:
    tamper(sa.delete(case_events))
    assert_found(desk, "size")


def test_a_desk_that_has_done_nothing_cannot_be_evaluated(engine: Engine) -> None:
    report = verdict(engine)
    assert report.verdict is Verdict.NOT_EVALUATED
    assert report.verdict.exit_code == 2
    assert report.sentence() == "Cannot tell: there is not one event to check."


def test_a_desk_reset_to_nothing_but_for_its_cases_is_found(desk: Engine, tamper: Tamper) -> None:
    empty = sha256(b"").hexdigest()
    tamper(sa.delete(case_events), sa.update(ledger_head).values(size=0, root=empty, frontier=""))
    assert_found(desk, "case_id")


def test_after_tampering_the_desk_goes_on_and_the_finding_stays(desk: Engine, tamper: Tamper) -> None:
    target = note_of(desk)
    tamper(sa.update(case_events).where(event(target.event_id)).values(notes="Other words."))
    with Writing(desk) as uow:
        uow.ledger.append(NoteAdded(notes="Later", via="app"), stream="DESK", user="ana", at=NOON)
        uow.commit()
    assert_found(desk, "notes", target.event_id)
