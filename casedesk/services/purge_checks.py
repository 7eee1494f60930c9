"""Hold purges against the ledger: two managers agreed, retention had ended, no hold stood, and no other text is gone."""

from __future__ import annotations

from datetime import date

from casedesk.domain.policy import Policy
from casedesk.domain.purging import STEPS, kept, purges
from casedesk.domain.verification import Verifier
from casedesk.errors import CasedeskError
from casedesk.store.unit_of_work import Reading, Writing


def check_purges(uow: Reading | Writing, verifier: Verifier, policy: Policy) -> None:
    """Note every text that is gone without a purge, and every purge that should not have been."""
    try:
        verifier.check_purged(uow.ledger.purges())
        purges(reversed(uow.ledger.newest(1_000_000, actions=STEPS)))
        for event in uow.ledger.governing("cases_purged"):
            for case_id, tip in event.data["cases"]:
                before = tuple(e for e in uow.ledger.of(case_id) if e.event_id < event.event_id)
                reason = kept(case_id, before, policy, date.fromisoformat(event.ts[:10]))
                if reason or not before or before[-1].event_hash != tip:
                    problem = f"Event {event.event_id} purged it although it had to be kept."
                    verifier.find_state(
                        case_id, problem, "cases", "a case that may be purged", reason or "another history"
                    )
    except (CasedeskError, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Purges", "Their events make no sense.", "meta", "a legal step", str(error))
