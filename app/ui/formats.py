"""How values are written: the one table of badges, and money, dates and ages. No page writes a badge by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from casedesk.domain.advice import Verdict as Advised
from casedesk.domain.alerts import Risk
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.clocks import Kind
from casedesk.domain.filings import FilingState
from casedesk.domain.money import MINOR_DIGITS, format_minor
from casedesk.domain.proposals import ProposalState
from casedesk.domain.scores import WHOLE
from casedesk.domain.suppressions import State as Suppressed
from casedesk.domain.verification import Verdict
from casedesk.services import rule_titles

Color = Literal["red", "orange", "green", "blue", "violet", "gray"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A value as icon and word, colour third. ``glyph`` stands in tables, whose cells draw no icons."""

    word: str
    icon: str
    glyph: str
    color: Color

    @property
    def text(self) -> str:
        """The badge in Markdown."""
        return f":{self.color}-badge[:material/{self.icon}: {self.word}]"

    @property
    def chip(self) -> str:
        """The badge in a table's cell."""
        return f"{self.glyph} {self.word}".strip()


BADGES: Final[dict[Risk | Stage | Disposition | Verdict | Suppressed, Badge]] = {
    Risk.HIGH: Badge("High", "stat_2", "▲", "red"),
    Risk.MEDIUM: Badge("Medium", "stat_1", "△", "orange"),
    Risk.LOW: Badge("Low", "stat_minus_1", "▽", "gray"),
    Risk.MINIMAL: Badge("Minimal", "remove", "–", "gray"),
    Stage.NEW: Badge("New", "circle", "○", "gray"),
    Stage.WORKING: Badge("In Review", "timelapse", "◐", "blue"),
    Stage.ESCALATED: Badge("Escalated", "arrow_upward", "▲", "orange"),
    Stage.AWAITING: Badge("Awaiting approval", "approval", "◆", "violet"),
    Stage.CLOSED: Badge("Closed", "check_circle", "●", "green"),
    Stage.BROKEN: Badge("Broken", "gpp_bad", "!", "red"),
    Disposition.NONE: Badge("Undecided", "pending", "○", "gray"),
    Disposition.NO_SAR: Badge("No SAR", "remove", "–", "gray"),
    Disposition.SAR: Badge("SAR", "description", "■", "violet"),
    Disposition.ESCALATE: Badge("Escalated", "arrow_upward", "▲", "orange"),
    Verdict.VERIFIED: Badge("Intact", "verified", "✓", "green"),
    Verdict.TAMPERED: Badge("Broken", "gpp_bad", "!", "red"),
    Verdict.NOT_EVALUATED: Badge("Cannot tell", "help", "?", "gray"),
    Suppressed.PROPOSED: Badge("Proposed", "approval", "◆", "violet"),
    Suppressed.IN_FORCE: Badge("In force", "visibility_off", "●", "blue"),
    Suppressed.REJECTED: Badge("Rejected", "close", "–", "gray"),
    Suppressed.ENDED: Badge("Ended", "check_circle", "○", "gray"),
}

#: States of rule sets; a table of their own, because equal words are equal keys.
RULE_SETS: Final[dict[ProposalState, Badge]] = {
    ProposalState.PROPOSED: Badge("Proposed", "approval", "◆", "violet"),
    ProposalState.IN_FORCE: Badge("In force", "check_circle", "●", "green"),
    ProposalState.SUPERSEDED: Badge("Superseded", "history", "○", "gray"),
    ProposalState.REJECTED: Badge("Rejected", "close", "–", "gray"),
    ProposalState.WITHDRAWN: Badge("Withdrawn", "undo", "–", "gray"),
}

#: States of filings; a table of their own, as above.
FILINGS: Final[dict[FilingState, Badge]] = {
    FilingState.DRAFT: Badge("Draft", "edit_note", "○", "gray"),
    FilingState.APPROVED: Badge("Approved", "approval", "◆", "violet"),
    FilingState.PRODUCED: Badge("Produced", "inventory_2", "◐", "blue"),
    FilingState.TRANSMITTED: Badge("Transmitted", "send", "▲", "orange"),
    FilingState.ACKNOWLEDGED: Badge("Acknowledged", "check_circle", "●", "green"),
    FilingState.REJECTED: Badge("Rejected", "block", "!", "red"),
}

