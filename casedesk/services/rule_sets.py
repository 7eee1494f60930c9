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
from casedesk.domain.proposals import ProposalState, require_reason
from casedesk.domain.rule_sets import Headline, RuleSet
from casedesk.domain.rule_sets import sha256 as digest
from casedesk.errors import Conflict, Invalid
from casedesk.exports import rule_sheet
from casedesk.services import proposals, rules_in_force
from casedesk.services.evidence_sheets import Proposed, write
from casedesk.services.exporting import ExportedFile
from casedesk.services.proposal_kinds import RULE_SETS
from casedesk.services.rule_titles import title
from casedesk.services.rules_in_force import Effective
from casedesk.services.steps import present
from casedesk.services.trials import History, compare
from casedesk.store.run_store import Run
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "BaseMoved", "ChangesNothing", "Effective", "Headline", "Limits", "Overview", "ProposalState", "RuleSet", "approve", "export_sheet",
    "overview", "propose", "reject", "show", "withdraw",
]  # fmt: skip


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
        proposals.require_none_waits(RULE_SETS, look)
        _require_base(look, base, seen_hash or base.hash)
        after = rules_in_force.changed_by(base, changes, off=off, on=on)
        changed = _changed(base, after)
        if not changed:
            raise ChangesNothing(base)
        history = History(look)
        last = look.runs.last()
    trials = compare(history, base, after, changed, base_currency=base_currency, limits=limits)

    def stored(uow: Writing, maker: Person) -> events.Event:
        _require_base(uow, base, base.hash)
        proposed = Proposed(uow.rule_sets.next_id(), base, after, reason, maker.user_id, at, base_currency)
        return _stored(uow, proposed, write(proposed, history, trials, _replayable(last, base)))

    return proposals.propose(RULE_SETS, uow=uow, actor=actor, at=at, stored=stored)


def _changed(base: Effective, after: Effective) -> tuple[str, ...]:
    """Name the rules that differ, in the order of the library."""
    return tuple(rule.name for rule in RULES if base.find(rule.name) != after.find(rule.name))


def _require_base(uow: Reading | Writing, base: Effective, seen_hash: str) -> None:
    """Refuse once another rule set is in force than the one that was seen."""
    now = rules_in_force.in_force(uow)
    if now.hash != seen_hash or now.rule_set_id != base.rule_set_id:
        raise BaseMoved("The proposal", now)


def _replayable(last: Run | None, base: Effective) -> Run | None:
    return last if last is not None and last.rule_set_hash == base.hash else None


def _stored(uow: Writing, proposed: Proposed, sheet: str) -> events.RuleSetProposed:
    """Store a proposal with its sheet; return the event that tells of it."""
    one = RuleSet(
        rule_set_id=proposed.rule_set_id, state=ProposalState.PROPOSED, base_id=proposed.base.rule_set_id,
        content=proposed.after.content(), hash_before=proposed.base.hash, hash_after=proposed.after.hash,
        reason=proposed.reason, proposed_by=proposed.by, proposed_at=proposed.at, decided_by="", decided_at=None,
        decision="", sheet=sheet, sheet_sha256=digest(sheet),
    )  # fmt: skip
    uow.rule_sets.insert(one)
    return events.RuleSetProposed(
        rule_set_id=one.rule_set_id, base_id=one.base_id, hash_before=one.hash_before, hash_after=one.hash_after,
        content_sha256=digest(one.content), sheet_sha256=one.sheet_sha256, notes=one.reason,
    )  # fmt: skip


def approve(*, uow: Writing, actor: Person, at: datetime, rule_set_id: str, remark: str = "") -> Recorded:
    """Put a proposed rule set in force; the one before it is superseded. The next run looks at everything.

    :raises MakerIsChecker: if the actor proposed it.
    :raises NotWaiting: if it was decided already.
    :raises Edited: if what is stored is not what was proposed.
    :raises BaseMoved: if what it was measured against is in force no more, or a newer desk would run it otherwise.
    """

    def event(uow: Writing, proposal: RuleSet) -> events.Event:
        now = rules_in_force.in_force(uow)
        after = rules_in_force.effective(proposal)
        if (now.rule_set_id, now.hash) != (proposal.base_id, proposal.hash_before) or after.hash != proposal.hash_after:
            raise BaseMoved(proposal.rule_set_id, now)
        return events.RuleSetPutInForce(
            rule_set_id=proposal.rule_set_id, base_id=proposal.base_id, hash_before=proposal.hash_before,
            hash_after=proposal.hash_after, sheet_sha256=digest(proposal.sheet), proposed_by=proposal.proposed_by,
            notes=remark.strip(),
        )  # fmt: skip

    return proposals.put_in_force(RULE_SETS, uow=uow, actor=actor, at=at, proposal_id=rule_set_id, event=event)


def reject(*, uow: Writing, actor: Person, at: datetime, rule_set_id: str, reason: str) -> Recorded:
    """Reject a proposal, with a reason; what is in force stays. Refuses as :func:`proposals.reject` does."""
    return proposals.reject(RULE_SETS, uow=uow, actor=actor, at=at, proposal_id=rule_set_id, reason=reason)


def withdraw(*, uow: Writing, actor: Person, at: datetime, rule_set_id: str, reason: str) -> Recorded:
    """Take one's own proposal back, with a reason. Refuses as :func:`proposals.withdraw` does."""
    return proposals.withdraw(RULE_SETS, uow=uow, actor=actor, at=at, proposal_id=rule_set_id, reason=reason)


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
