"""Data that came in, and what the rules made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionsImported(Event):
    """A file, or what a program posted, was imported to the end. Desk event.

    ``via`` names the way it came, of a program the key, too. Version 1 had no such field.
    """

    action: ClassVar[str] = "transactions_imported"
    title: ClassVar[str] = "File imported"
    version: ClassVar[int] = 2
    touches: ClassVar[bool] = False
    import_id: str
    kind: str
    sha256: str
    read: int
    stored: int
    duplicates: int
    rejected: int
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesLoaded(Event):
    """An exchange-rate table was put in force. Desk event."""

    action: ClassVar[str] = "rates_loaded"
    title: ClassVar[str] = "Rates loaded"
    touches: ClassVar[bool] = False
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRan(Event):
    """The rules were run over the stored transactions. Desk event.

    ``alerts`` counts what the rules find in all of the data, ``alerts_sha256`` is the digest over it. ``since`` names the
    run this one was built upon and is empty when everything was looked at. Version 1 had none of the three.
    ``hidden_alerts`` counts what suppressions kept from becoming alerts, or from growing, in this run; ``hidden_sha256`` is
    the digest over all that is recorded as hidden after it. Version 2 had neither.
    """

    action: ClassVar[str] = "detection_ran"
    title: ClassVar[str] = "Detection ran"
    version: ClassVar[int] = 3
    touches: ClassVar[bool] = False
    run_id: str
    rule_set_hash: str
    data_fingerprint: str
    alerts: int
    alerts_sha256: str
    since: str
    new_alerts: int
    grown_alerts: int
    hidden_alerts: int
    hidden_sha256: str
    cases_opened: int