#: Kinds of due dates. Their words say what is due, and of a case only that it is.
CLOCKS: Final[dict[Kind, Badge]] = {
    Kind.REPORT: Badge("Case", "folder_open", "●", "blue"),
    Kind.CTR: Badge("Currency report", "payments", "$", "gray"),
    Kind.REVIEW: Badge("Continuing review", "manage_search", "◇", "violet"),
    Kind.CONTINUING: Badge("Continuing report", "event_repeat", "◆", "violet"),
    Kind.RETENTION: Badge("Retention", "inventory_2", "■", "gray"),
}

#: What advice says; a table of its own, as above.
ADVICE: Final[dict[Advised, Badge]] = {
    Advised.ESCALATE: Badge("Escalate", "arrow_upward", "▲", "orange"),
    Advised.REVIEW: Badge("Review", "manage_search", "◇", "blue"),
    Advised.DISMISS: Badge("Dismiss", "remove", "–", "gray"),
}

#: The same by the stored word of a decision.
BADGES_BY_DECISION: Final = {decision.value: BADGES[decision] for decision in Disposition}

#: What the chips of tables are filled with, light and dark; text on them is the page's own ink. From the theme.
FILLS: Final[dict[Color, tuple[str, str]]] = {
    "red": ("#FDECEC", "#3A1D20"),
    "orange": ("#FEF0E3", "#352316"),
    "green": ("#E6F4EC", "#15291F"),
    "blue": ("#EBF0FE", "#1D2541"),
    "violet": ("#F1EEFC", "#282344"),
    "gray": ("#EFF1F4", "#24282D"),
}


def due(due_at: datetime, now: datetime, soon_days: int = 7) -> Badge:
    """Say how long there is until a due date, or how long it is over."""
    left = due_at - now
    if left < timedelta():
        return Badge(f"{age(-left)} over", "alarm", "!", "red")
    if left < timedelta(days=soon_days):
        return Badge(age(left), "schedule", "◷", "orange")
    return Badge(age(left), "schedule", "○", "gray")


def age(span: timedelta) -> str:
    """Write a duration by its largest unit: ``40 s``, ``6 min``, ``3 h``, ``26 d``."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def span(length: timedelta) -> str:
    """Write a duration by its two largest units: ``4 d 6 h``."""
    hours = max(int(length.total_seconds()), 0) // 3600
    if hours >= 24:
        return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"
    return f"{hours} h" if hours else age(length)


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago something was."""
    return f"{age(now - at)} ago"


def day(when: date) -> str:
    """Write ``24 Nov 2026``."""
    return f"{when.day} {when:%b %Y}"


def moment(at: datetime) -> str:
    """Write ``24 Nov 2026 14:26 UTC``."""
    return f"{day(at)} {at.astimezone(UTC):%H:%M} UTC"


def money(minor: int, currency: str) -> str:
    """Write ``USD 486,912.40``."""
    return f"{currency} {format_minor(minor, currency)}"


def units(minor: int, currency: str) -> float:
    """Return an amount as a number for a table or a chart, which round to the currency's decimals."""
    return minor / float(10 ** MINOR_DIGITS[currency])


def exposure(score: int | None) -> str:
    """Write a score that is kept in units; one that was never stored is a dash, not 0."""
    return "–" if score is None else f"{score / WHOLE:.4f}"


def rule(name: str) -> str:
    """Write a rule by its title: ``Fan-in`` for ``fan_in``."""
    return rule_titles.title(name)


def parameter(name: str) -> str:
    """Write a parameter's name as words: ``Window days`` for ``window_days``."""
    return name.replace("_", " ").capitalize()


def clip(text: str, most: int) -> str:
    """Cut a text to so many characters, the ellipsis included."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


_MARKUP: Final = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Escape what somebody typed or a file brought, so that Markdown shows it as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def small(text: str) -> str:
    """Write secondary text. Not a caption, whose contrast is below AA."""
    return f":small[:gray[{text}]]"
