"""How a model bore out: only cases closed after it scored them, each by its customer's best account, for those with need to know."""

from __future__ import annotations

import pytest

from casedesk.domain.alerts import Risk
from casedesk.domain.intervals import proportion
from casedesk.domain.people import RoleForbids
from casedesk.domain.score_bands import cut_offs
from casedesk.services.model_performance import FEWEST, Performance, borne_out, performance
from casedesk.store.disposition_reader import Foreseen
from casedesk.store.model_store import AccountScore, ModelRun
from tests.builders import TestDesk


def ran(desk: TestDesk, number: int, scores: dict[str, float], version_id: str = "") -> None:
    """Store a run of a model that gave these accounts these scores."""
    at = desk.at()
    rows = [
        AccountScore(name, round(score * 1_000_000), cut_offs(at.date()).band(score).value, "T-1-1", "")
        for name, score in scores.items()
    ]
    with desk.writing() as uow:
        uow.models.insert_run(ModelRun(f"MR-{number:06}", version_id, "0" * 64, at, 2, len(rows), "{}", "0" * 64), rows)
        uow.commit()


def borne(desk: TestDesk, who: str = "otto") -> tuple[Performance, ...]:
    return performance(look=desk.reading(), actor=desk.people[who])


def test_only_cases_closed_after_a_run_count_each_by_the_best_account_of_the_last_run_before(
    any_desk: TestDesk,
) -> None:
    desk = any_desk
    for number in range(2, 7):
        desk.customer(f"K-{number}", accounts=[f"K-{number}/1", f"K-{number}/2"])
    desk.closed("K-2", sar_approver="mia")  # before any run
    ran(desk, 1, {"K-1/1": 0.9, "K-3/1": 0.9, "K-3/2": 0.01, "K-4/1": 0.06, "K-4/2": 0.3, "K-5/1": 0.9, "K-6/2": 0.9})
    ran(desk, 2, {"K-1/1": 0.9, "K-3/1": 0.9}, version_id="MV-000009")  # another model's
    for customer in ("K-1", "K-3"):
        desk.closed(customer, sar_approver="mia")
    desk.awaiting("K-5")
    desk.reopen("mia", desk.closed("K-6"))
    ran(desk, 3, {"K-1/1": 0.01, "K-3/1": 0.01, "K-4/1": 0.06, "K-4/2": 0.3})
    desk.closed("K-4")
    desk.closed("K-1", sar_approver="mia")
    desk.closed("K-2")  # has no score in that run
    (found,) = borne(desk)
    assert found.bands == ((Risk.HIGH, 2, 0), (Risk.MEDIUM, 0, 1), (Risk.LOW, 0, 0), (Risk.MINIMAL, 1, 0))
    assert (found.unscored, found.cases) == ((0, 1), 5)
    assert (found.precision, found.recall) == (proportion(2, 2), proportion(2, 3))
    assert found.pr_auc is None
    for who in ("ann", "ben"):
        with pytest.raises(RoleForbids, match="may not see undisclosed decisions"):
            borne(desk, who)


def test_a_pr_auc_is_given_only_where_enough_cases_of_both_kinds_were_scored() -> None:
    cases = [Foreseen(f"S{n}", "SAR", 900_000 - n, "High") for n in range(FEWEST)]
    cases += [Foreseen(f"N{n}", "No SAR", 100_000 + n, "Low") for n in range(FEWEST)]
    assert borne_out("", cases).pr_auc == 1.0
    assert borne_out("", cases[:-1]).pr_auc is None
    assert borne_out("", cases[1:]).pr_auc is None
