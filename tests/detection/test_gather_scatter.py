"""Gather-scatter: two crowds of strangers, one after the other, on one account."""

from __future__ import annotations

from datetime import timedelta

from casedesk.detection.rules.gather_scatter import GatherScatter
from tests.detection.bank import NOON, Tx
from tests.detection.flows import pay, raised

RULE = GatherScatter()


def gather(*days: float, first: int = 0) -> list[Tx]:
    return [pay(f"S{first + number}", "A", day, 900_00) for number, day in enumerate(days)]


def scatter(*days: float, first: int = 0) -> list[Tx]:
    return [pay("A", f"P{first + number}", day, 800_00) for number, day in enumerate(days)]


def test_two_senders_and_two_payees_exactly_ten_days_apart_are_a_hit() -> None:
    (alert,) = raised(RULE, [*gather(0, 1), *scatter(8, 10)])
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 4)
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(days=10))


def test_a_microsecond_more_than_ten_days_is_no_hit() -> None:
    assert raised(RULE, [*gather(0, 1), *scatter(8), pay("A", "P9", 10, late=1)]) == ()


def test_one_sender_or_one_payee_is_too_few_however_often() -> None:
    assert raised(RULE, [*gather(0), *gather(1), *scatter(2, 3, 4)]) == ()
    assert raised(RULE, [*gather(0, 1, 1.5), *scatter(2), *scatter(3)]) == ()


def to_and_fro(into: int, out: int, minor: int = 3_000_00) -> list[Tx]:
    """Large payments from one party, and after them as large ones to it, half a day apart."""
    sides = ["in"] * into + ["out"] * out
    return [
        pay(*(("S", "A") if side == "in" else ("A", "S")), place / 2, minor, id=f"{place:02d}")
        for place, side in enumerate(sides)
    ]


def test_one_party_is_enough_where_large_sums_turn_three_times() -> None:
    (alert,) = raised(RULE, to_and_fro(3, 3))
    assert (alert.account_id, len(alert.transaction_ids), alert.severity) == ("A", 6, 40)
    assert alert.sentence == (
        "3 payments of USD 9,000.00 came in and 3 payments of USD 9,000.00 went out between 12:00 UTC on 4 Nov 2026 and "
        "00:00 UTC on 7 Nov 2026, with parties whom this account had not dealt with before; 3 payments of USD 3,000.00 "
        "or more came in within 10 days, and as many went out after them."
    )


def test_fewer_or_smaller_turns_are_no_hit() -> None:
    assert raised(RULE, to_and_fro(2, 3)) == raised(RULE, to_and_fro(3, 2)) == ()
    assert raised(RULE, to_and_fro(3, 3, 2_999_99)) == ()
    assert raised(RULE, to_and_fro(3, 3), turns=4) == raised(RULE, to_and_fro(4, 3), turns=4) == ()
    assert len(raised(RULE, to_and_fro(4, 4), turns=4)) == 1


def test_a_turn_counts_only_when_enough_had_come_in_within_its_window() -> None:
    early = [*to_and_fro(2, 1), pay("S", "A", 2, 3_000_00)]
    assert raised(RULE, [*early, pay("A", "S", 3, 3_000_00), pay("A", "S", 4, 3_000_00)]) == ()
    late = [pay("A", "S", day, 3_000_00) for day in (3, 4, 5)]
    assert [len(alert.transaction_ids) for alert in raised(RULE, [*early, *late])] == [7]
    exact = [*to_and_fro(3, 2), pay("A", "S", 10, 3_000_00)]
    assert len(raised(RULE, exact)) == 1
    assert raised(RULE, [*exact[:-1], pay("A", "S", 10, 3_000_00, late=1)]) == ()


def test_turns_with_a_known_party_or_by_card_are_left_alone() -> None:
    late = [pay(tx.source, tx.target, 40 + place / 2, 3_000_00) for place, tx in enumerate(to_and_fro(3, 3))]
    assert len(raised(RULE, late)) == 1
    assert raised(RULE, [pay("A", "S", 1), *late]) == ()
    cards = [pay(tx.source, tx.target, place, 3_000_00, channel="CARD") for place, tx in enumerate(to_and_fro(3, 3))]
    assert raised(RULE, cards) == ()


