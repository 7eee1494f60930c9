"""What a worker stands on fails and comes back: nothing lost, nothing twice, and the alerts of one run over everything."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.bootstrap import Desk
from casedesk.domain.people import SYSTEM
from casedesk.services import run_cases
from casedesk.store.tables import alerts
from casedesk.stream import worker as worker_module
from casedesk.stream.alert_topic import AlertTopic
from casedesk.stream.assembly import Job
from casedesk.stream.assembly import worker as worker_of
from casedesk.stream.clients import Broker
from casedesk.stream.dead_letters import DeadLetters
from casedesk.stream.worker import Sizes
from tests.databases import Postgres
from tests.stream.brokers import RealBroker, drained, made, put
from tests.stream.conftest import until
from tests.stream.desks import START, Outcome, opened, outcome, rows_stored
from tests.stream.killing import behind, told

Sent = list[tuple[bytes, bytes]]


def test_a_rule_that_raises_in_the_middle_of_its_run_delays_alerts_and_none_is_told_that_is_not_committed(
    desk: Desk, on_real: str, job: Job, working: Any, sent: Sent, at_once: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([RuntimeError, RuntimeError])
    real, committed = run_cases.store, AlertTopic.__call__

    def fails(*arguments: Any) -> Any:
        done = real(*arguments)
        if failure := next(failures, None):
            raise failure  # its alerts are inserted, their cases opened, and nothing is committed
        return done

    def looks_first(self: AlertTopic, told_now: Any) -> None:
        with desk._engine.connect() as connection:
            there = set(connection.execute(sa.select(alerts.c.alert_id)).scalars())
        uncommitted.update({key.decode() for key, _ in told_now} - there)
        committed(self, told_now)

    uncommitted = set[str]()
    monkeypatch.setattr(run_cases, "store", fails)
    monkeypatch.setattr(AlertTopic, "__call__", looks_first)
    put(on_real, job.topic, sent)
    with working(desk, on_real, job) as worker:
        until(lambda: worker.stored == len(sent) and outcome(desk) == at_once)
    assert next(failures, None) is None
    assert uncommitted == set()
    assert sorted(told(drained(on_real, job.alerts, len(at_once.alerts)))) == sorted(
        alert_id for alert_id, _ in at_once.findings
    )


def test_shuffled_late_and_repeated_transactions_under_a_jumping_clock_give_the_alerts_of_one_run_by_every_rule(
    desk: Desk, on_real: str, job: Job, working: Any, by_every_rule: tuple[Sent, Outcome]
) -> None:
    sent, at_once = by_every_rule
    chance = random.Random(2)
    anyhow = [*sent, *chance.sample(sent, 500)]
    chance.shuffle(anyhow)
    put(on_real, job.topic, anyhow)
    with working(desk, on_real, job, lambda: START + timedelta(days=chance.uniform(-30, 30))) as worker:
        until(lambda: worker.stored + worker.duplicates == len(anyhow))
    assert outcome(desk) == at_once
    assert (worker.stored, rows_stored(desk)) == (len(sent), len(sent))


def test_two_workers_share_and_hand_over_partitions_and_raise_no_alert_twice(
    desk_on_postgres: Desk, on_real: str, job: Job, working: Any, sent: Sent, at_once: Outcome
) -> None:
    small = replace(job, sizes=Sizes(50, seconds=0.01))
    half = len(sent) // 2
    other = opened(desk_on_postgres.settings.database_url)
    put(on_real, job.topic, sent[:half])
    with working(desk_on_postgres, on_real, small) as first:
        until(lambda: first.stored > 200)
        with working(other, on_real, small) as second:
            until(lambda: second.partitions == 2)
            put(on_real, job.topic, sent[half:])
            until(lambda: second.stored > 200)
        until(lambda: behind(on_real, job) == 0)
    other.close()
    assert outcome(desk_on_postgres) == at_once
    assert first.stored + second.stored == rows_stored(desk_on_postgres) == len(sent)
    announced = told(drained(on_real, job.alerts, len(at_once.alerts)))
    assert len(set(announced)) == len(at_once.alerts)
    print(f"{len(announced) - len(set(announced))} alerts were announced twice, under their key")


def test_a_broker_that_stops_and_starts_loses_nothing_and_doubles_nothing(
    desk: Desk, job: Job, working: Any, sent: Sent, at_once: Outcome, tmp_path: Path
) -> None:
    broker = RealBroker(tmp_path / "broker")
    made(broker.address, 4, job.topic)
    half = len(sent) // 2
    put(broker.address, job.topic, sent[:half])
    with working(desk, broker.address, job) as worker:
        until(lambda: worker.stored > 400)
        for _ in range(2):
            broker.stop()
            time.sleep(0.3)
            broker.start()
        put(broker.address, job.topic, sent[half:])
        until(lambda: len(outcome(desk).transactions) == len(sent) and behind(broker.address, job) == 0, 40)
    assert outcome(desk) == at_once
    assert rows_stored(desk) == len(sent)
    assert len(set(told(drained(broker.address, job.alerts, len(at_once.alerts))))) == len(at_once.alerts)
    broker.stop()


def test_a_database_that_stops_and_starts_is_waited_for(
    desk_on_postgres: Desk, postgres_kind: Postgres, on_real: str, job: Job, working: Any, sent: Sent, at_once: Outcome
) -> None:
    put(on_real, job.topic, sent)
    small = replace(job, sizes=Sizes(100, seconds=0.01))
    with working(desk_on_postgres, on_real, small) as worker:
        until(lambda: worker.stored > 300)
        postgres_kind.server.stop(remove=False)
        time.sleep(0.3)
        assert worker.stored < len(sent)
        postgres_kind.server.start()
        until(lambda: worker.stored + worker.duplicates >= len(sent) and behind(on_real, job) == 0, 40)
    assert outcome(desk_on_postgres) == at_once
    assert rows_stored(desk_on_postgres) == len(sent)


def test_while_the_disk_is_full_or_the_desk_is_locked_a_worker_holds_three_batches_and_goes_on_afterwards(
    desk: Desk, on_real: str, job: Job, working: Any, sent: Sent, at_once: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_STUCK", 0.2)
    full = threading.Event()

    @sa.event.listens_for(desk._engine, "begin")
    def _as_full_as_it_is(connection: Any) -> None:
        size = connection.connection.cursor().execute("PRAGMA page_count").fetchone()[0] if full.is_set() else 1 << 30
        connection.connection.cursor().execute(f"PRAGMA max_page_count={size}")

    full.set()
    put(on_real, job.topic, sent)
    with working(desk, on_real, job) as worker:
        until(lambda: worker._paused)
        assert (worker.stored, len(worker._forming)) == (0, job.sizes.messages)
        assert behind(on_real, job) == len(sent)
        full.clear()
        until(lambda: worker.stored == len(sent))
    assert outcome(desk) == at_once
    assert rows_stored(desk) == len(sent)


def test_what_nobody_foresaw_ends_the_worker_with_nothing_committed(
    desk: Desk, on_real: str, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: DeadLetters, letters: Any, stopped: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(DeadLetters, "send", fails)
    put(on_real, job.topic, [("k", b"poison")])
    with pytest.raises(ZeroDivisionError):
        worker_of(desk, SYSTEM, Broker(on_real, {"log_level": "0"}), job).run()
    assert behind(on_real, job) == 1
