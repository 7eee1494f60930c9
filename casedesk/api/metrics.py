"""Figures for Prometheus, of this process and of the whole desk. No name, no id, and nothing that counts decisions.

Every label has a closed list of values. What the whole desk has is read when somebody asks, and so is the same in each process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from casedesk.services.detecting import RULES
from casedesk.services.operations import Delays, Standing, Totals

#: What an address is called in figures and logs: steps on cases are one, so that none of them counts decisions.
PAGES: Final = {
    "/api/v1/transactions": "transactions",
    "/api/v1/alerts": "alerts",
    "/api/v1/cases": "cases",
    "/api/v1/ingestion/status": "ingestion",
}

#: Upper bounds in seconds: of what a person or a program waits for, and of what may take as long as a run over everything.
_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600)
_OUTCOMES: Final = ("read", "stored", "duplicate", "rejected")

disable_created_metrics()  # type: ignore[no-untyped-call]  # no annotations there; the moment a counter was made tells nothing


def page_of(path: str) -> str:
    """Name what was asked for, without any id."""
    if path.startswith("/api/v1/cases/") or path == "/api/v1/take-next":
        return "case"
    if path.startswith("/api/v1/scores/") or path in ("/api/v1/run-score", "/api/v1/reload-graph"):
        return "scores"
    return PAGES.get(path, "other")


class Metrics:
    """The figures of one process; its own registry, so that two applications in one process do not mix."""

    def __init__(self) -> None:
        made = self.registry = CollectorRegistry()
        ProcessCollector(registry=made)
        self.requests = Counter("casedesk_requests", "Requests answered.", ("page", "method", "status"), registry=made)
        self.seconds = Histogram(
            "casedesk_request_seconds", "From a request's first byte to its answer's last.", ("page",), buckets=_QUICK,
            registry=made,
        )  # fmt: skip
        self.transactions = Counter(
            "casedesk_transactions",
            "Transactions posted to this process, by what became of them.",
            ("outcome",),
            registry=made,
        )
        self.commit_seconds = Histogram(
            "casedesk_commit_seconds", "What the database took to commit a step.", buckets=_QUICK, registry=made
        )
        self.run_seconds = Histogram(
            "casedesk_run_seconds", "What a run of the rules took in this process.", buckets=_SLOW, registry=made
        )
        self.listeners = Gauge("casedesk_listeners", "Programs that listen at /ws/alerts.", registry=made)
        self.alert_seconds = Histogram(
            "casedesk_receipt_to_alert_seconds",
            "From an alert's last transaction to the end of its run, for alerts of the whole desk since this process began.",
            buckets=_SLOW, registry=made,
        )  # fmt: skip
        self.stored = _Stored(made)
        self._told: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, page: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        told = self._told.get((page, method, status))
        if told is None:  # looking a label up takes longer than counting
            told = self.requests.labels(page, method, str(status)), self.seconds.labels(page)
            self._told[page, method, status] = told
        told[0].inc()
        told[1].observe(seconds)

    def text(self, standing: Standing | None, totals: Totals | None, delays: Delays | None) -> bytes:
        """Write all figures in Prometheus's text form; those of the whole desk are left out where they could not be read."""
        self.stored.put(standing, totals)
        for seconds in delays.seconds if delays else ():
            self.alert_seconds.observe(seconds)
        return generate_latest(self.registry)


class _Stored:
    """What is stored in the desk's database."""

    def __init__(self, made: CollectorRegistry) -> None:
        self.rows = Gauge("casedesk_rows", "Rows that came in, by way and outcome.", ("way", "outcome"), registry=made)
        self.alerts = Gauge("casedesk_alerts", "Alerts that were raised, by rule.", ("rule",), registry=made)
        self.runs = Gauge("casedesk_runs", "Runs of the rules.", registry=made)
        self.events = Gauge("casedesk_ledger_events", "Events in the ledger.", registry=made)
        self.unseen = Gauge("casedesk_unseen_rows", "Transactions that no run has looked at yet.", registry=made)
        self.since = Gauge(
            "casedesk_seconds_since", "Seconds since the last import or run began.", ("what",), registry=made
        )
        self.cases = Gauge("casedesk_queue_cases", "Open cases by status.", ("status",), registry=made)
        self.oldest = Gauge(
            "casedesk_queue_oldest_seconds", "Age of the oldest open case of a status.", ("status",), registry=made
        )
        self._rules = frozenset(rule.name for rule in RULES)

    def put(self, standing: Standing | None, totals: Totals | None) -> None:
        for gauge in (self.rows, self.alerts, self.since, self.cases, self.oldest):
            gauge.clear()
        if totals is not None:
            self._put_totals(totals)
        if standing is None:
            return
        self.events.set(standing.events)
        self.unseen.set(standing.unseen_rows)
        for what, seconds in (("import", standing.last_import), ("run", standing.last_run)):
            if seconds is not None:
                self.since.labels(what).set(seconds)
        for queue in standing.queues:
            self.cases.labels(queue.status).set(queue.cases)
            self.oldest.labels(queue.status).set(queue.oldest_seconds)

    def _put_totals(self, totals: Totals) -> None:
        self.runs.set(totals.runs)
        for way, counts in totals.rows.items():
            for outcome, count in zip(_OUTCOMES, counts, strict=True):
                self.rows.labels(way, outcome).set(count)
        for rule, count in _bounded(totals.alerts, self._rules):
            self.alerts.labels(rule).set(count)


def _bounded(counts: Mapping[str, int], known: frozenset[str]) -> Iterable[tuple[str, int]]:
    """Put rules of another version of the desk together, so that the list of labels is closed."""
    yield from ((rule, count) for rule, count in counts.items() if rule in known)
    if other := sum(count for rule, count in counts.items() if rule not in known):
        yield "other", other
