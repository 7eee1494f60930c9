"""The lab and a dry run show what would reach the queue, and count what suppressions would keep back."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from casedesk.exports import rule_sheet
from casedesk.services import detecting, lab, rule_sets
from casedesk.services.holdings import NoSuchEvent, Queued
from casedesk.services.lab import Trial
from casedesk.services.rule_titles import title
from tests.builders import TestDesk
from tests.services.suppressing import FIRST, HOUR, RULE, SMALL, act, burst, detect, end, in_force, midnight

NOON = midnight(FIRST) + 12 * HOUR
REASON = "Five deposits an hour are everyday business here."


def attempt(desk: TestDesk, as_of: int | None = None, **values: object) -> Trial:
    return lab.try_rule(
        look=desk.reading(), actor=desk.people["mia"], base_currency="USD", rule="structuring", values=values,
        as_of=as_of, limits=SMALL,
    )  # fmt: skip


def dry_run(desk: TestDesk) -> Queued:
    return detecting.preview(
        look=desk.reading(), actor=desk.people["mia"], base_currency="USD", rules=RULE, limits=SMALL
    ).queued


@pytest.fixture
def covered(any_desk: TestDesk) -> TestDesk:
    """K-1 has a burst that a suppression covers, and one days later that none does; K-2 has one of its own."""
    any_desk.customer("K-2")
    in_force(any_desk)
    burst(any_desk, "a", NOON)
    burst(any_desk, "b", NOON + timedelta(days=20))
    burst(any_desk, "c", NOON, "K-2/1")
    return any_desk


def test_a_dry_run_leaves_out_what_a_run_would_hide_and_counts_it(covered: TestDesk) -> None:
    found = dry_run(covered)
    assert sorted((one.customer_id, one.transaction_ids[0]) for one in found.reaching) == [
        ("K-1", "b-0"),
        ("K-2", "c-0"),
    ]
    assert [one.transaction_ids[0] for one in found.hidden] == ["a-0"]
    ran = detect(covered)
    assert (ran.new_alerts, ran.hidden_alerts) == (found.new, len(found.hidden)) == (2, 1)
    again = dry_run(covered)
    assert (again.reaching, again.hidden) == (found.reaching, found.hidden)
    assert (again.new, again.grown) == (0, 0)


def test_what_the_desk_holds_already_is_not_hidden_from_a_dry_run(any_desk: TestDesk) -> None:
    burst(any_desk, "a", NOON)
    detect(any_desk)
    in_force(any_desk)
    assert (len(dry_run(any_desk).reaching), dry_run(any_desk).hidden) == (1, ())
    assert (attempt(any_desk).in_force.alerts, attempt(any_desk).in_force.hidden) == (1, 0)


def test_a_trial_counts_on_either_side_what_suppressions_keep_back(covered: TestDesk) -> None:
    trial = attempt(covered, count=6)
    assert (trial.in_force.alerts, trial.in_force.hidden, trial.in_force.customers) == (2, 1, 2)
    assert (trial.tried.alerts, trial.tried.hidden) == (0, 0)
    assert sorted(one.transaction_ids[0] for one in trial.lost) == ["b-0", "c-0"]
    assert sum(week.in_force for week in trial.weeks) == 2


@pytest.mark.parametrize("what", [lambda d: end(d, "SUP-000001"), lambda d: (end(d, "SUP-000001"), detect(d))])
def test_a_trial_as_of_an_event_is_the_trial_of_that_time(
    covered: TestDesk, what: Callable[[TestDesk], object]
) -> None:
    then = attempt(covered)
    what(covered)
    now, again = attempt(covered), attempt(covered, as_of=then.as_of)
    assert (now.in_force.alerts, now.in_force.hidden) == (3, 0)
    assert (again.in_force.alerts, again.in_force.hidden) == (2, 1)
    assert replace(again, arrival=then.arrival) == then
    assert attempt(covered, as_of=0).in_force.hidden == 0
    with pytest.raises(NoSuchEvent, match="so there is no event 9,999 to look at the suppressions as of"):
        attempt(covered, as_of=9_999)


def test_the_evidence_sheet_counts_what_is_hidden_and_its_command_says_as_of_when(covered: TestDesk) -> None:
    rule_sets.propose(
        **act(covered, "mia"), look=covered.reading(), base_currency="USD", reason=REASON, limits=SMALL,
        changes={"structuring": {"count": 6}},
    )  # fmt: skip
    sheet: dict[str, Any] = json.loads(stored(covered).sheet)
    (rule,) = sheet["rules"]
    assert (rule["before"]["alerts"], rule["before"]["hidden"], rule["after"]["hidden"]) == (2, 1, 0)
    assert sheet["data"]["suppressions"] == ["SUP-000001"]
    words = shlex.split(sheet["commands"][0])
    end(covered, "SUP-000001")
    again = attempt(covered, as_of=int(words[words.index("--as-of") + 1]), count=6)
    assert (again.in_force.alerts, again.in_force.hidden) == (2, 1)
    text = exported(covered)
    assert "| Hidden by suppressions, counted nowhere else | 1 | 0 |" in text
    assert "| Suppressions in force | SUP-000001, as of event " in text


def stored(desk: TestDesk) -> rule_sets.RuleSet:
    return rule_sets.show(look=desk.reading(), actor=desk.people["otto"], rule_set_id="RS-000001")


def exported(desk: TestDesk) -> str:
    file = rule_sets.export_sheet(**act(desk, "otto"), rule_set_id="RS-000001")
    return file.content.decode("utf-8")


def test_a_sheet_that_was_frozen_before_suppressions_were_counted_still_reads(covered: TestDesk) -> None:
    rule_sets.propose(
        **act(covered, "mia"), look=covered.reading(), base_currency="USD", reason=REASON, limits=SMALL,
        changes={"structuring": {"count": 6}},
    )  # fmt: skip
    old = json.loads(stored(covered).sheet)
    for side in ("before", "after"):
        del old["rules"][0][side]["hidden"]
    for name in ("as_of", "suppressions"):
        del old["data"][name]
    decided = {"state": "proposed", "by": "", "at": None, "words": "", "sheet_sha256": "0" * 64}
    text = rule_sheet.write(old, decided, {}, title)
    assert "| Alerts that reach the queue | 2 | 0 |" in text
    assert "Hidden" not in text
    assert "Suppressions in force" not in text
