"""The steps of a suppression: each checks role, duties, days and words, and returns the event or refuses with a sentence."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from casedesk.domain import events
from casedesk.domain.casework import BadText
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import in_force
from casedesk.domain.suppressions import Suppression, require_state
from casedesk.errors import Invalid, NotPermitted


class BadSuppression(Invalid):
    """The covered days make no sense, or reach further than policy allows."""


class SelfApproval(NotPermitted):
    """The proposer would decide on their own proposal."""

    def __init__(self, suppression_id: str) -> None:
        super().__init__(f"You proposed {suppression_id}, so another manager has to approve or reject it.")


def propose(
    actor: Person, at: datetime, *, suppression_id: str, rule: str, customer_id: str, account_id: str, reason: str,
    covers_from: date, covers_until: date, via: str,
) -> events.SuppressionProposed:  # fmt: skip
    """Propose a suppression.

    :raises BadSuppression: if the days are in the wrong order, too many, or too far ahead.
    :raises BadText: if the reason is too short or too long.
    """
    require(actor, Action.PROPOSE_SUPPRESSION)
    _require_days(covers_from, covers_until, at.date())
    return events.SuppressionProposed(
        suppression_id=suppression_id,
        rule=rule,
        customer_id=customer_id,
        account_id=account_id,
        covers_from=covers_from.isoformat(),
        covers_until=covers_until.isoformat(),
        via=via,
        notes=_reason(reason, "A suppression", at.date()),
    )


def approve(found: Suppression, actor: Person, at: datetime, note: str, via: str) -> events.SuppressionApproved:
    """Put a proposal in force; never by who proposed it."""
    _require_judge(found, actor, events.SuppressionApproved.action)
    return events.SuppressionApproved(
        suppression_id=found.suppression_id,
        maker=found.proposed_by,
        severity_cap=in_force("suppression_severity_cap", at.date()).value,
        via=via,
        notes=_reason(note, "A remark", at.date(), shortest=0),
    )


def reject(found: Suppression, actor: Person, at: datetime, reason: str, via: str) -> events.SuppressionRejected:
    """Refuse a proposal, with a reason; never by who proposed it."""
    _require_judge(found, actor, events.SuppressionRejected.action)
    return events.SuppressionRejected(
        suppression_id=found.suppression_id, maker=found.proposed_by, via=via,
        notes=_reason(reason, "A rejection", at.date()),
    )  # fmt: skip


def end(found: Suppression, actor: Person, at: datetime, reason: str, hidden: int, via: str) -> events.SuppressionEnded:
    """Take a suppression out of force, with a reason. One person suffices: it hides nothing, it shows."""
    require(actor, Action.PROPOSE_SUPPRESSION)
    require_state(found, events.SuppressionEnded.action)
    return events.SuppressionEnded(
        suppression_id=found.suppression_id, hidden_alerts=hidden, via=via,
        notes=_reason(reason, "Ending a suppression", at.date()),
    )  # fmt: skip


def _require_days(first: date, until: date, today: date) -> None:
    longest, ahead = in_force("suppression_days_max", today).value, in_force("suppression_ahead_max", today).value
    if until <= first:
        raise BadSuppression(
            f"The covered days end on {until} (exclusive), before they begin on {first}; cover at least one day."
        )
    if (until - first).days > longest:
        raise BadSuppression(
            f"A suppression may cover at most {longest} days; {first} to {until} is {(until - first).days:,}. Shorten it."
        )
    if until > today + timedelta(days=ahead):
        raise BadSuppression(
            f"A suppression may reach at most {ahead} days ahead, to {today + timedelta(days=ahead)}; this one reaches to "
            f"{until}. End it earlier."
        )


def _require_judge(found: Suppression, actor: Person, action: str) -> None:
    require(actor, Action.APPROVE_SUPPRESSION)
    require_state(found, action)
    if actor.user_id == found.proposed_by:
        raise SelfApproval(found.suppression_id)


def _reason(text: str, what: str, today: date, *, shortest: int | None = None) -> str:
    shortest = in_force("rationale_min", today).value if shortest is None else shortest
    longest = in_force("text_max", date.max).value
    text = text.strip()
    if len(text) < shortest:
        raise BadText(f"{what} needs a reason of at least {shortest} characters; this one has {len(text)}.")
    if len(text) > longest:
        raise BadText(f"A reason may have at most {longest:,} characters; this one has {len(text):,}. Shorten it.")
    return text
