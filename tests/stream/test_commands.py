"""The commands around a worker, from producing to watching, against a real broker."""

from __future__ import annotations

import io
import json
from collections import Counter, deque
from typing import Any

import pytest
from rich.console import Console

from casedesk.bootstrap import Desk
from casedesk.cli.main import main
from casedesk.cli.watch_table import drawn
from casedesk.stream.assembly import Job
from casedesk.stream.recent import Recent
from tests.stream.conftest import until
from tests.stream.desks import outcome


def test_what_is_produced_is_alerted_consumed_and_watched(
    desk: Desk, on_real: str, job: Job, working: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("casedesk.logs.configure", lambda settings: None)
    monkeypatch.setenv("CASEDESK_KAFKA_BOOTSTRAP", on_real)
    feed = ["--events", "600", "--customers", "60", "--seed", "3", "--start", "2026-06-01", "--mode", "structuring"]
    assert main(["produce", "--topic", job.topic, *feed]) == 0
    with working(desk, on_real, job) as worker:
        until(lambda: worker.stored == 600 and bool(outcome(desk).alerts))
    held = {account for _, account, *_ in outcome(desk).alerts}
    capfd.readouterr()
    most = str(len(outcome(desk).alerts))
    assert main(["consume", "--topic", job.alerts, "--from-beginning", "--max-alerts", most, "--json"]) == 0
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {one["account_id"] for one in told} == held
    assert main(["watch", "--mode", "kafka", "--topic", job.alerts, "--from-beginning", "--max-alerts", "1"]) == 0
    assert told[0]["sentence"] in capfd.readouterr().out


def test_the_table_has_band_sentence_and_time_and_lets_no_text_drive_the_terminal() -> None:
    alert = {"alert_id": "A-1", "band": "High", "severity": 80, "customer_id": "K-1", "sentence": "Seven \x1b[2J deposits.",
             "raised_at": "2026-06-01T09:00:00Z"}  # fmt: skip
    console = Console(width=100, file=io.StringIO(), color_system=None)
    console.print(drawn(deque([(alert, "0.41 s")]), Counter({"High": 1})))
    shown = console.file.getvalue()
    assert "80 High" in shown
    assert "Seven \\x1b[2J deposits." in shown
    assert "0.41 s" in shown
    assert "High 1  Medium 0  Low 0  Minimal 0" in shown


def test_what_was_told_twice_is_shown_once_as_long_as_it_is_remembered() -> None:
    recent = Recent(2)
    assert [recent.add(name) for name in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
