"""Propose another rule set, and put it in force: a maker, a checker, and the evidence sheet between them.

The sheet is made when the rule set is proposed, from everything stored, and frozen with it: the checker decides on what the
maker saw. A proposal whose base is in force no more is refused, because its figures compare with rules that do not run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from casedesk.detection.duck import Limits
from casedesk.detection.rules import RULES
from casedesk.domain import events
from casedesk.domain.events import DESK
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.rule_sets import Headline, RuleSet, RuleSetState, require_checker, require_maker, require_reason
from casedesk.domain.rule_sets import sha256 as digest
from casedesk.errors import Conflict, Invalid
from casedesk.exports import rule_sheet
from casedesk.services import rules_in_force
from casedesk.services.evidence_sheets import Proposed, write
from casedesk.services.exporting import ExportedFile
from casedesk.services.rule_set_checks import require_as_proposed
from casedesk.services.rule_titles import title
from casedesk.services.rules_in_force import Effective
from casedesk.services.steps import present
from casedesk.services.trials import History, compare
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "AnotherWaits", "BaseMoved", "ChangesNothing", "Effective", "Headline", "Limits", "Overview", "RuleSet", "RuleSetState", "approve",
    "export_sheet", "overview", "propose", "reject", "show", "withdraw",
]  # fmt: skip


class AnotherWaits(Conflict):
    """One proposal at a time."""

    def __init__(self, waiting: RuleSet) -> None:
        super().__init__(
            f"{waiting.rule_set_id}, proposed by {waiting.proposed_by}, waits to be decided; "
            "only one rule set can be proposed at a time. Have it decided or withdrawn first."
        )


class BaseMoved(Conflict):
    """The rules the proposal was measured against do not run any more."""

    def __init__(self, what: str, now: Effective) -> None:
        super().__init__(
            f"{what} was measured against rules that are in force no more; now {now.name} "
            f"({now.hash[:12]}…) is. Try it again and propose it anew."
        )


class ChangesNothing(Invalid):
    """The proposal is what is in force."""

    def __init__(self, base: Effective) -> None:
        super().__init__(
            f"The proposal changes nothing: every value is as in {base.name}. Move a threshold, or switch a rule off or on."
        )


@dataclass(frozen=True, slots=True)
class Overview:
    """The rules that run, the proposal that waits, and all rule sets there were, the newest first."""

    running: Effective
    in_force: RuleSet | None  # None for the rules as shipped
    waiting: RuleSet | None
    history: tuple[Headline, ...]
    names: dict[str, str]


def overview(*, look: Reading, actor: Person) -> Overview:
    """Return what is in force, what waits, and what was.

    :raises RoleForbids: for a role that may not tune rules.
    """
    require(actor, Action.TUNE)
    with look:
        return Overview(
            running=rules_in_force.in_force(look),
            in_force=look.rule_sets.in_force(),
            waiting=look.rule_sets.waiting(),
            history=look.rule_sets.headlines(),
            names=look.people.names(),
        )


def show(*, look: Reading, actor: Person, rule_set_id: str) -> RuleSet:
    """Return one rule set.

    :raises NoSuchRuleSet: if there is none.
    """
    require(actor, Action.TUNE)
    with look:
        return look.rule_sets.get(rule_set_id)


def propose(
    *,
    look: Reading,
    uow: Writing,
    actor: Person,
    at: datetime,
    base_currency: str,
    reason: str,
    changes: Mapping[str, Mapping[str, object]],
    off: Collection[str] = (),
    on: Collection[str] = (),
    seen_hash: str = "",
    limits: Limits | None = None,
) -> Recorded:
    """Try every changed rule on the history, write the evidence sheet, and store both as a proposal.

    :param look: the unit of work that reads the history; the rules run without a lock on the desk.
    :param changes: values by parameter, by rule.
    :param seen_hash: the hash of the rule set the maker looked at; empty to take that in force.
    :raises AnotherWaits: if a proposal waits already.
    :raises BaseMoved: if another rule set was put in force since the maker looked.
    :raises ChangesNothing: if the outcome is what is in force.
    :raises BadReason: if the reason is too short or too long.
    :raises BadParameter: if a rule cannot take a value.
    """
    require(actor, Action.PROPOSE_RULES)
    reason = require_reason(reason, "A proposal")
    with look:
        base = rules_in_force.in_force(look)
        _require_free(look, base, seen_hash or base.hash)
        after = rules_in_force.changed_by(base, changes, off=off, on=on)
        changed = _changed(base, after)
        if not changed:
            raise ChangesNothing(base)
        history = History(look)
        last = look.runs.last()
    trials = compare(history, base, after, changed, base_currency=base_currency, limits=limits)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PROPOSE_RULES)
        _require_free(uow, base, base.hash)
        proposed = Proposed(uow.rule_sets.next_id(), base, after, reason, actor.user_id, at, base_currency)
        stored = _as_stored(proposed, write(proposed, history, trials, _replayable(last, base)))
        uow.rule_sets.insert(stored)
        event = uow.ledger.append(
            events.RuleSetProposed(
                rule_set_id=stored.rule_set_id,
                base_id=stored.base_id,
                hash_before=stored.hash_before,
                hash_after=stored.hash_after,
                content_sha256=digest(stored.content),
                sheet_sha256=stored.sheet_sha256,
                notes=reason,
            ),
            stream=DESK,
            user=actor.user_id,
            at=at,
        )
        uow.commit()
    return event


def _changed(base: Effective, after: Effective) -> tuple[str, ...]:
    """Name the rules that differ, in the order of the library."""
    return tuple(rule.name for rule in RULES if base.find(rule.name) != after.find(rule.name))


def _require_free(uow: Reading | Writing, base: Effective, seen_hash: str) -> None:
    """Refuse while a proposal waits, or once another rule set is in force than the one that was seen."""
    waiting = uow.rule_sets.waiting()
    if waiting is not None:
        raise AnotherWaits(waiting)
    now = rules_in_force.in_force(uow)
    if now.hash != seen_hash or now.rule_set_id != base.rule_set_id:
        raise BaseMoved("The proposal", now)


def _replayable(last: Run | None, base: Effective) -> Run | None:
    return last if last is not None and last.rule_set_hash == base.hash else None


def _as_stored(proposed: Proposed, sheet: str) -> RuleSet:
    return RuleSet(
        rule_set_id=proposed.rule_set_id,
        state=RuleSetState.PROPOSED,
        base_id=proposed.base.rule_set_id,
        content=proposed.after.content(),
        hash_before=proposed.base.hash,
        hash_after=proposed.after.hash,
        reason=proposed.reason,
        proposed_by=proposed.by,
        proposed_at=proposed.at,
        decided_by="",
        decided_at=None,
        decision="",
        sheet=sheet,
        sheet_sha256=digest(sheet),
    )


def approve(*, uow: Writing, actor: Person, at: datetime, rule_set_id: str, remark: str = "") -> Recorded:
    """Put a proposed rule set in force; the one before it is superseded. The next run looks at everything.

    :raises MakerIsChecker: if the actor proposed it.
    :raises NotWaiting: if it was decided already.
    :raises BaseMoved: if what it was measured against is in force no more, or a newer desk would run it otherwise.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PUT_RULES_IN_FORCE)
        proposal = uow.rule_sets.get(rule_set_id)
        require_checker(proposal, actor)
        require_as_proposed(uow, rule_set_id)
        now = rules_in_force.in_force(uow)
        after = rules_in_force.effective(proposal)
        if (now.rule_set_id, now.hash) != (proposal.base_id, proposal.hash_before) or after.hash != proposal.hash_after:
            raise BaseMoved(proposal.rule_set_id, now)
        if proposal.base_id:
            uow.rule_sets.supersede(proposal.base_id)
        event = uow.ledger.append(
            events.RuleSetPutInForce(
                rule_set_id=proposal.rule_set_id,
                base_id=proposal.base_id,
                hash_before=proposal.hash_before,
                hash_after=proposal.hash_after,
                sheet_sha256=digest(proposal.sheet),
                proposed_by=proposal.proposed_by,
                notes=remark.strip(),
            ),
            stream=DESK,
            user=actor.user_id,
            at=at,
        )
        uow.rule_sets.decide(rule_set_id, RuleSetState.IN_FORCE, actor.user_id, at, event.notes)
        uow.commit()
    return event


