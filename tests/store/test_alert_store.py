from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.alerts import alert_digest
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, open_case, transactions


def whole(one: object) -> str:
    return repr(one)  # also the fields that comparison leaves out


def test_an_alert_comes_back_with_its_evidence_in_order(bank_engine: Engine) -> None:
    with Reading(bank_engine) as uow:
        found = uow.alerts.get_many([alert(2).alert_id, "A-NONE", alert(1).alert_id])
        assert [whole(one) for one in found] == [whole(alert(1)), whole(alert(2))]
        assert [alert_digest(one) for one in uow.alerts.everything()] == [
            alert_digest(one) for one in sorted((alert(n) for n in (1, 2, 3)), key=lambda a: a.alert_id)
        ]


def test_more_alerts_are_asked_for_than_a_statement_takes_parameters(bank_engine: Engine) -> None:
    ids = [f"A-{n}" for n in range(2500)] + [alert(3).alert_id]
    with Reading(bank_engine) as uow:
        assert [one.customer_id for one in uow.alerts.get_many(ids)] == ["CU-00003"]


def test_an_alert_in_a_case_is_no_longer_loose(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        assert [one.alert_id for one in uow.alerts.without_case("CU-00001")] == [alert(1).alert_id]
        case = open_case(uow, alert(1))
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.alerts.without_case("CU-00001") == ()
        (found,) = uow.alerts.of_case(case.case_id)
        assert (found.alert_id, found.case_id) == (alert(1).alert_id, case.case_id)


def test_alerts_of_a_case_stand_worst_first(bank_engine: Engine) -> None:
    more = [alert(1, severity, rule) for severity, rule in ((30, "velocity"), (95, "geography"))]
    with Writing(bank_engine) as uow:
        uow.alerts.insert(more)
        case = open_case(uow, alert(1), *more)
        uow.commit()
    with Reading(bank_engine) as uow:
        assert [one.severity for one in uow.alerts.of_case(case.case_id)] == [95, 80, 30]
        assert uow.cases.get(case.case_id).typology == "geography"


@pytest.mark.parametrize("place", [0, 3], ids=["before", "after"])
def test_a_grown_alert_has_new_figures_and_keeps_its_place(bank_engine: Engine, place: int) -> None:
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1))
        uow.transactions.insert_new(transactions(["T-1-d"]))
        (before,) = uow.alerts.of_case(case.case_id)
        grown = replace(
            before,
            transaction_ids=(*before.transaction_ids[:place], "T-1-d", *before.transaction_ids[place:]),
            severity=99,
            window_end=NOON + timedelta(days=1),
            raised_at=NOON + timedelta(days=9),
            run_id="R-1",
        )
        uow.alerts.grow([(before, grown)])
        uow.commit()
    with Reading(bank_engine) as uow:
        (found,) = uow.alerts.of_case(case.case_id)
    assert found == grown
    assert found.transaction_ids.index("T-1-d") == place
    assert found.raised_at == before.raised_at


def test_runs_come_back_newest_first(bank_engine: Engine) -> None:
    run = Run("R-2", NOON + timedelta(days=1), NOON, "1" * 64, '{"ü":1}', "e" * 128, "duckdb 2.0", 2**40, 7, 8)
    with Writing(bank_engine) as uow:
        uow.runs.add(run)
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.runs.newest()[0] == run
        assert [one.run_id for one in uow.runs.newest()] == ["R-2", "R-1"]
        assert len(uow.runs.newest(1)) == 1
