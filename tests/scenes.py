"""Scenes that many tests begin with. Each is set once in a process of tests; on SQLite, the others begin with a copy of its file.

PostgreSQL makes a copy no faster than it writes so little. There, and on SQL Server, every test sets its scene itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import Engine

from casedesk.domain.people import Person
from tests.builders import TestDesk

T = TypeVar("T")

_set: dict[Any, tuple[bytes, Any]] = {}


def begun(engine: Engine, scene: Callable[[Engine], T], key: Any = None) -> T:
    """Set a scene in a database that holds nothing yet, and return what ``scene`` returned when it was set first.

    :param scene: what always does the same, and returns what no test changes.
    :param key: what the scene is known by, where not by itself.
    """
    if engine.dialect.name != "sqlite":
        return scene(engine)
    file, key = Path(str(engine.url.database)), key or scene
    if key in _set:
        engine.dispose()
        content, returned = _set[key]
        file.write_bytes(content)
    else:
        returned = scene(engine)
        engine.dispose()  # the last connection to close moves what was written from the log into the file
        _set[key] = file.read_bytes(), returned
    return returned  # type: ignore[no-any-return]


def at_desk(engine: Engine, scene: Callable[[TestDesk], object]) -> TestDesk:
    """Open a desk over a database that holds nothing yet, and set a scene there."""
    desk = TestDesk(engine)
    then(desk, scene)
    return desk


def then(desk: TestDesk, scene: Callable[..., T], **how: Any) -> T:
    """Set a scene at a desk where nothing but scenes has happened, and return what ``scene`` returned."""
    key = (desk.scenes, scene, tuple(sorted(how.items())))

    def first(_: Engine) -> tuple[T, tuple[datetime, int, dict[str, Person]]]:
        returned = scene(desk, **how)
        return returned, (desk.now, desk.alerts, dict(desk.people))

    assert desk.now == desk.scenes_end, "something else has happened at this desk before"
    returned, (desk.now, desk.alerts, people) = begun(desk.engine, first, key)
    desk.people, desk.scenes, desk.scenes_end = dict(people), key, desk.now
    return returned
