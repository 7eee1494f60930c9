"""What the desk's own runs tell advice: the highest of the customer's accounts, and nothing before the first run."""

from __future__ import annotations

from pathlib import Path

from casedesk.domain.advice import Facts
from casedesk.services import advising, model_runs, models
from casedesk.services.default_model import FOLDER
from tests.builders import Move, TestDesk
from tests.services import scoring_bank as bank


def facts(desk: TestDesk, case_id: str) -> Facts:
    with desk.reading() as uow:
        return advising.consider(uow, uow.cases.get(case_id), desk.at(), "USD", advising.ON_DESK).facts


def test_advice_goes_by_the_newest_exposure_of_the_customers_accounts(desk: TestDesk, tmp_path: Path) -> None:
    bank.furnish(desk)
    desk.customer("K-2", accounts=["K-2/1"])
    near, far = desk.open("K-1"), desk.open("K-2")
    desk.book([Move("M1", 90, 900_000, "K-1/1", "MULE", "WIRE")])
    assert facts(desk, near).exposure is None
    bank.load(desk, tmp_path)
    run = bank.score(desk)
    with desk.reading() as uow:
        paid = uow.scores.of(run.run_id, ["K-1/1"])["K-1/1"].exposure
    assert facts(desk, near).exposure == round(paid * 10_000) > 0
    assert facts(desk, far).exposure == 0


def test_advice_goes_by_the_model_in_force_once_it_has_scored_and_by_no_other(desk: TestDesk) -> None:
    desk.customer("K-2", accounts=["K-2/1"])
    desk.book(Move(f"t{n}", 60.0 * n, 9_500_00, to_account="K-1/1") for n in range(4))
    case_id = desk.open("K-1")
    maker = {"actor": desk.people["mia"], "at": desk.at()}
    model_runs.run(look=desk.reading(), uow=desk.writing(), **maker)  # the shipped model, which nobody put in force
    models.propose(uow=desk.writing(), files=models.in_folder(FOLDER), reason="Tried on the last quarter.", **maker)
    assert facts(desk, case_id).score is None
    models.approve(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), version_id="MV-000001")
    assert facts(desk, case_id).score is None
    model_runs.run(look=desk.reading(), uow=desk.writing(), **maker)
    with desk.reading() as uow:
        last = uow.models.last_run("MV-000001")
        assert last is not None
        (scored,) = uow.models.of_accounts(last.model_run_id, ["K-1/1"])
    found = facts(desk, case_id)
    assert (found.model, found.score) == ("MV-000001", round(scored.score / 100))
