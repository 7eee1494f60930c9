"""Who may do what: roles, actions, the permission table, and the separation of duties."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from casedesk.errors import NotPermitted


class Role(StrEnum):
    """The roles of the trade; ``SYSTEM`` is the desk acting by itself and is nobody's login."""

    ANALYST = "Analyst"
    QA = "QA"
    MANAGER = "Manager"
    AUDITOR = "Auditor"
    SYSTEM = "System"


#: Roles a person can hold, in the order they are shown. The CHECK on ``users.role`` lists exactly these.
PERSON_ROLES: Final = (Role.ANALYST, Role.QA, Role.MANAGER, Role.AUDITOR)


class Action(StrEnum):
    """What a person can ask the desk to do, as a verb the refusal sentence can carry."""

    OPEN_CASE = "open a case"
    ATTACH_ALERT = "attach an alert"
    TAKE = "take a case"
    ASSIGN = "assign a case"
    HAND_OVER = "hand a case over"
    RELEASE = "release a case"
    ADD_NOTE = "add a note"
    SET_DISPOSITION = "decide a case"
    APPROVE = "approve a decision"
    RETURN = "return a decision"
    REOPEN = "reopen a case"
    REVIEW = "review a case"
    MOVE_SUSPICION = "move the suspicion date"
    DRAFT_FILING = "draft a filing"
    APPROVE_FILING = "approve a filing"
    SEND_FILINGS = "produce a batch or say what became of it"
    WITHDRAW_BATCH = "take a batch back"
    VIEW_CASE = "look at a case"
    DRAW_SAMPLE = "draw a QA sample"
    REDRAW_SAMPLE = "re-draw a QA sample"
    EXPORT = "export a case"
    VIEW_LEDGER = "look at the ledger"
    IMPORT = "import transactions"
    DETECT = "run detection"
    ADVISE = "have cases advised on"
    TUNE = "try out detection rules"
    SCORE = "compute scores"
    VIEW_SCORES = "look at scores"
    LOAD_LISTS = "load lists of parties or screen names"
    DECIDE_MATCH = "confirm or refuse a name match"
    PROPOSE_RULES = "propose a rule set"
    PUT_RULES_IN_FORCE = "put a rule set in force"
    PROPOSE_MODEL = "propose a model"
    PUT_MODEL_IN_FORCE = "put a model in force"
    PROPOSE_SUPPRESSION = "propose or end a suppression"
    APPROVE_SUPPRESSION = "approve a suppression"
    DRAW_LINE_TEST = "draw a sample below a line"
    PROPOSE_POLICY = "propose a policy value"
    PUT_POLICY_IN_FORCE = "put a policy value in force"
    REMIND = "give reminders"
    HOLD = "place or lift a legal hold"
    PURGE = "propose or carry out a purge"
    MANAGE_KEYS = "create or revoke an API key"
    MANAGE_WEBHOOKS = "create or disable a webhook"
    SEE_DECISIONS = "see undisclosed decisions"
    ADMINISTER = "change people, rates or policy"


_EVERYBODY = frozenset({Action.VIEW_CASE, Action.VIEW_SCORES})

