from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from casedesk.domain.money import Money
from casedesk.domain.transactions import Channel, CustomerKind
from casedesk.errors import Invalid
from seeds.people import PROFILES
from seeds.places import HIGH_RISK
from seeds.world import World, build_world
from tests.seeds.sliding import USD, Bank, booked

END = date(2026, 6, 30)
WORLDS = ["world", "small"]


@pytest.fixture(params=WORLDS)
def either(request: pytest.FixtureRequest) -> World:
    made: World = request.getfixturevalue(request.param)
    return made


def test_every_transaction_names_accounts_that_exist_and_at_least_one_of_the_bank(either: World) -> None:
    known = {account.account_id for account in either.accounts}
    own = {account.account_id for account in either.accounts if not account.external}
    for row in either.transactions:
        sides = {row.from_account, row.to_account} - {""}
        assert sides <= known, row
        assert sides & own, row
        assert row.from_account != row.to_account, row


def test_only_cash_has_an_empty_side(either: World) -> None:
    for row in either.transactions:
        assert ("" in (row.from_account, row.to_account)) == (row.channel == "CASH"), row
        assert bool(row.branch) == (row.channel == "CASH"), row


def test_ids_are_unique_and_rows_stand_in_order_of_booking(either: World) -> None:
    ids = [row.transaction_id for row in either.transactions]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    times = [row.booked_at for row in either.transactions]
    assert times == sorted(times)
    assert len({one.customer_id for one in either.customers}) == len(either.customers)
    assert len({one.account_id for one in either.accounts}) == len(either.accounts)


@pytest.mark.parametrize(("name", "days"), [("world", 120), ("small", 30)])
def test_the_period_is_full_days_up_to_its_end(name: str, days: int, request: pytest.FixtureRequest) -> None:
    made: World = request.getfixturevalue(name)
    seen = sorted({row.booked_at[:10] for row in made.transactions})
    assert seen == [(END - timedelta(days=back)).isoformat() for back in range(days - 1, -1, -1)]


def test_every_field_is_one_the_native_format_takes(either: World) -> None:
    channels = {channel.value for channel in Channel}
    currencies = {account.account_id: account.currency for account in either.accounts}
    for row in either.transactions:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.booked_at)
        assert Money.parse(row.amount, row.currency).minor > 0
        assert row.channel in channels
        assert re.fullmatch("[A-Z]{2}", row.from_country)
        assert re.fullmatch("[A-Z]{2}", row.to_country)
        if row.from_account:
            assert row.currency == currencies[row.from_account]
        if row.received_currency:
            assert Money.parse(row.received_amount, row.received_currency).minor > 0
            assert row.received_currency == currencies[row.to_account] != row.currency
        else:
            assert not row.received_amount
            assert row.currency in (currencies.get(row.from_account), currencies.get(row.to_account))


def test_converted_amounts_follow_the_rates(world: World) -> None:
    crossed = [row for row in world.transactions if row.received_currency]
    assert len(crossed) > 100
    for row in crossed:
        worth = float(row.amount) * USD[row.currency], float(row.received_amount) * USD[row.received_currency]
        assert worth[0] == pytest.approx(worth[1], rel=1e-3, abs=0.02), row


def test_a_book_can_be_indexed_and_cut(small: World) -> None:
    rows = list(small.transactions)
    assert small.transactions[0] == rows[0]
    assert small.transactions[-1] == rows[-1]
    assert list(small.transactions[100:250]) == rows[100:250]
    assert small.transactions[100:250][-1] == rows[249]
    with pytest.raises(IndexError):
        small.transactions[len(rows)]


def test_volumes_are_those_of_a_living_bank(world: World) -> None:
    assert 40_000 <= len(world.transactions) <= 70_000
    assert len(world.customers) == 400
    own = Counter(account.customer_id for account in world.accounts if not account.external)
    assert set(own) == {one.customer_id for one in world.customers}
    assert max(own.values()) <= 4
    assert 1.2 <= sum(own.values()) / 400 <= 2
    assert 1_000 <= sum(account.external for account in world.accounts) <= 4_000
    per_day = Counter(row.booked_at[:10] for row in world.transactions)
    assert max(per_day.values()) < 4 * min(per_day.values())  # paydays and Sundays


def test_every_profile_has_somebody_even_in_the_smallest_world() -> None:
    smallest = build_world(customers=20, days=21, seed=1, end=END)
    assert {one.segment for one in smallest.customers} == {profile.segment for profile in PROFILES}
    assert all((one.kind is CustomerKind.PERSON) or one.segment for one in smallest.customers)


def test_names_are_of_many_tongues(world: World) -> None:
    names = [one.name for one in world.customers]
    assert max(map(len, names)) > 50
    assert min(map(len, names)) <= 3
    assert any("'" in name or "’" in name for name in names)
    assert any('"' in name and "," in name for name in names)
    assert sum(not name.isascii() for name in names) > 60
    assert len(set(names)) > 350
    assert all(name == name.strip() and "\n" not in name and len(name) < 80 for name in names)
    assert {one.country for one in world.customers} >= {"US", "GB", "DE", "FR", "ES"}


