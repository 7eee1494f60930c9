"""Hold what governs due dates and retention against the ledger: the bank's own policy values, and legal holds."""

from __future__ import annotations

from casedesk.domain import holds
from casedesk.domain.policy import SHIPPED, Policy
from casedesk.domain.policy_changes import STEPS, BrokenPolicy, fold
from casedesk.domain.verification import Verifier
from casedesk.store.unit_of_work import Reading, Writing


def check_policy(uow: Reading | Writing, verifier: Verifier) -> Policy:
    """Return the policy from which the due dates of the cases follow; note where its events make no sense."""
    try:
        _, policy = fold(reversed(uow.ledger.newest(1_000_000, actions=STEPS)))
    except (BrokenPolicy, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Policy", "Its events make no sense.", "meta", "a legal step", str(error))
        return SHIPPED
    return policy


def check_holds(uow: Reading | Writing, verifier: Verifier) -> None:
    """Note an event that lifts a hold which does not stand on its case."""
    try:
        holds.standing(reversed(uow.ledger.newest(1_000_000, actions=holds.STEPS)))
    except (holds.BrokenHold, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Legal holds", "Their events make no sense.", "meta", "a legal step", str(error))
