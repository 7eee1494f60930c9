from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain import events
from casedesk.domain.cases import AlertFigures, Case, CaseStatus, Disposition, QaStatus
from casedesk.domain.history import columns, fold
from casedesk.domain.merkle import Frontier
from casedesk.domain.moments import canonical
from casedesk.store.case_store import NoSuchCase, StaleCase
from casedesk.store.tables import cases
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, filled, note, open_case, step, whole_life


def opened(engine: Engine) -> Case:
    with Writing(engine) as uow:
        case = open_case(uow, alert(1))
        uow.commit()
    return case


def test_a_case_comes_back_as_it_was_saved(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = whole_life(uow, open_case(uow, alert(1)))
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.cases.get(case.case_id) == case
        assert uow.cases.get(case.case_id, seen_version=case.version) == case


def test_a_stale_save_is_refused_with_the_colleagues_change_named(bank_engine: Engine) -> None:
    seen = opened(bank_engine)
    with Writing(bank_engine) as uow:
        case = step(uow, seen, events.CaseTaken(owner="ben", via="app"), "ben")
        step(uow, case, note(), "ben", NOON + timedelta(hours=1))
        uow.commit()
    with pytest.raises(StaleCase, match=r"ben: Note added \(event 4\)") as refused, Writing(bank_engine) as uow:
        uow.cases.save(replace(seen, version=seen.version + 1), over=seen)
    assert [(c.event_id, c.user, c.title) for c in refused.value.changes] == [
        (3, "ben", "Case taken"),
        (4, "ben", "Note added"),
    ]


def test_of_many_cases_saved_together_the_one_that_a_colleague_changed_is_named_and_none_is_saved(
    bank_engine: Engine,
) -> None:
    with Writing(bank_engine) as uow:
        seen = [open_case(uow, alert(number)) for number in (1, 2, 3)]
        uow.commit()
    with Writing(bank_engine) as uow:
        step(uow, seen[1], note(), "ben")
        uow.commit()
    new = [replace(case, version=case.version + 1) for case in seen]  # just as the colleague's
    for changed in (new, new[1:2]):
        with pytest.raises(StaleCase, match=rf"Case {seen[1].case_id} .* ben: Note added"), Writing(bank_engine) as uow:
            uow.cases.save_all((case, seen[new.index(case)], False) for case in changed)
    with Reading(bank_engine) as uow:
        assert [uow.cases.get(case.case_id).version for case in seen] == [2, 3, 2]
    with Writing(bank_engine) as uow:
        uow.cases.save_all((case, over, case is new[0]) for case, over in zip(new[::2], seen[::2], strict=True))
        uow.commit()
    with Reading(bank_engine) as uow:
        assert [uow.cases.get(case.case_id) for case in new[::2]] == new[::2]


def test_a_stale_save_leaves_row_events_and_head_as_they_were(bank_engine: Engine) -> None:
    seen = opened(bank_engine)
    with Writing(bank_engine) as uow:
        case = step(uow, seen, events.CaseTaken(owner="ben", via="app"), "ben")
        uow.commit()
    with Writing(bank_engine) as uow:
        head, history = uow.ledger.head(), uow.ledger.of(case.case_id)
        with pytest.raises(StaleCase):
            step(uow, seen, events.CaseTaken(owner="ana", via="app"), "ana")
        assert uow.ledger.head() == head
        assert uow.ledger.of(case.case_id) == history
        assert uow.cases.get(case.case_id) == case


def test_steps_of_one_transaction_stand_in_the_ledger_in_their_order(bank_engine: Engine) -> None:
    first, second = opened(bank_engine), None
    lengths: list[int] = []
    with Writing(bank_engine, committed=lengths.append) as uow:
        first = step(uow, first, events.CaseTaken(owner="ana", via="app"), "ana")
        uow.ledger.append(note(), stream=events.DESK, user="mara", at=NOON)
        first = step(uow, first, note(), "ana")
        second = open_case(uow, alert(2))
        uow.commit()
    with Writing(bank_engine, committed=lengths.append) as uow:
        uow.ledger.append(note(), stream=events.DESK, user="mara", at=NOON)
        uow.commit()
    with Writing(bank_engine, committed=lengths.append) as uow:
        uow.commit()
    assert lengths == [7, 8]
    with Reading(bank_engine) as uow:
        rows = tuple(uow.ledger.everything())
        assert [(row.event_id, row.case_id, row.action) for row in rows[2:]] == [
            (3, first.case_id, "case_taken"), (4, "DESK", "note_added"), (5, first.case_id, "note_added"),
            (6, second.case_id, "case_opened"), (7, second.case_id, "alert_attached"), (8, "DESK", "note_added"),
        ]  # fmt: skip
        tree = Frontier()
        for row in rows:
            tree.append(row.body)
        head = uow.ledger.head()
        assert (head.size, head.root, head.frontier) == (8, tree.root(), tree.dump())
        assert uow.cases.get(first.case_id) == first


#: Another value for every field of a case that awaits approval. The key stays.
OTHERS: dict[str, Any] = {
    "customer_id": "CU-00002",
    "status": CaseStatus.CLOSED,
    "owner": "ben",
    "disposition": Disposition.ESCALATE,
    "version": 7,
    "opened_at": NOON + timedelta(days=2),
    "alerted_at": NOON + timedelta(days=3),
    "suspicion_at": NOON + timedelta(days=4),
    "suspicion_event": 9,
    "suspicion_moved": True,
    "suspect_identified": False,
    "decision_text": "Structured cash.",
    "decided_by": "ben",
    "decided_at": NOON + timedelta(days=5),
    "approved_by": "mara",
    "approved_at": NOON + timedelta(days=6),
    "closed_at": NOON + timedelta(days=7),
    "qa_status": QaStatus.FAIL,
    "qa_reviewer": "mara",
    "qa_reviewed_at": NOON + timedelta(days=8),
    "qa_severity": "major",
    "qa_notes": "No source of funds.",
}


def test_saving_writes_whatever_changed_and_what_is_computed_from_it(bank_engine: Engine) -> None:
    assert set(OTHERS) | {"case_id", "alerts", "policy"} == {field.name for field in fields(Case)}
    case = opened(bank_engine)
    with Writing(bank_engine) as uow:
        case = step(uow, case, events.CaseTaken(owner="ana", via="app"), "ana")
        decided = events.DispositionSet(disposition="SAR", approval="required", via="app", notes="Cash.")
        case = step(uow, case, decided, "ana")
        uow.commit()
    for name, value in OTHERS.items():
        changed = replace(case, **{name: value}) if name == "version" else replace(case, version=7, **{name: value})
        with Writing(bank_engine) as uow:  # without a commit: the next round starts from the same row
            uow.cases.save(changed, over=case)
            found = uow.cases.get(case.case_id)
            row = dict(uow.cases.projections())[case.case_id]
        assert found == changed, name
        assert row["due_at"] == canonical(changed.clock.due_at), name
        assert bool(row["is_open"]) is (changed.status is not CaseStatus.CLOSED), name


def test_saving_writes_the_figures_of_new_alerts(bank_engine: Engine) -> None:
    case = opened(bank_engine)
    more = (*case.alerts, AlertFigures("A-9", "velocity", 99, 12_345, 7))
    changed = replace(case, version=7, alerts=more)
    with Writing(bank_engine) as uow:
        uow.cases.save(changed, over=case, alerts=True)
        row = dict(uow.cases.projections())[case.case_id]
    assert [row[name] for name in ("severity", "typology", "alert_count", "transaction_count", "amount_minor")] == [
        99, "velocity", 2, changed.transactions, changed.amount_minor,
    ]  # fmt: skip


def test_a_stale_look_is_refused_before_anything_is_decided(bank_engine: Engine) -> None:
    seen = opened(bank_engine)
    with Writing(bank_engine) as uow:
        step(uow, seen, events.CaseTaken(owner="ben", via="app"), "ben")
        uow.commit()
    with Reading(bank_engine) as uow, pytest.raises(StaleCase, match="ben: Case taken"):
        uow.cases.get(seen.case_id, seen_version=seen.version)


def test_reading_a_narrative_makes_nobodys_view_stale(bank_engine: Engine) -> None:
    seen = opened(bank_engine)
    with Writing(bank_engine) as uow:
        step(uow, seen, events.NarrativeRead(via="app"), "mara")
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.cases.get(seen.case_id, seen_version=seen.version).version == seen.version


def test_an_unknown_case_is_refused_by_its_id(engine: Engine) -> None:
    with Reading(engine) as uow, pytest.raises(NoSuchCase, match="no case “C-26-09999”"):
        uow.cases.get("C-26-09999")


def test_ids_are_compared_byte_by_byte(bank_engine: Engine) -> None:
    case = opened(bank_engine)
    for other in (case.case_id.lower(), case.case_id + " "):
        with Reading(bank_engine) as uow, pytest.raises(NoSuchCase):
            uow.cases.get(other)


def test_the_dossier_knows_who_did_what(bank_engine: Engine) -> None:
    seen = opened(bank_engine)
    with Writing(bank_engine) as uow:
        step(uow, seen, note(), "ana")
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.cases.dossier(seen.case_id).participants == {
            ("system", "case_opened"),
            ("system", "alert_attached"),
            ("ana", "note_added"),
        }


def test_only_a_case_that_is_not_closed_takes_further_alerts(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        closed = whole_life(uow, open_case(uow, alert(1)))
        assert uow.cases.open_of("CU-00001") == ""
        newer = open_case(uow, alert(1), at=NOON + timedelta(days=40))
        assert uow.cases.open_of("CU-00001") == newer.case_id
        newest = open_case(uow, alert(1), at=NOON + timedelta(days=41))
        other = open_case(uow, alert(2))
        homes = {"CU-00001": newest.case_id, "CU-00002": other.case_id}
        assert uow.cases.open_of_each(["CU-00003", "CU-00002", "CU-00001"]) == homes
        assert uow.cases.open_of_each([]) == {}
        assert [case.case_id for case in uow.cases.of_customer("CU-00001")] == [
            newest.case_id, newer.case_id, closed.case_id
        ]  # fmt: skip


def test_a_projection_holds_every_column_as_the_replay_writes_it(engine: Engine) -> None:
    filled(engine)
    with Reading(engine) as uow:
        rows = dict(uow.cases.projections())
        assert len(rows) == 3
        for case_id, row in rows.items():
            assert row == columns(fold(case_id, uow.ledger.of(case_id)))
            assert set(row) == {column.name for column in cases.columns}