#: The one table of permissions. An action that is not in a role's row is refused.
PERMISSIONS: Final[dict[Role, frozenset[Action]]] = {
    Role.ANALYST: _EVERYBODY
    | {
        Action.OPEN_CASE,
        Action.ATTACH_ALERT,
        Action.TAKE,
        Action.HAND_OVER,
        Action.RELEASE,
        Action.ADD_NOTE,
        Action.SET_DISPOSITION,
        Action.MOVE_SUSPICION,
        Action.DRAFT_FILING,
        Action.DECIDE_MATCH,
    },
    Role.QA: _EVERYBODY | {Action.REVIEW, Action.DRAW_SAMPLE, Action.REDRAW_SAMPLE, Action.SEE_DECISIONS},
    Role.MANAGER: _EVERYBODY
    | {
        Action.OPEN_CASE,
        Action.ATTACH_ALERT,
        Action.TAKE,
        Action.ASSIGN,
        Action.HAND_OVER,
        Action.RELEASE,
        Action.ADD_NOTE,
        Action.SET_DISPOSITION,
        Action.MOVE_SUSPICION,
        Action.DRAFT_FILING,
        Action.APPROVE,
        Action.APPROVE_FILING,
        Action.SEND_FILINGS,
        Action.WITHDRAW_BATCH,
        Action.RETURN,
        Action.REOPEN,
        Action.DRAW_SAMPLE,
        Action.REDRAW_SAMPLE,
        Action.EXPORT,
        Action.VIEW_LEDGER,
        Action.IMPORT,
        Action.DETECT,
        Action.SCORE,
        Action.LOAD_LISTS,
        Action.DECIDE_MATCH,
        Action.ADVISE,
        Action.TUNE,
        Action.PROPOSE_RULES,
        Action.PUT_RULES_IN_FORCE,
        Action.PROPOSE_MODEL,
        Action.PUT_MODEL_IN_FORCE,
        Action.DRAW_LINE_TEST,
        Action.PROPOSE_SUPPRESSION,
        Action.APPROVE_SUPPRESSION,
        Action.PROPOSE_POLICY,
        Action.PUT_POLICY_IN_FORCE,
        Action.REMIND,
        Action.HOLD,
        Action.PURGE,
        Action.MANAGE_KEYS,
        Action.MANAGE_WEBHOOKS,
        Action.SEE_DECISIONS,
    },
    Role.AUDITOR: _EVERYBODY
    | {Action.REDRAW_SAMPLE, Action.EXPORT, Action.VIEW_LEDGER, Action.TUNE, Action.SEE_DECISIONS},
    Role.SYSTEM: frozenset(
        {
            Action.OPEN_CASE,
            Action.ATTACH_ALERT,
            Action.IMPORT,
            Action.DETECT,
            Action.SCORE,
            Action.VIEW_SCORES,
            Action.LOAD_LISTS,  # a scheduled download; only a person says who is meant by a name
            Action.ADVISE,
            Action.DRAW_SAMPLE,  # a scheduled draw: nobody chooses the day or the rate to suit themselves
            Action.REDRAW_SAMPLE,
            Action.VIEW_LEDGER,
            Action.REMIND,
            Action.MANAGE_KEYS,
            Action.MANAGE_WEBHOOKS,
            Action.ADMINISTER,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts; ``user_id`` is what the ledger records."""

    user_id: str
    name: str
    role: Role
    active: bool = True
    email: str = ""

    @property
    def need_to_know(self) -> bool:
        """Whether the role is told of SARs it did not work on (31 CFR 1020.320(e) forbids telling others)."""
        return Action.SEE_DECISIONS in PERMISSIONS[self.role]


#: The desk itself: detection, import and clean-up act under this name.
SYSTEM: Final = Person("system", "AML Case Desk", Role.SYSTEM)


class RoleForbids(NotPermitted):
    """The permission table has no such row."""

    def __init__(self, actor: Person, action: Action) -> None:
        allowed = [role.value for role in PERSON_ROLES if action in PERMISSIONS[role]]
        who = " or ".join(allowed) if allowed else "nobody but the desk itself"
        super().__init__(f"The role {actor.role.value} may not {action.value}; that takes: {who}.")


class Inactive(NotPermitted):
    """The person's access has been switched off."""

    def __init__(self, actor: Person) -> None:
        super().__init__(f"{actor.name} is not active any more; a person who is not active changes nothing.")


class DutiesNotSeparated(NotPermitted):
    """The person touched the case and so may not judge it."""

    def __init__(self, action: Action) -> None:
        who = "manager" if action in (Action.APPROVE, Action.APPROVE_FILING, Action.RETURN) else "QA reviewer"
        super().__init__(
            f"You worked on this case, so you may not {action.value}; only a {who} who has not touched the case may."
        )


def may(role: Role, action: Action) -> bool:
    """Look the pair up in the permission table."""
    return action in PERMISSIONS[role]


def require(actor: Person, action: Action) -> None:
    """Refuse unless the actor is active and the role's row holds the action.

    :raises Inactive: if the person was switched off.
    :raises RoleForbids: if the table has no such pair.
    """
    if not actor.active:
        raise Inactive(actor)
    if not may(actor.role, action):
        raise RoleForbids(actor, action)


def require_untouched(actor: Person, action: Action, touched_by: frozenset[str]) -> None:
    """Refuse whoever worked on the case. There is no bypass, managers included.

    :raises DutiesNotSeparated: if ``actor`` is in ``touched_by``.
    """
    if actor.user_id in touched_by:
        raise DutiesNotSeparated(action)
