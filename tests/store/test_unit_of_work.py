from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casedesk.domain import events
from casedesk.domain.ledger import NotStorable
from casedesk.store.case_store import StaleCase
from casedesk.store.engines import DatabaseUnavailable
from casedesk.store.known_tips import known_tips
from casedesk.store.ledger_store import NoLedgerHead
from casedesk.store.tables import cases, ledger_head
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, alert, note, open_case, step


def sizes(engine: Engine) -> tuple[int, int]:
    with Reading(engine) as uow:
        return uow.ledger.head().size, len(uow.ledger.newest(1000))


def opened(engine: Engine) -> str:
    with Writing(engine) as uow:
        case = open_case(uow, alert(1))
        uow.commit()
    return case.case_id


def test_a_unit_of_work_rolls_back_unless_it_is_told_to_commit(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1))
        uow.ledger.flush()
    assert sizes(bank_engine) == (0, 0)
    with Reading(bank_engine) as uow:
        assert uow.cases.open_of(case.customer_id) == ""


def test_an_error_after_the_flush_leaves_neither_state_nor_event(bank_engine: Engine) -> None:
    case_id = opened(bank_engine)
    before = sizes(bank_engine)

    def break_halfway() -> None:
        with Writing(bank_engine) as uow:
            step(uow, uow.cases.get(case_id), events.CaseTaken(owner="ana", via="app"), "ana")
            uow.ledger.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_halfway()
    assert sizes(bank_engine) == before
    with Reading(bank_engine) as uow:
        assert uow.cases.get(case_id).owner == ""
        assert uow.cases.get(case_id).version == 2


def test_a_failed_append_leaves_the_case_alone(bank_engine: Engine) -> None:
    case_id = opened(bank_engine)
    with pytest.raises(NotStorable, match="half a character at position 18"), Writing(bank_engine) as uow:
        step(uow, uow.cases.get(case_id), events.CaseTaken(owner="ana", via="app"), "ana")
        step(uow, uow.cases.get(case_id), note("half a character \ud83c"), "ana")
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.cases.get(case_id).owner == ""


def test_a_reading_never_writes_whatever_is_run_through_its_connection(bank_engine: Engine) -> None:
    case_id = opened(bank_engine)
    refused = pytest.raises(DatabaseUnavailable, match="can only be read")
    with refused if bank_engine.dialect.name == "postgresql" else nullcontext(), Reading(bank_engine) as uow:
        uow.people._connection.execute(sa.update(cases).values(owner="ben", status="In Review"))
    with Reading(bank_engine) as uow:
        assert uow.cases.get(case_id).owner == ""
    assert not hasattr(Reading(bank_engine), "commit")


def test_a_reading_sees_one_moment_while_others_write(bank_engine: Engine) -> None:
    case_id = opened(bank_engine)
    if bank_engine.dialect.name == "mssql":
        pytest.skip("on SQL Server whoever has read the head keeps writers out instead")
    with Reading(bank_engine) as uow:
        head = uow.ledger.head()
        with Writing(bank_engine) as other:
            step(other, other.cases.get(case_id), note(), "ben")
            other.commit()
        assert sum(1 for _ in uow.ledger.everything()) == head.size
        assert uow.cases.get(case_id).version == 2


def test_a_unit_that_is_entered_again_reads_anew(bank_engine: Engine) -> None:
    look, uow = Reading(bank_engine), Writing(bank_engine)
    for size in (0, 1, 2):
        with look:
            assert look.ledger.head().size == size
            assert look.people.all()
        with uow:
            uow.ledger.append(note(), stream="DESK", user="ana", at=NOON)
            assert uow.people.get("ana").user_id == "ana"
            uow.commit()


def test_what_was_streamed_hinders_nothing_that_is_written_after_it(bank_engine: Engine) -> None:
    opened(bank_engine)
    with Writing(bank_engine) as uow:
        assert len(list(uow.ledger.everything())) == 2
        uow.clocks.follow(["C-26-00001"])  # by a DELETE, which is no query
        uow.commit()


