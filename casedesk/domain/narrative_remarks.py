"""What a reader would ask of a narrative: figures that nothing bears out, and the questions that stay open; and a first draft.

The questions (who, what, when, where, why, how) are those of FinCEN's guidance on SAR narratives (November 2003) and of the
FFIEC BSA/AML Manual, appendix L.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.domain.money import MINOR_DIGITS
from casedesk.domain.narrative import CASE, MONTHS, BadFigure, Evidence, Rendered, day_in_words, listed

_AMOUNT: Final = re.compile(r"(?<![\w.,-])(?:\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+\.\d{2})(?!\w|[.,-]\d)")
_GAP: Final = re.compile(r"\[[A-Z][^\[\]]*\.\]")  # as the draft leaves them: a bracket, sentences, a bracket
_DAY: Final = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b|\b(\d{{4}})-(\d\d)-(\d\d)\b")
_ASKED: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = (
    ("what", "say what was done: deposits, transfers, withdrawals, payments",
     re.compile(r"deposit|transfer|withdr|wire|paid|payment|purchase|cash|cheque|loan|exchange", re.IGNORECASE)),
    ("where", "say where: a branch, a city, a country, a bank",
     re.compile(r"branch|abroad|countr|city|bank|online|ATM|address|located|\b[A-Z]{2}\b")),
    ("why", "say why it is suspicious: what does not fit, what has no explanation",
     re.compile(r"suspici|unusual|no (?:apparent|lawful|business)|inconsisten|not explain|does not|did not|declin|refus|because|"
                r"without|evad|avoid|conceal|structur", re.IGNORECASE)),
    ("how", "say how it was done: in what pieces, through whom, in which order",
     re.compile(r"\bby\b|through|using|via|within|each|then|after|followed|split|pieces|divid|in turn|between", re.IGNORECASE)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that a reader would ask. ``blocks`` says whether the narrative may be sent like this."""

    what: str  # a figure, or one of the questions
    sentence: str
    blocks: bool = False


def remarks(
    rendered: Rendered, evidence: Evidence, *, names: Iterable[str], known: Iterable[int], blocks: bool
) -> tuple[Remark, ...]:
    """Name the figures and days that nothing in the evidence bears out, and the questions that stay open.

    :param names: what tells who the subject is: name, customer id, accounts.
    :param known: amounts in minor units that may stand in a narrative unbound, such as a rule's thresholds.
    :param blocks: the policy: whether an unbound figure that matches no evidence stops the narrative.
    """
    free = _unbound(rendered)
    digits = MINOR_DIGITS[evidence.currency]
    amounts = _amounts(evidence) | set(known)
    found = [
        Remark(
            match,
            f"“{match}” is neither bound nor a figure of the evidence; insert it as a figure, or mend it.",
            blocks,
        )
        for match in dict.fromkeys(one[0] for one in _AMOUNT.finditer(free))
        if _minor(match, digits) not in amounts
    ]
    found += [
        Remark(
            gap,
            f"{gap[:60]}{'…]' if len(gap) > 60 else ''} is a gap of the draft; fill it or take it out.",
            blocks=True,
        )
        for gap in dict.fromkeys(_GAP.findall(free))
    ]
    days = {piece.booked_at.date() for piece in evidence.pieces.values()}
    first, last = (min(days), max(days)) if days else (date.min, date.max)
    for match in _DAY.finditer(free):
        day = _date(match)
        if day is None:
            found.append(Remark(match[0], f"“{match[0]}” is no day of the calendar.", blocks))
        elif day < first or day > last:
            span = f"{day_in_words(first)} to {day_in_words(last)}"
            found.append(
                Remark(
                    match[0], f"“{match[0]}” lies outside the evidence ({span}); say what happened then, or mend it."
                )
            )
    text = rendered.text
    if not any(name and name.casefold() in text.casefold() for name in names):
        found.append(Remark("who", "Who: name the subject, by name, customer id or account."))
    if not (_DAY.search(text) or any(one.figure in ("first", "last") for one in rendered.figures)):
        found.append(Remark("when", "When: give the days; “First day” and “Last day” can be inserted."))
    found += [Remark(what, f"{what.capitalize()}: {ask}.") for what, ask, words in _ASKED if not words.search(text)]
    return tuple(found)


def _unbound(rendered: Rendered) -> str:
    """Return the text with blanks in the places of its figures."""
    text = rendered.text
    for one in rendered.figures:
        text = text[: one.start] + " " * one.length + text[one.start + one.length :]
    return text


def _amounts(evidence: Evidence) -> set[int]:
    """Return every amount that the evidence bears out: of each transaction, and each selection's total."""
    found = {piece.base_minor for piece in evidence.pieces.values()}
    for name in (CASE, *evidence.alerts):
        for side in ("", "/in", "/out"):
            try:
                found.add(sum(piece.base_minor for piece in evidence.select(name, side)))
            except BadFigure:
                continue
    whole = 10 ** MINOR_DIGITS[evidence.currency]
    return found | {amount // whole * whole for amount in found}  # told in whole units, as a report does


def _minor(text: str, digits: int) -> int:
    whole, _, fraction = text.replace(",", "").partition(".")
    return int(whole + fraction.ljust(digits, "0")[:digits])


def _date(match: re.Match[str]) -> date | None:
    try:
        if match[1]:
            return date(int(match[3]), MONTHS.index(match[2]) + 1, int(match[1]))
        return date(int(match[4]), int(match[5]), int(match[6]))
    except ValueError:
        return None


def draft(subject: str, customer_id: str, alerts: Sequence[tuple[str, str, str]]) -> str:
    """Compose a first draft from the alerts, figures bound; an analyst writes what the transactions cannot say.

    :param alerts: of each alert its id, the title of its rule, and its sentence, in order of time.
    """
    kinds = listed({title.lower() for _, title, _ in alerts})
    body = "\n".join(
        f"From {{{{first:{alert_id}}}}} to {{{{last:{alert_id}}}}}, {title.lower()}: {{{{count:{alert_id}}}}} transactions over "
        f"{{{{sum:{alert_id}}}}} on account {{{{accounts:{alert_id}}}}} (alert {alert_id})."
        for alert_id, title, _ in alerts
    )
    return (
        f"This report is about {subject} (customer {customer_id}), for suspected {kinds}: {{{{count:case}}}} transactions with a "
        "total of {{sum:case}} between {{first:case}} and {{last:case}}. [Initial or continuing report; earlier reports.]\n\n"
        f"{body}\nCounterparties: {{{{parties:case}}}}. [Where it was done, and how. Source and use of the funds. Why it is "
        "suspicious: what does not fit this customer, and what the customer said.]\n\n"
        "[Summary. What the bank did. Where the documents are kept.]"
    )
