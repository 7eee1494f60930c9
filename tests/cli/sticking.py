"""A command in a process of its own that stops for good at a chosen place, and is killed there."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from tests.processes import BESIDE

#: Makes the command stick: is given what to call there.
Stick = Callable[..., None]


def kill(environment: dict[str, str], arguments: tuple[object, ...], stick: Stick, where: object) -> None:
    """Start a command and kill it without warning where it sticks."""
    told, tell = BESIDE.Pipe(duplex=False)
    started = BESIDE.Process(target=_be, args=(environment, [str(one) for one in arguments], stick, where, tell))
    started.start()
    tell.close()
    try:
        told.recv()  # the end of the pipe, where the command ended before it came to the place
    finally:
        started.kill()
        started.join(60)
        told.close()
    assert started.exitcode == -signal.SIGKILL


def _be(environment: dict[str, str], arguments: list[str], stick: Stick, where: object, tell: Connection) -> None:
    from casedesk.cli.main import main

    os.environ.clear()
    os.environ.update(environment)

    def stop() -> None:
        tell.send("stuck")
        time.sleep(600)

    stick(where, stop)
    sys.exit(main(arguments))


def before_commit(number: int, stop: Callable[[], None]) -> None:
    """Stick between the append of its events and the commit of transaction ``number``."""
    from casedesk.store.unit_of_work import Writing

    commit, seen = Writing.commit, 0

    def stuck(self: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            self.ledger.flush()
            stop()
        commit(self)

    Writing.commit = stuck  # type: ignore[method-assign]


def after_call(place: str, stop: Callable[[], None]) -> None:
    """Stick when ``module:class:method`` has done its work."""
    module, owner, name = place.split(":")
    holder = getattr(importlib.import_module(module), owner)
    real = getattr(holder, name)

    def stuck(*given: Any, **named: Any) -> Any:
        done = real(*given, **named)
        stop()
        return done

    setattr(holder, name, stuck)
