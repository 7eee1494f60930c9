"""What people decide on a case, and what others decide about that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionSet(Event):
    """The owner decided. ``approval`` is ``required`` or ``off by policy``; it only matters for a SAR.

    ``bound`` says which figures of the text rest on which transactions (:meth:`casedesk.domain.narrative.Rendered.record`);
    it is empty where none does. Version 1 had no such figures. In the ledger the customer's accounts stand as salted digests, which
    tell nothing once the text and its salt are removed; version 2 had the accounts themselves.
    """

    action: ClassVar[str] = "disposition_set"
    title: ClassVar[str] = "Decision made"
    version: ClassVar[int] = 3
    disposition: str
    approval: str
    via: str
    bound: dict[str, Any] = field(default_factory=dict)

    def meta(self, commit: Callable[[str], str] | None = None) -> dict[str, Any]:
        values = Event.meta(self)
        if self.bound and commit is not None:
            values["bound"] = {**self.bound, "accounts": sorted(map(commit, self.bound["accounts"]))}
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionApproved(Event):
    """A second person approved the SAR; the case closed."""

    action: ClassVar[str] = "disposition_approved"
    title: ClassVar[str] = "Decision approved"
    maker: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionReturned(Event):
    """A second person sent the SAR back; the reason stands in the notes."""

    action: ClassVar[str] = "disposition_returned"
    title: ClassVar[str] = "Decision returned"
    maker: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened(Event):
    """A manager opened a closed case again."""

    action: ClassVar[str] = "case_reopened"
    title: ClassVar[str] = "Case reopened"
    owner: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPassed(Event):
    """QA found the work in order."""

    action: ClassVar[str] = "review_passed"
    title: ClassVar[str] = "QA passed"
    checklist: tuple[str, ...]  # keys of the points that were ticked
    severity: str
    draw_id: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFailed(Event):
    """QA sent the case back for rework to ``owner`` (empty: to the queue)."""

    action: ClassVar[str] = "review_failed"
    title: ClassVar[str] = "QA failed"
    checklist: tuple[str, ...]
    severity: str
    draw_id: str
    owner: str
    via: str