def test_customers_joined_before_the_period_and_accounts_were_opened_after_that(either: World) -> None:
    since = {one.customer_id: one.since for one in either.customers}
    for account in either.accounts:
        if not account.external:
            joined = since[account.customer_id]
            assert joined
            assert account.opened_on
            assert joined <= account.opened_on <= END
            assert all((account.bank, account.holder, account.currency, account.country))


def test_no_account_moves_before_it_is_opened(either: World) -> None:
    opened = {account.account_id: account.opened_on for account in either.accounts}
    for row in either.transactions:
        for side in (row.from_account, row.to_account):
            if side and opened[side]:
                assert row.booked_at[:10] >= str(opened[side]), row


def test_private_customers_live_within_their_means(bank: Bank) -> None:
    """Over the period nobody on pay spends more than a month's income beyond what came in."""
    net: dict[str, Decimal] = defaultdict(Decimal)
    income: dict[str, Decimal] = defaultdict(Decimal)
    for row in bank.world.transactions:
        if row.from_account in bank.own:
            net[bank.own[row.from_account]] -= Decimal(row.amount)
        if row.to_account in bank.own:
            received = Decimal(row.received_amount or row.amount)
            net[bank.own[row.to_account]] += received
            if row.reference in ("Salary", "Pension", "Allowance"):
                income[bank.own[row.to_account]] = max(received, income[bank.own[row.to_account]])
    paid = [one for one in bank.world.customers if one.segment in ("retail salaried", "pensioner", "student")]
    assert len(paid) > 300
    for one in paid:
        assert income[one.customer_id] > 0, one
        assert net[one.customer_id] > -income[one.customer_id], one


def test_pay_comes_monthly_on_working_days(world: World) -> None:
    days: dict[str, list[datetime]] = defaultdict(list)
    for row in world.transactions:
        if row.reference in ("Salary", "Pension"):
            days[row.to_account].append(booked(row))
    assert len(days) > 250
    for account, paydays in days.items():
        assert 3 <= len(paydays) <= 5, account
        assert all(day.weekday() < 5 for day in paydays), account
        gaps = [(later - earlier).days for earlier, later in itertools.pairwise(paydays)]
        assert all(25 <= gap <= 35 for gap in gaps), (account, gaps)


def test_cards_are_busiest_on_saturday_and_sleep_at_night(world: World) -> None:
    homes = {account.account_id: account.country for account in world.accounts}
    paid = [
        booked(row)
        for row in world.transactions
        if row.reference in ("Groceries", "Café", "Diner", "Fuel") and homes[row.from_account] != "US"
    ]
    weekdays = Counter(moment.weekday() for moment in paid)
    assert weekdays.most_common(1)[0][0] == 5
    assert not {moment.hour for moment in paid} & {23, 0, 1, 2, 3, 4, 5}


def test_branches_take_no_cash_on_sundays(world: World) -> None:
    deposits = [row for row in world.transactions if row.channel == "CASH" and not row.from_account]
    offsets = {"US": -5, "GB": 0, "IE": 0}
    local = [booked(row) + timedelta(hours=offsets.get(row.to_country, 1)) for row in deposits]
    assert len(local) > 2_000
    assert [moment for moment in local if moment.weekday() == 6] == []


def test_private_life_knows_home_and_one_other_country(bank: Bank) -> None:
    planted = {label.transaction_id for label in bank.world.labels}
    innocent = {one.customer_id for one in bank.world.lookalikes}
    private = {one.customer_id for one in bank.world.customers if one.kind is CustomerKind.PERSON} - innocent
    seen = {
        account: {leg.country for leg in legs if leg.id not in planted}
        for account, legs in bank.legs.items()
        if bank.own[account] in private
    }
    assert max(map(len, seen.values())) == 2
    assert sum(len(countries) == 2 for countries in seen.values()) > 100


def test_ordinary_money_stays_out_of_listed_countries(world: World) -> None:
    planted = {label.transaction_id for label in world.labels}
    for row in world.transactions:
        if row.transaction_id not in planted:
            assert not {row.from_country, row.to_country} & {*HIGH_RISK, "VN", "KE", "NP", "VE", "BG", "AO"}, row


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"customers": 19}, "The number of customers must be from 20 to 99999, not 19."),
        ({"customers": 100_000}, "not 100000."),
        ({"customers": 40.5}, "The number of customers must be a whole number, not 40.5."),
        ({"customers": True}, "whole number"),
        ({"days": 20}, "The number of days must be from 21 to 3660, not 20."),
        ({"days": 3_661}, "not 3661."),
        ({"days": "30"}, "The number of days must be a whole number"),
        ({"seed": -1}, "The seed must be from 0"),
        ({"seed": None}, "The seed must be a whole number, not None."),
        ({"end": "2026-06-30"}, "must be a date without a time"),
        ({"end": datetime(2026, 6, 30)}, "must be a date without a time"),  # noqa: DTZ001 - the refused value
        ({"end": date(1979, 12, 31)}, "not on 1979-12-31."),
    ],
)
def test_bad_arguments_are_refused_with_a_sentence(changes: dict[str, object], says: str) -> None:
    arguments: dict[str, object] = {"customers": 20, "days": 30, "seed": 7, "end": END} | changes
    with pytest.raises(Invalid) as refusal:
        build_world(**arguments)  # type: ignore[arg-type]
    assert says in str(refusal.value)
    assert str(refusal.value).endswith(".")
