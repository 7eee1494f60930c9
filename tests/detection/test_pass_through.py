"""Pass-through: where its window and its shares lie, and that the same money is counted once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.pass_through import PassThrough
from tests.detection.bank import NOON, Tx
from tests.detection.flows import pay, raised

RULE = PassThrough()


def pipe(out: int, into: int = 10_000_00, day: float = 0, after: float = 1, late: int = 0) -> list[Tx]:
    return [pay("S", "A", day, into), pay("A", "P", day + after, out, late=late)]


def test_money_that_leaves_exactly_two_days_later_is_a_hit() -> None:
    (alert,) = raised(RULE, pipe(9_000_00, after=2))
    assert (alert.account_id, len(alert.transaction_ids), alert.amount_minor) == ("A", 2, 19_000_00)
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(days=2))


def test_a_microsecond_more_than_two_days_is_no_hit() -> None:
    assert raised(RULE, pipe(9_000_00, after=2, late=1)) == ()


@pytest.mark.parametrize(("out", "hits"), [(7_999_99, 0), (8_000_00, 1), (10_000_00, 1), (10_000_01, 0)])
def test_from_eighty_to_a_hundred_percent_must_leave(out: int, hits: int) -> None:
    assert len(raised(RULE, pipe(out))) == hits


@pytest.mark.parametrize(("into", "hits"), [(999_99, 0), (1_000_00, 1)])
def test_a_thousand_must_come_in(into: int, hits: int) -> None:
    assert len(raised(RULE, pipe(into - 10_00, into))) == hits


def test_money_that_leaves_before_any_came_in_is_no_hit() -> None:
    assert raised(RULE, [pay("A", "P", 0, 9_000_00), pay("S", "A", 1, 10_000_00)]) == ()


def test_money_in_and_out_at_one_instant_is_a_hit_in_any_order() -> None:
    both = [pay("S", "A", 0, 10_000_00, id="b"), pay("A", "P", 0, 9_000_00, id="a")]
    (alert,) = raised(RULE, both)
    assert alert.transaction_ids == ("a", "b")
    assert raised(RULE, list(reversed(both))) == (alert,)


def test_the_same_money_does_not_leave_twice() -> None:
    twice = [pay("S", "A", 0, 10_000_00), pay("A", "P", 0.5, 9_000_00), pay("A", "Q", 1, 9_000_00)]
    (alert,) = raised(RULE, twice)
    assert len(alert.transaction_ids) == 2, "the second payment is not covered by what came in"
    (alert,) = raised(RULE, [*twice, pay("S2", "A", 0.8, 10_000_00)])
    assert len(alert.transaction_ids) == 4, "now it is"


def test_pieces_in_and_out_add_up() -> None:
    pieces = [pay(f"S{n}", "A", n / 10, 2_000_00) for n in range(5)]
    pieces += [pay("A", f"P{n}", 1 + n / 10, 3_000_00) for n in range(3)]
    (alert,) = raised(RULE, pieces)
    assert len(alert.transaction_ids) == 8


def test_other_money_before_does_not_hide_what_passes_through() -> None:
    (alert,) = raised(RULE, [pay("S0", "A", 0, 50_000_00), *pipe(9_500_00, day=1, after=0.2)])
    assert len(alert.transaction_ids) == 2


def test_other_money_afterwards_does_not_hide_it_either() -> None:
    (alert,) = raised(RULE, [*pipe(9_500_00, after=0.2), pay("S0", "A", 0.3, 50_000_00)])
    assert len(alert.transaction_ids) == 2


def test_stretches_that_share_a_transaction_are_one_alert_and_others_are_two() -> None:
    assert len(raised(RULE, [*pipe(9_000_00), *pipe(9_000_00, day=1)])) == 1
    assert len(raised(RULE, [*pipe(9_000_00), *pipe(9_000_00, day=1.5)])) == 2


def test_cards_own_accounts_self_transfers_and_nothing_do_not_count() -> None:
    own = {"A": "C-A", "B": "C-A"}
    income = pay("S", "A", 0, 10_000_00)
    for out in (pay("A", "P", 1, 9_000_00, channel="CARD"), pay("A", "B", 1, 9_000_00), pay("A", "A", 1, 9_000_00)):
        assert raised(RULE, [income, out], own=own) == ()
    assert raised(RULE, [income, pay("A", "P", 1, 0)], least_percent=1) == ()


def test_an_external_account_is_never_a_subject() -> None:
    assert raised(RULE, [pay("S", "X", 0, 10_000_00), pay("X", "P", 1, 9_000_00)]) == ()


def test_half_of_the_money_on_each_side_must_move_with_strangers() -> None:
    known = [pay("S", "A", -30), pay("A", "P", -30)]
    assert len(raised(RULE, pipe(9_000_00))) == 1
    assert raised(RULE, [known[0], *pipe(9_000_00)]) == ()
    assert raised(RULE, [known[1], *pipe(9_000_00)]) == ()
    halves = [pay("S", "A", 0, 5_000_00), pay("S2", "A", 0.1, 5_000_00), pay("A", "P2", 0.2, 9_000_00)]
    assert len(raised(RULE, [known[0], *halves])) == 1
    assert raised(RULE, [known[0], *halves, pay("S", "A", 0.15, 2)]) == ()


def test_cash_is_no_strangers() -> None:
    assert raised(RULE, [pay("", "A", 0, 10_000_00), pay("A", "P", 1, 9_000_00)]) == ()
    assert raised(RULE, [pay("S", "A", 0, 10_000_00), pay("A", "", 1, 9_000_00)]) == ()


def test_an_account_that_moves_all_the_time_is_no_pipe() -> None:
    busy = [pay("S", "A", step / 100, 1_000_00) for step in range(30)]
    busy += [pay("A", "P", step / 100 + 0.005, 900_00) for step in range(30)]
    (before_it_was_busy,) = raised(RULE, busy)
    assert len(before_it_was_busy.transaction_ids) == 50
    assert len(raised(RULE, busy, most_moments=60)[0].transaction_ids) == 60


def test_contradicting_shares_are_refused_with_a_sentence() -> None:
    with pytest.raises(BadParameter, match="least_percent” \\(80\\) cannot exceed “most_percent” \\(50\\)"):
        RULE.with_values({"most_percent": 50})


def test_the_sentence_gives_both_sums_counts_times_and_the_share() -> None:
    (alert,) = raised(RULE, pipe(9_250_00, after=0.25))
    assert alert.sentence == (
        "USD 10,000.00 came in with 1 payment and USD 9,250.00 (92 %) left with 1 payment between 12:00 and 18:00 UTC "
        "on 4 Nov 2026; what leaves follows what comes in within 48 hours."
    )


def test_severity_rises_with_the_amount() -> None:
    def severity(into: int, least: int = 40) -> int:
        return raised(RULE, pipe(into, into), severity_at_threshold=least)[0].severity

    assert severity(1_000_00) == 40
    assert severity(1_000_00, 5) == 5
    assert 40 < severity(5_000_00) < severity(50_000_00) < severity(5_000_000_00) <= 100


def test_a_treasury_sweep_and_a_corporate_with_known_parties_are_left_alone() -> None:
    own = {"A": "C-A", "R": "C-A"}
    bank = []
    for day in range(60):
        bank += [pay(f"K{day % 5}", "A", day, 90_000_00), pay("A", f"V{day % 4}", day + 0.2, 85_000_00)]
        bank += [pay("A", "R", day + 0.3, 60_000_00), pay("R", "A", day + 0.9, 60_000_00)]
    assert raised(RULE, bank, own=own, opened={"A": "2010-01-01", "R": "2010-01-01"}) == ()


def test_gifts_over_weeks_that_leave_at_once_are_left_alone() -> None:
    gifts = [pay(f"G{n}", "A", n * 1.5, 5_000_00) for n in range(10)]
    assert raised(RULE, [*gifts, pay("A", "N", 14, 50_000_00)]) == ()
