"""The rule set in force: a maker, a checker, the evidence between them, and what runs afterwards."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from hashlib import sha256

import pytest

from casedesk.cli.parameters import changes
from casedesk.detection.parameters import BadParameter, rule_set_hash
from casedesk.detection.rules import RULES, UnknownRule
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import RoleForbids
from casedesk.domain.proposals import AnotherWaits, BadReason, MakerIsChecker, NotMaker, NotWaiting, ProposalState
from casedesk.domain.verification import Verdict
from casedesk.services import lab, replaying, rule_sets, rules_in_force
from casedesk.store.rule_set_store import NoSuchRuleSet
from casedesk.store.unit_of_work import Writing
from tests.builders import Move, TestDesk
from tests.scenes import then
from tests.services.rule_set_ways import (
    DAY,
    REASON,
    SMALL,
    STRICTER,
    approve,
    booked,
    detect,
    overview,
    propose,
    running,
    sheet,
    standing,
    stored,
    structured,
    who,
)


@pytest.fixture
def history(desk: TestDesk) -> TestDesk:
    """Seen by one rule alone, which is quicker."""
    then(desk, structured)
    return desk


def test_until_a_rule_set_was_put_in_force_the_rules_run_as_shipped(desk: TestDesk) -> None:
    found = overview(desk)
    assert (found.running.rules, found.running.name) == (RULES, "the rules as shipped")
    assert (found.in_force, found.waiting, found.history) == (None, None, ())


def test_the_maker_proposes_the_checker_approves_and_the_next_run_follows(any_desk: TestDesk) -> None:
    desk = booked(any_desk)
    before = running(desk)
    proposed = propose(desk)
    assert running(desk) == before  # a proposal changes nothing yet
    event = approve(desk)
    assert [e.action for e in desk.history(DESK)[-2:]] == ["rule_set_proposed", "rule_set_put_in_force"]
    now = running(desk)
    assert now.rule_set_id == "RS-000001"
    assert event.data["hash_before"] == before.hash == rule_set_hash(RULES)
    assert event.data["hash_after"] == now.hash != before.hash
    assert event.data["proposed_by"] == "mia"
    assert (
        event.data["sheet_sha256"] == sha256(stored(desk).sheet.encode()).hexdigest() == proposed.data["sheet_sha256"]
    )
    structuring = now.find("structuring")
    assert structuring is not None
    assert structuring.parameters.values()["count"] == 6
    assert [r for r in now.rules if r.name != "structuring"] == [r for r in RULES if r.name != "structuring"]
    run = detect(desk)
    assert (run.rule_set_hash, run.since) == (now.hash, "")  # another rule set looks at everything
    assert standing(desk) == 1
    assert detect(desk).since == run.run_id
    assert desk.verify().verdict is Verdict.VERIFIED


def test_runs_from_before_can_still_be_replayed(desk: TestDesk) -> None:
    history = booked(desk)
    with history.reading() as uow:
        (first,) = uow.runs.newest(1)
    propose(history)
    approve(history)
    last = detect(history)
    for run_id in (first.run_id, last.run_id):
        done = replaying.replay(look=history.reading(), actor=history.people["otto"], run_id=run_id, limits=SMALL)
        assert done.identical, done.difference


def test_the_sheet_holds_values_figures_and_what_is_lost(desk: TestDesk) -> None:
    history = booked(desk)
    propose(history)
    found = sheet(history)
    (rule,) = found["rules"]
    assert [p for p in rule["parameters"] if p["before"] != p["after"]] == [
        {
            "name": "count", "unit": "transactions", "before": "5", "after": "6", "shipped": "5",
            "reason": "Fewer pieces are everyday business.", "source": "original rule definition",
        }
    ]  # fmt: skip
    assert (rule["before"]["alerts"], rule["after"]["alerts"]) == (2, 1)
    assert (rule["before"]["decided_as_sar"], rule["before"]["decided"]) == (1, 1)
    assert rule["gained"] == []
    (lost,) = rule["lost"]
    assert lost["customer_id"] == "K-1"
    assert "5 cash deposits" in lost["sentence"]
    with history.reading() as uow:
        (filed,) = uow.cases.of_customer("K-1")
        (run,) = uow.runs.newest(1)
    assert rule["lost_sar_cases"] == [filed.case_id]
    assert found["data"]["fingerprint"] == run.data_fingerprint
    assert found["data"]["last_run"] == run.run_id
    assert set(found["software"]) == {"casedesk", "duckdb", "ibis"}


def test_the_sheets_command_gives_the_same_figures_after_everything_has_moved_on(history: TestDesk) -> None:
    """More is imported and another rule set is in force; the command names data and base, so nothing moves."""
    propose(history)
    (rule,) = sheet(history)["rules"]
    approve(history)
    history.book(Move(f"later-{n}", 90 * DAY + n, 7_000_00, to_account="K-2/1") for n in range(9))
    command = next(line for line in sheet(history)["commands"] if line.startswith("casedesk lab try"))
    words = shlex.split(command)
    assert words[:4] == ["casedesk", "lab", "try", "structuring"]
    params = [f"structuring.{words[i + 1]}" for i, word in enumerate(words) if word == "--param"]
    again = lab.try_rule(
        look=history.reading(), actor=history.people["otto"], base_currency="USD", rule="structuring", limits=SMALL,
        values=changes(params, RULES)["structuring"], base=words[words.index("--base") + 1],
        arrival=int(words[words.index("--arrival") + 1]),
    )  # fmt: skip
    assert (again.in_force.alerts, again.tried.alerts) == (rule["before"]["alerts"], rule["after"]["alerts"])
    assert again.data_fingerprint == sheet(history)["data"]["fingerprint"]
    assert [alert.alert_id for alert in again.lost] == [alert["alert_id"] for alert in rule["lost"]]
    now = lab.try_rule(
        look=history.reading(), actor=history.people["otto"], base_currency="USD", rule="structuring", limits=SMALL, values={}
    )  # fmt: skip
    assert now.in_force.alerts == 2  # the one left, and the one that came later, under the set in force
    assert now.base_id == "RS-000001"


def test_the_sheet_exports_as_markdown_or_as_it_was_frozen_and_each_time_as_an_event(history: TestDesk) -> None:
    propose(history)
    approve(history)
    file = rule_sets.export_sheet(**who(history, "otto"))
    text = file.content.decode()
    assert file.name == "RS-000001-evidence.md"
    assert "**count**" in text
    assert "casedesk lab try structuring --param count=6 --base shipped" in text
    assert stored(history).sheet_sha256 in text
    assert "Max (max)" in text
    assert (file.event.user, file.event.data["sha256"]) == ("otto", sha256(file.content).hexdigest())
    frozen = rule_sets.export_sheet(**who(history, "otto"), what="json")
    assert frozen.sha256 == stored(history).sheet_sha256
    assert history.verify().verdict is Verdict.VERIFIED


def test_a_text_in_the_reason_stays_text_in_the_sheet(history: TestDesk) -> None:
    propose(history, reason="| a | b |\n# <script>alert(1)</script> [x](http://elsewhere.example)")
    text = rule_sets.export_sheet(**who(history, "otto")).content.decode()
    assert "<script>" not in re.sub(r"\\<", "", text)
    assert "\n# " not in text


def test_nobody_puts_their_own_proposal_in_force(history: TestDesk) -> None:
    propose(history)
    before = history.dump()
    for call in (lambda: approve(history, "mia"), lambda: rule_sets.reject(**who(history, "mia"), reason=REASON)):
        with pytest.raises(MakerIsChecker, match="only a manager who did not propose it may"):
            call()
    assert history.dump() == before


def test_one_proposal_waits_at_a_time(history: TestDesk) -> None:
    propose(history)
    with pytest.raises(AnotherWaits, match="RS-000001, proposed by mia, waits"):
        propose(history, "max", changes={"structuring": {"count": 7}})
    rule_sets.withdraw(**who(history, "mia"), reason="Made a mistake.")
    assert propose(history, "max").data["rule_set_id"] == "RS-000002"


def test_a_rejection_and_a_withdrawal_leave_what_is_in_force(history: TestDesk) -> None:
    before = running(history)
    propose(history)
    with pytest.raises(NotMaker):
        rule_sets.withdraw(**who(history, "max"), reason="Not mine, but still.")
    with pytest.raises(BadReason, match="needs a reason of at least 10 characters"):
        rule_sets.reject(**who(history, "max"), reason=" no ")
    rule_sets.reject(**who(history, "max"), reason="It would miss a report.")
    assert stored(history).state is ProposalState.REJECTED
    assert stored(history).decision == "It would miss a report."
    propose(history)
    rule_sets.withdraw(**who(history, "mia", "RS-000002"), reason="Made a mistake.")
    assert running(history) == before
    for rule_set_id in ("RS-000001", "RS-000002"):
        with pytest.raises(NotWaiting):
            approve(history, "max", rule_set_id)
    assert history.verify().verdict is Verdict.VERIFIED


def test_the_next_set_supersedes_the_last_and_keeps_its_other_values(history: TestDesk) -> None:
    propose(history)
    approve(history)
    propose(history, "max", changes={"velocity": {"count": 40}})
    approve(history, "mia", "RS-000002")
    assert stored(history).state is ProposalState.SUPERSEDED
    values = {rule.name: rule.parameters.values() for rule in running(history).rules}
    assert (values["structuring"]["count"], values["velocity"]["count"]) == (6, 40)
    assert sheet(history, "RS-000002")["base_id"] == "RS-000001"
    assert history.verify().verdict is Verdict.VERIFIED


def test_a_rule_is_switched_off_and_on_again(history: TestDesk) -> None:
    propose(history, changes={}, off=("structuring",))
    (rule,) = sheet(history)["rules"]
    assert (rule["on_before"], rule["on_after"], rule["after"]["alerts"], len(rule["lost"])) == (True, False, 0, 2)
    approve(history)
    detect(history)
    assert standing(history) == 0
    with pytest.raises(rules_in_force.SwitchedOff, match=r"casedesk rules propose --on structuring"):
        propose(history, changes=STRICTER)
    with pytest.raises(rules_in_force.SwitchedOff):
        detect(history, only=("structuring",))
    card = lab.scorecard(uow=history.reading(), actor=history.people["otto"], at=history.at())
    assert "structuring" not in card.silent
    assert "velocity" in card.silent
    propose(history, changes={}, on=("structuring",))
    assert len(sheet(history, "RS-000002")["rules"][0]["gained"]) == 2
    approve(history, "max", "RS-000002")
    assert running(history).hash == rule_set_hash(RULES)


def test_a_proposal_measured_against_rules_that_run_no_more_is_refused(history: TestDesk) -> None:
    seen = running(history).hash
    propose(history)
    approve(history)
    with pytest.raises(rule_sets.BaseMoved, match="in force no more; now RS-000001"):
        propose(history, "max", changes={"velocity": {"count": 40}}, seen_hash=seen)


def test_a_proposal_does_not_survive_an_upgrade_that_changes_the_rules(
    history: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    propose(history)
    newer = tuple(r.with_values({"count": 33}) if r.name == "velocity" else r for r in RULES)
    real = rules_in_force.in_force
    monkeypatch.setattr(rules_in_force, "in_force", lambda look: real(look, newer))
    with pytest.raises(rule_sets.BaseMoved, match="RS-000001 was measured against rules that are in force no more"):
        approve(history)


def test_a_rule_set_pins_its_values_against_a_newer_desk_and_says_what_it_cannot_run(history: TestDesk) -> None:
    propose(history)
    approve(history)
    found = stored(history)
    newer = tuple(r.with_values({"count": 33}) if r.name == "velocity" else r for r in RULES)
    assert rules_in_force.effective(found, newer).hash == found.hash_after
    fewer = rules_in_force.effective(found, RULES[:-1])
    assert fewer.adrift == (f"There is no rule “{RULES[-1].title}” any more; it does not run.",)
    content = json.loads(found.content)
    del content["rules"]["velocity"]
    content["rules"]["structuring"]["parameters"] |= {"count": 1, "gone": 3}
    content["rules"]["geography"]["version"] = "0"
    adrift = rules_in_force.effective(replace(found, content=json.dumps(content)), RULES)
    assert adrift.rules == RULES
    said = " ".join(adrift.adrift)
    for words in ("“Velocity” came with a newer desk", "no parameter “gone” any more", "does not take its approved values",
                  "“Geography” is version 1 now and was 0"):  # fmt: skip
        assert words in said


def test_a_run_during_which_the_rules_change_stores_nothing(history: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    propose(history)
    history.book(Move(f"later-{n}", 90 * DAY + n, 7_000_00, to_account="K-2/1") for n in range(9))
    enter = Writing.__enter__
    done: list[Recorded] = []

    def first_another(uow: Writing) -> Writing:
        monkeypatch.undo()
        done.append(approve(history))
        return enter(uow)

    monkeypatch.setattr(Writing, "__enter__", first_another)
    before = len(history.dump()["detection_runs"])
    with pytest.raises(rules_in_force.AnotherRuleSet, match="nothing was stored"):
        detect(history)
    assert done
    assert len(history.dump()["detection_runs"]) == before
    assert history.verify().verdict is Verdict.VERIFIED


def test_what_makes_no_sense_is_refused_and_stores_nothing(history: TestDesk) -> None:
    before = history.dump()
    with pytest.raises(rule_sets.ChangesNothing, match="as in the rules as shipped"):
        propose(history, changes={"structuring": {"count": 5}})
    with pytest.raises(BadParameter):
        propose(history, changes={"structuring": {"count": 1}})
    with pytest.raises(UnknownRule):
        propose(history, changes={"smurfing": {}})
    with pytest.raises(BadReason):
        propose(history, reason="short")
    with pytest.raises(NoSuchRuleSet, match="RS-000009"):
        approve(history, "max", "RS-000009")
    assert history.dump() == before


@pytest.mark.parametrize("role", ["ann", "queenie", "otto"])
def test_only_managers_propose_and_decide(history: TestDesk, role: str) -> None:
    with pytest.raises(RoleForbids, match="may not propose a rule set; that takes: Manager"):
        propose(history, role)
    propose(history)
    before = history.dump()
    with pytest.raises(RoleForbids, match="may not put a rule set in force"):
        approve(history, role)
    with pytest.raises(RoleForbids):
        rule_sets.reject(**who(history, role), reason=REASON)
    with pytest.raises(RoleForbids):
        rule_sets.withdraw(**who(history, role), reason=REASON)
    if role != "otto":
        for look in (lambda: rule_sets.export_sheet(**who(history, role)),
                     lambda: rule_sets.overview(look=history.reading(), actor=history.people[role])):  # fmt: skip
            with pytest.raises(RoleForbids):
                look()
    assert history.dump() == before
