"""What left the desk, and who was shown what only few may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from casedesk.domain.events.event import Event

#: The files about one case, and what each is called.
FILES: Final = {
    "audit": "Audit CSV",
    "summary": "Case summary",
    "summary_pdf": "Case summary, PDF",
    "case_file": "Case file, PDF",
    "packet": "Packet",
    "goaml": "goAML document",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExported(Event):
    """A file about the case left the desk. ``what`` is a key of :data:`FILES`; ``sha256`` is the file's."""

    action: ClassVar[str] = "case_exported"
    title: ClassVar[str] = "Export read"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    what: str
    sha256: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketExported(Event):
    """A packet about the cases of a period left the desk; days are ISO 8601, both included. Desk event."""

    action: ClassVar[str] = "packet_exported"
    title: ClassVar[str] = "Packet exported"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    period_from: str
    period_to: str
    cases: int
    profile: str
    sha256: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrativeRead(Event):
    """Somebody who did not write it was shown a report's narrative or form under need-to-know."""

    action: ClassVar[str] = "narrative_read"
    title: ClassVar[str] = "Narrative read"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSheetExported(Event):
    """The evidence sheet of a rule set left the desk as a file. ``sha256`` is the file's. Desk event."""

    action: ClassVar[str] = "evidence_sheet_exported"
    title: ClassVar[str] = "Evidence sheet exported"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    rule_set_id: str
    what: str  # markdown or json
    sha256: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectsExported(Event):
    """The list of an import's rejected rows left the desk as a file. ``sha256`` is the file's. Desk event."""

    action: ClassVar[str] = "rejects_exported"
    title: ClassVar[str] = "Rejected rows exported"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    import_id: str
    rows: int
    sha256: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskExported(Event):
    """All tables left the desk as files. ``files`` holds ``name sha256`` of each but the ledger's own. Desk event."""

    action: ClassVar[str] = "desk_exported"
    title: ClassVar[str] = "Desk exported"
    touches: ClassVar[bool] = False
    files: tuple[str, ...]
