"""Alerts, and the one table of risk bands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from casedesk.domain.ledger import plain_digest
from casedesk.domain.moments import canonical


class Risk(StrEnum):
    """How bad it looks, from the severity of the worst alert."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"
    MINIMAL = "Minimal"


#: Lowest severity (0 to 100) of each band, worst first. The only table of bands in the desk.
BANDS: Final[tuple[tuple[int, Risk], ...]] = ((75, Risk.HIGH), (50, Risk.MEDIUM), (25, Risk.LOW), (0, Risk.MINIMAL))


def band(severity: int) -> Risk:
    """Name the band of a severity from 0 to 100."""
    return next(risk for lowest, risk in BANDS if severity >= lowest)


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode: the overlapping hits of one rule on one account, with all their evidence."""

    alert_id: str
    rule: str
    rule_version: str
    parameters: str  # canonical JSON of the rule's parameter values
    customer_id: str
    account_id: str
    window_start: datetime
    window_end: datetime
    transaction_ids: tuple[str, ...]
    amount_minor: int  # base currency, sum of the evidence
    severity: int
    sentence: str
    run_id: str = field(default="", compare=False)
    raised_at: datetime | None = field(default=None, compare=False)
    case_id: str = field(default="", compare=False)
    lapsed_in: str = field(default="", compare=False)  # the run that no longer found it

    @property
    def risk(self) -> Risk:
        return band(self.severity)


def alert_id(rule: str, account_id: str, first_transaction_id: str) -> str:
    """Derive an alert's id from what it is about, so that the same data gives the same id everywhere."""
    text = "\x1f".join((rule, account_id, first_transaction_id))
    return "A-" + hashlib.sha256(text.encode()).hexdigest()[:12].upper()


@lru_cache(maxsize=128)
def risk_rank(severity: int) -> int:
    """Return the band's place, 0 for the worst."""
    return [risk for _, risk in BANDS].index(band(severity))


#: What the ledger vouches for, besides the evidence.
DIGESTED: Final = (
    "account_id", "alert_id", "amount_minor", "customer_id", "parameters", "rule", "rule_version", "sentence",
    "severity", "window_end", "window_start",
)  # fmt: skip


def alert_digest(alert: Alert) -> str:
    """Hash what an alert says, evidence included, so that the ledger can vouch for its row."""
    values: dict[str, Any] = {name: getattr(alert, name) for name in DIGESTED}
    for name in ("window_start", "window_end"):
        values[name] = canonical(values[name])
    return digest_of(values, alert.transaction_ids)


def lapsed_digest(digest: str, run_id: str) -> str:
    """Say of an alert with this digest that a run no longer found it; of one that stands there is nothing to say."""
    return f"{digest}, lapsed in {run_id}" if run_id else digest


def lapse_told(run_id: str, by: str) -> str:
    """Say that a run no longer found an alert, by the rule and the values that had raised it."""
    joined = f"; {by} holds transactions of it now" if by else ""
    return f"no longer found by run {run_id}, given what arrived since{joined}"


def digest_of(values: Mapping[str, Any], transaction_ids: Sequence[str]) -> str:
    """Hash the columns in ``DIGESTED``, times as canonical text, with the evidence in its order.

    It takes what is stored as it is, so that a row that somebody filled with nonsense gives another hash, not an error.
    """
    plain: dict[str, str | int | list[str]] = dict(zip(values, map(str, values.values()), strict=True))
    severity = values["severity"]
    if isinstance(severity, int):
        plain["severity"] = severity
    plain["transaction_ids"] = list(transaction_ids)
    return plain_digest(plain)
