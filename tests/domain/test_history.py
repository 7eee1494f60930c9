"""What the events of a case add up to, and that it is the same whichever way it is added."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from casedesk.domain import events
from casedesk.domain.cases import STAGES, TRANSITIONS, Case, IllegalStep, Stage
from casedesk.domain.events import Event
from casedesk.domain.history import _LEGAL, _STEPS, BrokenHistory, Folding, after, after_all, columns, fold, freeze
from casedesk.domain.ledger import ZERO_HASH, Recorded, link
from casedesk.domain.moments import canonical

START = datetime(2026, 7, 1, 9, 30, 0, 1, tzinfo=UTC)
OPENED = events.CaseOpened(
    customer_id="CU-1", alerted_at=canonical(START), suspicion_at=canonical(START), suspect_identified=True
)
TAKEN = events.CaseTaken(owner="ana", via="app")
SAR = events.DispositionSet(disposition="SAR", approval="required", via="app", notes="Structured.")


def alerted(alert_id: str, severity: int, amount: int = 5, rule: str = "structuring") -> events.AlertAttached:
    return events.AlertAttached(
        alert_id=alert_id, rule=rule, rule_version="1", severity=severity, amount_minor=str(amount), transactions=2,
        digest=f"digest of {alert_id}",
    )  # fmt: skip


def recorded(*story: Event, user: str = "ana") -> list[Recorded]:
    rows: list[Recorded] = []
    for n, event in enumerate(story, start=1):
        rows.append(
            link(
                event, stream="C-26-00001", user=user, ts=canonical(START + timedelta(hours=n)), event_id=100 + n,
                case_seq=n, prev_hash=rows[-1].event_hash if rows else ZERO_HASH, nonce="0" * 32,
            )
        )  # fmt: skip
    return rows


def case_after(*story: Event) -> Case:
    return freeze(fold("C-26-00001", recorded(*story)))


def test_adding_up_at_once_and_step_by_step_give_the_same_case() -> None:
    returned = events.DispositionReturned(maker="ana", via="app", notes="Why?")
    rows = recorded(
        OPENED, alerted("A-2", 80), TAKEN, SAR, returned, SAR, events.DispositionApproved(maker="ana", via="app")
    )
    case: Case | None = None
    for row in rows:
        case = after(case, row)
    assert (
        case == freeze(fold("C-26-00001", rows)) == after_all(None, rows) == after_all(after(None, rows[0]), rows[1:])
    )


def test_a_new_case_is_new_and_its_clock_is_provisional() -> None:
    case = case_after(OPENED)
    assert (case.stage, case.owner, case.version) == (Stage.NEW, "", 1)
    assert (case.suspicion_at, case.suspicion_event, case.suspicion_moved) == (START, 101, False)


def test_only_changes_count_as_versions() -> None:
    read = events.NarrativeRead(via="app")
    assert case_after(OPENED, TAKEN, read, read).version == 2


def test_a_second_decision_replaces_the_first_and_its_approval() -> None:
    reopened = events.CaseReopened(owner="ana", via="app", notes="New facts")
    no_sar = events.DispositionSet(disposition="No SAR", approval="required", via="app", notes="Salary")
    approved = events.DispositionApproved(maker="ana", via="app")
    case = case_after(OPENED, TAKEN, SAR, approved, reopened, no_sar)
    assert (case.stage, case.decision_text, case.approved_by, case.approved_at) == (Stage.CLOSED, "Salary", "", None)


def test_a_returned_decision_leaves_its_text_to_start_from() -> None:
    case = case_after(OPENED, TAKEN, SAR, events.DispositionReturned(maker="ana", via="app", notes="Why?"))
    assert (case.stage, case.owner, case.decision_text, case.decided_by) == (Stage.WORKING, "ana", "Structured.", "")


def test_an_escalated_case_stands_in_the_managers_queue() -> None:
    escalated = events.DispositionSet(disposition="Escalate", approval="required", via="app", notes="Large")
    case = case_after(OPENED, TAKEN, escalated)
    assert (case.stage, case.owner) == (Stage.ESCALATED, "")
    to_manager = events.CaseAssigned(owner="mara", previous="", escalation=True, bulk="", via="app")
    assert case_after(OPENED, TAKEN, escalated, to_manager).stage is Stage.ESCALATED
    to_analyst = events.CaseAssigned(owner="ana", previous="", escalation=False, bulk="", via="app")
    assert case_after(OPENED, TAKEN, escalated, to_analyst).stage is Stage.WORKING
    assert case_after(OPENED, TAKEN, escalated, events.CaseReleased(previous="", via="app")).stage is Stage.ESCALATED


def test_a_failed_review_reopens_and_keeps_the_finding() -> None:
    no_sar = events.DispositionSet(disposition="No SAR", approval="required", via="app", notes="Salary")
    failed = events.ReviewFailed(checklist=(), severity="Major", draw_id="", owner="ben", via="app", notes="No")
    case = case_after(OPENED, TAKEN, no_sar, failed)
    assert (case.stage, case.owner, case.qa_status, case.qa_severity, case.closed_at) == (
        Stage.WORKING, "ben", "Fail", "Major", None,
    )  # fmt: skip
    again = case_after(OPENED, TAKEN, no_sar, failed, no_sar)
    assert (again.stage, again.qa_status, again.qa_reviewer, again.qa_notes) == (Stage.CLOSED, "", "", "")


def test_the_figures_are_those_of_all_alerts_and_a_grown_one_counts_once() -> None:
    grown = events.AlertGrown(
        alert_id="A-1", rule="velocity", rule_version="1", severity=90, amount_minor="7", transactions=9, digest="new"
    )
    folding = fold("C-26-00001", recorded(OPENED, alerted("A-1", 40), alerted("A-2", 80), grown))
    row = columns(folding)
    assert (row["severity"], row["risk_rank"], row["typology"]) == (90, 0, "velocity")
    assert (row["alert_count"], row["transaction_count"], row["amount_minor"]) == (2, 11, 12)
    assert folding.digests == {"A-1": "new", "A-2": "digest of A-2"}


@pytest.mark.parametrize("order", [("A-1", "A-2"), ("A-2", "A-1")])
def test_of_two_equal_alerts_the_order_does_not_decide(order: tuple[str, str]) -> None:
    rules = {"A-1": "velocity", "A-2": "geography"}
    story = [OPENED, *(alerted(name, 80, rule=rules[name]) for name in order)]
    assert columns(fold("C-26-00001", recorded(*story)))["typology"] == case_after(*story).typology == "velocity"


@pytest.mark.parametrize("identified", [True, False])
def test_the_due_time_in_the_row_is_the_clocks(identified: bool) -> None:
    moved = events.SuspicionMoved(
        suspicion_at="2026-02-27T23:59:59.999999Z", suspect_identified=identified, previous="", via="app", notes="x"
    )
    rows = recorded(OPENED, TAKEN, moved)
    case = freeze(fold("C-26-00001", rows))
    assert columns(fold("C-26-00001", rows))["due_at"] == canonical(case.clock.due_at)
    assert case.clock.due_on.isoformat() == ("2026-03-29" if identified else "2026-04-28")


def test_the_row_names_every_field_of_a_case() -> None:
    row = columns(fold("C-26-00001", recorded(OPENED)))
    assert {field.name for field in fields(Case)} - {"alerts", "policy"} <= set(row)


def test_nothing_happens_before_the_opening_and_no_case_opens_twice() -> None:
    with pytest.raises(BrokenHistory, match="Case C-26-00001 was never opened"):
        fold("C-26-00001", recorded(TAKEN))
    with pytest.raises(BrokenHistory, match="Case C-26-00001 was never opened"):
        fold("C-26-00001", recorded(events.NarrativeRead(via="app")))
    with pytest.raises(BrokenHistory, match="Case C-26-00001 was opened twice"):
        fold("C-26-00001", recorded(OPENED, OPENED))


def test_what_does_not_happen_to_a_case_is_refused() -> None:
    with pytest.raises(BrokenHistory, match="“rates_loaded” is not something that happens to a case"):
        fold("C-26-00001", recorded(OPENED, events.RatesLoaded(sha256="", rows=1)))


def test_every_step_is_legal_exactly_where_the_transition_table_has_it() -> None:
    for (status, disposition), stage in STAGES.items():
        for happened, (action, change) in _STEPS.items():
            legal = happened != "case_opened" and (action is None or (stage, action) in TRANSITIONS)
            assert ((status, disposition, happened) in _LEGAL) == legal
            if not legal and happened != "case_opened":
                folding = Folding("C-1")
                folding.status, folding.disposition = status, disposition
                (row,) = recorded(TAKEN)
                with pytest.raises(IllegalStep, match=rf"Case C-1 is {stage.value}, so nobody can"):
                    folding.add(row._replace(action=happened), {})
                assert folding.version == 0
            elif legal:
                assert _LEGAL[status, disposition, happened] is change


def test_every_kind_of_case_event_has_its_step() -> None:
    desk_only = {
        "transactions_imported", "detection_ran", "qa_population_frozen", "qa_sample_drawn", "person_added", "rates_loaded",
        "desk_exported", "packet_exported", "batch_exported", "line_test_frozen", "line_test_drawn",
        "suppression_proposed", "suppression_approved", "suppression_rejected", "suppression_ended",
        "reminders_given", "purge_proposed", "cases_purged", "policy_proposed", "policy_put_in_force", "policy_rejected",
        "rule_set_proposed", "rule_set_put_in_force", "rule_set_rejected", "rule_set_withdrawn", "evidence_sheet_exported",
        "api_key_created", "api_key_revoked", "rejects_exported", "webhook_created", "webhook_disabled",
        "party_list_loaded", "names_screened", "name_match_confirmed", "name_match_refused", "exposure_scored",
        "model_proposed", "model_put_in_force", "model_rejected", "model_withdrawn", "model_scored",
    }  # fmt: skip
    assert set(_STEPS) == set(events.KINDS) - desk_only
