"""A worker tells its figures where it is asked to, names nobody in them, and says when it cannot work."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest

from casedesk.bootstrap import Desk
from casedesk.errors import Unavailable
from casedesk.stream.assembly import Job
from casedesk.stream.figures import Figures
from casedesk.stream.listening import NoPlace, listening
from tests.stream.brokers import MockCluster, put
from tests.stream.conftest import until


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def value(text: str, name: str) -> float:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[-1])


def test_a_worker_counts_what_it_took_and_names_nobody(
    desk: Desk, mock_cluster: MockCluster, job: Job, working: Any, sent: list[tuple[bytes, bytes]]
) -> None:
    put(mock_cluster.address, job.topic, [*sent[:700], *sent[:50], (b"k", b"no transaction")])
    with working(desk, mock_cluster.address, job) as worker, listening("127.0.0.1", 0, worker.figures, int) as port:
        until(lambda: worker.stored + worker.duplicates + worker.refused == 751)
        until(lambda: value(asked(port, "/metrics")[1], "casedesk_stream_alert_seconds_count") > 0)
        status, text = asked(port, "/metrics")
    assert status == 200
    counts = {name: value(text, f'casedesk_stream_messages_total{{outcome="{name}"}}') for name in ("stored", "duplicate", "rejected")}  # fmt: skip
    assert counts == {"stored": 700, "duplicate": 50, "rejected": 1}
    assert value(text, "casedesk_stream_batch_seconds_count") >= 2
    assert value(text, "casedesk_run_seconds_count") >= 1
    accounts = {key.decode() for key, _ in sent}
    assert not any(account in text for account in accounts)


def test_it_is_alive_and_not_ready_while_the_database_is_away_and_answers_nothing_else() -> None:
    def away() -> None:
        raise Unavailable("The database cannot be reached.")

    with listening("127.0.0.1", 0, Figures(), away) as port:
        assert asked(port, "/health") == (200, "alive\n")
        assert asked(port, "/ready") == (503, "not ready\n")
        assert asked(port, "/docs")[0] == 404
        with (
            pytest.raises(NoPlace, match="choose another --metrics-port"),
            listening("127.0.0.1", port, Figures(), away),
        ):
            pass
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
