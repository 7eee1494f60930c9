"""Figures for Prometheus: of requests and of what came in. No name, no id, and nothing that counts decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from casedesk.services.operations import Queue

#: What an address is called in figures and logs: steps on cases are one, so that none of them counts decisions.
PAGES: Final = {
    "/api/v1/transactions": "transactions",
    "/api/v1/alerts": "alerts",
    "/api/v1/cases": "cases",
    "/api/v1/ingestion/status": "ingestion",
}


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
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "casedesk_requests", "Requests answered.", ("page", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "casedesk_request_seconds", "From a request's first byte to its answer's last.", ("page",),
            registry=self.registry,
        )  # fmt: skip
        self.transactions = Counter(
            "casedesk_transactions", "Transactions sent, by what became of them.", ("outcome",), registry=self.registry
        )
        self.queue_cases = Gauge("casedesk_queue_cases", "Open cases by status.", ("status",), registry=self.registry)
        self.queue_age = Gauge(
            "casedesk_queue_oldest_seconds", "Age of the oldest open case of a status.", ("status",),
            registry=self.registry,
        )  # fmt: skip

    def answered(self, page: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.requests.labels(page, method, str(status)).inc()
        self.seconds.labels(page).observe(seconds)

    def text(self, queues: Iterable[Queue]) -> bytes:
        """Write all figures in Prometheus's text form, with what waits as it is now."""
        self.queue_cases.clear()
        self.queue_age.clear()
        for queue in queues:
            self.queue_cases.labels(queue.status).set(queue.cases)
            self.queue_age.labels(queue.status).set(queue.oldest_seconds)
        return generate_latest(self.registry)
