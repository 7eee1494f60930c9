"""Samples below a line: what the bands hold, what is committed when, what is drawn, and what it comes to."""

from __future__ import annotations

import json
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules import UnknownRule
from casedesk.domain import line_sampling
from casedesk.domain.cases import Disposition
from casedesk.domain.events import DESK
from casedesk.domain.intervals import proportion
from casedesk.domain.line_sampling import BadLineTest, from_record, to_record
from casedesk.domain.line_yields import Apart
from casedesk.domain.people import RoleForbids
from casedesk.domain.verification import Verdict
from casedesk.services import lab, line_test_checks, line_tests, people, replaying, rule_sets, suppressions
from casedesk.services.line_tests import Asked, NothingBelow
from casedesk.store.line_test_store import NoSuchLineTest
from casedesk.store.tables import alerts, line_test_picks
from casedesk.store.tables import line_tests as table
from tests.builders import START, Move, TestDesk
from tests.services.lines import (
    DAY,
    FIVE_PERCENT,
    FOUR,
    RULES,
    THREE,
    bank,
    case_of,
    customers,
    deposits,
    detect,
    drawn,
    redraw,
    report,
    sample,
    stored_alerts,
    work,
)


def population(desk: TestDesk, band: int, *bands: dict[str, object]) -> set[str]:
    """Return the customers of a band's population."""
    test, _ = drawn(sample(desk, *bands))
    return {episode.customer_id for episode in test.bands[band - 1].population}


# the bands


def test_a_band_holds_what_neither_the_rule_in_force_nor_a_tighter_band_finds(any_desk: TestDesk) -> None:
    bank(any_desk, above=2, four=3, three=2)
    test, _ = drawn(sample(any_desk))
    first, second = ({episode.customer_id for episode in band.population} for band in test.bands)
    assert first == {"F-1", "F-2", "F-3"}
    assert second == {"T-1", "T-2"}
    evidence = [{t for e in band.population for t in e.transaction_ids} for band in test.bands]
    assert evidence[0].isdisjoint(evidence[1])
    assert all(transaction.startswith(("F-", "T-")) for part in evidence for transaction in part)
    (episode,) = (e for e in test.bands[0].population if e.customer_id == "F-1")
    assert episode.transaction_ids == ("F-1-0", "F-1-1", "F-1-2", "F-1-3")
    assert (episode.account_id, episode.amount_minor) == ("F-1/1", 32_000_00)


@pytest.mark.parametrize(
    ("count", "amount", "apart", "band"),
    [
        (5, 6_000_00, 15, 0),  # five within exactly 60 minutes, together exactly 30,000: over the line
        (
            5,
            6_000_00,
            15.1,
            0,
        ),  # four of them within the window make 24,000 only: below both bands' totals but the last
        (4, 7_500_00, 20, 1),  # exactly 60 minutes and exactly 30,000
        (4, 7_499_99, 20, 2),  # a cent less: only the three or four of the loosest band
        (4, 7_500_00, 20.1, 0),  # only three within 60 minutes, 22,500: below every band
        (3, 8_000_00, 30, 2),  # exactly 60 minutes and exactly 24,000
        (3, 7_999_99, 30, 0),
        (3, 8_000_00, 30.1, 0),
        (4, 10_000_00, 5, 0),  # none of them is under 10,000
    ],
)
def test_the_edges_of_line_and_bands(desk: TestDesk, count: int, amount: int, apart: float, band: int) -> None:
    bank(desk, above=1, four=1, three=1)
    desk.customer("E")
    desk.book(deposits("E", 30, count, amount=amount, apart=apart))
    test, _ = drawn(sample(desk))
    inside = [n for n, one in enumerate(test.bands, start=1) if "E" in {e.customer_id for e in one.population}]
    found_in_force = any(a.customer_id == "E" for a in attempt(desk))
    if (count, apart) == (5, 15):
        assert found_in_force
        assert inside == []
    elif (count, apart) == (5, 15.1):
        assert not found_in_force
        assert inside == [2]  # four within the window, together exactly 24,000
    else:
        assert not found_in_force
        assert inside == ([band] if band else [])


def attempt(desk: TestDesk) -> tuple[Any, ...]:
    from casedesk.services import detecting

    return detecting.preview(
        look=desk.reading(), actor=desk.people["mia"], base_currency="USD", rules=RULES
    ).result.alerts


def test_an_episode_that_shares_one_transaction_with_the_line_is_not_below_it(desk: TestDesk) -> None:
    """With looser values the episode over the line grows at its ends; it stays the same episode."""
    bank(desk, above=1, four=1, three=1)
    desk.book([Move("A-1-late", DAY + 62, 8_000_00, to_account="A-1/1")])
    assert population(desk, 1) == {"F-1"}


