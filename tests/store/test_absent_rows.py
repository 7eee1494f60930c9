"""Accounts and holders that are made where they are not there yet: whatever their ids hold, and each once."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.transactions import Customer, CustomerKind
from casedesk.store.engines import ValueTooLong
from casedesk.store.unit_of_work import Reading, Writing
from tests.databases import Postgres
from tests.store.test_engines import engine_for

HARD = ("O'Neil/1", 'a"b', "ä€😀", "back\\slash", "{x,NULL}", "%s:name", "null")


def test_ids_of_any_letters_and_more_than_one_statement_took_are_told_apart(engine: Engine) -> None:
    many = [f"B/{number}" for number in range(1_200)]
    known = Customer("H-B/7", "Kim Roe", CustomerKind.PERSON, "US")
    with Writing(engine) as uow:
        uow.parties.put_customers([known])
        assert uow.parties.add_unknown_holders((name, "", "USD") for name in (*HARD, *many)) == len(HARD) + len(many)
        uow.commit()
    engine.dispose()
    with Reading(engine) as uow:
        assert uow.parties.known_accounts([*HARD, *many, "B/1200", "HARD"]) == {*HARD, *many}
        assert uow.parties.customer("H-B/7") == known
        assert uow.parties.customer("H-ä€😀").name == "Holder of ä€😀"
        assert [one.opened_on for one in uow.parties.accounts(['a"b']).values()] == [None]


@pytest.mark.postgres
def test_an_account_that_does_not_fit_is_refused_and_not_cut(postgres_kind: Postgres) -> None:
    address = postgres_kind.fresh()
    with engine_for(address) as engine, pytest.raises(ValueTooLong), Writing(engine) as uow:
        uow.parties.add_unknown_holders([("x" * 70, "", "USD")])
    postgres_kind.drop(address)
