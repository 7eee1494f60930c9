"""The bands below a line: what a rule finds with looser values and neither the rule in force nor a tighter band does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pyarrow.compute as pc

from casedesk.detection.engine import DetectionResult, detect_each
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.domain.alerts import Alert
from casedesk.domain.counts import counted
from casedesk.domain.intervals import none_found_size
from casedesk.domain.line_sampling import BadLineTest, Band, Episode, LineTest
from casedesk.domain.moments import canonical
from casedesk.domain.suppressions import first_cover
from casedesk.errors import NotFound
from casedesk.services import rules_in_force
from casedesk.services.trials import missing
from casedesk.store.unit_of_work import Reading

#: Each band runs the rule once more over everything.
MOST_BANDS = 6


class NothingBelow(NotFound):
    """No band finds anything that the rule in force does not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One band as asked for: the values to move, and how many to draw or what “none found” is to rule out.

    :param none_found: a share such as 1/20; the size is then what it takes at 95 % confidence: 59, 149, 299 for 5, 2, 1 %.
    """

    values: Mapping[str, object]
    size: int = 0
    none_found: Fraction | None = None

    def how_many(self) -> int:
        """Return the customers to draw.

        :raises BadLineTest: unless exactly one of size and share is given and makes sense.
        """
        if (self.size != 0) == (self.none_found is not None):
            raise BadLineTest("Give each band either a size or the share that “none found” is to rule out, not both.")
        if self.none_found is None:
            if not 1 <= self.size <= 100_000:
                raise BadLineTest(f"A band's size lies between 1 and 100,000; {self.size:,} was given.")
            return self.size
        if not Fraction(1, 10_000) <= self.none_found < 1:
            percent = float(self.none_found * 100)
            raise BadLineTest(f"“None found” can rule out between 0.01 % and less than 100 %; {percent:g} % was given.")
        return none_found_size(self.none_found)


@dataclass(frozen=True, slots=True)
class Found:
    """The alerts of all bands by id, and the engine that found them."""

    alerts: Mapping[str, Alert]
    engine: str


def populations(results: Sequence[DetectionResult]) -> tuple[tuple[Alert, ...], ...]:
    """Return what each result finds that none before it does; the first result is that of the rule in force."""
    tighter: list[Alert] = []
    found = []
    for before, this in pairwise(results):
        tighter += before.alerts
        found.append(missing(this.alerts, tighter))
    return tuple(found)


def _require_nested(results: Sequence[DetectionResult], titles: Sequence[str]) -> None:
    """Refuse a band that misses what the one before it finds, since it is then not looser.

    :raises BadLineTest: naming both.
    """
    for (before, inner), (this, outer) in pairwise(zip(results, titles, strict=True)):
        lost = len(missing(before.alerts, this.alerts))
        if lost:
            raise BadLineTest(
                f"{outer} is not looser than {inner}: it misses {lost:,} of {counted(len(before.alerts), 'episode that is', 'episodes that are')} found "
                "there. Name the bands from the line outwards."
            )


def freeze_bands(
    look: Reading, base_currency: str, name: str, library: Sequence[Rule], asked: Sequence[Asked], limits: Limits | None
) -> tuple[LineTest, Found]:
    """Run the rule in force and with each band's values over everything; return the test without id and seed."""
    if not 1 <= len(asked) <= MOST_BANDS:
        raise BadLineTest(f"A test has one to {MOST_BANDS} bands; {len(asked)} were given.")
    sizes = [one.how_many() for one in asked]
    with look:
        (line,) = rules_in_force.narrowed(rules_in_force.in_force(look, library), [name], library)
        loosened = [line.with_values(one.values) for one in asked]
        moved = [_moved(line, rule) for rule in loosened]
        arrival = look.run_data.newest()
        transactions, accounts = look.run_data.transactions(arrival), look.run_data.accounts(arrival)
        suppressions = look.suppressions.in_force()
    results = detect_each(
        transactions,
        accounts,
        rule_sets=[(rule,) for rule in (line, *loosened)],
        limits=limits,
        base_currency=base_currency,
    )
    titles = ["the rule in force", *(f"Band {n} ({_title(values)})" for n, values in enumerate(moved, start=1))]
    _require_nested(results, titles)
    whole = populations(results)
    found = [tuple(one for one in alerts if first_cover(suppressions, one) is None) for alerts in whole]
    if not any(found):
        raise NothingBelow(
            f"Rule “{line.title}” finds nothing more with these values than with those in force; loosen them further."
        )
    booked = pc.min_max(transactions["booked_at"]).as_py()
    test = LineTest(
        test_id="",
        rule=line.name,
        rule_version=line.version,
        line=line.parameters.canonical(),
        line_hash=results[0].rule_set_hash,
        data_fingerprint=results[0].data_fingerprint,
        arrival=arrival,
        transactions=results[0].transactions,
        base_currency=base_currency,
        period_from=_utc(booked["min"]),
        period_to=_utc(booked["max"]),
        bands=tuple(
            Band(
                moved=values,
                parameters=rule.parameters.canonical(),
                rule_set_hash=result.rule_set_hash,
                size=size,
                none_found="" if one.none_found is None else f"{float(one.none_found * 100):g}",
                population=tuple(sorted(episode_of(alert) for alert in alerts)),
                hidden=tuple(sorted({one.alert_id for one in every} - {one.alert_id for one in alerts})),
            )
            for one, size, rule, values, result, every, alerts in zip(
                asked, sizes, loosened, moved, results[1:], whole, found, strict=True
            )
        ),
        seed="",
    )
    return test, Found({alert.alert_id: alert for alerts in found for alert in alerts}, results[0].engine)


def _utc(at: datetime) -> str:
    """Write a time as the databases' columnar drivers give it: UTC, with or without saying so."""
    return canonical(at.replace(tzinfo=UTC) if at.tzinfo is None else at)


def _moved(line: Rule, loosened: Rule) -> dict[str, Any]:
    """Return the values that differ from those in force.

    :raises BadLineTest: if none does.
    """
    before = line.parameters.values()
    moved = {name: value for name, value in loosened.parameters.values().items() if value != before[name]}
    if not moved:
        raise BadLineTest(f"A band of rule “{line.title}” has the values in force; move at least one of them.")
    return moved


def _title(moved: Mapping[str, Any]) -> str:
    return Band(moved, "", "", 0, "", ()).title


def episode_of(alert: Alert) -> Episode:
    """Write an alert as a member of a population."""
    return Episode(
        alert_id=alert.alert_id,
        account_id=alert.account_id,
        customer_id=alert.customer_id,
        window_start=canonical(alert.window_start),
        window_end=canonical(alert.window_end),
        amount_minor=alert.amount_minor,
        severity=alert.severity,
        sentence=alert.sentence,
        transaction_ids=alert.transaction_ids,
    )
