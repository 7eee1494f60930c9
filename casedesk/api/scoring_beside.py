"""Scores for callers who wait, by a process of its own beside the rules: in one, two threads share the interpreter and take turns.

It is started with the API where somebody may wait, or once callers wait again and again, and until it is ready, or where it ended, the API
scores within its own process. So nobody waits for it to start, and nobody misses a score because it was killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final

import structlog
from pydantic import BaseModel

from casedesk.domain.people import Person
from casedesk.settings import Settings

_LOG: Final = structlog.get_logger("casedesk.api")

#: What it says once it can be asked.
READY: Final = b"{}\n"
#: Asked for something that fails there, the API asks within its own process, which tells of the failure.
FAILED: Final = b"null\n"

#: So many groups of callers are scored within the process before another one is worth its start: two seconds and 350 MiB.
AFTER: Final = 16
#: Seconds after which a process that does not answer, or does not get ready, is given up.
LONGEST: Final = 60.0
#: So many times in a row it may end before it is ready; a machine that lacks something lacks it the next time, too.
_TRIES: Final = 3
#: Seconds that it has to end once nobody asks any more.
_ENDING: Final = 5.0

_COMMAND: Final = (sys.executable, "-P", "-m", "casedesk.api.scoring_process")


class Asked(BaseModel):
    """What is asked of stored transactions: who asks, as of when, and their ids."""

    actor: Person
    at: datetime
    transaction_ids: list[str]


class ScoringBeside:
    """Asks the process, starts it again where it ended, and ends it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.model_copy(update={"llm": False})  # advice is not its business
        self._wanted = settings.api_scoring_process
        self._lock = threading.Lock()
        self._groups = self._vain = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._ready = self._closed = False

    def scored(self, asked: Asked) -> dict[str, dict[str, Any]] | None:
        """Return what the model says, as ``said_together`` does; None where the process is not there to be asked."""
        with self._lock:
            if not self._wanted or self._closed:
                return None
            child = self._child
            if child is None:
                self._groups += 1
                if self._groups >= AFTER:
                    self._start()
                return None
            if not self._ready:
                if child.poll() is not None:
                    self._give_up(child)
                return None
            try:
                return _asked(child, asked)
            except (OSError, ValueError):  # its pipe broke, or it said half of something
                self._give_up(child)
                return None

    def begin(self) -> None:
        """Start it, where that is wanted and it was not."""
        with self._lock:
            if self._wanted and not self._closed and self._child is None:
                self._start()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._closed = True
            child, self._child = self._child, None
        if child is not None:
            if not self._ready:
                child.kill()  # it would load the model for nobody
            _end(child)

    def _start(self) -> None:
        self._groups, self._ready = 0, False
        try:
            self._child = subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  # ours
        except OSError:  # the machine has no room for one more
            self._note_end()
            return
        threading.Thread(target=self._awaited, args=(self._child,), name="scoring-start", daemon=True).start()

    def _awaited(self, child: subprocess.Popen[bytes]) -> None:
        begun = time.monotonic()
        try:
            with _in_time(child):
                first = _told(child, self._settings.model_dump_json().encode())
        except (OSError, ValueError):  # it ended, or was ended
            first = b""
        with self._lock:
            if child is not self._child or first != READY:  # another one may be ready by now
                return
            self._ready = True
            _LOG.info("scoring_process", duration_ms=round((time.monotonic() - begun) * 1000))

    def _give_up(self, child: subprocess.Popen[bytes]) -> None:
        """Be without it; as many groups as at first have to wait before it is started again."""
        self._note_end()
        self._child, self._ready = None, False
        child.kill()
        _end(child)

    def _note_end(self) -> None:
        self._vain = 0 if self._ready else self._vain + 1
        self._wanted = self._vain < _TRIES
        _LOG.warning("scoring_process_ended" if self._wanted else "scoring_process_given_up")


def _asked(child: subprocess.Popen[bytes], asked: Asked) -> dict[str, dict[str, Any]] | None:
    with _in_time(child):
        found: dict[str, dict[str, Any]] | None = json.loads(_told(child, asked.model_dump_json().encode()))
        return found


@contextmanager
def _in_time(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the process if the block takes longest: whoever waits for it within finds it ended."""
    late = threading.Timer(LONGEST, child.kill)
    late.start()
    try:
        yield
    finally:
        late.cancel()


def _told(child: subprocess.Popen[bytes], line: bytes) -> bytes:
    """Say a line and return the one that answers it; it is empty where the process ended."""
    if child.stdin is None or child.stdout is None:
        raise AssertionError("both pipes were asked for")
    child.stdin.write(line + b"\n")
    child.stdin.flush()
    return child.stdout.readline()


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        with suppress(OSError):  # it ended before it read everything
            child.stdin.close()
    try:
        child.wait(_ENDING)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()
