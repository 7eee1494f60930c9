"""Narratives whose figures are bound: kept in the ledger, checked again before anybody approves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from casedesk.domain import policy
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.narrative import BadFigure, StaleFigure
from casedesk.domain.people import NotPermitted
from casedesk.domain.policy import in_force
from casedesk.domain.verification import Verdict
from casedesk.services import detecting, narratives
from casedesk.services.detecting import rules_with
from tests.builders import Move, TestDesk

TEXT = (
    "Kim Roe paid in {{sum:case}} in {{count:case}} cash deposits at one branch between {{first:case}} and {{last:case}}, all of "
    "them below the reporting line, as if to avoid a report. The pieces fit neither the salary nor the business of the customer, "
    "who declined to name their source."
)


@pytest.fixture
def case(desk: TestDesk) -> str:
    """A case that the structuring rule opened, held by ann."""
    desk.book([Move(f"t-{n}", n, 7_000_00, to_account="K-1/1") for n in range(6)])
    detect(desk)
    (case_id,) = {row[0] for row in desk.dump()["cases"]}
    desk.take("ann", case_id)
    return case_id


def detect(desk: TestDesk) -> None:
    detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        rules=[rule for rule in rules_with({}) if rule.name == "structuring"],
    )  # fmt: skip


def test_the_ledger_keeps_the_text_and_what_its_figures_rest_on(desk: TestDesk, case: str) -> None:
    desk.decide("ann", case, Disposition.SAR, TEXT)
    event = desk.history(case)[-1]
    assert event.notes.startswith("Kim Roe paid in USD 42,000.00 in 6 cash deposits")
    assert event.data["bound"]["selections"]["case"] == [f"t-{n}" for n in range(6)]
    assert desk.case(case).decision_text == event.notes
    assert narratives.typed_before(desk.history(case)) == TEXT
    desk.approve("mia", case)
    assert desk.stage(case) is Stage.CLOSED
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_figure_that_went_stale_stops_the_approval(desk: TestDesk, case: str) -> None:
    desk.decide("ann", case, Disposition.SAR, TEXT)
    desk.book([Move("t-6", 6, 9_000_00, to_account="K-1/1")])
    detect(desk)
    before = desk.size()
    with pytest.raises(
        StaleFigure, match=r"“USD 42,000\.00” \(total, case\) went stale: the evidence gives “USD 51,000\.00”"
    ):
        desk.approve("mia", case)
    assert (desk.size(), desk.stage(case)) == (before, Stage.AWAITING)
    desk.send_back("mia", case)
    desk.decide("ann", case, Disposition.SAR, narratives.typed_before(desk.history(case)))
    desk.approve("mia", case)
    assert "USD 51,000.00 in 7" in desk.case(case).decision_text


def test_a_text_without_figures_is_approved_as_before(desk: TestDesk, case: str) -> None:
    desk.decide("ann", case, Disposition.SAR)
    assert desk.history(case)[-1].data["bound"] == {}
    desk.book([Move("t-6", 6, 9_000_00, to_account="K-1/1")])
    detect(desk)
    desk.approve("mia", case)


def test_a_binding_that_cannot_be_told_is_refused_and_nothing_happens(desk: TestDesk, case: str) -> None:
    before = desk.size()
    with pytest.raises(BadFigure, match="is no figure"):
        desk.decide("ann", case, Disposition.SAR, TEXT + " {{total:case}}")
    assert desk.size() == before


def test_figures_may_stand_in_any_decision(desk: TestDesk, case: str) -> None:
    desk.decide("ann", case, Disposition.NO_SAR, "The {{count:case}} deposits over {{sum:case}} are takings on record.")
    assert desk.case(case).decision_text == "The 6 deposits over USD 42,000.00 are takings on record."


def test_the_proof_shows_what_would_be_sent_and_what_a_reader_would_ask(desk: TestDesk, case: str) -> None:
    def proof(text: str, who: str = "ann") -> narratives.Proof:
        return narratives.proof(
            uow=desk.reading(),
            actor=desk.people[who],
            case_id=case,
            text=text,
            base_currency="USD",
            on=date(2026, 7, 1),
        )

    shown = proof(TEXT)
    assert (shown.remarks, shown.refusal, shown.figures) == ((), "", 4)
    assert shown.text.startswith("Kim Roe paid in USD 42,000.00 in 6")
    assert [one.what for one in proof(TEXT + " In all 104,500.").remarks] == ["104,500"]
    assert proof(TEXT + " Below 10,000.00 each.").remarks == ()  # a reporting line of the rules
    assert "is no figure" in proof("{{sum:all}}").refusal
    with pytest.raises(NotPermitted):
        proof(TEXT, who="otto")


def test_policy_may_bar_a_figure_that_nothing_bears_out(
    desk: TestDesk, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = replace(in_force("unbound_figure_blocks", date(2026, 7, 1)), value=1)
    others = [one for one in policy.PARAMETERS if one.name != strict.name]
    monkeypatch.setattr(policy, "PARAMETERS", (*others, strict))
    with pytest.raises(narratives.Unfinished, match="“104,500” is neither bound nor a figure of the evidence"):
        desk.decide("ann", case, Disposition.SAR, TEXT + " In all 104,500.")
    desk.decide("ann", case, Disposition.SAR, TEXT)


def test_a_draft_can_be_sent_once_its_gaps_are_filled(desk: TestDesk, case: str) -> None:
    text = narratives.draft_of(uow=desk.reading(), actor=desk.people["ann"], case_id=case)
    assert "suspected structuring" in text
    with pytest.raises(narratives.Unfinished, match="is a gap of the draft; fill it or take it out. And 2 more."):
        desk.decide("ann", case, Disposition.SAR, text)
    desk.decide("ann", case, Disposition.SAR, text.replace("[", "").replace("]", ""))
    desk.approve("mia", case)
    assert "USD 42,000.00" in desk.case(case).decision_text