def test_of_two_writers_one_wins_and_the_other_is_told_who_did_what(bank_engine: Engine) -> None:
    case_id = opened(bank_engine)
    with Reading(bank_engine) as uow:
        seen = uow.cases.get(case_id)
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def take(user: str) -> None:
        barrier.wait()
        try:
            with Writing(bank_engine) as uow:
                case = uow.cases.get(case_id, seen_version=seen.version)
                step(uow, case, events.CaseTaken(owner=user, via="app"), user)
                uow.commit()
            outcomes.append(f"{user} took it")
        except StaleCase as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=take, args=(user,)) for user in ("ana", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    won = next(text for text in outcomes if text.endswith("took it"))
    lost = next(text for text in outcomes if not text.endswith("took it"))
    assert len(outcomes) == 2
    winner = won.split()[0]
    assert lost == (
        f"Case {case_id} changed since you opened it. {winner}: Case taken (event 3). Read the change, then try again."
    )
    assert sizes(bank_engine) == (3, 3)


def test_parallel_writers_never_get_the_same_case_id(bank_engine: Engine) -> None:
    ids: list[str] = []

    def take_numbers() -> None:
        for _ in range(5):
            with Writing(bank_engine) as uow:
                case_id = uow.cases.next_id(2026)
                uow.commit()
            ids.append(case_id)

    threads = [threading.Thread(target=take_numbers) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ids) == [f"C-26-{n:05}" for n in range(1, 21)]


def test_case_ids_count_per_year(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        assert [uow.cases.next_id(year) for year in (2026, 2027, 2026)] == ["C-26-00001", "C-27-00001", "C-26-00002"]
        assert uow.cases.next_ids(2026, 2) == ["C-26-00003", "C-26-00004"]
        assert uow.cases.next_ids(2028, 2) == ["C-28-00001", "C-28-00002"]
        assert [uow.cases.next_id(year) for year in (2026, 2028)] == ["C-26-00005", "C-28-00003"]


def test_events_follow_on_what_was_looked_up_as_on_what_was_asked_for(bank_engine: Engine) -> None:
    case_id = opened(bank_engine)
    known_tips(bank_engine).remember({}, {}, "")  # as in a process that has written nothing yet
    with Writing(bank_engine) as uow:
        uow.ledger.append(note(), stream="C-26-00007", user="ana", at=NOON)
        uow.ledger.look_up([case_id, "C-26-00007", "C-26-00008"])
        rows = [uow.ledger.append(note(), stream=f"C-26-0000{n}", user="ana", at=NOON) for n in (1, 7, 8)]
        assert [row.case_seq for row in rows] == [3, 2, 1]
        assert rows[0].prev_hash == uow.ledger.of(case_id)[-1].event_hash


def test_without_the_head_row_nothing_is_written(bank_engine: Engine) -> None:
    with bank_engine.connect().execution_options(casedesk_writes=True) as connection, connection.begin():
        connection.execute(sa.delete(ledger_head))
    with pytest.raises(NoLedgerHead, match="has lost its head row"):
        Writing(bank_engine).__enter__()
    with Reading(bank_engine) as uow, pytest.raises(NoLedgerHead):
        uow.ledger.head()


def test_a_batch_of_events_links_within_itself(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        first = open_case(uow, alert(1))
        second = open_case(uow, alert(2))
        for n in range(3):
            first = step(uow, first, note(f"first {n}"), "ana", NOON)
            second = step(uow, second, note(f"second {n}"), "ben", NOON)
        uow.commit()
    with Reading(bank_engine) as uow:
        whole = list(uow.ledger.everything())
        assert [row.event_id for row in whole] == list(range(1, 11))
        for case in (first, second):
            chain = uow.ledger.of(case.case_id)
            assert [row.case_seq for row in chain] == [1, 2, 3, 4, 5]
            assert [row.prev_hash for row in chain[1:]] == [row.event_hash for row in chain[:-1]]
            assert uow.cases.get(case.case_id) == case
