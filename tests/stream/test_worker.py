"""A worker on librdkafka's mock of a cluster: what came is stored once, alerts go out after their commit, poison goes aside."""

from __future__ import annotations

from typing import Any

import orjson

from casedesk.bootstrap import Desk
from casedesk.stream.assembly import Job
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
