"""Samples below a line: what is committed when, what is drawn, and who may."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from casedesk.domain import line_sampling
from casedesk.domain.events import DESK
from casedesk.domain.people import RoleForbids
from casedesk.domain.verification import Verdict
from casedesk.services import line_test_checks, line_tests, people, rule_sets, suppressions
from casedesk.services.line_tests import Asked
from tests.builders import START, TestDesk
from tests.services.lines import (
    FIVE_PERCENT,
    FOUR,
    bank,
    customers,
    damage,
    deposits,
    drawn,
    redraw,
    report,
    sample,
)


def test_the_populations_are_committed_before_the_seed_is_drawn(
    any_desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = any_desk
    bank(desk)
    seen: list[list[str]] = []
    real = line_sampling.draw

    def watched(plan: Any) -> Any:
        seen.append(desk.actions(DESK))
        return real(plan)

    monkeypatch.setattr(line_tests, "draw", watched)
    stored = sample(desk, seed=None)
    assert seen[0][-1] == "line_test_frozen", "the hashes were not committed before the draw"
    frozen, made = desk.history(DESK)[-2:]
    assert (frozen.action, made.action) == ("line_test_frozen", "line_test_drawn")
    assert frozen.data["populations"] == [6, 5]
    assert frozen.data["sizes"] == [100, 100]
    assert len(set(frozen.data["population_sha256"])) == 2
    assert "seed" not in frozen.data
    assert (made.data["seed"], made.data["picks"]) == (stored.seed, [6, 5])
    assert len(stored.seed) == 64
    assert json.loads(frozen.data["bands"][0])["count"] == 4
    assert frozen.data["line_hash"] not in frozen.data["band_hashes"]
    assert {frozen.user, made.user} == {"mia"}
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_draw_that_broke_off_leaves_its_trace_and_its_number(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    bank(desk)

    def broken(plan: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(line_tests, "draw", broken)
    with pytest.raises(KeyboardInterrupt):
        sample(desk)
    monkeypatch.undo()
    assert desk.actions(DESK)[-1] == "line_test_frozen"
    assert sample(desk).test_id == "LT-000002"
    assert redraw(desk, "LT-000002").agrees
    assert desk.verify().verdict is Verdict.VERIFIED


_PICKED: dict[str, object] = {}


def test_the_picks_follow_from_population_and_seed_on_every_database(any_desk: TestDesk) -> None:
    bank(any_desk)
    picks = drawn(sample(any_desk, size=3))[1]
    assert [(pick.band, pick.place) for pick in picks] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert _PICKED.setdefault("picks", picks) == picks


def test_another_seed_draws_others_and_no_seed_is_drawn_twice(desk: TestDesk) -> None:
    bank(desk, four=12)
    first = sample(desk, FOUR, size=4)
    second = sample(desk, FOUR, size=4, seed="77" * 32)
    assert customers(first, 1) != customers(second, 1)
    assert sample(desk, FOUR, size=1, seed=None).seed != sample(desk, FOUR, size=1, seed=None).seed


def test_a_customer_is_drawn_once_however_many_episodes_and_bands_they_are_in(desk: TestDesk) -> None:
    bank(desk, four=2, three=2)
    for day in (40, 42, 44):
        desk.book(deposits(f"F-1-{day}", day, 4, to="F-1/1"))
        desk.book(deposits(f"T-1-{day}", day, 3, to="T-1/1"))
    desk.book(deposits("F-1-x", 50, 3, to="F-1/1"))
    stored = sample(desk)
    test, picks = drawn(stored)
    assert [(len(band.population), band.customers) for band in test.bands] == [(5, 2), (6, 3)]
    assert customers(stored, 1) == ["F-1", "F-2"]
    assert customers(stored, 2) == ["T-1", "T-2"]  # F-1 was drawn in the tighter band
    assert len({pick.customer_id for pick in picks}) == len(picks) == 4
    assert [report(desk).bands[n].alone for n in (0, 1)] == [2, 2]


def test_the_line_is_that_of_the_rule_set_in_force(desk: TestDesk) -> None:
    bank(desk, above=2, four=2, three=1)
    proposed = rule_sets.propose(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        reason="Fewer alerts of five deposits.", changes={"structuring": {"count": 6}},
    )  # fmt: skip
    rule_set_id = proposed.data["rule_set_id"]
    rule_sets.approve(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), rule_set_id=rule_set_id)
    test, _ = drawn(sample(desk, {"count": 5}))
    assert json.loads(test.line)["count"] == 6
    assert {e.customer_id for e in test.bands[0].population} == {"A-1", "A-2"}
    assert test.bands[0].moved == {"count": 5}


def test_what_a_suppression_covers_is_not_drawn_from_and_is_counted(any_desk: TestDesk) -> None:
    """A looser rule would not bring it to the desk either; a sample is no way around what two managers agreed."""
    desk = any_desk
    bank(desk, four=3, three=1)
    found, _ = suppressions.propose(
        uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), rule="structuring", customer_id="F-2",
        reason="A shop that banks its takings; documents are on file.", covers_from=START.date(),
        covers_until=START.date() + timedelta(days=30),
    )  # fmt: skip
    suppressions.approve(
        uow=desk.writing(), actor=desk.people["max"], at=desk.at(), suppression_id=found.suppression_id
    )
    stored = sample(desk)
    test, _ = drawn(stored)
    assert customers(stored, 1) == ["F-1", "F-3"]
    assert {e.customer_id for e in test.bands[0].population} == {"F-1", "F-3"}
    assert [len(band.hidden) for band in test.bands] == [1, 0]
    assert [band.hidden for band in report(desk).bands] == [1, 0]
    again = redraw(desk, from_data=True)
    assert (again.problems, again.found_again) == ((), True)
    damage(desk, lambda record: record["bands"][0]["hidden"].clear())
    assert any("populations are not the ones" in problem for problem in redraw(desk).problems)


def test_the_size_that_none_found_needs_is_drawn(desk: TestDesk) -> None:
    bank(desk, four=70, three=1)
    stored = sample(desk, bands=[Asked(FOUR, none_found=FIVE_PERCENT)])
    assert len(customers(stored, 1)) == 59
    assert stored.record["bands"][0]["none_found"] == "5"
    asked = [Asked(FOUR, none_found=Fraction(n, 100)).how_many() for n in (5, 2, 1)]
    assert asked == [59, 149, 299]


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_a_manager_draws(desk: TestDesk, who: str) -> None:
    bank(desk)
    before = desk.dump()
    with pytest.raises(RoleForbids, match=r"may not draw a sample below a line; that takes: Manager\."):
        sample(desk, who=who)
    assert desk.dump() == before


@pytest.mark.parametrize(("who", "may"), [("ann", False), ("queenie", False), ("mia", True), ("otto", True)])
def test_managers_and_auditors_look_at_samples_and_nobody_else(desk: TestDesk, who: str, may: bool) -> None:
    bank(desk)
    sample(desk)
    me = desk.people[who]
    before = desk.dump()
    for look in (
        lambda: line_tests.all_tests(uow=desk.reading(), actor=me),
        lambda: line_tests.report(uow=desk.reading(), actor=me, test_id="LT-000001"),
        lambda: line_test_checks.redraw(look=desk.reading(), actor=me, test_id="LT-000001"),
    ):
        if may:
            assert look()
        else:
            with pytest.raises(RoleForbids, match="may not try out detection rules"):
                look()
    assert desk.dump() == before


def test_who_is_no_manager_any_more_draws_nothing_in_a_session_still_open(desk: TestDesk) -> None:
    bank(desk)
    me = desk.people["mia"]
    desk.dismiss("mia")
    desk.people["mia"] = me
    with pytest.raises(Exception, match="not active any more"):
        sample(desk)
    assert "line_test_frozen" not in desk.actions(DESK)
    assert people.find(uow=desk.reading(), user_id="mia").active is False
