"""Looking while others write: a verification that runs beside writers gives no false alarm."""

from __future__ import annotations

import threading

import pytest

from casedesk.services import audit
from tests.builders import TestDesk


@pytest.mark.slow
def test_a_verification_beside_writers_gives_no_false_alarm(any_desk: TestDesk) -> None:
    desk = any_desk
    case_id = desk.open()
    desk.take("ann", case_id)
    stop = threading.Event()
    verdicts: list[str] = []

    def look() -> None:
        while not stop.is_set():
            report = audit.verify_database(uow=desk.reading())
            verdicts.append("" if report.verdict.value == "VERIFIED" else report.sentence())

    watcher = threading.Thread(target=look)
    watcher.start()
    for n in range(150):
        desk.note("ann", case_id, f"note {n}")
    stop.set()
    watcher.join()
    assert len(verdicts) > 3
    assert set(verdicts) == {""}