def test_paying_first_and_collecting_later_is_no_hit() -> None:
    assert raised(RULE, [*scatter(0, 1, 2), *gather(3, 4, 5)]) == ()


def test_a_payee_counts_only_when_enough_senders_had_paid() -> None:
    assert raised(RULE, [*gather(0), *scatter(1), *gather(2, first=1), *scatter(3, first=1)]) == ()
    (alert,) = raised(RULE, [*gather(0), *scatter(1), *gather(2, first=1), *scatter(3, 4, first=1)])
    assert len(alert.transaction_ids) == 5, "what was paid before is evidence all the same"


def test_everything_at_one_instant_is_a_hit_in_any_order() -> None:
    ties = [pay("S0", "A", id="d"), pay("A", "P0", id="a"), pay("S1", "A", id="c"), pay("A", "P1", id="b")]
    (alert,) = raised(RULE, ties)
    assert alert.transaction_ids == ("a", "b", "c", "d")
    assert raised(RULE, list(reversed(ties))) == (alert,)


def test_larger_turntables_can_be_asked_for_on_either_side_or_together() -> None:
    bank = [*gather(0, 1, 2), *scatter(3, 4)]
    assert len(raised(RULE, bank, senders=3)) == 1
    assert raised(RULE, bank, senders=4) == ()
    assert raised(RULE, bank, payees=3) == ()
    assert len(raised(RULE, bank, parties=5)) == 1
    assert raised(RULE, bank, parties=6) == ()


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    first = [*gather(0, 1), *scatter(2, 3)]
    assert len(raised(RULE, [*first, *gather(4, 5, first=2), *scatter(6, 7, first=2)])) == 1
    assert len(raised(RULE, [*first, *gather(24, 25, first=2), *scatter(26, 27, first=2)])) == 2


def test_known_parties_cash_cards_and_own_accounts_are_no_strangers() -> None:
    own = {"A": "C-A", "B": "C-A"}
    rest = [*gather(40), *scatter(42, 43)]
    assert len(raised(RULE, [*rest, pay("S9", "A", 41)], own=own)) == 1
    for second in (pay("", "A", 41), pay("S9", "A", 41, channel="CARD"), pay("B", "A", 41)):
        assert raised(RULE, [*rest, second], own=own) == ()
    assert raised(RULE, [pay("A", "S9", 1), *rest, pay("S9", "A", 41)], own=own) == ()


def test_an_external_account_is_never_a_subject() -> None:
    bank = [pay("S0", "X"), pay("S1", "X"), pay("X", "P0", 1), pay("X", "P1", 1)]
    assert raised(RULE, bank) == ()


def test_the_sentence_tells_both_halves() -> None:
    (alert,) = raised(RULE, [*gather(0, 0.05, 0.1), *scatter(0.2, 0.25)])
    assert alert.sentence == (
        "3 payments of USD 2,700.00 came in and 2 payments of USD 1,600.00 went out between 12:00 and 18:00 UTC on "
        "4 Nov 2026, with up to 5 senders and payees within 10 days whom this account had not dealt with before."
    )
    assert alert.amount_minor == 4_300_00


def test_severity_starts_at_its_parameter_and_rises_with_the_parties() -> None:
    assert raised(RULE, [*gather(0, 1), *scatter(2, 3)])[0].severity == 40
    assert raised(RULE, [*gather(0, 1), *scatter(2, 3)], severity_at_threshold=20)[0].severity == 20
    assert raised(RULE, [*gather(0, 1, 1.5, 1.6), *scatter(2, 3, 4, 5)])[0].severity == 70


def test_a_firm_with_its_customers_and_suppliers_is_left_alone() -> None:
    bank = [pay(f"K{day % 7}", "A", day, 9_000_00) for day in range(90)]
    bank += [pay("A", f"V{day % 6}", day + 0.5, 8_000_00) for day in range(90)]
    assert raised(RULE, bank, opened={"A": "2010-01-01"}) == ()


def test_gifts_for_a_house_that_leave_to_one_notary_are_left_alone() -> None:
    gifts = [pay(f"G{n}", "A", n * 1.5, 5_000_00) for n in range(10)]
    assert raised(RULE, [*gifts, pay("A", "N", 14, 50_000_00), pay("A", "N", 14.5, 1_000_00)]) == ()
