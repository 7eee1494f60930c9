"""Figures in a narrative that are bound to transactions: written as ``{{sum:case}}``, told as text, computed again by anybody.

A binding names a figure and a selection of the case's evidence: ``case`` for all of it or an alert's id, narrowed by ``/in``
or ``/out`` to money that the customer received or paid. What is stored is the text as it will be read, where each figure
stands in it, and the transaction ids of each selection. So a figure that went stale is found before anybody approves it, and
an outsider computes each one again from the packet.

What a reader of the finished text would ask is in ``narrative_remarks``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from casedesk.domain.money import MINOR_DIGITS, format_minor
from casedesk.errors import Conflict, Invalid

CASE: Final = "case"
_TOKEN: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PARTS: Final = re.compile(r"([a-z]+):(case|A-[0-9A-F]{12})(/in|/out)?")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class BadFigure(Invalid):
    """A binding names a figure or a selection that there is not."""


class StaleFigure(Conflict):
    """A figure no longer says what its transactions add up to."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One transaction of the evidence as the customer's account sees it. ``other`` is empty for cash."""

    transaction_id: str
    booked_at: datetime
    base_minor: int
    direction: (
        str  # in or out; out between the customer's own accounts; empty where the customer stands on neither side
    )
    account: str  # empty as above
    other: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What figures can be bound to: the pieces by id, and of each alert the ids of its evidence."""

    pieces: Mapping[str, Piece]
    alerts: Mapping[str, tuple[str, ...]]
    currency: str

    def select(self, name: str, side: str) -> tuple[Piece, ...]:
        """Return the pieces of a selection in order of booking.

        :raises BadFigure: if the case has no such alert, or the selection is empty.
        """
        if name != CASE and name not in self.alerts:
            known = ", ".join(sorted(self.alerts)[:5])
            raise BadFigure(f"The case has no alert “{name}”; write case, or one of its alerts: {known}.")
        ids = {one for ids in self.alerts.values() for one in ids} if name == CASE else set(self.alerts[name])
        found = [self.pieces[one] for one in ids if not side or self.pieces[one].direction == side.removeprefix("/")]
        if not found:
            raise BadFigure(f"“{name}{side}” selects no transaction; choose another selection.")
        return tuple(sorted(found, key=lambda piece: (piece.booked_at, piece.transaction_id)))


@dataclass(frozen=True, slots=True)
class Bound:
    """One figure in a text: what it is, of which selection, and where it stands, in characters."""

    figure: str
    selection: str  # with its side, such as ``case/in``
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as it will be read, its figures, and the transaction ids of each selection."""

    text: str
    figures: tuple[Bound, ...] = ()
    selections: Mapping[str, tuple[str, ...]] | None = None
    accounts: tuple[str, ...] = ()  # the customer's, which say who is a counterparty
    currency: str = ""

    def record(self) -> dict[str, Any]:
        """Write what the ledger keeps, as JSON values; empty where nothing is bound."""
        if not self.figures:
            return {}
        return {
            "accounts": list(self.accounts),
            "currency": self.currency,
            "digits": MINOR_DIGITS[self.currency],
            "figures": [[one.figure, one.selection, one.start, one.length] for one in self.figures],
            "selections": {name: list(ids) for name, ids in (self.selections or {}).items()},
        }


def _sum(pieces: Sequence[Piece], currency: str) -> str:
    return f"{currency} {format_minor(sum(piece.base_minor for piece in pieces), currency)}"


def _largest(pieces: Sequence[Piece], currency: str) -> str:
    return f"{currency} {format_minor(max(piece.base_minor for piece in pieces), currency)}"


def _smallest(pieces: Sequence[Piece], currency: str) -> str:
    return f"{currency} {format_minor(min(piece.base_minor for piece in pieces), currency)}"


def _count(pieces: Sequence[Piece], currency: str) -> str:
    return f"{len(pieces):,}"


def _first(pieces: Sequence[Piece], currency: str) -> str:
    return day_in_words(pieces[0].booked_at.date())


