"""What a process knows of the database is what was committed there, and nothing of another one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.store.engines import make_engine
from casedesk.store.known_accounts import KnownAccounts
from casedesk.store.tables import accounts
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.test_other_stores import RATES


def named(engine: Engine, *ids: str, commit: bool = True) -> int:
    with Writing(engine) as uow:
        made = uow.parties.add_unknown_holders((name, "", "USD") for name in ids)
        if commit:
            uow.commit()
    return made


def test_an_account_is_known_once_it_is_committed_and_not_before(engine: Engine) -> None:
    assert named(engine, "a", "b", commit=False) == 2
    assert named(engine, "a", "b") == 2
    assert named(engine, "a", "b", "c") == 1
    with engine.connect() as connection:
        assert sorted(connection.execute(sa.select(accounts.c.account_id)).scalars()) == ["a", "b", "c"]


def test_a_shorter_ledger_and_too_many_accounts_make_it_forget() -> None:
    known = KnownAccounts(most=3)
    known.as_of(7)
    known.remember(["a", "b"])
    assert known.unsure(["a", "b", "c"]) == {"c"}
    known.as_of(8)
    assert known.unsure(["a"]) == set()
    known.as_of(6)
    assert known.unsure(["a"]) == {"a"}
    known.remember(["a", "b"])
    known.remember(["c", "d"])
    assert known.unsure(["a", "b", "c", "d"]) == {"a", "b"}


def test_rates_that_another_process_put_are_seen_and_those_rolled_back_are_not(engine: Engine) -> None:
    other = make_engine(engine.url.render_as_string(hide_password=False))
    with Writing(engine) as uow:
        uow.rates.put(RATES)
        uow.commit()
    dearer = [replace(RATES[0], usd_per_unit=Decimal("1.1"))]
    with Reading(engine) as uow:
        first = uow.rates.table()
    with Writing(engine) as uow:
        uow.rates.put(dearer)
        assert uow.rates.table().rates[0] == dearer[0]
    with Reading(engine) as uow:
        assert uow.rates.table() is first
    with Writing(other) as uow:
        uow.rates.put(dearer)
        uow.commit()
    with Reading(engine) as uow:
        assert uow.rates.table().rates[0] == dearer[0]
    other.dispose()
