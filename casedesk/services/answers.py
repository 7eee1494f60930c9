"""What becomes of a batch outside: a person says that it was transmitted, and the acknowledgement says what was taken."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from casedesk.domain import events
from casedesk.domain.cases import CaseStatus
from casedesk.domain.filings import Filing, FilingState, Remark
from casedesk.domain.people import Action, Person, may, require
from casedesk.errors import Conflict, Invalid, NotFound
from casedesk.exports.fincen import acknowledgement, binding, reading, screen
from casedesk.exports.fincen.acknowledgement import Acknowledgement, Answer
from casedesk.exports.fincen.binding import Sent
from casedesk.exports.fincen.document import Element
from casedesk.services import outgoing
from casedesk.services.outgoing import moved
from casedesk.services.steps import present
from casedesk.store.filing_store import Batch
from casedesk.store.unit_of_work import Reading, Writing

_LONGEST = 64


class BadTrackingId(Invalid):
    """The number is none, or another batch has it."""


class WrongBatch(Conflict):
    """The acknowledgement answers another batch."""


class UnknownTrackingId(NotFound):
    """No batch was transmitted under this number."""

    def __init__(self, tracking_id: str) -> None:
        super().__init__(
            f"No batch was transmitted under the tracking ID “{tracking_id}”. Record the transmission first, or correct the ID."
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one report. ``parts`` names, for each remark, the part of the form it is about, where that is known."""

    filing: Filing
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch with its answer: each report with what was said of it, and what was said of the whole."""

    batch: Batch
    said: tuple[Said, ...]
    remarks: tuple[Remark, ...]


def transmitted(
    *, uow: Writing, actor: Person, at: datetime, batch_id: str, tracking_id: str, via: str = "app"
) -> Batch:
    """Record that a person sent a batch, under the number that the filing system gave.

    :raises BadTrackingId: if the number is empty or too long, or another batch has it.
    :raises Conflict: if the batch was recorded as transmitted before, or taken back.
    """
    tracking_id = tracking_id.strip()
    if not tracking_id or len(tracking_id) > _LONGEST or not tracking_id.isprintable():
        raise BadTrackingId(f"A tracking ID has 1 to {_LONGEST} characters; this one has {len(tracking_id)}.")
    with uow:
        actor = present(uow, actor)
        require(actor, Action.SEND_FILINGS)
        batch = uow.filings.batch(batch_id)
        if batch.withdrawn_at is not None:
            raise Conflict(f"{batch_id} was taken back and must not be sent; its reports go out in another batch.")
        if batch.transmitted_at is not None:
            raise Conflict(f"{batch_id} was transmitted already, under the tracking ID {batch.tracking_id}.")
        other = uow.filings.tracked(tracking_id)
        if other is not None:
            raise BadTrackingId(f"The tracking ID {tracking_id} is that of {other.batch_id}; look at it again.")
        changed = replace(batch, tracking_id=tracking_id, transmitted_by=actor.user_id, transmitted_at=at)
        uow.filings.save_batch(changed)
        for filing in uow.filings.of_batch(batch_id):
            event = events.FilingTransmitted(
                filing_id=filing.filing_id, batch_id=batch_id, tracking_id=tracking_id, via=via
            )
            moved(uow, actor, at, filing, event)
        uow.commit()
    return changed


def acknowledge(
    *, uow: Writing, actor: Person, at: datetime, content: bytes, name: str, tracking_id: str = "", via: str = "app"
) -> Answered:
    """Record an acknowledgement: bind the BSA IDs, and give what was refused back to be worked on.

    :param name: of the file, for the sentence of a refusal.
    :param tracking_id: of the batch; may be left out where only one batch waits for its answer.
    :raises Unreadable: if the file is no acknowledgement.
    :raises UnknownTrackingId: if no batch was transmitted under it.
    :raises WrongBatch: if anything that it says is not of the batch, or no batch waits for one.
    """
    require(actor, Action.SEND_FILINGS)
    read = acknowledgement.read_content(content, name)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.SEND_FILINGS)
        batch = _batch(uow, tracking_id.strip())
        filings = uow.filings.of_batch(batch.batch_id)
        root = reading.parse(uow.filings.batch_content(batch.batch_id), "batch.xml")
        _require_named(uow, batch, name)
        answers = _fitting(uow, read, batch, filings, root, name)
        if not tracking_id.strip():
            _require_new(uow, read, name)
        said = tuple(
            Said(_answered(uow, actor, at, filing, answer, read.sha256, via), _parts(root, filing.place, answer))
            for filing, answer in zip(filings, answers, strict=True)
        )
        changed = replace(batch, answer_sha256=read.sha256, answered_by=actor.user_id, answered_at=at)
        uow.filings.save_batch(changed, content)
        uow.commit()
    return Answered(changed, said, read.remarks)


def _batch(uow: Writing, tracking_id: str) -> Batch:
    waiting = uow.filings.unanswered()
    if tracking_id:
        found = uow.filings.tracked(tracking_id)
        if found is None:
            raise UnknownTrackingId(tracking_id)
        if found.answered_at is not None:
            raise WrongBatch(f"{found.batch_id} ({tracking_id}) was answered already; nothing was recorded.")
        return found
    if not waiting:
        raise WrongBatch("No batch waits for an acknowledgement; record first that it was transmitted.")
    if len(waiting) > 1:
        named = ", ".join(f"{one.tracking_id} ({one.batch_id})" for one in waiting[:5])
        raise WrongBatch(f"{len(waiting)} batches wait for an acknowledgement: give the tracking ID, one of {named}.")
    return waiting[0]


def _require_named(uow: Writing, batch: Batch, name: str) -> None:
    """Refuse a file that is named after another batch."""
    for other in uow.filings.batches():
        if other.batch_id == batch.batch_id:
            continue
        for word in (outgoing.file_name(other.batch_id).removesuffix(".xml"), other.tracking_id):
            if word and re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", name):
                raise WrongBatch(
                    f"{name} is named after {other.batch_id} ({word}), and {batch.batch_id} waits for this answer. Nothing was recorded."
                )


def _require_new(uow: Writing, read: Acknowledgement, name: str) -> None:
    """Refuse the bytes of an earlier answer. Two batches that were refused as a whole may get the same; then a person says which."""
    found = next((one for one in uow.filings.batches() if one.answer_sha256 == read.sha256), None)
    if found is not None:
        raise WrongBatch(
            f"{name} was recorded already, as the answer to {found.batch_id}. Nothing was recorded; if another batch got the same "
            "answer, give its tracking ID."
        )


def _fitting(
    uow: Writing, read: Acknowledgement, batch: Batch, filings: tuple[Filing, ...], root: Element, name: str
) -> tuple[Answer, ...]:
    """Return one answer for each report of the batch.

    A batch that was refused as a whole need not name its reports; then what was said of it was said of each.
    """
    sent = Sent(batch.batch_id, root, outgoing.file_name(batch.batch_id), batch.tracking_id)
    unlike = binding.difference(read, sent)
    if unlike:
        raise WrongBatch(
            f"{name} is the acknowledgement of another batch: {unlike}. Nothing was recorded; fetch the one of "
            f"{batch.tracking_id}, or give the tracking ID of its own batch."
        )
    if not read.accepted and not read.answers:
        return tuple(Answer("", read.remarks) for _ in filings)
    bound = uow.filings.with_numbers([one.bsa_id for one in read.answers if one.bsa_id])
    if bound:
        raise WrongBatch(
            f"{name} gives the BSA ID {bound[0].bsa_id}, which filing {bound[0].filing_id} of {bound[0].batch_id} has already. "
            "Nothing was recorded."
        )
    if read.accepted:
        return read.answers
    return tuple(Answer("", (*read.remarks, *one.remarks)) for one in read.answers)


def _answered(
    uow: Writing, actor: Person, at: datetime, filing: Filing, answer: Answer, digest: str, via: str
) -> Filing:
    remarks = tuple((one.level, one.code, one.element, one.path, one.text) for one in answer.remarks)
    if answer.taken:
        taken = events.FilingAcknowledged(
            filing_id=filing.filing_id,
            batch_id=filing.batch_id,
            bsa_id=answer.bsa_id,
            sha256=digest,
            remarks=remarks,
            via=via,
        )
        return moved(uow, actor, at, filing, taken)
    refused = events.FilingRejected(
        filing_id=filing.filing_id,
        batch_id=filing.batch_id,
        bsa_id=answer.bsa_id,
        sha256=digest,
        remarks=remarks,
        owner=_who_reworks(uow, filing),
        via=via,
    )
    return moved(uow, actor, at, filing, refused)


def _who_reworks(uow: Writing, filing: Filing) -> str:
    """Return whom a refused report goes back to: the case's owner as long as they work cases, else the queue."""
    case = uow.cases.get(filing.case_id)
    if case.status is not CaseStatus.CLOSED:
        return case.owner
    owner = next((one for one in uow.people.all() if one.user_id == case.owner), None)
    return owner.user_id if owner is not None and owner.active and may(owner.role, Action.TAKE) else ""


def _parts(root: Element, place: int, answer: Answer) -> tuple[str, ...]:
    return tuple(screen.part_of_path(root, place, remark.path) for remark in answer.remarks)


def read_remarks(*, uow: Reading, actor: Person, batch_id: str) -> tuple[Said, ...]:
    """Return what was said of each report of a batch, with the part of the form that each remark is about.

    :raises NoSuchBatch: if there is none.
    """
    require(actor, Action.SEND_FILINGS)
    with uow:
        filings = uow.filings.of_batch(uow.filings.batch(batch_id).batch_id)
        root = reading.parse(uow.filings.batch_content(batch_id), "batch.xml")
        answered = (FilingState.ACKNOWLEDGED, FilingState.REJECTED)
        return tuple(
            Said(one, _parts(root, one.place, Answer(one.bsa_id, one.remarks)))
            for one in filings
            if one.state in answered
        )
