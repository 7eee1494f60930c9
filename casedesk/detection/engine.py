"""A run: rules over transactions and accounts, and all that is needed to repeat it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import duckdb
import ibis

import casedesk
from casedesk.detection.duck import Limits, loaded
from casedesk.detection.episodes import alerts_of
from casedesk.detection.fingerprint import Digest
from casedesk.detection.parameters import canonical_json, rule_set_hash
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.detection.sources import Source
from casedesk.domain.alerts import Alert
from casedesk.domain.money import MINOR_DIGITS, UnknownCurrency

ENGINE: Final = "duckdb"
#: The software whose versions a run records.
VERSIONS: Final = {"casedesk": casedesk.__version__, "duckdb": duckdb.__version__, "ibis": ibis.__version__}


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """What a run found, and what it ran over.

    The same ``rule_set_hash`` and ``data_fingerprint`` give the same ``alerts``; ``versions`` says on which software
    that was so. ``parameters`` is canonical JSON, one entry a rule. ``digests`` is what the fingerprint is made of.
    ``accounts`` holds, where they were asked for, the customer's accounts in the evidence of each alert by its id.
    """

    alerts: tuple[Alert, ...]
    rule_set_hash: str
    parameters: str
    data_fingerprint: str
    digests: Mapping[str, Digest]
    transactions: int
    engine: str
    versions: Mapping[str, str] = field(compare=False)
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)


def detect(
    transactions: Source,
    accounts: Source,
    *,
    rules: Sequence[Rule] = RULES,
    limits: Limits | None = None,
    base_currency: str = "USD",
    subjects: Sequence[str] | None = None,
    name_accounts: bool = False,
) -> DetectionResult:
    """Run the rules and return their alerts by time, then id.

    ``transactions`` has the columns transaction_id, booked_at (timestamp, UTC), from_account and to_account ('' for
    cash), base_minor (int64, minor units of ``base_currency``), channel, from_country and to_country (alpha-2 or '');
    ``accounts`` has account_id and customer_id ('' for a counterparty, which is never a subject). Order and chunking of
    rows do not matter. Nothing is stored.

    :param subjects: account ids; rules of local reach (:class:`~casedesk.detection.rule.Reach`) look at these only, and
        need no more than the transactions and accounts of the subjects' customers and of their counterparties.
    :param name_accounts: say for each alert which accounts of its customer stand in the evidence.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises OutOfMemory: if the work does not fit the limits.
    :raises UnknownCurrency: if ``base_currency`` is not an ISO 4217 code.
    """
    if base_currency not in MINOR_DIGITS:
        raise UnknownCurrency(base_currency)
    alerts: list[Alert] = []
    with loaded(transactions, accounts, limits or Limits(), subjects) as data:
        for rule in rules:
            alerts += alerts_of(rule, data.evidence(rule), base_currency)
        named = data.own_accounts(alerts) if name_accounts else {}
        fingerprint, digests, count = data.fingerprint, data.digests, data.transactions
    return DetectionResult(
        alerts=tuple(sorted(alerts, key=lambda alert: (alert.window_start, alert.alert_id))),
        rule_set_hash=rule_set_hash(rules),
        parameters=canonical_json({rule.name: rule.parameters.values() for rule in rules}),
        data_fingerprint=fingerprint,
        digests=digests,
        transactions=count,
        engine=ENGINE,
        versions=MappingProxyType(VERSIONS),
        accounts=named,
    )
