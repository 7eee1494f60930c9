"""Statements that go past SQLAlchemy: the same rows, the same errors, the same rollback."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Engine

from casedesk.store.direct import Direct
from casedesk.store.tables import cases, customers, ledger_head
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, note, open_case

CUSTOMER = sa.select(customers.c.customer_id, customers.c.name).where(customers.c.customer_id == sa.bindparam("wanted"))


def test_it_returns_what_sqlalchemy_returns(bank_engine: Engine) -> None:
    direct = Direct(CUSTOMER)
    with bank_engine.connect() as connection:
        for wanted in ("CU-00001", "CU-99999"):
            usual = connection.execute(CUSTOMER, {"wanted": wanted}).first()
            found = direct.first(connection, {"wanted": wanted})
            assert found == usual if usual is None else tuple(found or ()) == tuple(usual)


def test_it_binds_times_and_flags_as_the_column_types_say(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1))
        uow.commit()
    moment = NOON + timedelta(microseconds=1)
    change = Direct(
        sa.update(cases).where(cases.c.case_id == sa.bindparam("which")), ("suspicion_at", "suspicion_moved")
    )
    with bank_engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        values = {"which": case.case_id, "suspicion_at": moment, "suspicion_moved": True}
        assert change.run(connection, values) == 1
        assert change.run(connection, values | {"which": "nobody"}) == 0
        query = sa.select(cases.c.suspicion_at, cases.c.suspicion_moved).where(cases.c.case_id == case.case_id)
        assert tuple(connection.execute(query).one()) == (moment, True)


def test_run_for_many_rows_it_tells_how_many_were_changed_altogether(bank_engine: Engine) -> None:
    change = Direct(sa.update(customers).where(customers.c.customer_id == sa.bindparam("which")), ("name",))
    rows = [{"which": f"CU-{number:05}", "name": f"N {number}"} for number in (1, 99999, 3)]
    with bank_engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        assert change.run_each(connection, rows) == 2
        assert change.run_each(connection, rows[1:2]) == 0
        names = sa.select(customers.c.name).order_by(customers.c.customer_id)
        assert connection.execute(names).scalars().all() == ["N 1", "Customer 2", "N 3"]


def test_a_drivers_error_comes_as_sqlalchemys_own(bank_engine: Engine) -> None:
    twice = Direct(sa.insert(ledger_head), ("head_id", "size", "root", "frontier", "locks"))
    row = {"head_id": 1, "size": 0, "root": "0" * 64, "frontier": "", "locks": 0}
    with bank_engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin() as transaction:
        with pytest.raises(exc.IntegrityError):
            twice.run(connection, row)
        transaction.rollback()


def test_an_event_the_database_refuses_at_the_commit_leaves_nothing(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1))
        uow.commit()
    with Reading(bank_engine) as uow:
        before = uow.ledger.head()
    with pytest.raises(exc.IntegrityError), Writing(bank_engine) as uow:
        row = uow.ledger.append(note(), stream=case.case_id, user="ana", at=NOON)
        uow.ledger._pending.append(row)  # the same event twice, as no use case does
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.ledger.head() == before
        assert len(uow.ledger.of(case.case_id)) == row.case_seq - 1
    with Writing(bank_engine) as uow:  # and the connection is fit for the next step
        uow.ledger.append(note(), stream=case.case_id, user="ana", at=NOON)
        uow.commit()
