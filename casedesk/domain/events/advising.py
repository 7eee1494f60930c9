"""What the desk advised on a case. It changes nothing: people decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceGiven(Event):
    """The desk advised how to triage a case, as it stood at ``case_version``. Need-to-know, as a report itself.

    The notes are the reasons, one a line; ``reasons`` has what each line is about and which alerts and transactions it cites.
    Shares are ten-thousandths; ``score`` is -1 where a fast rule answered. ``facts_sha256`` is of what levels 1 and 2 were given,
    ``steps_sha256`` of every level's inputs, version, output and cost. ``bound`` as in a decision, without accounts.
    """

    action: ClassVar[str] = "advice_given"
    title: ClassVar[str] = "Advice given"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    verdict: str
    priority: int
    report: bool
    score: int
    level: int
    table: int
    case_version: int
    reasons: tuple[tuple[str, tuple[str, ...]], ...]
    facts_sha256: str
    steps_sha256: str
    via: str
    bound: dict[str, Any] = field(default_factory=dict)
