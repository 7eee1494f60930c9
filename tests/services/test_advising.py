"""Advice on cases: made once for the same facts, by the desk, with reasons that hold; it changes no case."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.anchors.folder import CheckpointFolder
from casedesk.domain.advice import Verdict
from casedesk.domain.cases import Case, Disposition, Stage
from casedesk.domain.narrative import require_fresh
from casedesk.domain.verification import Verdict as Found
from casedesk.exports.packet import Profile
from casedesk.services import advice, advising, casefile, exporting, intake
from casedesk.services.narratives import evidence_of
from casedesk.services.risk_sources import ModelScore
from casedesk.store.tables import advice as rows
from casedesk.store.tables import cascade_steps
from casedesk.store.unit_of_work import Reading, Writing
from tests.builders import TestDesk
from tests.exports.forging import _say_more, of
from tests.exports.packets import Sealing, files, reforged, verdicts


class Says:
    """A model and an exposure that say what a test wants."""

    def __init__(self, score: float | None = None, exposure: float | None = None, version: str = "m-1") -> None:
        self._score, self._exposure, self._version = score, exposure, version

    def score(self, uow: Reading | Writing, case: Case) -> ModelScore | None:
        return None if self._score is None else ModelScore(self._version, self._score)

    def exposure(self, uow: Reading | Writing, case: Case) -> float | None:
        return self._exposure


def run(desk: TestDesk, *case_ids: str, by: str = "system", **more: object) -> advising.Done:
    return advising.run(
        reading=desk.reading, writing=desk.writing, actor=desk.people[by], at=desk.at(), base_currency="USD",
        case_ids=case_ids, **more,
    )  # fmt: skip


def read(desk: TestDesk, case_id: str, who: str = "mia") -> advice.Given:
    return advice.read(uow=desk.reading(), actor=desk.people[who], case_id=case_id)


def test_advice_is_an_event_with_reasons_that_hold_and_changes_nothing_on_the_case(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = desk.open(severity=70)
    before = desk.case(case_id)
    assert run(desk) == advising.Done(1, 1, 0)
    assert desk.case(case_id) == before
    assert desk.actions(case_id) == ["case_opened", "alert_attached", "advice_given"]
    given = read(desk, case_id)
    assert (given.verdict, given.event.user, given.stale) == (Verdict.REVIEW, "system", False)
    assert {reason.about for reason in given.reasons} == {"verdict", "priority", "report", "next"}
    with desk.reading() as uow:
        alerts = uow.alerts.of_case(case_id)
        evidence = evidence_of(uow, before, alerts, "USD")
    known = {alerts[0].alert_id, *alerts[0].transaction_ids}
    assert all(set(reason.cites) <= known for reason in given.reasons)
    assert any(set(reason.cites) & set(alerts[0].transaction_ids) for reason in given.reasons)
    assert "transactions of USD 19,000.00 in all" in given.event.notes
    require_fresh(given.event.notes, given.event.data["bound"], evidence)
    assert desk.verify().verdict is Found.VERIFIED


def test_it_is_given_once_for_the_same_facts_and_anew_when_the_alerts_change(desk: TestDesk) -> None:
    case_id = desk.open()
    assert run(desk).advised == 1
    assert run(desk) == advising.Done()
    desk.take("ann", case_id)
    assert run(desk) == advising.Done(1, 0, 1)  # another version of the case, and nothing new to be said
    alert = desk.alert(severity=90, rule="velocity")
    intake.attach_alert(**desk.who("ann", case_id), alert_id=alert)
    assert read(desk, case_id).stale
    assert run(desk).advised == 1
    assert not read(desk, case_id).stale
    assert run(desk, every=True) == advising.Done(1, 0, 1)
    assert run(desk, every=True, source=Says(score=0.2)).advised == 1
    assert run(desk, every=True, source=Says(score=0.2)).advised == 0
    assert desk.actions(case_id).count("advice_given") == 3


def test_nobody_waits_while_a_case_is_considered_and_advice_is_on_the_case_as_it_is_by_then(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id, late = desk.open(severity=20), desk.alert(severity=96, rule="velocity")

    class Meanwhile(Says):
        def exposure(self, uow: Reading | Writing, case: Case) -> float | None:
            if len(desk.actions(case_id)) == 2:
                intake.attach_alert(**desk.who("ann", case_id), alert_id=late)
            return None

    assert run(desk, source=Meanwhile()) == advising.Done(1, 1, 0)
    assert desk.actions(case_id) == ["case_opened", "alert_attached", "alert_attached", "advice_given"]
    assert read(desk, case_id).event.data["case_version"] == desk.case(case_id).version
    assert not read(desk, case_id).stale


def test_a_broken_model_is_no_model(desk: TestDesk) -> None:
    case_id = desk.open(severity=70)
    run(desk)
    for wrong in (float("nan"), float("inf"), -0.1, 1.1):
        assert run(desk, every=True, source=Says(score=wrong, exposure=wrong)).advised == 0
    run(desk, every=True, source=Says(score=0.61, exposure=0.25))
    given = read(desk, case_id)
    assert (given.verdict, given.score) == (Verdict.ESCALATE, 6_100)
    assert "0.6100 by model m-1" in given.event.notes
    assert "exposure to listed parties is 0.2500" in given.event.notes


def test_a_case_that_was_decided_is_left_alone_and_no_case_is_ever_closed(desk: TestDesk) -> None:
    stages = {}
    for n, make in enumerate((desk.open, desk.escalated, desk.awaiting, desk.closed), start=1):
        stages[make(desk.customer(f"K-{n}x"))] = None
    before = {case_id: desk.stage(case_id) for case_id in stages}
    assert run(desk, *stages) == advising.Done(4, 2, 2)
    assert run(desk, every=True, source=Says(score=0.0)).advised == 2
    assert {case_id: desk.stage(case_id) for case_id in stages} == before
    advised = {case_id for case_id in stages if "advice_given" in desk.actions(case_id)}
    assert {before[case_id] for case_id in advised} == {Stage.NEW, Stage.ESCALATED}


def test_whoever_has_no_need_to_know_is_told_nothing_of_it(desk: TestDesk) -> None:
    case_id, plain = desk.open(severity=96), desk.open("K-1", severity=10)
    run(desk, case_id)
    desk.take("ann", case_id)
    desk.take("ann", plain)
    stranger, owner = (
        casefile.read(uow=desk.reading(), actor=desk.people[who], case_id=case_id) for who in ("ben", "ann")
    )
    assert advice.of_events(owner.events) is not None
    assert advice.of_events(stranger.events) is None
    assert "advice" not in repr(stranger.events)
    assert (stranger.case.version, [e.case_seq for e in stranger.events]) == (3, [1, 2, 3])
    for who in ("ann", "mia", "queenie", "otto"):
        assert read(desk, case_id, who).report
    with pytest.raises(advice.NotDisclosed, match="take the case first"):
        read(desk, case_id, "ben")
    with pytest.raises(advice.NoAdvice):
        read(desk, plain)
    for who in ("ann", "ben"):
        with pytest.raises(Exception, match="may not see undisclosed decisions"):
            advice.agreement(uow=desk.reading(), actor=desk.people[who])
    # the step of a stranger carries a version that hidden advice did not move
    desk.note("ben", case_id)


def test_levels_one_and_two_are_derived_again_and_an_edited_row_is_found(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = desk.open(severity=70)
    run(desk)
    run(desk, every=True, source=Says(score=0.7))
    mia = desk.people["mia"]
    again = advice.replay(uow=desk.reading(), actor=mia)
    assert [(one.case_id, one.differs) for one in again] == [(case_id, "")] * 2
    desk.tamper(sa.update(cascade_steps).where(cascade_steps.c.level == 2).values(output='{"verdict":"DISMISS"}'))
    assert {one.differs for one in advice.replay(uow=desk.reading(), actor=mia, case_ids=[case_id])} == {
        "its steps are not those that the ledger vouches for"
    }
    report = desk.verify()
    assert report.verdict is Found.TAMPERED
    assert report.first is not None
    assert report.first.column == "steps"


@pytest.mark.parametrize(("column", "value"), [("verdict", "DISMISS"), ("report", True), ("case_id", "C-26-00002")])
def test_a_row_of_advice_that_says_something_else_is_found(desk: TestDesk, column: str, value: object) -> None:
    desk.open(severity=70)
    desk.open(desk.customer("K-2"))
    run(desk)
    desk.tamper(sa.update(rows).where(rows.c.case_id == "C-26-00001").values({column: value}))
    report = desk.verify()
    assert report.first is not None
    assert report.first.column == column


def test_agreement_counts_the_last_advice_before_each_decision(desk: TestDesk) -> None:
    def decided(customer: str, severity: int, what: Disposition) -> str:
        case_id = desk.open(desk.customer(customer), severity=severity)
        run(desk, case_id)
        desk.take("ann", case_id)
        desk.decide("ann", case_id, what)
        return case_id

    agreeing = decided("K-a", 96, Disposition.SAR)
    desk.approve("mia", agreeing)
    decided("K-b", 96, Disposition.NO_SAR)
    decided("K-c", 5, Disposition.NO_SAR)
    decided("K-d", 5, Disposition.SAR)
    decided("K-e", 70, Disposition.ESCALATE)
    desk.closed(desk.customer("K-f"))  # nobody was advised on it
    found = advice.agreement(uow=desk.reading(), actor=desk.people["otto"])
    assert found.counts == {
        ("ESCALATE", "SAR"): 1, ("ESCALATE", "No SAR"): 1, ("DISMISS", "No SAR"): 1, ("DISMISS", "SAR"): 1,
        ("REVIEW", "Escalate"): 1,
    }  # fmt: skip
    assert {name: (one.hits, one.of) for name, one in found.sides.items()} == {"ESCALATE": (1, 2), "DISMISS": (1, 2)}
    assert ((found.reports.hits, found.reports.of), (found.missed.hits, found.missed.of)) == ((1, 2), (1, 2))
    assert (read(desk, agreeing).agrees, read(desk, agreeing).decided) == (True, "SAR")


def test_a_packet_with_advice_verifies_and_one_without_decisions_tells_none_of_it(
    desk: TestDesk, tmp_path: Path
) -> None:
    case_id = desk.open(severity=96)
    run(desk)
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    packed = Sealing(desk, CheckpointFolder(tmp_path), (case_id,))
    found = verdicts(packed.case())
    assert {found[name] for name in ("events", "chains", "cases", "narratives", "advice")} == {"VERIFIED"}
    forged = reforged(packed.case(), lambda bodies: _say_more(of(bodies, "advice_given")), True)
    assert verdicts(forged)["narratives"] == "TAMPERED"
    withheld = files(packed.case(profile=Profile.NO_DECISIONS))
    said = b"".join(raw for name, raw in withheld.items() if name.endswith((".jsonl", ".json")))
    assert case_id.encode() in said
    assert b"advice" in b"".join(files(packed.case()).values())
    for word in (b"advice", b"ESCALATE", b"recommended"):
        assert word not in said, word
    exported = exporting.audit_csv(uow=desk.writing(), actor=desk.people["otto"], at=desk.at(), case_id=case_id)
    assert b"advice_given" in exported.content
    assert "advice" not in exported.name
