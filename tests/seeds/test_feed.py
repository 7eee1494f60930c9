from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from seeds.feed import Feed, Mode
from seeds.world import build_world

START = datetime(2026, 6, 1, tzinfo=UTC)


def test_its_customers_and_their_accounts_are_those_of_the_demo_bank() -> None:
    world = build_world(customers=40, days=60, seed=7)
    bank = Feed(mode=Mode.MIXED, customers=40, seed=7, start=START).bank()
    assert [(c.customer_id, c.name) for c in bank.customers] == [(c.customer_id, c.name) for c in world.customers]
    there = {account.account_id: account.currency for account in world.accounts}
    own = {account.account_id: account.currency for account in bank.accounts if account.customer_id}
    assert own.items() <= there.items()


@pytest.mark.parametrize("mode", Mode)
def test_every_account_it_names_is_in_its_bank_and_only_the_bursts_of_its_mode_are_there(mode: Mode) -> None:
    feed = Feed(mode=mode, customers=40, seed=7, start=START)
    rows = list(itertools.islice(feed.rows(), 3_000))
    named = {row.from_account for row in rows} | {row.to_account for row in rows}
    assert named - {""} <= {account.account_id for account in feed.bank().accounts}
    assert [row.booked_at for row in rows] == sorted(row.booked_at for row in rows)
    bursts = {row.reference for row in rows} & {"Cash deposit", "Online Shop", "Electronics"}
    of_mode = {
        Mode.STRUCTURING: {"Cash deposit"},
        Mode.VELOCITY: {"Online Shop"},
        Mode.GEO: {"Electronics"},
        Mode.NORMAL: set(),
    }
    assert bursts == of_mode.get(mode, {"Cash deposit", "Online Shop", "Electronics"})
