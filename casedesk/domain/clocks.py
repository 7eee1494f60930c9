"""Due dates. Each one names the event it runs from, the rule that sets it, and the version of the policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from casedesk.domain.policy import Parameter, in_force


@dataclass(frozen=True, slots=True)
class Clock:
    """When a report is due and why.

    ``due_at`` is the first instant after the due day, so that the whole of the last day still counts.
    """

    due_on: date
    due_at: datetime
    source: str  # the event it runs from
    started_on: date
    rule: Parameter

    def explain(self) -> str:
        """Say the whole derivation in one sentence."""
        return (
            f"Due {_day(self.due_on)}: {self.rule.value} {self.rule.unit} after {_day(self.started_on)} "
            f"({self.source}); {self.rule.source}, policy {self.rule.name} v{self.rule.version}."
        )


def sar_clock(*, suspicion_at: datetime, suspect_identified: bool, source: str) -> Clock:
    """Compute when a suspicious activity report is due.

    The period runs from the initial detection of facts that may be a basis for filing, which is neither the alert nor
    the opening of the case (FFIEC BSA/AML Manual, Suspicious Activity Reporting): 30 calendar days, or 60 where no
    suspect was identified. Source: 31 CFR 1020.320(b)(3).

    :param source: the event that set ``suspicion_at``, in words, for example ``"event 15, suspicion moved"``.
    """
    started = suspicion_at.astimezone(UTC).date()
    name = "sar_days_suspect_known" if suspect_identified else "sar_days_suspect_unknown"
    rule = in_force(name, started)
    due_on = started + timedelta(days=rule.value)
    due_at = datetime.combine(due_on + timedelta(days=1), time(), UTC)
    return Clock(due_on, due_at, source, started, rule)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
