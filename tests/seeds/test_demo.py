"""The demo bank lives through the services, and leaves a desk that verifies."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casedesk.bootstrap import Desk, open_desk, upgrade_database
from casedesk.domain.cases import Stage
from casedesk.domain.suppressions import State as Suppressed
from casedesk.domain.verification import Verdict
from casedesk.formats.institution_file import read_institution
from casedesk.services import calendar, party_lists, policies, queue, retention, rule_sets, scores, suppressions
from casedesk.services.audit import verify_database
from casedesk.services.run_trust import trust_of
from casedesk.settings import load_settings
from seeds.demo import NotEmpty, build_demo
from seeds.filings import PROFILE
from seeds.staff import BY_ID

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
EVERYTHING = queue.Query(include_closed=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder: Path = tmp_path_factory.mktemp("demo")
    settings = load_settings({"CASEDESK_DATABASE_URL": f"sqlite:///{folder / 'demo.db'}"})
    upgrade_database(settings)
    desk = open_desk(settings)
    build_demo(desk, customers=220, days=75, seed=7, now=NOW, labels_dir=folder / "dataset")
    return desk


def page(desk: Desk, query: queue.Query = EVERYTHING) -> queue.Page:
    return queue.list_page(uow=desk.reading(), actor=BY_ID["marta"], at=NOW, query=query, limit=500)


def test_the_ledger_of_the_demo_bank_verifies(desk: Desk) -> None:
    report = verify_database(uow=desk.reading())
    assert report.verdict is Verdict.VERIFIED
    assert report.events > 100


def test_cases_stand_in_every_state(desk: Desk) -> None:
    stages = Counter(line.stage for line in page(desk).lines)
    assert set(stages) == set(Stage) - {Stage.BROKEN}, stages


def test_some_cases_are_overdue_and_some_are_due_soon(desk: Desk) -> None:
    counters = page(desk).counters
    assert counters[queue.View.OVERDUE] > 0
    assert counters[queue.View.DUE_SOON] > 0
    assert counters[queue.View.UNASSIGNED] > 0


def test_nothing_happened_after_now_and_time_never_runs_back(desk: Desk) -> None:
    with desk.reading() as uow:
        times = [event.ts for event in uow.ledger.everything()]
    assert times == sorted(times)
    assert times[-1] <= NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_reviews_were_passed_and_failed_and_failed_cases_reworked(desk: Desk) -> None:
    with desk.reading() as uow:
        actions = Counter(event.action for event in uow.ledger.everything())
    for action in (
        "review_passed",
        "review_failed",
        "disposition_returned",
        "disposition_approved",
        "case_handed_over",
    ):
        assert actions[action] > 0, action


def test_customers_are_exposed_over_several_hops_and_a_name_waits_for_a_person(desk: Desk) -> None:
    marta = BY_ID["marta"]
    found = scores.overview(uow=desk.reading(), actor=marta)
    assert [one.source for one in found.lists] == ["Fraud desk"]
    assert len(found.runs) == 2
    _, ranked = scores.top(uow=desk.reading(), actor=marta, own=True)
    assert {part.hops for one in ranked for part in one.score.parts} >= {1, 2}
    assert ranked[0].score.exposure > 0.3
    assert party_lists.waiting(uow=desk.reading(), actor=marta) == 1


def test_the_shipped_model_scored_everybody_and_finds_these_payments_like_its_own(desk: Desk) -> None:
    with desk.reading() as uow:
        run = uow.models.last_run("")
        assert run is not None
        assert run.transactions == uow.transactions.count()
        high = [one.account_id for one in uow.models.scores(run.model_run_id) if one.band == "High"]
        assert any(uow.cases.open_of(customer_id) for customer_id, _ in uow.scores.holders(high).values())
    assert trust_of(run) == 1


def test_a_suppression_hides_something_and_another_waits_for_another_manager(desk: Desk) -> None:
    waiting, running = suppressions.listed(uow=desk.reading(), actor=BY_ID["ines"])
    assert (running.suppression.state, waiting.suppression.state) == (Suppressed.IN_FORCE, Suppressed.PROPOSED)
    assert running.suppression.proposed_by != running.suppression.decided_by
    assert running.count.hidden > 0
    assert running.suppression.days_left(NOW.date()) > 0
    for manager in ("marta", "daniel"):
        asked = suppressions.waiting_for(uow=desk.reading(), actor=BY_ID[manager])
        assert asked == (manager != waiting.suppression.proposed_by)


def test_a_rule_set_is_in_force_and_another_waits_with_something_to_weigh(desk: Desk) -> None:
    found = rule_sets.overview(look=desk.reading(), actor=BY_ID["ines"])
    assert found.in_force is not None
    assert found.waiting is not None
    assert [one.rule_set_id for one in found.history] == ["RS-000002", "RS-000001"]
    assert found.in_force.proposed_by != found.in_force.decided_by
    (rule,) = json.loads(found.waiting.sheet)["rules"]
    assert rule["before"]["alerts"] > rule["after"]["alerts"] > 0
    assert rule["lost"]


def test_reports_stand_in_several_states_one_refusal_was_corrected_and_one_is_being_worked_on(desk: Desk) -> None:
    with desk.reading() as uow:
        batches = uow.filings.batches()
        filings = [one for batch in batches for one in uow.filings.of_batch(batch.batch_id)]
        refused = [one for one in filings if one.state == "rejected"]
        later = {one.case_id: [two.kind for two in uow.filings.of_case(one.case_id)[1:]] for one in refused}
        open_cases = [one.case_id for one in refused if uow.cases.get(one.case_id).stage is Stage.WORKING]
    assert {one.state.value for one in filings} >= {"acknowledged", "rejected"}
    assert {batch.test for batch in batches} == {False}  # in the story they were filed, and their clocks run
    assert read_institution(PROFILE).is_test  # and what somebody produces in the open bank is a test
    assert [case_id for case_id in later if "corrects" in later[case_id]]
    assert open_cases
    assert not later[open_cases[0]]


def test_policy_was_set_refused_and_waits_and_a_case_is_held(desk: Desk) -> None:
    found = policies.overview(uow=desk.reading(), actor=BY_ID["ines"], at=NOW)
    assert Counter(one.state.value for one in found.changes) == {"in force": 2, "rejected": 1, "proposed": 1}
    assert found.now["continuing_review_days"].value == 60
    assert len(retention.list_holds(uow=desk.reading(), actor=BY_ID["ines"])) == 1


def test_the_calendar_has_every_kind_of_due_date(desk: Desk) -> None:
    years = (NOW.date() - timedelta(days=90), NOW.date() + timedelta(days=6 * 366))
    found = calendar.listed(
        uow=desk.reading(), actor=BY_ID["marta"], at=NOW, due=years, asked=calendar.Asked(), limit=None
    )
    assert {line.kind for line in found.lines} == set(calendar.Kind)
    assert [line.kind for line in found.lines if line.holds] == [calendar.Kind.RETENTION]


def test_the_labels_stay_beside_the_dataset(desk: Desk) -> None:
    folder = Path(str(desk.settings.database_url).removeprefix("sqlite:///")).parent / "dataset"
    assert (folder / "labels.csv").read_text(encoding="utf-8").startswith("label_id,typology,")


def test_a_desk_in_use_is_left_alone(desk: Desk) -> None:
    before = page(desk).total
    with pytest.raises(NotEmpty, match="holds cases already"):
        build_demo(desk, customers=40, days=30, seed=1, now=NOW)
    assert page(desk).total == before
