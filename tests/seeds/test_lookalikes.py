"""The honest customers do look guilty, and break none of the rules they look like breaking."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import timedelta

from tests.seeds.sliding import Bank, Leg, booked, usd, windows


def accounts(bank: Bank, kind: str) -> list[str]:
    """The first account of each look-alike of a kind: the one it lives through."""
    found = [one.account_id for one in bank.world.lookalikes if one.kind == kind and one.account_id.endswith("-1")]
    assert found, kind
    return found


def by_day(legs: list[Leg]) -> dict[object, list[Leg]]:
    days: dict[object, list[Leg]] = defaultdict(list)
    for leg in legs:
        days[leg.at.date()].append(leg)
    return days


def test_every_kind_is_there_and_no_lookalike_is_labelled_guilty(bank: Bank) -> None:
    kinds = {one.kind for one in bank.world.lookalikes}
    assert kinds == {"daily_cash", "payroll", "marketplace", "treasury_sweep", "frequent_traveller", "house_deposit"}
    innocent = {one.customer_id for one in bank.world.lookalikes}
    assert innocent & {label.customer_id for label in bank.world.labels} == set()
    touched = {side for label in bank.world.labels for side in bank.rows[label.transaction_id][2:4]}
    assert touched & {one.account_id for one in bank.world.lookalikes} == set()


def test_no_lookalike_breaks_the_structuring_or_the_geography_rule(bank: Bank) -> None:
    innocent = {one.account_id for one in bank.world.lookalikes}
    assert innocent & bank.structured().keys() == set()
    assert innocent & bank.restless().keys() == set()


def test_the_retailer_banks_about_nine_thousand_a_day_at_one_branch(bank: Bank) -> None:
    for account in accounts(bank, "daily_cash"):
        cash = [leg for leg in bank.legs[account] if leg.channel == "CASH" and leg.arrives]
        assert len(cash) >= 100
        assert all(8_500 <= leg.usd < 9_500 for leg in cash)
        assert all(len(legs) == 1 for legs in by_day(cash).values())
        assert len({bank.rows[leg.id].branch for leg in cash}) == 1
        assert (
            max(leg.at.hour * 60 + leg.at.minute for leg in cash)
            - min(leg.at.hour * 60 + leg.at.minute for leg in cash)
            <= 31
        )


def test_the_payroll_leaves_within_minutes_each_month(bank: Bank) -> None:
    for account in accounts(bank, "payroll"):
        runs = by_day([leg for leg in bank.legs[account] if bank.rows[leg.id].reference == "Salary"])
        assert 3 <= len(runs) <= 5
        sizes = {len(legs) for legs in runs.values()}
        assert len(sizes) == 1
        assert sizes.pop() >= 35
        assert all(legs[-1].at - legs[0].at <= timedelta(minutes=15) for legs in runs.values())
        assert not any(leg.arrives for legs in runs.values() for leg in legs)


def test_customers_of_the_bank_are_on_the_payroll(bank: Bank) -> None:
    payers = set(accounts(bank, "payroll"))
    staff = {row.to_account for row in bank.world.transactions if row.from_account in payers} & bank.own.keys()
    assert len(staff) >= 10


def test_the_marketplace_takes_hundreds_of_small_payments_a_day(bank: Bank) -> None:
    for account in accounts(bank, "marketplace"):
        into = [leg for leg in bank.legs[account] if leg.arrives]
        days = list(by_day(into).values())[1:-1]
        assert all(150 <= len(legs) <= 320 for legs in days)
        assert sum(leg.usd < 150 for leg in into) / len(into) > 0.95
        assert len({leg.country for leg in into}) == 2
        assert {"CARD", "ACH"} <= {leg.channel for leg in into}


def test_the_sweep_goes_and_comes_back_between_own_accounts(bank: Bank) -> None:
    for account in accounts(bank, "treasury_sweep"):
        swept = [bank.rows[leg.id] for leg in bank.legs[account] if leg.channel == "INTERNAL"]
        assert len(swept) > 150
        assert {bank.own[row.from_account] for row in swept} == {bank.own[row.to_account] for row in swept}
        for earlier, later in itertools.pairwise(swept):
            assert (earlier.from_account, earlier.to_account) == (later.to_account, later.from_account)
            if later.reference == "Sweep return":
                assert later.amount == earlier.amount


def test_the_traveller_is_in_two_countries_within_half_an_hour_and_never_in_three(bank: Bank) -> None:
    for account in accounts(bank, "frequent_traveller"):
        seen = Counter(len({leg.country for leg in window}) for window in windows(bank.legs[account], 30))
        assert seen[2] >= 5
        assert max(seen) == 2
        assert len({leg.country for leg in bank.legs[account]}) >= 3


def test_the_family_gathers_a_deposit_and_pays_it_on_at_once(bank: Bank) -> None:
    for account in accounts(bank, "house_deposit"):
        gifts = [bank.rows[leg.id] for leg in bank.legs[account] if "first home" in bank.rows[leg.id].reference]
        paid = [bank.rows[leg.id] for leg in bank.legs[account] if bank.rows[leg.id].reference == "House deposit"]
        assert len({row.from_account for row in gifts}) >= 8
        assert booked(gifts[-1]) - booked(gifts[0]) <= timedelta(days=21)
        assert len(paid) == 1
        assert booked(paid[0]) > booked(gifts[-1])
        assert sum(map(usd, gifts)) == usd(paid[0])
