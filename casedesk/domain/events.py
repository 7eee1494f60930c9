"""Everything that can be recorded in the ledger, in the past tense.

An event's fields never change once released: a new shape gets a new ``version``. ``notes`` holds what a person wrote;
every other field goes into ``meta``. Amounts in ``meta`` are decimal strings of minor units, because RFC 8785 numbers are
exact only up to 2**53.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
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

    notes: str = ""

    def meta(self) -> dict[str, Any]:
        """Everything but ``notes``, as JSON values."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "notes"}
        return {"v": self.version, **{name: _plain(value) for name, value in values.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Event):
    """A case began. Times are canonical text; suspicion starts provisionally at the alert."""

    action: ClassVar[str] = "case_opened"
    title: ClassVar[str] = "Case opened"
    customer_id: str
    alerted_at: str
    suspicion_at: str
    suspect_identified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAttached(Event):
    """An alert joined the case. ``digest`` is the SHA-256 of the alert's canonical JSON."""

    action: ClassVar[str] = "alert_attached"
    title: ClassVar[str] = "Alert attached"
    alert_id: str
    rule: str
    rule_version: str
    severity: int
    amount_minor: str
    transactions: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGrown(Event):
    """New transactions joined an alert of the case. The figures replace the alert's earlier ones."""

    action: ClassVar[str] = "alert_grown"
    title: ClassVar[str] = "Alert grew"
    alert_id: str
    rule: str
    rule_version: str
    severity: int
    amount_minor: str
    transactions: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTaken(Event):
    """Somebody took the case for themselves."""

    action: ClassVar[str] = "case_taken"
    title: ClassVar[str] = "Case taken"
    owner: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned(Event):
    """A manager gave the case to somebody. ``escalation`` says whether it stays in the managers' queue."""

    action: ClassVar[str] = "case_assigned"
    title: ClassVar[str] = "Case assigned"
    owner: str
    previous: str
    escalation: bool
    bulk: str  # id shared by the cases of one bulk assignment, empty otherwise
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHandedOver(Event):
    """The owner gave the case to a colleague."""

    action: ClassVar[str] = "case_handed_over"
    title: ClassVar[str] = "Case handed over"
    owner: str
    previous: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReleased(Event):
    """The owner put the case back into the queue."""

    action: ClassVar[str] = "case_released"
    title: ClassVar[str] = "Case released"
    previous: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """Somebody wrote something down."""

    action: ClassVar[str] = "note_added"
    title: ClassVar[str] = "Note added"
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionSet(Event):
    """The owner decided. ``approval`` is ``required`` or ``off by policy``; it only matters for a SAR.

    ``bound`` says which figures of the text rest on which transactions (:meth:`casedesk.domain.narrative.Rendered.record`);
    it is empty where none does. Version 1 had no such figures.
    """

    action: ClassVar[str] = "disposition_set"
    title: ClassVar[str] = "Decision made"
    version: ClassVar[int] = 2
    disposition: str
    approval: str
    via: str
    bound: dict[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspicionMoved(Event):
    """The day the facts were first detected was set anew, with the reason in the notes."""

    action: ClassVar[str] = "suspicion_moved"
    title: ClassVar[str] = "Suspicion date moved"
    suspicion_at: str
    suspect_identified: bool
    previous: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExported(Event):
    """A file about the case left the desk. ``what`` is ``audit``, ``summary`` or ``packet``; ``sha256`` is the file's."""

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
    """Somebody who did not write it was shown a narrative under need-to-know."""

    action: ClassVar[str] = "narrative_read"
    title: ClassVar[str] = "Narrative read"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionsImported(Event):
    """A file was imported to the end. Desk event."""

    action: ClassVar[str] = "transactions_imported"
    title: ClassVar[str] = "File imported"
    touches: ClassVar[bool] = False
    import_id: str
    kind: str
    sha256: str
    read: int
    stored: int
    duplicates: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRan(Event):
    """The rules were run over the stored transactions. Desk event.

    ``alerts`` counts what the rules find in all of the data, ``alerts_sha256`` is the digest over it. ``since`` names the
    run this one was built upon and is empty when everything was looked at. Version 1 had none of the three.
    ``hidden_alerts`` counts what suppressions kept from becoming alerts, or from growing, in this run; ``hidden_sha256`` is
    the digest over all that is recorded as hidden after it. Version 2 had neither.
    """

    action: ClassVar[str] = "detection_ran"
    title: ClassVar[str] = "Detection ran"
    version: ClassVar[int] = 3
    touches: ClassVar[bool] = False
    run_id: str
    rule_set_hash: str
    data_fingerprint: str
    alerts: int
    alerts_sha256: str
    since: str
    new_alerts: int
    grown_alerts: int
    hidden_alerts: int
    hidden_sha256: str
    cases_opened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionProposed(Event):
    """Somebody proposed to hide new alerts of a rule on a customer; the reason stands in the notes. Desk event.

    ``account_id`` is empty for all accounts of the customer. Days are ISO 8601, ``covers_until`` is exclusive.
    """

    action: ClassVar[str] = "suppression_proposed"
    title: ClassVar[str] = "Suppression proposed"
    touches: ClassVar[bool] = False
    suppression_id: str
    rule: str
    customer_id: str
    account_id: str
    covers_from: str
    covers_until: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionApproved(Event):
    """A second person put a suppression in force; alerts above ``severity_cap`` are never hidden. Desk event."""

    action: ClassVar[str] = "suppression_approved"
    title: ClassVar[str] = "Suppression approved"
    touches: ClassVar[bool] = False
    suppression_id: str
    maker: str
    severity_cap: int
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRejected(Event):
    """A second person refused a suppression; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "suppression_rejected"
    title: ClassVar[str] = "Suppression rejected"
    touches: ClassVar[bool] = False
    suppression_id: str
    maker: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionEnded(Event):
    """A suppression was taken out of force; ``hidden_alerts`` is how many it hid by then. Desk event."""

    action: ClassVar[str] = "suppression_ended"
    title: ClassVar[str] = "Suppression ended"
    touches: ClassVar[bool] = False
    suppression_id: str
    hidden_alerts: int
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationFrozen(Event):
    """The closed cases of a period were listed and their hash committed, before any seed existed. Desk event."""

    action: ClassVar[str] = "qa_population_frozen"
    title: ClassVar[str] = "QA population frozen"
    touches: ClassVar[bool] = False
    draw_id: str
    period_from: str
    period_to: str
    rate_per_mille: int
    size: int
    population_sha256: str
    policy_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDrawn(Event):
    """The seed was drawn and with it the sample. Desk event."""

    action: ClassVar[str] = "qa_sample_drawn"
    title: ClassVar[str] = "QA sample drawn"
    touches: ClassVar[bool] = False
    draw_id: str
    seed: str
    picks: int
    picks_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTestFrozen(Event):
    """What looser values of a rule find in addition was listed, band by band, before any seed existed. Desk event.

    ``line`` and ``bands`` are canonical JSON of all parameters, in force and of each band; ``sizes`` counts the customers to
    draw. ``line_hash`` and ``band_hashes`` are those of the rule alone, as a rule set.
    """

    action: ClassVar[str] = "line_test_frozen"
    title: ClassVar[str] = "Bands below a line frozen"
    touches: ClassVar[bool] = False
    test_id: str
    rule: str
    rule_version: str
    line: str
    line_hash: str
    bands: tuple[str, ...]
    band_hashes: tuple[str, ...]
    sizes: tuple[int, ...]
    populations: tuple[int, ...]
    population_sha256: tuple[str, ...]
    data_fingerprint: str
    transactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTestDrawn(Event):
    """The seed was drawn and with it the sample below a line. Desk event.

    It names no case and no alert: whoever works them must not know.
    """

    action: ClassVar[str] = "line_test_drawn"
    title: ClassVar[str] = "Sample below a line drawn"
    touches: ClassVar[bool] = False
    test_id: str
    seed: str
    picks: tuple[int, ...]  # of each band
    picks_sha256: str
    placed_sha256: str  # over which alert stands for each pick, and how it came into its case


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(Event):
    """Somebody was given a role, or it changed. Desk event."""

    action: ClassVar[str] = "person_added"
    title: ClassVar[str] = "Person added"
    touches: ClassVar[bool] = False
    user_id: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesLoaded(Event):
    """An exchange-rate table was put in force. Desk event."""

    action: ClassVar[str] = "rates_loaded"
    title: ClassVar[str] = "Rates loaded"
    touches: ClassVar[bool] = False
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetProposed(Event):
    """A manager proposed another rule set; the reason stands in the notes. Desk event.

    ``base_id`` names the set in force then, empty for the rules as shipped. The hashes are those of the rule sets, of the
    proposed content and of the evidence sheet that was frozen with it.
    """

    action: ClassVar[str] = "rule_set_proposed"
    title: ClassVar[str] = "Rule set proposed"
    touches: ClassVar[bool] = False
    rule_set_id: str
    base_id: str
    hash_before: str
    hash_after: str
    content_sha256: str
    sheet_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetPutInForce(Event):
    """Another manager put a proposed rule set in force; ``base_id`` is superseded. Desk event."""

    action: ClassVar[str] = "rule_set_put_in_force"
    title: ClassVar[str] = "Rule set put in force"
    touches: ClassVar[bool] = False
    rule_set_id: str
    base_id: str
    hash_before: str
    hash_after: str
    sheet_sha256: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetRejected(Event):
    """Another manager rejected a proposed rule set; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "rule_set_rejected"
    title: ClassVar[str] = "Rule set rejected"
    touches: ClassVar[bool] = False
    rule_set_id: str
    hash_after: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetWithdrawn(Event):
    """The maker took a proposal back; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "rule_set_withdrawn"
    title: ClassVar[str] = "Rule set withdrawn"
    touches: ClassVar[bool] = False
    rule_set_id: str
    hash_after: str


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
class DeskExported(Event):
    """All tables left the desk as files. ``files`` holds ``name sha256`` of each but the ledger's own. Desk event."""

    action: ClassVar[str] = "desk_exported"
    title: ClassVar[str] = "Desk exported"
    touches: ClassVar[bool] = False
    files: tuple[str, ...]


#: Every kind of event by its action.
KINDS: dict[str, type[Event]] = {
    kind.action: kind
    for kind in (
        CaseOpened, AlertAttached, AlertGrown, CaseTaken, CaseAssigned, CaseHandedOver, CaseReleased, NoteAdded,
        DispositionSet, DispositionApproved, DispositionReturned, CaseReopened, ReviewPassed, ReviewFailed,
        SuspicionMoved, CaseExported, NarrativeRead, TransactionsImported, DetectionRan, PopulationFrozen, SampleDrawn,
        PersonAdded, RatesLoaded, DeskExported, PacketExported, LineTestFrozen, LineTestDrawn,
        RuleSetProposed, RuleSetPutInForce, RuleSetRejected, RuleSetWithdrawn, EvidenceSheetExported,
        SuppressionProposed, SuppressionApproved, SuppressionRejected, SuppressionEnded,
    )
}  # fmt: skip
