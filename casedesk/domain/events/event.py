"""What all events have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

#: The reserved stream of events that belong to no case.
DESK = "DESK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The common part: ``action`` names the kind, ``touches`` says whether the actor thereby worked on the case."""

    action: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    #: Whoever causes such an event has worked on the case and may not judge it later.
    touches: ClassVar[bool] = True
    #: Whether the event changes what a colleague may be looking at, and so the case's version.
    changes: ClassVar[bool] = True

    #: Whether the notes are what a person wrote on a case, which has to be removable after retention.
    removable: ClassVar[bool] = True

    notes: str = ""

    def meta(self, commit: Callable[[str], str] | None = None) -> dict[str, Any]:
        """Everything but ``notes``, as JSON values.

        :param commit: makes a salted digest of what must go with a removable text; None where the text stays.
        """
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "notes"}
        return {"v": self.version, **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
