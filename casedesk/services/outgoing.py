"""Approved reports become batches, batches are transmitted by a person, and what the filing system answers is recorded.

A batch is stored with its file in the transaction that records it; the file is written out from there, as often as it is needed
and always with the same bytes. So nothing that happens in between can leave a record without its file or a file without its
record, and nothing is ever called filed that was only produced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from casedesk.domain import batch_parts, events, filing_steps
from casedesk.domain.cases import CaseStatus, Disposition
from casedesk.domain.filings import Filing, FilingState, after
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import in_force
from casedesk.domain.reports import report as reports
from casedesk.domain.reports.institution import Institution
from casedesk.errors import Conflict, Invalid
from casedesk.exports.fincen import findings, linting, reading, screen, writing
from casedesk.exports.fincen.narrative import LARGEST_ATTACHMENT
from casedesk.exports.fincen.writing import Entry
from casedesk.services.narratives import last_decision
from casedesk.services.steps import present, record
from casedesk.store.filing_store import Batch, Waiting
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "Batch",
    "Defective",
    "NothingToSend",
    "Outgoing",
    "Produced",
    "Ready",
    "export",
    "outgoing",
    "produce",
    "show",
]

#: Reports of one batch: what a filing system takes and one row of a database holds with ease.
MOST: Final = 1_000
_SHOWN: Final = 20


class NothingToSend(Conflict):
    """No report is approved and waits, or not the one that was named."""


class Defective(Invalid):
    """The linter finds errors in the batch; nothing was produced. ``lines`` says each, with the place on screen."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        more = f" And {len(lines) - 1} more." if len(lines) > 1 else ""
        super().__init__(f"Nothing was produced. {lines[0]}{more}")


class Altered(Conflict):
    """A stored report is no longer what was approved."""

    def __init__(self, filing: Filing) -> None:
        super().__init__(
            f"Filing {filing.filing_id} of case {filing.case_id} is not what was approved; have the ledger verified."
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """A report that waits. ``hindrance`` says why it cannot go into a batch; empty where it can.

    ``reported`` says whether its case is decided as one that is reported: a form that is only being filled in waits for nobody.
    """

    filing: Filing
    customer: str
    hindrance: str
    reported: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What waits, and all batches, the newest first."""

    ready: tuple[Ready, ...]
    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True)
class Produced:
    """A batch that was produced, and its reports in its order."""

    batch: Batch
    filings: tuple[Filing, ...]


def outgoing(*, uow: Reading, actor: Person) -> Outgoing:
    """Return what waits to be produced, and the batches there are."""
    require(actor, Action.SEND_FILINGS)
    with uow:
        waiting = map(_ready, uow.filings.waiting())
        return Outgoing(tuple(one for one in waiting if one.reported), uow.filings.batches())


def _ready(one: Waiting) -> Ready:
    reported = one.disposition is Disposition.SAR or one.filing.state is FilingState.APPROVED
    hindrance = _hindrance(one.status, one.disposition, one.filing, one.decision)
    return Ready(one.filing, one.customer, hindrance, reported)


def _hindrance(status: CaseStatus, disposition: Disposition, filing: Filing, decision: int) -> str:
    if filing_steps.may_be_sent(status, disposition, filing, decision):
        return ""
    if filing.state is FilingState.APPROVED:
        return f"Case {filing.case_id} was opened again after its form was approved."
    return f"The form of case {filing.case_id} is not approved yet."


def show(*, uow: Reading, actor: Person, batch_id: str) -> Produced:
    """Return a batch with its reports.

    :raises NoSuchBatch: if there is none.
    """
    require(actor, Action.SEND_FILINGS)
    with uow:
        return Produced(uow.filings.batch(batch_id), uow.filings.of_batch(batch_id))


def produce(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    institution: Institution,
    cases: Collection[str] | None = None,
    via: str = "app",
) -> Produced:
    """Put approved reports into a batch: those of some cases, or all that wait, up to a thousand.

    :raises NothingToSend: if none waits, or one of those that were named cannot go.
    :raises Defective: if the linter finds an error. Then nothing is produced.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.SEND_FILINGS)
        chosen = _chosen(uow, cases)
        entries = [_entry(uow, filing) for filing in chosen]
        content = writing.write(entries, institution, at.date())
        _require_clean(content, chosen, at, attachments=writing.attachments(entries))
        batch = Batch(
            batch_id=uow.filings.next_batch_id(),
            produced_by=actor.user_id,
            produced_at=at,
            reports=len(chosen),
            test=institution.is_test,
            sha256=sha256(content).hexdigest(),
        )
        uow.filings.insert_batch(batch, content)
        parts, frame = batch_parts.parts(content), batch_parts.frame(content)
        done = tuple(
            _produced(uow, actor, at, batch, place, one, via, part=batch_parts.digest(part), frame=frame)
            for place, (one, part) in enumerate(zip(chosen, parts, strict=True), start=1)
        )
        uow.commit()
    return Produced(batch, done)


