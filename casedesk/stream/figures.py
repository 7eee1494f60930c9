"""Figures of one worker for Prometheus. No name, no id, and no count of what people decide; every label has a closed list of values."""

from __future__ import annotations

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

#: Upper bounds in seconds, those of the API: of what is waited for, and of what may take as long as a run over everything.
_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600)

disable_created_metrics()  # type: ignore[no-untyped-call]  # no annotations there; the moment a counter was made tells nothing


class Figures:
    """The figures of one worker, in a registry of its own. What the whole desk has, the API tells."""

    def __init__(self) -> None:
        made = self.registry = CollectorRegistry()
        ProcessCollector(registry=made)
        self.messages = Counter(
            "casedesk_stream_messages", "Messages taken by this worker, by what became of them.", ("outcome",), registry=made
        )  # fmt: skip
        self.batch_seconds = Histogram(
            "casedesk_stream_batch_seconds", "What storing a batch took.", buckets=_QUICK, registry=made
        )
        self.run_seconds = Histogram(
            "casedesk_run_seconds", "What a run of the rules took in this process.", buckets=_SLOW, registry=made
        )
        self.alert_seconds = Histogram(
            "casedesk_stream_alert_seconds",
            "From the first message that a run was the first to look at until the run's alerts were with the broker, for each alert.",
            buckets=_SLOW, registry=made,
        )  # fmt: skip
        self.partitions = Gauge("casedesk_stream_partitions", "Partitions that this worker has.", registry=made)

    def stored(self, stored: int, duplicates: int, rejected: int, seconds: float) -> None:
        """Count a batch."""
        for outcome, count in (("stored", stored), ("duplicate", duplicates), ("rejected", rejected)):
            self.messages.labels(outcome).inc(count)
        self.batch_seconds.observe(seconds)

    def announced(self, count: int, seconds: float) -> None:
        """Count alerts that a run raised, and how long they took."""
        for _ in range(count):
            self.alert_seconds.observe(seconds)

    def text(self) -> bytes:
        """Write all figures in Prometheus's text form."""
        return generate_latest(self.registry)