@pytest.mark.parametrize(
    ("bands", "error", "sentence"),
    [
        ([], BadLineTest, "one to 6 bands; 0 were given"),
        ([Asked({"count": 4}, 5)] * 7, BadLineTest, "7 were given"),
        ([Asked({"count": 5}, 5)], BadLineTest, "has the values in force"),
        ([Asked({"count": 6}, 5)], BadLineTest, r"Band 1 \(count 6\) is not looser than the rule in force: it misses 2 of 2"),
        ([Asked(THREE, 5), Asked(FOUR, 5)], BadLineTest, r"Band 2 \(count 4\) is not looser than Band 1"),
        ([Asked({"count": 1}, 5)], BadParameter, "Parameter “count”"),
        ([Asked({"cuont": 4}, 5)], BadParameter, "There is no parameter “cuont”"),
        ([Asked(FOUR)], BadLineTest, "either a size or the share"),
        ([Asked(FOUR, 5, FIVE_PERCENT)], BadLineTest, "not both"),
        ([Asked(FOUR, -1)], BadLineTest, "between 1 and 100,000; -1 was given"),
        ([Asked(FOUR, none_found=Fraction(1))], BadLineTest, "100 % was given"),
        ([Asked(FOUR, none_found=Fraction(1, 10**9))], BadLineTest, "1e-07 % was given"),
        ([Asked({"direction": "any"}, 5)], NothingBelow, "finds nothing more with these values"),
    ],
)  # fmt: skip
def test_bands_that_make_no_sense_are_refused_and_nothing_is_stored(
    desk: TestDesk, bands: list[Asked], error: type[Exception], sentence: str
) -> None:
    bank(desk)
    before = desk.dump()
    with pytest.raises(error, match=sentence):
        sample(desk, bands=bands)
    assert desk.dump() == before


def test_a_rule_that_is_none_and_a_desk_without_transactions_are_refused(desk: TestDesk) -> None:
    with pytest.raises(NothingBelow):
        sample(desk)
    with pytest.raises(UnknownRule, match="no rule “smurfing”"):
        sample(desk, rule="smurfing")
    with pytest.raises(NoSuchLineTest, match="There is no sample below a line “LT-000009”"):
        report(desk, "LT-000009")
    assert desk.actions(DESK)[-1] == "person_added"


# the draw


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


# what it comes to


def test_the_yield_counts_closed_cases_of_picks_that_were_judged_alone(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk, above=3, four=6, three=4)
    detect(desk)
    stored = sample(desk)
    work(desk, "A-1", Disposition.SAR)
    work(desk, "A-2")
    work(desk, "F-1", Disposition.SAR)
    for customer in ("F-2", "F-3"):
        work(desk, customer)
    work(desk, "T-1")
    found = report(desk)
    assert (found.test.test_id, found.drawn_by) == (stored.test_id, "mia")
    first, second = found.bands
    assert (first.population, first.customers, first.drawn, first.alone) == (6, 6, 6, 6)
    assert (first.closed, first.open, first.sars) == (3, 3, 1)
    assert first.productive == proportion(1, 3)
    assert (second.closed, second.open, second.sars) == (1, 3, 0)
    assert second.productive == proportion(0, 1)
    assert (found.above.alerts, found.above.cases) == (3, 3)
    assert found.above.productive == proportion(1, 2)
    assert [(one.percent, one.needed, one.enough) for one in second.none_found] == [
        (5, 59, False), (2, 149, False), (1, 299, False),
    ]  # fmt: skip
    assert [band.title for band in found.bands] == ["count 4", "below_count 3, count 3, total_minor 2400000"]


def test_a_reopened_case_is_open_again_in_the_report(desk: TestDesk) -> None:
    bank(desk, four=1, three=1)
    sample(desk)
    case_id = work(desk, "F-1", Disposition.SAR)
    assert report(desk).bands[0].sars == 1
    desk.reopen("mia", case_id)
    assert (report(desk).bands[0].sars, report(desk).bands[0].open) == (0, 1)


def test_a_pick_of_a_customer_with_an_open_case_joins_it_and_is_counted_apart(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk, four=3, three=1)
    before = desk.open("F-1", rule="velocity")
    sample(desk)
    assert case_of(desk, "F-1") == before
    assert desk.actions(before) == ["case_opened", "alert_attached", "alert_attached"]
    work(desk, "F-1", Disposition.SAR)
    work(desk, "F-2")
    band = report(desk).bands[0]
    assert (band.drawn, band.alone, dict(band.apart)) == (3, 2, {Apart.JOINED: 1})
    assert (band.apart_closed, band.apart_sars) == (1, 1)
    assert band.productive == proportion(0, 1)


