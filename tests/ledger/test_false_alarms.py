"""What must never be called tampering."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from casedesk.domain import events
from casedesk.domain.verification import Verdict
from casedesk.store.unit_of_work import Writing
from tests.ledger.asking import verdict
from tests.store.builders import NOON, alert, bank, open_case, step, whole_life
from tests.store.test_text_and_time import TEXTS


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_every_kind_verifies(engine: Engine, name: str) -> None:
    with Writing(engine) as uow:
        bank(uow)
        case = step(uow, open_case(uow, alert(1)), events.NoteAdded(notes=TEXTS[name], via="app"), "ana")
        case = step(uow, case, events.CaseTaken(owner="ana", via=TEXTS[name][:40]), "ana")
        decision = events.DispositionSet(disposition="No SAR", approval="required", via="app", notes=TEXTS[name])
        step(uow, case, decision, "ana")
        uow.commit()
    report = verdict(engine)
    assert report.verdict is Verdict.VERIFIED, report.sentence()


@pytest.mark.parametrize("micro", [0, 1, 500, 3_333, 123_457, 999_999])
def test_any_microsecond_verifies(engine: Engine, micro: int) -> None:
    at = datetime(2026, 12, 31, 23, 59, 59, micro, tzinfo=UTC)
    with Writing(engine) as uow:
        bank(uow)
        case = open_case(uow, alert(1), at=at)
        case = step(uow, case, events.CaseTaken(owner="ana", via="app"), "ana", at)
        step(uow, case, events.DispositionSet(disposition="SAR", approval="off by policy", via="app"), "ana", at)
        uow.commit()
    report = verdict(engine)
    assert report.verdict is Verdict.VERIFIED, report.sentence()


def test_a_clock_that_runs_backwards_changes_no_order(engine: Engine) -> None:
    with Writing(engine) as uow:
        bank(uow)
        case = open_case(uow, alert(1), at=NOON)
        for year in (2026, 2020, 1999, 2030):
            case = step(uow, case, events.NoteAdded(notes="x", via="app"), "ana", NOON.replace(year=year))
        uow.commit()
    assert verdict(engine).verdict is Verdict.VERIFIED


def test_two_alerts_of_one_severity_give_one_typology(engine: Engine) -> None:
    with Writing(engine) as uow:
        bank(uow)
        equal = [alert(1, 80, rule) for rule in ("velocity", "geography", "aaa", "zzz")]
        uow.alerts.insert(equal)
        case = open_case(uow, *equal)
        uow.commit()
    with Writing(engine) as uow:
        step(uow, uow.cases.get(case.case_id), events.NoteAdded(notes="x", via="app"), "ana")
        uow.commit()
    assert verdict(engine).verdict is Verdict.VERIFIED


def test_state_saved_from_the_row_or_from_the_events_is_the_same(engine: Engine) -> None:
    """Each step in a transaction of its own, starting from what the row says."""
    with Writing(engine) as uow:
        bank(uow)
        case_id = open_case(uow, alert(1)).case_id
        uow.commit()
    with Writing(engine) as uow:
        whole_life(uow, uow.cases.get(case_id))
        uow.commit()
    assert verdict(engine).verdict is Verdict.VERIFIED


#: What the ledger takes: no NUL, no half characters.
storable = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(notes=st.lists(storable, min_size=1, max_size=8))
def test_whatever_people_write_verifies(sqlite_engine: Engine, notes: list[str]) -> None:
    with Writing(sqlite_engine) as uow:
        for text in notes:
            event = events.NoteAdded(notes=text, via=text[:5])
            uow.ledger.append(event, stream="DESK", user="ana", at=NOON)
        uow.commit()
    report = verdict(sqlite_engine)
    assert report.verdict is Verdict.VERIFIED, report.sentence()
