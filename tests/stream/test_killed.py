"""Workers that are killed: nothing lost, nothing twice, nothing half-written, and the alerts of one run over everything."""

from __future__ import annotations

from pathlib import Path

from casedesk.stream.assembly import Job
from tests.builders import TestDesk
from tests.stream.brokers import drained
from tests.stream.desks import Outcome, opened, outcome, rows_stored, settled
from tests.stream.killing import Workers, behind, killed_again_and_again, told


def test_after_kills_at_random_moments_everything_is_stored_once_and_alerted_as_at_once(
    sqlite_address: str,
    parties: Path,
    on_real: str,
    job: Job,
    sent: list[tuple[bytes, bytes]],
    at_once: Outcome,
    tmp_path: Path,
) -> None:
    settled(sqlite_address, parties).close()
    workers = Workers(sqlite_address, on_real, job, tmp_path)
    try:
        last = killed_again_and_again(workers, sent, rounds=3, seed=11)
    finally:
        workers.kill()
    assert "0 dead letters" in last
    desk = opened(sqlite_address)
    assert outcome(desk) == at_once
    assert rows_stored(desk) == len(sent)
    assert behind(on_real, job) == 0
    announced = told(drained(on_real, job.alerts, len(at_once.alerts)))
    assert len(set(announced)) == len(at_once.alerts)
    assert drained(on_real, job.dead_letters, 0, seconds=1) == []
    assert TestDesk(desk._engine).verify().verdict.value == "VERIFIED"
    desk.close()
