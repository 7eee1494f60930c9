"""A worker on librdkafka's mock of a cluster: what came is stored once, alerts go out after their commit, poison goes aside."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
import pytest

from casedesk.bootstrap import Desk
from casedesk.services import detecting
from casedesk.stream.assembly import Job
from casedesk.stream.storing import Storing
from casedesk.stream.worker import Worker
from tests.stream.brokers import MockCluster, drained, put
from tests.stream.conftest import until
from tests.stream.desks import Outcome, outcome, rows_stored

Sent = list[tuple[bytes, bytes]]


def test_what_comes_by_kafka_gives_the_alerts_of_one_run_over_everything(
    desk_of_each_kind: Desk, mock_cluster: MockCluster, job: Job, working: Any, sent: Sent, at_once: Outcome
) -> None:
    desk = desk_of_each_kind
    put(mock_cluster.address, job.topic, sent)
    with working(desk, mock_cluster.address, job) as worker:
        until(lambda: worker.stored == len(sent))
    assert outcome(desk) == at_once
    assert rows_stored(desk) == len(sent)
    with desk.reading() as look:
        assert (bool(look.advice.waiting(every=True)), look.advice.waiting()) == (True, ())  # each case was advised on
    told = [orjson.loads(one.value()) for one in drained(mock_cluster.address, job.alerts, len(at_once.alerts))]
    assert len(told) == len({one["alert_id"] for one in told}) == len(at_once.alerts)
    assert all(one["took_ms"] >= 0 for one in told)


class HeldUp:
    """Holds up the first run after it is stored; tells what each run saw, and how much each batch had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self._goes_on = threading.Event(), threading.Event()
        self.saw, self.batches = list[int](), list[int]()
        detect, store = detecting.detect, Storing.store

        def held_up(**more: Any) -> detecting.Detected:
            done = detect(**more)
            self.saw.append(done.transactions)
            self.begun.set()
            assert self._goes_on.wait(60)
            return done

        def counted(storing: Storing, messages: Any, tried: int = 0) -> Any:
            self.batches.append(len(messages))
            return store(storing, messages, tried)

        monkeypatch.setattr(detecting, "detect", held_up)
        monkeypatch.setattr(Storing, "store", counted)

    def goes_on(self) -> None:
        """Let the run end, and those after it."""
        self._goes_on.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldUp:
    return HeldUp(monkeypatch)


def test_what_comes_while_a_run_is_under_way_is_stored_in_one_go(
    desk: Desk, mock_cluster: MockCluster, job: Job, working: Any, sent: Sent, held: HeldUp
) -> None:
    job = replace(job, sizes=replace(job.sizes, patience=60))
    with working(desk, mock_cluster.address, job) as worker:
        put(mock_cluster.address, job.topic, sent[:10])
        assert held.begun.wait(60)
        first, before = sum(held.batches), len(held.batches)
        for end in (40, 70, 100):
            put(mock_cluster.address, job.topic, sent[end - 30 : end])
            until(partial(_there, worker, end))
        held.goes_on()
        until(lambda: worker.stored == 100)
    assert held.batches[before:] == [100 - first]
    assert held.saw[:2] == [first, 100]


def test_what_has_come_is_stored_before_the_next_run_begins(
    desk: Desk, mock_cluster: MockCluster, job: Job, working: Any, sent: Sent, held: HeldUp
) -> None:
    with working(desk, mock_cluster.address, job) as worker:
        put(mock_cluster.address, job.topic, sent[:10])
        assert held.begun.wait(60)
        put(mock_cluster.address, job.topic, sent[10:50])
        until(lambda: worker.stored == 50)  # a run may take long, and what came is not kept waiting for it
        worker._sizes = replace(job.sizes, patience=60)
        put(mock_cluster.address, job.topic, sent[50:100])
        until(partial(_there, worker, 100))
        held.goes_on()  # the next run begins at once, for what is stored
        until(lambda: worker.stored == 100)
    assert set(held.saw[1:]) == {100}


def _there(worker: Worker, number: int) -> bool:
    return worker.stored + len(worker._forming) == number