def reject(*, uow: Writing, actor: Person, at: datetime, rule_set_id: str, reason: str) -> Recorded:
    """Reject a proposal, with a reason; what is in force stays.

    :raises MakerIsChecker: if the actor proposed it.
    :raises NotWaiting: if it was decided already.
    :raises BadReason: if the reason is too short or too long.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PUT_RULES_IN_FORCE)
        proposal = uow.rule_sets.get(rule_set_id)
        require_checker(proposal, actor)
        event = events.RuleSetRejected(
            rule_set_id=rule_set_id,
            hash_after=proposal.hash_after,
            proposed_by=proposal.proposed_by,
            notes=require_reason(reason, "A rejection"),
        )
        return _closed(uow, event, RuleSetState.REJECTED, actor, at, rule_set_id)


def withdraw(*, uow: Writing, actor: Person, at: datetime, rule_set_id: str, reason: str) -> Recorded:
    """Take one's own proposal back, with a reason.

    :raises NotMaker: if somebody else proposed it.
    :raises NotWaiting: if it was decided already.
    :raises BadReason: if the reason is too short or too long.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PROPOSE_RULES)
        proposal = uow.rule_sets.get(rule_set_id)
        require_maker(proposal, actor)
        event = events.RuleSetWithdrawn(
            rule_set_id=rule_set_id, hash_after=proposal.hash_after, notes=require_reason(reason, "A withdrawal")
        )
        return _closed(uow, event, RuleSetState.WITHDRAWN, actor, at, rule_set_id)


def _closed(
    uow: Writing, event: events.Event, state: RuleSetState, actor: Person, at: datetime, rule_set_id: str
) -> Recorded:
    row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
    uow.rule_sets.decide(rule_set_id, state, actor.user_id, at, row.notes)
    uow.commit()
    return row


def export_sheet(
    *, uow: Writing, actor: Person, at: datetime, rule_set_id: str, what: str = "markdown", via: str = "app"
) -> ExportedFile:
    """Export the evidence sheet as Markdown, or as the canonical JSON that was frozen. Its leaving is an event.

    :param what: ``markdown`` or ``json``.
    :raises NoSuchRuleSet: if there is none.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.TUNE)
        require(actor, Action.EXPORT)
        stored = uow.rule_sets.get(rule_set_id)
        content = (stored.sheet if what == "json" else _markdown(stored, uow.people.names())).encode("utf-8")
        sum_ = sha256(content).hexdigest()
        event = events.EvidenceSheetExported(rule_set_id=rule_set_id, what=what, sha256=sum_, via=via)
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return ExportedFile(f"{rule_set_id}-evidence.{'json' if what == 'json' else 'md'}", content, sum_, row)


def _markdown(stored: RuleSet, names: Mapping[str, str]) -> str:
    return rule_sheet.write(rule_sheet.read(stored.sheet, stored.rule_set_id), _decided(stored), names, title)


def _decided(stored: RuleSet) -> dict[str, Any]:
    return {
        "state": stored.state.value,
        "by": stored.decided_by,
        "at": stored.decided_at,
        "words": stored.decision,
        "sheet_sha256": stored.sheet_sha256,
    }
