"""Retraining: closed cases label the desk's payments, and no other case says anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from casedesk.modelling.features import VERSION
from casedesk.modelling.model_files import TREES, read
from casedesk.modelling.payments import Payments
from casedesk.services import retraining
from casedesk.services.retraining import DECIDED, FEWEST_CASES, PASSED, UNLABELLED, Options, labelled, lessons
from tests.builders import FAIL, Move, TestDesk


def evidence(desk: TestDesk, *cases: str) -> set[str]:
    with desk.reading() as look:
        return {one.transaction_id for one in look.dispositions.evidence() if one.case_id in cases}


def retrain(desk: TestDesk) -> retraining.Trained:
    return retraining.retrain(look=desk.reading(), actor=desk.people["mia"], options=Options(rounds=5, threads=1))


def test_only_closed_cases_teach_and_those_that_passed_their_review_weigh_more(desk: TestDesk) -> None:
    for number in range(2, 12):
        desk.customer(f"K-{number}")
    sar, sar_passed = desk.closed("K-1", sar_approver="mia"), desk.closed("K-2", sar_approver="mia")
    no_sar, no_sar_passed = desk.closed("K-3"), desk.closed("K-4")
    again = desk.closed("K-5")
    failed, reopened = desk.closed("K-6"), desk.closed("K-7", sar_approver="mia")
    silent = [desk.open("K-8"), desk.awaiting("K-9"), desk.escalated("K-10"), failed, reopened]
    for case_id in (sar_passed, no_sar_passed, reopened):
        desk.review("queenie", case_id)
    for case_id in (failed, again):
        desk.review("queenie", case_id, FAIL)
    desk.reopen("mia", reopened)
    desk.decide("ann", again, retraining.Disposition.NO_SAR)
    desk.book([Move("T-alone", 1, 500, to_account="K-11/1")])
    with desk.reading() as look:
        found = lessons(look.dispositions.evidence())
        payments = Payments.of(look.run_data.transactions(look.run_data.newest()))
    assert found.guilty == dict.fromkeys(evidence(desk, sar), DECIDED) | dict.fromkeys(
        evidence(desk, sar_passed), PASSED
    )
    assert found.innocent == dict.fromkeys(evidence(desk, no_sar, again), DECIDED) | dict.fromkeys(
        evidence(desk, no_sar_passed), PASSED
    )
    assert found.undecided == evidence(desk, *silent)
    assert found.cases == {
        ("SAR", "none yet"): 1,
        ("SAR", "passed"): 1,
        ("No SAR", "none yet"): 2,
        ("No SAR", "passed"): 1,
    }
    world = labelled(payments, found)
    said = found.guilty | found.innocent | dict.fromkeys(found.undecided, 0.0) | {"T-alone": UNLABELLED}
    assert world.weights is not None
    assert dict(zip(payments.ids.to_pylist(), world.weights.tolist(), strict=True)) == said
    assert {
        name for name, bad in zip(payments.ids.to_pylist(), world.guilty, strict=True) if bad
    } == found.guilty.keys()
    with pytest.raises(
        retraining.TooFewDecided, match=r"2 cases closed as SAR and 3 closed as No SAR .* at least 10 of each"
    ):
        retrain(desk)


def test_a_model_of_the_desk_s_own_cases_counts_them_on_its_card(desk: TestDesk, tmp_path: Path) -> None:
    desk.book(
        Move(f"B-{n}", 3.7 * n, 100 * (7 * n % 1_000 + 1), from_account=f"X-{n % 40}", to_account=f"Y-{n % 23}")
        for n in range(400)
    )
    reported = [desk.closed("K-1", sar_approver="mia") for _ in range(FEWEST_CASES + 3)]
    for _ in range(FEWEST_CASES):
        desk.closed("K-1")
    undecided = len(evidence(desk, desk.open("K-1")))
    size = desk.size()
    made = retrain(desk)
    assert desk.size() == size
    made.write(tmp_path / "model")
    card = read(tmp_path / "model", VERSION).card
    assert card["dispositions"]["cases"] == [
        {"disposition": "No SAR", "review": "none yet", "cases": FEWEST_CASES},
        {"disposition": "SAR", "review": "none yet", "cases": FEWEST_CASES + 3},
    ]
    assert card["measured"] == {}  # no report in the last quarter
    assert card["data"][0]["guilty"] == card["trained_on"]["guilty"] == 2 * (FEWEST_CASES + 3)
    with desk.reading() as look:
        at = Payments.of(look.run_data.transactions(look.run_data.newest())).table["at"].to_numpy()
    early = int((at < card["split"]["calibrate_from_us"][0]).sum())
    assert sum(card["trained_on"].values()) == early - undecided
    words = (tmp_path / "model" / "card.md").read_text(encoding="utf-8")
    assert f"| SAR | none yet | {FEWEST_CASES + 3} |" in words
    assert not [name for name in ("K-1", "Kim Roe", "T-1-1", "ann", "mia") if name in words]
    desk.review("queenie", reported[0])
    assert retrain(desk).contents[TREES] != made.contents[TREES]  # the same labels, one of them weightier
