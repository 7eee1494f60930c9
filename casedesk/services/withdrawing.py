"""Take a batch back that was produced and not sent; its reports wait for another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from casedesk.domain import filing_steps
from casedesk.domain.filing_steps import OwnBatch
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Conflict
from casedesk.services.outgoing import moved
from casedesk.services.steps import present
from casedesk.store.filing_store import Batch
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["OwnBatch", "TooLate", "reason_of", "withdraw"]


class TooLate(Conflict):
    """The batch was sent, or taken back already."""


def withdraw(*, uow: Writing, actor: Person, at: datetime, batch_id: str, reason: str, via: str = "app") -> Batch:
    """Take a batch back, with a reason. The file was produced all the same, so its hash stays where it is.

    :raises NoSuchBatch: if there is none.
    :raises OwnBatch: to who produced it.
    :raises TooLate: if it was recorded as transmitted, or taken back before.
    :raises BadText: without a reason.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.WITHDRAW_BATCH)
        batch = uow.filings.batch(batch_id)
        _require_unsent(batch)
        event_id = uow.ledger.size + 1
        for filing in uow.filings.of_batch(batch_id):
            moved(uow, actor, at, filing, filing_steps.withdraw(filing, actor, batch.produced_by, reason, via))
        changed = replace(batch, withdrawn_by=actor.user_id, withdrawn_at=at, withdrawn_event=event_id)
        uow.filings.withdraw(changed)
        uow.commit()
    return changed


def reason_of(*, uow: Reading, actor: Person, batch: Batch) -> str:
    """Return why a batch was taken back; empty if it was not, or where the reason was purged."""
    require(actor, Action.SEND_FILINGS)
    if not batch.withdrawn_event:
        return ""
    with uow:
        return "".join(event.notes for event in uow.ledger.newest(1, before=batch.withdrawn_event + 1))


def _require_unsent(batch: Batch) -> None:
    if batch.withdrawn_at is not None:
        raise TooLate(f"{batch.batch_id} was taken back already; its reports wait for another batch or are in one.")
    if batch.transmitted_at is not None:
        raise TooLate(
            f"{batch.batch_id} was transmitted under the tracking ID {batch.tracking_id} and cannot be taken back; correct its "
            "reports once they are acknowledged."
        )