def _last(pieces: Sequence[Piece], currency: str) -> str:
    return day_in_words(pieces[-1].booked_at.date())


def _parties(pieces: Sequence[Piece], currency: str) -> str:
    return listed({piece.other for piece in pieces if piece.other}) or "nobody but cash"


def _accounts(pieces: Sequence[Piece], currency: str) -> str:
    return listed({piece.account for piece in pieces if piece.account}) or "none of the customer's"


#: Every figure: its title on screen, and how it is told.
FIGURES: Final[dict[str, tuple[str, Callable[[Sequence[Piece], str], str]]]] = {
    "sum": ("Total", _sum),
    "count": ("Number of transactions", _count),
    "largest": ("Largest amount", _largest),
    "smallest": ("Smallest amount", _smallest),
    "first": ("First day", _first),
    "last": ("Last day", _last),
    "parties": ("Counterparties", _parties),
    "accounts": ("Accounts", _accounts),
}


def day_in_words(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def listed(names: set[str]) -> str:
    ordered = sorted(names)
    return ordered[0] if len(ordered) == 1 else ", ".join(ordered[:-1]) + " and " + ordered[-1] if ordered else ""


def told(figure: str, pieces: Sequence[Piece], currency: str) -> str:
    """Tell a figure of some pieces."""
    return FIGURES[figure][1](pieces, currency)


def render(text: str, evidence: Evidence) -> Rendered:
    """Put the figures in the places of their bindings.

    :raises BadFigure: naming the binding that cannot be told.
    """
    out: list[str] = []
    figures: list[Bound] = []
    selections: dict[str, tuple[str, ...]] = {}
    at = length = 0
    for token in _TOKEN.finditer(text):
        figure, name, side = _read(token[1])
        pieces = evidence.select(name, side)
        said = told(figure, pieces, evidence.currency)
        out += [text[at : token.start()], said]
        length += token.start() - at
        figures.append(Bound(figure, name + side, length, len(said)))
        selections[name + side] = tuple(piece.transaction_id for piece in pieces)
        length += len(said)
        at = token.end()
    out.append(text[at:])
    if not figures:
        return Rendered(text)
    accounts = tuple(sorted({piece.account for piece in evidence.pieces.values() if piece.account}))
    return Rendered("".join(out), tuple(figures), selections, accounts, evidence.currency)


def _read(token: str) -> tuple[str, str, str]:
    parts = _PARTS.fullmatch(token)
    if parts is None or parts[1] not in FIGURES:
        raise BadFigure(
            f"“{{{{{token[:40]}}}}}” is no figure; write one of {', '.join(FIGURES)}, a colon, and case or an alert's id, "
            "such as {{sum:case}} or {{count:case/in}}."
        )
    return parts[1], parts[2], parts[3] or ""


def template(text: str, record: Mapping[str, Any]) -> str:
    """Turn a recorded text back into what was typed, so that rework starts from its bindings."""
    for figure, selection, start, length in sorted(record.get("figures", ()), key=lambda one: -one[2]):
        text = f"{text[:start]}{{{{{figure}:{selection}}}}}{text[start + length :]}"
    return text


def require_fresh(text: str, record: Mapping[str, Any], evidence: Evidence) -> None:
    """Refuse a text whose figures are not what its selections add up to by now.

    :raises StaleFigure: naming the first, with what was written and what it would be.
    """
    for figure, selection, start, length in record.get("figures", ()):
        was = text[start : start + length]
        name, slash, side = selection.partition("/")
        try:
            now = told(figure, evidence.select(name, slash + side), evidence.currency)
        except BadFigure as gone:
            raise StaleFigure(
                f"“{was}” ({FIGURES[figure][0].lower()}, {selection}) has lost its evidence. {gone}"
            ) from None
        if now != was:
            raise StaleFigure(
                f"“{was}” ({FIGURES[figure][0].lower()}, {selection}) went stale: the evidence gives “{now}” now. Return the "
                "report, so that its maker sends it again with the figures of today."
            )
