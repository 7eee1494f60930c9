"""Why a button is greyed: the rule that forbids a step to this person on this case, in one sentence.

The services refuse the same by themselves; this only says it before the click.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from casedesk.domain.cases import TRANSITIONS, Stage
from casedesk.domain.people import PERMISSIONS, PERSON_ROLES, Action, Person, Role, may
from casedesk.services.casefile import CaseFile

_NOT_NOW: Final[dict[Action, str]] = {
    Action.ADD_NOTE: "The case is closed; a note can be added after it was reopened.",
    Action.SET_DISPOSITION: "The case is not in review.",
    Action.HAND_OVER: "The case is not in review.",
    Action.ASSIGN: "The case cannot be assigned as it stands.",
    Action.RELEASE: "The case is not in review.",
    Action.TAKE: "The case cannot be taken as it stands.",
    Action.APPROVE: "Nothing on this case waits for approval.",
    Action.RETURN: "Nothing on this case waits for approval.",
    Action.REOPEN: "The case is not closed.",
    Action.DRAFT_FILING: "The form rests while the decision waits; a return opens it again.",
    Action.APPROVE_FILING: "The form is approved with the decision.",
    Action.REVIEW: "The case is not closed, so there is nothing to review.",
    Action.MOVE_SUSPICION: "The date can be moved while the case is in review.",
}
_WHO: Final[dict[Action, str]] = {
    Action.APPROVE: "Only a manager who has not touched the case may approve.",
    Action.RETURN: "Only a manager who has not touched the case may return it.",
    Action.APPROVE_FILING: "Only a manager who has not touched the case may approve its form.",
    Action.DRAFT_FILING: "Only the case's owner may fill in the form.",
    Action.REVIEW: "Only a QA reviewer who has not touched the case may review it.",
    Action.REOPEN: "Only a manager may reopen a case.",
}
_OWNERS: Final = frozenset(
    {Action.SET_DISPOSITION, Action.HAND_OVER, Action.RELEASE, Action.MOVE_SUSPICION, Action.DRAFT_FILING}
)
_MANAGERS_TOO: Final = frozenset({Action.RELEASE, Action.MOVE_SUSPICION})


def refusal(file: CaseFile, actor: Person, action: Action) -> str:
    """Return why the actor may not do this here and now, or the empty string."""
    if not may(actor.role, action):
        return _WHO.get(action, f"Only {_roles(action)} may {action.value}.")
    if (file.stage, action) not in TRANSITIONS:
        return _NOT_NOW.get(action, "The case's state does not allow it.")
    return next((reason for check in _CHECKS if (reason := check(file, actor, action))), "")


def _ownership(file: CaseFile, actor: Person, action: Action) -> str:
    if action not in _OWNERS or file.case.owner == actor.user_id:
        return ""
    if action in _MANAGERS_TOO and actor.role is Role.MANAGER:
        return "" if file.case.owner or action is not Action.RELEASE else "Nobody holds the case."
    if not file.case.owner:
        return "Nobody holds the case: take it first."
    return f"Only its owner may {action.value}: {file.names.get(file.case.owner, file.case.owner)} holds it."


def _taking(file: CaseFile, actor: Person, action: Action) -> str:
    if action is not Action.TAKE:
        return ""
    if file.case.owner:
        return f"{file.names.get(file.case.owner, file.case.owner)} holds the case."
    if file.stage is Stage.ESCALATED and actor.role is not Role.MANAGER:
        return "The case was escalated; only a manager may take it."
    return ""


def _duties(file: CaseFile, actor: Person, action: Action) -> str:
    if action in (Action.APPROVE, Action.RETURN, Action.APPROVE_FILING) and file.touched:
        return f"You worked on this case. {_WHO[action]}"
    if action is Action.REVIEW and file.touched_for_review:
        return f"You worked on this case. {_WHO[action]}"
    return ""


_CHECKS: Final[tuple[Callable[[CaseFile, Person, Action], str], ...]] = (_ownership, _taking, _duties)


def _roles(action: Action) -> str:
    names = [f"a{'n' if role.value[0] == 'A' else ''} {role.value.lower() if role is not Role.QA else 'QA reviewer'}"
             for role in PERSON_ROLES if action in PERMISSIONS[role]]  # fmt: skip
    return " or ".join(names) or "the desk itself"
