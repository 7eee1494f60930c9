"""A run: rules over transactions and accounts, and all that is needed to repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Final

import ibis
import pyarrow as pa

import casedesk
from casedesk.detection import duck, spark, spark_session
from casedesk.detection.episodes import alerts_of
from casedesk.detection.fingerprint import Digest
from casedesk.detection.kept_data import Crowded as Crowded  # services take both from here
from casedesk.detection.kept_data import KeptData as KeptData
from casedesk.detection.limits import Limits
from casedesk.detection.parameters import canonical_json, rule_set_hash
from casedesk.detection.peers import AmongPeers, Figures
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.detection.sources import Source
from casedesk.detection.subjects import Subjects
from casedesk.domain.alerts import Alert
from casedesk.domain.money import MINOR_DIGITS, UnknownCurrency

_DESK: Final = {"casedesk": casedesk.__version__, "ibis": ibis.__version__}
#: The software whose versions a run on DuckDB records.
VERSIONS: Final = {**_DESK, "duckdb": duck.VERSION}


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """What a run found, and what it ran over.

    The same ``rule_set_hash`` and ``data_fingerprint`` give the same ``alerts``; ``versions`` says on which software
    that was so. ``parameters`` is canonical JSON, one entry a rule. ``digests`` is what the fingerprint is made of.
    ``accounts`` holds, where they were asked for, the customer's accounts in the evidence of each alert by its id; ``figures`` by
    rule those of peer groups that the next run may be given.
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
    figures: Mapping[str, Figures] = field(default_factory=dict, compare=False)


def versions(limits: Limits | None = None) -> dict[str, str]:
    """Return the software whose versions a run within these limits records.

    :raises NoSpark: if it is to run on Spark, and pyspark or Java is missing.
    """
    if limits is None or limits.spark is None:
        return dict(VERSIONS)
    return {**_DESK, **spark_session.versions()}


def digests_of(transactions: Source, accounts: Source, limits: Limits, base_currency: str) -> Mapping[str, Digest]:
    """Return what the fingerprint is made of, for rows that came to others.

    :raises UnfitSource: if a column is missing or wrong.
    """
    return _module(limits).digests_of(transactions, accounts, limits, base_currency)


def _module(limits: Limits) -> ModuleType:
    return duck if limits.spark is None else spark


def detect(
    transactions: Source,
    accounts: Source,
    *,
    rules: Sequence[Rule] = RULES,
    limits: Limits | None = None,
    base_currency: str = "USD",
    subjects: Subjects | None = None,
    digests: Mapping[str, Digest] | None = None,
    name_accounts: bool = False,
    keep_figures: bool = False,
) -> DetectionResult:
    """Run the rules and return their alerts by time, then id.

    ``transactions`` has the columns transaction_id, booked_at (timestamp, UTC), from_account and to_account ('' for
    cash), base_minor (int64, minor units of ``base_currency``), channel, from_country and to_country (alpha-2 or ''),
    and where known amount_minor and currency, as it was paid;
    ``accounts`` has account_id and customer_id ('' for a counterparty, which is never a subject). Order and chunking of
    rows do not matter. Nothing is stored.

    :param subjects: rules of local reach (:class:`~casedesk.detection.rule.Reach`) look at these accounts only, judge each
        from a moment of its own on, and need no more than the transactions and accounts of the subjects' customers and of
        their counterparties.
    :param digests: those of all the data of which this is a part; None takes those of what is given.
    :param name_accounts: say for each alert which accounts of its customer stand in the evidence.
    :param keep_figures: tell the figures of peer groups that a run upon this one can be given; no run on Spark does.
    :raises UnfitSource: if a column is missing or wrong, an id appears twice, or an account is unknown.
    :raises OutOfMemory: if the work does not fit the limits.
    :raises Unavailable: if Spark is to run it, and cannot.
    :raises UnknownCurrency: if ``base_currency`` is not an ISO 4217 code.
    """
    (result,) = detect_each(
        transactions,
        accounts,
        rule_sets=(rules,),
        limits=limits,
        base_currency=base_currency,
        subjects=subjects,
        digests=digests,
        name_accounts=name_accounts,
        keep_figures=keep_figures,
    )
    return result


def detect_each(
    transactions: Source,
    accounts: Source,
    *,
    rule_sets: Sequence[Sequence[Rule]],
    limits: Limits | None = None,
    base_currency: str = "USD",
    subjects: Subjects | None = None,
    digests: Mapping[str, Digest] | None = None,
    name_accounts: bool = False,
    keep_figures: bool = False,
) -> tuple[DetectionResult, ...]:
    """Run several sets of rules over data that is loaded once, each as :func:`detect` would."""
    if base_currency not in MINOR_DIGITS:
        raise UnknownCurrency(base_currency)
    limits = limits or Limits()
    software = MappingProxyType(versions(limits))
    results = []
    with _module(limits).loaded(transactions, accounts, limits, subjects, base_currency, digests) as data:
        for rules in rule_sets:
            alerts = _alerts(data, rules, base_currency, subjects)
            named = data.own_accounts(alerts) if name_accounts else {}
            figures = _figures(data, rules) if keep_figures and isinstance(data, duck.LoadedData) else {}
            results.append(_result(data, rules, alerts, _module(limits).ENGINE, software, named, figures))
    return tuple(results)


def detect_kept(data: KeptData, *, rules: Sequence[Rule], base_currency: str, subjects: Subjects) -> DetectionResult:
    """Run the rules over data that stays loaded, as :func:`detect` would over all of it.

    :raises OutOfMemory: if the work does not fit the limits.
    """
    with data.guarded():
        data.look_at(subjects)
        alerts = _alerts(data, rules, base_currency, subjects)
        software, figures = MappingProxyType(dict(VERSIONS)), _figures(data, rules)
        return _result(data, rules, alerts, duck.ENGINE, software, {}, figures)


def _figures(data: duck.LoadedData, rules: Sequence[Rule]) -> Mapping[str, Figures]:
    return {rule.name: data.figures(rule) for rule in rules if isinstance(rule, AmongPeers)}


def _result(
    data: duck.LoadedData | spark.LoadedData,
    rules: Sequence[Rule],
    alerts: Iterable[Alert],
    engine: str,
    software: Mapping[str, str],
    accounts: Mapping[str, tuple[str, ...]],
    figures: Mapping[str, Figures],
) -> DetectionResult:
    return DetectionResult(
        alerts=tuple(sorted(alerts, key=lambda alert: (alert.window_start, alert.alert_id))),
        rule_set_hash=rule_set_hash(rules),
        parameters=canonical_json({rule.name: rule.parameters.values() for rule in rules}),
        data_fingerprint=data.fingerprint,
        digests=data.digests,
        transactions=data.transactions,
        engine=engine,
        versions=software,
        accounts=accounts,
        figures=figures,
    )


def _alerts(
    data: duck.LoadedData | spark.LoadedData, rules: Sequence[Rule], currency: str, subjects: Subjects | None
) -> list[Alert]:
    def told(rule: Rule, evidence: pa.Table) -> list[Alert]:
        alerts = alerts_of(rule, evidence, currency)
        judged = None if subjects is None else subjects.judged(rule)
        return list(alerts if judged is None else filter(judged.anew, alerts))

    return [alert for found in data.each(rules, told) for alert in found]