def test_a_case_into_which_another_alert_came_is_counted_apart(desk: TestDesk) -> None:
    bank(desk, four=2, three=1)
    sample(desk)
    desk.book(deposits("F-1-more", 60, 5, to="F-1/1"))
    detect(desk)
    band = report(desk).bands[0]
    assert (band.alone, dict(band.apart)) == (1, {Apart.SHARED: 1})


def test_what_the_desk_knows_is_not_stored_again_and_counted_apart(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk, four=3, three=1)
    sample(desk, FOUR)
    work(desk, "F-1", Disposition.SAR)
    alerts_before, cases_before = desk.dump()["alerts"], desk.dump()["cases"]
    again = sample(desk, FOUR, seed="77" * 32)
    assert customers(again, 1) == ["F-1", "F-2", "F-3"]
    assert (desk.dump()["alerts"], desk.dump()["cases"]) == (alerts_before, cases_before)
    band = report(desk, again.test_id).bands[0]
    assert (band.alone, dict(band.apart)) == (0, {Apart.KNOWN: 3})
    assert (band.apart_closed, band.apart_sars) == (1, 1)
    assert redraw(desk, again.test_id).agrees
    assert desk.verify().verdict is Verdict.VERIFIED
    detect(desk)
    assert len(desk.dump()["detection_runs"]) == 2  # of the first sample, and this one: their ids do not meet


def test_the_scorecard_counts_what_the_rule_in_force_raised_and_no_sample(desk: TestDesk) -> None:
    bank(desk, above=2)
    detect(desk)
    sample(desk)
    work(desk, "F-1", Disposition.SAR)
    card = lab.scorecard(uow=desk.reading(), actor=desk.people["mia"], at=desk.at())
    assert [(score.rule, score.alerts, score.sars) for score in card.rules] == [("structuring", 2, 0)]


def test_above_the_line_only_what_was_raised_with_the_values_in_force_counts(desk: TestDesk) -> None:
    bank(desk, above=2, four=2)
    detect(desk)
    desk.open("A-1", rule="structuring")  # raised with other values
    sample(desk)
    later = START.replace(year=2027)
    desk.tamper(sa.update(alerts).where(alerts.c.customer_id == "A-2").values(window_end=later))
    assert report(desk).above.alerts == 1


def test_a_whole_band_that_was_judged_is_known_and_not_estimated(desk: TestDesk) -> None:
    bank(desk, four=2, three=1)
    sample(desk)
    for customer in ("F-1", "F-2"):
        assert not report(desk).bands[0].whole
        work(desk, customer)
    assert report(desk).bands[0].whole


# drawing again


def test_a_test_is_drawn_again_and_its_populations_are_found_again(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk)
    sample(desk, size=3)
    desk.book(deposits("late", 0.5, 4, to="K-1/1"))  # arrived after the test
    detect(desk)
    again = redraw(desk, from_data=True)
    assert (again.picks, again.problems, again.found_again) == (6, (), True)


def test_data_that_changed_since_is_named(desk: TestDesk) -> None:
    bank(desk)
    sample(desk, size=3)
    desk.customer("F-1", accounts=["F-1/1"], name="Kim Roe")  # the same again changes nothing
    assert redraw(desk, from_data=True).found_again
    with desk.writing() as uow:
        uow.parties.put_accounts([])
        uow.commit()
    desk.tamper(sa.text("UPDATE transactions SET base_minor = base_minor + 1 WHERE transaction_id = 'F-1-0'"))
    again = redraw(desk, from_data=True)
    assert again.found_again is False
    assert "are not the same any more" in again.problems[0]
    assert redraw(desk).agrees  # its record is as it was


def damage(desk: TestDesk, change: Any) -> None:
    (stored,) = line_tests.all_tests(uow=desk.reading(), actor=desk.people["mia"])
    record = json.loads(json.dumps(stored.record))
    change(record)
    desk.tamper(sa.update(table).values(record=json.dumps(record)))


