"""Reports on their way: drafted, approved, produced, taken back, transmitted, answered.

All of them tell of a report, and are shown to nobody without need-to-know (31 CFR 1020.320(e)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingDrafted(Event):
    """Somebody filled in the form. ``digest`` is the SHA-256 of the canonical report; ``kind`` what it says of itself."""

    action: ClassVar[str] = "filing_drafted"
    title: ClassVar[str] = "Filing drafted"
    filing_id: str
    digest: str
    kind: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingApproved(Event):
    """The form was frozen together with the narrative of the event ``decision``. ``approval`` is as in the decision."""

    action: ClassVar[str] = "filing_approved"
    title: ClassVar[str] = "Filing approved"
    filing_id: str
    digest: str
    decision: int
    maker: str
    approval: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingProduced(Event):
    """The report became the ``place``-th of a batch file, which has not left the desk thereby. ``sha256`` is the file's.

    ``part`` is the SHA-256 of the report's own bytes in it, ``frame`` that of the file without any report
    (:mod:`casedesk.domain.batch_parts`): what remains can be judged when a report is removed. Version 1 had neither.
    """

    action: ClassVar[str] = "filing_produced"
    title: ClassVar[str] = "Filing produced"
    version: ClassVar[int] = 2
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    filing_id: str
    digest: str
    batch_id: str
    place: int
    sha256: str
    part: str
    frame: str
    test: bool
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingWithdrawn(Event):
    """Another manager than ``maker``, who produced it, took the batch back before it was sent; the reason stands in the notes.

    The report is what it was before, approved, and waits for another batch.
    """

    action: ClassVar[str] = "filing_withdrawn"
    title: ClassVar[str] = "Filing taken back"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    filing_id: str
    batch_id: str
    maker: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingTransmitted(Event):
    """Somebody says that the batch was sent, under the number that the filing system gave."""

    action: ClassVar[str] = "filing_transmitted"
    title: ClassVar[str] = "Filing transmitted"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    filing_id: str
    batch_id: str
    tracking_id: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingAcknowledged(Event):
    """The filing system took the report and gave it a number. ``sha256`` is the acknowledgement's.

    ``remarks`` holds what it had to say all the same: level, code, element, path and sentence of each.
    """

    action: ClassVar[str] = "filing_acknowledged"
    title: ClassVar[str] = "Filing acknowledged"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    filing_id: str
    batch_id: str
    bsa_id: str
    sha256: str
    remarks: tuple[tuple[str, ...], ...]
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRejected(Event):
    """The filing system refused the report: the case goes back to ``owner`` (empty: to the queue)."""

    action: ClassVar[str] = "filing_rejected"
    title: ClassVar[str] = "Filing rejected"
    touches: ClassVar[bool] = False
    filing_id: str
    batch_id: str
    bsa_id: str  # empty where it gave none
    sha256: str
    remarks: tuple[tuple[str, ...], ...]
    owner: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchExported(Event):
    """A batch file left the desk. Desk event."""

    action: ClassVar[str] = "batch_exported"
    title: ClassVar[str] = "Batch exported"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    batch_id: str
    sha256: str
    via: str
