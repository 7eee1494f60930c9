"""The model in a process of its own: started by :mod:`casedesk.api.scoring_beside`, which it answers line by line until its input ends.

What it is told first are the settings; it says once that it is ready. Each further line asks, as JSON, and gets one line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, Final

import structlog

from casedesk import logs
from casedesk.api.payment_scores import said_together
from casedesk.api.scoring_beside import FAILED, READY, Asked
from casedesk.bootstrap import Desk, open_desk
from casedesk.errors import CasedeskError
from casedesk.services import payment_scores
from casedesk.services.scorers import Scorers
from casedesk.settings import Settings

_LOG: Final = structlog.get_logger("casedesk.api")


def main() -> None:
    """Answer until nobody can ask any more: whoever started this ended, however that came about."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the one that was started ends this one
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed is no answer
        questions = sys.stdin.buffer
        settings = Settings(**json.loads(questions.readline()))
        logs.configure(settings)
        desk = replace(open_desk(settings), scorers=Scorers(keeps=True))  # it is asked for one group after the other
        try:
            _make_ready(desk)
            _write(answers, READY)
            for line in questions:
                _write(answers, _answer(desk, line))
        finally:
            desk.close()


def _make_ready(desk: Desk) -> None:
    """Load the model that is in force, and ask it once: what is made for the first question takes ten times as long as to answer it."""
    with suppress(CasedeskError):  # each answer says why
        payment_scores.make_ready(reading=desk.reading, scorers=desk.scorers, at=datetime.now(UTC))


def _answer(desk: Desk, line: bytes) -> bytes:
    try:
        return json.dumps(said_together(desk, Asked.model_validate_json(line))).encode() + b"\n"
    except Exception as error:  # noqa: BLE001  # one failure must not end those that come after it
        _LOG.warning("not_scored", error_type=type(error).__name__, exc_info=error)
        return FAILED


def _write(answers: IO[bytes], line: bytes) -> None:
    answers.write(line)
    answers.flush()


if __name__ == "__main__":
    main()
