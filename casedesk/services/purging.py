"""Purge what was written on cases whose retention has ended: one manager proposes, another carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from casedesk.domain import batch_parts, purging
from casedesk.domain.casework import BadText
from casedesk.domain.events import DESK, CasesPurged, PurgeProposed
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may, require
from casedesk.domain.policy import in_force
from casedesk.domain.purging import STEPS, NotProposed, NotPurgeable, OwnPurge, Purge, fixed, kept, purges
from casedesk.domain.reports import report as reports
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "NotProposed", "NotPurgeable", "OwnPurge", "Preview", "Purge", "carry_out", "preview", "propose", "waiting", "waiting_for",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preview:
    """What a purge would do to a case: how many texts and forms it would remove, or why it may not."""

    case_id: str
    texts: int
    forms: int
    hindrance: str


def preview(*, uow: Reading, actor: Person, at: datetime, case_ids: Sequence[str]) -> tuple[Preview, ...]:
    """Return what a purge of these cases would remove; nothing is."""
    require(actor, Action.VIEW_LEDGER)
    day = at.astimezone(UTC).date()
    with uow:
        return tuple(_preview(uow, case_id, day) for case_id in dict.fromkeys(case_ids))


def waiting(*, uow: Reading, actor: Person) -> tuple[Purge, ...]:
    """Return the purges that were proposed and not carried out, the newest first."""
    require(actor, Action.VIEW_LEDGER)
    with uow:
        found = purges(uow.ledger.of_desk(STEPS)).values()
    return tuple(sorted((one for one in found if not one.done), key=lambda one: -one.proposal))


def waiting_for(*, uow: Reading, actor: Person) -> int:
    """Return how many proposals the actor may carry out."""
    if not may(actor.role, Action.PURGE):
        return 0
    return sum(one.proposed_by != actor.user_id for one in waiting(uow=uow, actor=actor))


def propose(
    *, uow: Writing, actor: Person, at: datetime, case_ids: Sequence[str], reason: str, via: str = "app"
) -> Recorded:
    """Propose to purge cases, with a reason; nothing is removed before another manager carries it out.

    :raises NotPurgeable: naming the first case that has to be kept or cannot be purged, and why.
    :raises BadText: without a reason.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PURGE)
        shortest = in_force("rationale_min", at.date()).value
        if len(reason.strip()) < shortest:
            raise BadText(
                f"A purge needs a reason of at least {shortest} characters; this one has {len(reason.strip())}."
            )
        if not case_ids:
            raise NotPurgeable("No case is named; “casedesk retention due” lists those whose retention has ended.")
        day = at.astimezone(UTC).date()
        cases = tuple((case_id, _tip(uow, case_id, day)) for case_id in dict.fromkeys(case_ids))
        event = PurgeProposed(cases=cases, via=via, notes=reason.strip())
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row


def carry_out(*, uow: Writing, actor: Person, at: datetime, proposal: int, via: str = "app") -> Recorded:
    """Remove what was written on the cases of a proposal: notes, narratives, rationales, reasons, forms, and reports as sent.

    Events, hashes, chains and proofs stay, and in a batch file the reports of other cases. Customers, accounts, transactions and
    alerts are the bank's and stay, too.

    :raises OwnPurge: to who proposed it.
    :raises NotProposed: if it was carried out already.
    :raises NotPurgeable: if something happened to a case since, or a hold was placed on it.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PURGE)
        found = purges(uow.ledger.of_desk(STEPS)).get(proposal)
        if found is None or found.done:
            raise NotProposed(proposal)
        if actor.user_id == found.proposed_by:
            raise OwnPurge(proposal)
        day = at.astimezone(UTC).date()
        for case_id, tip in found.cases:
            if _tip(uow, case_id, day) != tip:
                raise NotPurgeable(
                    f"Something happened to case {case_id} since the purge was proposed; propose it anew."
                )
        gone = [_remove(uow, case_id) for case_id, _ in found.cases]
        texts, forms, sent = (sum(counts) for counts in zip(*gone, strict=True))
        event = CasesPurged(
            proposal=proposal, maker=found.proposed_by, cases=found.cases, texts=texts, forms=forms, sent=sent, via=via
        )
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row


def _remove(uow: Writing, case_id: str) -> tuple[int, int, int]:
    """Remove what was written on a case; return how many texts, forms, and reports out of batch files."""
    sent = purging.places(uow.ledger.of(case_id))
    texts = uow.ledger.purge(case_id)
    uow.cases.purge([case_id])
    forms = uow.filings.purge(case_id)
    for batch_id, places in sent.items():
        uow.filings.replace_file(batch_id, batch_parts.without(uow.filings.batch_content(batch_id), places))
    return texts, forms, sum(map(len, sent.values()))


def _tip(uow: Writing, case_id: str, day: date) -> str:
    """Return the hash of a case's last event, if the case may be purged."""
    uow.cases.get(case_id)
    history = uow.ledger.of(case_id)
    hindrance = _hindrance(uow, case_id, history, day)
    if hindrance:
        raise NotPurgeable(hindrance)
    return history[-1].event_hash


def _hindrance(uow: Reading | Writing, case_id: str, history: Sequence[Recorded], day: date) -> str:
    reason = (
        kept(case_id, history, uow.cases.policy, day)
        or purging.on_its_way(case_id, history)
        or fixed(case_id, history)
        or _unsalted(uow, case_id)
    )
    return reason or ("" if _texts(history) or _forms(uow, case_id) else f"Case {case_id} has no text left to purge.")


def _preview(uow: Reading, case_id: str, day: date) -> Preview:
    uow.cases.get(case_id)
    history = uow.ledger.of(case_id)
    return Preview(case_id, _texts(history), len(_forms(uow, case_id)), _hindrance(uow, case_id, history, day))


def _texts(history: Sequence[Recorded]) -> int:
    return sum(bool(event.salt) for event in history)


def _forms(uow: Reading | Writing, case_id: str) -> dict[str, str]:
    """Return the forms of a case that were not removed yet, by the id of their report."""
    contents = {one.filing_id: uow.filings.content(one.filing_id) for one in uow.filings.of_case(case_id)}
    return {filing_id: content for filing_id, content in contents.items() if content}


def _unsalted(uow: Reading | Writing, case_id: str) -> str:
    """Say which form has a digest that could be guessed at, or return the empty string."""
    for filing_id, content in _forms(uow, case_id).items():
        if not reports.salted(content):
            return f"Case {case_id}: the digest of form {filing_id} has no salt, so the form cannot be removed."
    return ""
