"""Due dates. Each one names the event it runs from, the rule that sets it, and the version of the policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from casedesk.domain.alerts import Alert
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical
from casedesk.domain.policy import SHIPPED, Parameter, Policy


class Kind(StrEnum):
    """What is due. No word of it says whether a report was filed."""

    REPORT = "report"
    REVIEW = "continuing review"
    CONTINUING = "continuing report"
    CTR = "currency report"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Clock:
    """When something is due and why. For retention it is the last day on which the case must be there.

    ``due_at`` is the first instant after the due day, so that the whole of the last day still counts.
    """

    due_on: date
    due_at: datetime
    source: str  # the event it runs from
    started_on: date
    rule: Parameter
    kind: Kind = Kind.REPORT
    source_event: int = 0

    def explain(self) -> str:
        """Say the whole derivation in one sentence."""
        due = "Kept until" if self.kind is Kind.RETENTION else "Due"
        return (
            f"{due} {_day(self.due_on)}: {self.rule.value} {self.rule.unit} after {_day(self.started_on)} "
            f"({self.source}); {self.rule.source}, policy {self.rule.name} v{self.rule.version}."
        )


@dataclass(frozen=True, slots=True)
class Filed:
    """That a report was filed: on which day, and by which event the desk knows."""

    on: date
    event: int


#: The events by which a case closes.
CLOSING: Final = ("disposition_set", "disposition_approved")
_UNREPORTED: Final = "closed without a report"


def sar_clock(
    *, suspicion_at: datetime, suspect_identified: bool, source: str, event: int = 0, policy: Policy = SHIPPED
) -> Clock:
    """Compute when a suspicious activity report is due.

    The period runs from the initial detection of facts that may be a basis for filing, which is neither the alert nor
    the opening of the case (FFIEC BSA/AML Manual, Suspicious Activity Reporting): 30 calendar days, or 60 where no
    suspect was identified. Source: 31 CFR 1020.320(b)(3).

    :param source: the event that set ``suspicion_at``, in words, for example ``"event 15, suspicion moved"``.
    :param policy: the values known when that event was recorded.
    """
    name = "sar_days_suspect_known" if suspect_identified else "sar_days_suspect_unknown"
    return _clock(Kind.REPORT, name, suspicion_at.astimezone(UTC).date(), source, event, policy)


def report_clock(
    *, suspicion_at: datetime, event: int, moved: bool, suspect_identified: bool, policy: Policy = SHIPPED
) -> Clock:
    """Compute when the report of a case is due, by the event that set its suspicion date last.

    :param moved: whether a person set it; until then it is the alert's own time.
    :param policy: all values; those known when the event was recorded count.
    """
    what = "suspicion date set" if moved else "the alert, provisional until the suspicion date is set"
    return sar_clock(
        suspicion_at=suspicion_at, suspect_identified=suspect_identified, source=f"event {event}, {what}", event=event,
        policy=policy.known_by(event),
    )  # fmt: skip


def filings(history: Iterable[Recorded]) -> tuple[Filed, ...]:
    """Return the reports that the events of a case say were filed, in the order of the ledger.

    Filed is what the filing system has taken; its day is that on which it was recorded as transmitted. An approval is no
    filing, nor is a file that was produced, one that was sent and not answered, one that was rejected, or a test.
    """
    tests: dict[str, bool] = {}
    sent: dict[str, date] = {}
    found = []
    for event in history:
        if event.action == "filing_produced":
            tests[event.data["filing_id"]] = event.data["test"]
        elif event.action == "filing_transmitted":
            sent[event.data["filing_id"]] = date.fromisoformat(event.ts[:10])
        elif event.action == "filing_acknowledged" and not tests[event.data["filing_id"]]:
            found.append(Filed(sent[event.data["filing_id"]], event.event_id))
    return tuple(found)


def continuing_clocks(filed: Sequence[Filed], policy: Policy = SHIPPED) -> tuple[Clock, ...]:
    """Compute when continuing activity is to be reported, and reviewed where policy wants a separate review.

    The report is due 120 days after the previous one was filed; a review of the 90 days before it is optional since the
    interagency FAQs of 9 October 2025. Without a filing there is nothing to continue.
    """
    if not filed:
        return ()
    last = max(filed, key=lambda one: (one.on, one.event))
    source, known = f"event {last.event}, report filed", policy.known_by(last.event)
    report = _clock(Kind.CONTINUING, "continuing_report_days", last.on, source, last.event, known)
    if not known.in_force("continuing_review", last.on).value:
        return (report,)
    return _clock(Kind.REVIEW, "continuing_review_days", last.on, source, last.event, known), report


def retention_clock(
    *,
    closed_at: datetime | None,
    reported: bool,
    history: Sequence[Recorded],
    policy: Policy = SHIPPED,
) -> Clock | None:
    """Compute until when a case must be kept: 5 years from its last filing or, without one, from closing without a report.

    None while the case is open, and for a report that was decided and not filed: that period has not begun. Source: 31 CFR
    1020.320(d) and 1010.430(d).
    """
    if closed_at is None:
        return None
    starts = [(one.on, one.event, "report filed") for one in filings(history)]
    if not reported:
        starts.append((closed_at.date(), closing_event(closed_at, history), _UNREPORTED))
    return _kept(*max(starts), policy) if starts else None


def kept_after_closing(on: date, event: int, policy: Policy = SHIPPED) -> Clock:
    """Compute until when a case must be kept that was closed by an event without a report, and never reported before."""
    return _kept(on, event, _UNREPORTED, policy)


def _kept(on: date, event: int, what: str, policy: Policy) -> Clock:
    return _clock(Kind.RETENTION, "retention_years", on, f"event {event}, {what}", event, policy.known_by(event))


def closing_event(closed_at: datetime | None, history: Sequence[Recorded]) -> int:
    """Return the event that closed a case at a time; 0 for a case that is open."""
    if closed_at is None:
        return 0
    at = canonical(closed_at)
    return max((e.event_id for e in history if e.ts == at and e.action in CLOSING), default=0)


def ctr_clocks(alerts: Iterable[Alert], history: Sequence[Recorded], policy: Policy = SHIPPED) -> Iterator[Clock]:
    """Yield for each alert that adds up the cash of a business day when its currency transaction report is due.

    More than $10,000 of cash in or out by or on behalf of one person in one business day is to be reported within 15 days
    (31 CFR 1010.311, 1010.313(b), 1010.306(a)(1)). 10,000.00 is not more.
    """
    joined: dict[str, int] = {}
    for event in history:
        if event.action == "alert_attached":
            joined.setdefault(event.data["alert_id"], event.event_id)
    for alert in alerts:
        event_id = joined.get(alert.alert_id, 0)
        if alert.rule != "cash_aggregation" or not event_id:
            continue
        known, day = policy.known_by(event_id), business_day(alert)
        if alert.amount_minor > known.in_force("ctr_line_minor", day).value:
            source = f"event {event_id}, cash of a business day in {alert.alert_id}"
            yield _clock(Kind.CTR, "ctr_days", day, source, event_id, known)


def business_day(alert: Alert) -> date:
    """Return the business day of an alert about one day's cash; a weekend's cash counts to the Monday after it."""
    offset = json.loads(alert.parameters).get("day_offset_minutes", 0)
    day = (alert.window_start.astimezone(UTC) + timedelta(minutes=offset)).date()
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


def _clock(kind: Kind, name: str, started: date, source: str, event: int, policy: Policy) -> Clock:
    rule = policy.in_force(name, started)
    due_on = _after(started, rule)
    due_at = datetime.combine(due_on + timedelta(days=1), time(), UTC)
    return Clock(due_on, due_at, source, started, rule, kind, event)


def _after(started: date, rule: Parameter) -> date:
    """Count on from a day; a year from 29 February ends on 1 March where there is no such day."""
    if rule.unit != "calendar years":
        return started + timedelta(days=rule.value)
    try:
        return started.replace(year=started.year + rule.value)
    except ValueError:
        return date(started.year + rule.value, 3, 1)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
