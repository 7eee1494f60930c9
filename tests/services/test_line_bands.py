"""Bands below a line: what each holds, and which make no sense."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules import UnknownRule
from casedesk.domain.events import DESK
from casedesk.domain.line_sampling import BadLineTest
from casedesk.services.line_tests import Asked, NothingBelow
from casedesk.store.line_test_store import NoSuchLineTest
from tests.builders import Move, TestDesk
from tests.services.lines import (
    DAY,
    FIVE_PERCENT,
    FOUR,
    RULES,
    THREE,
    bank,
    deposits,
    drawn,
    report,
    sample,
)


def population(desk: TestDesk, band: int, *bands: dict[str, object]) -> set[str]:
    """Return the customers of a band's population."""
    test, _ = drawn(sample(desk, *bands))
    return {episode.customer_id for episode in test.bands[band - 1].population}


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