def _chosen(uow: Writing, cases: Collection[str] | None) -> list[Filing]:
    if cases is None:
        ready = map(_ready, uow.filings.waiting())
        found = [one.filing for one in ready if not one.hindrance][:MOST]
        if not found:
            raise NothingToSend("No approved report waits; a manager approves them with the decisions of their cases.")
        return found
    return [_of(uow, case_id) for case_id in sorted(set(cases))][:MOST]


def _of(uow: Writing, case_id: str) -> Filing:
    case = uow.cases.get(case_id)
    filing = filing_steps.open_one(uow.filings.of_case(case_id))
    decision = last_decision(uow.ledger.of(case_id))
    number = decision.event_id if decision is not None else 0
    hindrance = (
        f"Case {case_id} has no form that waits."
        if filing is None
        else _hindrance(case.status, case.disposition, filing, number)
    )
    if filing is None or hindrance:
        raise NothingToSend(f"{hindrance} Nothing was produced.")
    return filing


def _entry(uow: Writing, filing: Filing) -> Entry:
    content = uow.filings.content(filing.filing_id)
    if reports.digest(content) != filing.digest:
        raise Altered(filing)
    decision = next(e for e in uow.ledger.of(filing.case_id) if e.event_id == filing.decision)
    return Entry(filing.filing_id, reports.stored(content), decision.notes)


def _require_clean(content: bytes, chosen: Sequence[Filing], at: datetime, attachments: dict[str, bytes]) -> None:
    root = reading.parse(content, "batch.xml")
    cap = in_force("narrative_max", at.date()).value
    found = linting.lint(root, today=at.date(), narrative_cap=cap)
    lines = [
        f"{_where(chosen, screen.spot(root, one))}: {one.sentence}" for one in found if one.severity == findings.ERROR
    ]
    lines += _too_large(attachments)
    if lines:
        raise Defective(lines)


def _where(chosen: Sequence[Filing], spot: screen.Spot) -> str:
    return f"Case {chosen[spot.place - 1].case_id}, {spot.part}" if spot.place else spot.part


def _too_large(attachments: dict[str, bytes]) -> Iterator[str]:
    for name, raw in attachments.items():
        if len(raw) > LARGEST_ATTACHMENT:
            yield f"Attachment: {name} has {len(raw):,} bytes: expected at most {LARGEST_ATTACHMENT:,}. Shorten the table."


def _produced(
    uow: Writing,
    actor: Person,
    at: datetime,
    batch: Batch,
    place: int,
    filing: Filing,
    via: str,
    *,
    part: str,
    frame: str,
) -> Filing:
    event = events.FilingProduced(
        filing_id=filing.filing_id,
        digest=filing.digest,
        batch_id=batch.batch_id,
        place=place,
        sha256=batch.sha256,
        part=part,
        frame=frame,
        test=batch.test,
        via=via,
    )
    return moved(uow, actor, at, filing, event)


def moved(uow: Writing, actor: Person, at: datetime, filing: Filing, event: events.Event) -> Filing:
    """Record a step of a report on its case, and save what the report thereby becomes. Call it inside the unit."""
    _, row = record(uow, uow.cases.get(filing.case_id), event, actor, at)
    changed = after(filing, row)
    uow.filings.save(changed)
    return changed


@dataclass(frozen=True, slots=True)
class BatchFiles:
    """The files of a batch by name, the batch itself first, and the event that records their leaving."""

    files: dict[str, bytes]
    event: Recorded


def export(*, uow: Writing, actor: Person, at: datetime, batch_id: str, via: str = "app") -> BatchFiles:
    """Hand the files of a batch out, as they were produced. Their names say nothing of what is in them.

    :raises NoSuchBatch: if there is none.
    :raises Conflict: if it was taken back, or reports were removed from it after retention.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.SEND_FILINGS)
        batch = uow.filings.batch(batch_id)
        content = uow.filings.batch_content(batch_id)
        _require_whole(batch, content)
        entries = [
            Entry(one.filing_id, reports.stored(uow.filings.content(one.filing_id)), "")
            for one in uow.filings.of_batch(batch_id)
        ]
        digest = sha256(content).hexdigest()
        if digest != batch.sha256:
            raise Conflict(f"The file of {batch_id} is not the one that was produced; have the ledger verified.")
        row = uow.ledger.append(
            events.BatchExported(batch_id=batch_id, sha256=digest, via=via),
            stream=events.DESK,
            user=actor.user_id,
            at=at,
        )
        uow.commit()
    return BatchFiles({file_name(batch_id): content, **writing.attachments(entries)}, row)


def _require_whole(batch: Batch, content: bytes) -> None:
    if batch.withdrawn_at is not None:
        raise Conflict(f"{batch.batch_id} was taken back; its file is not handed out any more.")
    if any(map(batch_parts.is_removed, batch_parts.parts(content))):
        raise Conflict(f"Reports of {batch.batch_id} were purged after retention; its file is not handed out any more.")


def file_name(batch_id: str) -> str:
    """Return the name of a batch's file: ``batch-000012.xml``."""
    return f"batch-{batch_id.removeprefix('B-')}.xml"
