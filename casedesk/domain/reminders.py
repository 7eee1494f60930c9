"""Who is to be reminded of what falls due, and in which words: a work item is due, and never what it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.domain.counts import counted
from casedesk.domain.people import Person, Role
from casedesk.domain.policy import Policy

SUBJECT: Final = "Work items due"
_MOST_LINES: Final = 50


@dataclass(frozen=True, slots=True)
class Item:
    """A case as far as one of its due dates goes. ``managers`` says that the next step on it is a manager's.

    What is due is not said: most of the kinds there are would tell whether a report was filed.
    """

    case_id: str
    due_on: date
    owner: str
    managers: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is reminded of: what waits for them, and what is overdue with others and so comes to them."""

    person: Person
    day: date
    own: tuple[Item, ...]
    escalated: tuple[Item, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return self.own + self.escalated

    @property
    def text(self) -> str:
        """The whole message. Nobody who reads it over a shoulder learns what a case is about or what was decided."""
        parts = [
            self._part(self.own, "for you"),
            self._part(self.escalated, "overdue with others"),
            "Sign in to the desk and open the calendar; please do not answer to this message.",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _part(self, items: Sequence[Item], what: str) -> str:
        if not items:
            return ""
        lines = [f"{item.case_id}  {self._when(item)}" for item in items[:_MOST_LINES]]
        if len(items) > _MOST_LINES:
            lines.append(f"and {len(items) - _MOST_LINES:,} more")
        return "\n".join([f"{counted(len(items), 'work item')} {what}:", *lines])

    def _when(self, item: Item) -> str:
        days = (item.due_on - self.day).days
        day = f"{item.due_on.day} {item.due_on:%b %Y}"
        return f"due {day}" if days > 0 else f"due today, {day}" if days == 0 else f"overdue since {day}"


def plan(
    items: Iterable[Item], people: Iterable[Person], today: date, policy: Policy, given: Collection[tuple[str, str]]
) -> tuple[Notice, ...]:
    """Return a notice for each person who has something to be reminded of, by user id.

    The owner is reminded from ``remind_days_before`` days before the due day on. A case that nobody active holds, or whose
    next step is a manager's, comes to every manager instead; and so does, besides, what has been overdue for
    ``escalate_days_overdue`` days.

    :param given: the pairs (user, case) that were given today already.
    """
    before = policy.in_force("remind_days_before", today).value
    late = policy.in_force("escalate_days_overdue", today).value
    active = {p.user_id: p for p in people if p.active}
    managers = [p.user_id for p in active.values() if p.role is Role.MANAGER]
    own: dict[str, list[Item]] = {}
    escalated: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda one: (one.due_on, one.case_id)):
        left = (item.due_on - today).days
        if left > before:
            continue
        holders = managers if item.managers or item.owner not in active else [item.owner]
        _add(own, holders, item, given)
        if left <= -late:
            _add(escalated, [user for user in managers if user not in holders], item, given)
    return tuple(
        Notice(active[user], today, tuple(own.get(user, ())), tuple(escalated.get(user, ())))
        for user in sorted({*own, *escalated})
    )


def _add(into: dict[str, list[Item]], users: Iterable[str], item: Item, given: Collection[tuple[str, str]]) -> None:
    for user in users:
        if (user, item.case_id) not in given:
            into.setdefault(user, []).append(item)