def another_seed(record: dict[str, Any]) -> None:
    """Draw again with a seed that suits, and make the record agree with itself."""
    from dataclasses import replace

    from casedesk.domain.line_sampling import draw

    test = replace(from_record(record)[0], seed="00" * 32)
    record.update(json.loads(json.dumps(to_record(test, draw(test)))))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r["bands"][0]["population"].pop(), "populations are not the ones whose hashes"),
        (lambda r: r["bands"][0]["population"][0].__setitem__(7, "Nothing."), "populations are not the ones whose hashes"),
        (lambda r: r["bands"][0].update(size=2), "bands are not the ones the ledger committed"),
        (lambda r: r["bands"][0].update(parameters="{}"), "bands are not the ones the ledger committed"),
        (lambda r: r["bands"][0].update(moved={"count": 2}), "other values were moved"),
        (lambda r: r["picks"].pop(), "record's picks differ"),
        (lambda r: r.update(seed="00" * 32), "seed is not the one in the ledger"),
        (another_seed, "seed is not the one in the ledger"),
        (lambda r: r.update(rule="velocity"), "record's rule is not the one"),
        (lambda r: r.update(line="{}"), "record's line is not the one"),
        (lambda r: r.update(format="other/1"), "The record's format is “other/1”"),
        (lambda r: r.pop("seed"), "The record of the test is incomplete"),
        (lambda r: r["picks"][0].__setitem__(0, "1"), "The record of the test is incomplete"),
    ],
)  # fmt: skip
def test_an_edited_record_is_found_and_verification_names_it(desk: TestDesk, change: Any, sentence: str) -> None:
    bank(desk)
    sample(desk, size=3)
    damage(desk, change)
    assert any(sentence in problem for problem in redraw(desk).problems), redraw(desk).problems
    found = desk.verify()
    assert found.verdict is Verdict.TAMPERED
    assert found.first is not None
    assert (found.first.case_id, found.first.column) == ("LT-000001", "record")


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        (sa.update(table).values(drawn_by="max"), "drawn_by"),
        (sa.update(table).values(drawn_at=START), "drawn_at"),
        (sa.update(table).values(population_size=7), "population_size"),
        (sa.update(table).values(seed="00" * 32), "seed"),
        (sa.update(table).values(rule="velocity"), "rule"),
        (sa.update(line_test_picks).where(line_test_picks.c.place == 1).values(rank="0"), "rank"),
        (sa.update(line_test_picks).where(line_test_picks.c.place == 1).values(episode="A-1"), "rank"),
        (sa.update(line_test_picks).where(line_test_picks.c.place == 1).values(placement="joined"), "alert_id"),
        (sa.delete(line_test_picks).where(line_test_picks.c.place == 1), "rank"),
        (
            sa.update(line_test_picks).values(
                alert_id=sa.select(sa.func.min(line_test_picks.c.alert_id)).scalar_subquery()
            ),
            "alert_id",
        ),
    ],
)
def test_an_edited_row_is_found_and_verification_names_it(any_desk: TestDesk, statement: Any, column: str) -> None:
    desk = any_desk
    bank(desk)
    sample(desk, size=3)
    assert desk.verify().verdict is Verdict.VERIFIED
    desk.tamper(statement)
    assert not redraw(desk).agrees
    found = desk.verify()
    assert found.verdict is Verdict.TAMPERED
    assert found.first is not None
    assert (found.first.case_id, found.first.column) == ("LT-000001", column)


def test_a_test_without_a_row_or_without_events_is_found(desk: TestDesk) -> None:
    bank(desk)
    sample(desk, size=3)
    rows = [dict(row) for row in _rows(desk)]
    desk.tamper(sa.delete(line_test_picks))
    desk.tamper(sa.delete(table))
    first = desk.verify().first
    assert first is not None
    assert first.problem == "A sample below a line has an event but no row."
    desk.tamper(sa.insert(table).values({**rows[0], "test_id": "LT-000007"}))
    assert redraw(desk, "LT-000007").problems == ("The ledger holds no record of this test.",)


def _rows(desk: TestDesk) -> list[Any]:
    with desk.engine.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def test_a_run_of_a_sample_cannot_be_replayed_and_says_why(desk: TestDesk) -> None:
    bank(desk)
    sample(desk)
    with desk.reading() as uow:
        run_ids = {alert.run_id for alert in uow.alerts.everything()}
    assert len(run_ids) == 2  # one for each band
    with pytest.raises(replaying.CannotReplay, match="or for a sample below a line"):
        replaying.replay(look=desk.reading(), actor=desk.people["mia"], run_id=min(run_ids), library=RULES)


def test_every_alert_of_a_sample_says_what_it_was_found_with(desk: TestDesk) -> None:
    bank(desk)
    test, _ = drawn(sample(desk))
    by_customer = {e.customer_id: e for band in test.bands for e in band.population}
    with desk.reading() as uow:
        found = {alert.customer_id: alert for alert in uow.alerts.everything()}
    assert found.keys() == by_customer.keys()
    assert json.loads(found["F-1"].parameters)["count"] == 4
    assert json.loads(found["T-1"].parameters)["count"] == 3
    for customer, alert in found.items():
        episode = by_customer[customer]
        assert (alert.sentence, alert.severity) == (episode.sentence, episode.severity)
        assert set(stored_alerts(desk)[alert.alert_id][2]) == set(episode.transaction_ids)
