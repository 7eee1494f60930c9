"""Samples below a line: the tests, their picks, and how the picks stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import proportion
from casedesk.domain.line_sampling import LinePick, LineTest
from casedesk.domain.line_yields import AboveLine, Placement, Standing
from casedesk.domain.moments import parse
from casedesk.errors import NotFound
from casedesk.store.alert_store import CHUNK
from casedesk.store.tables import alert_transactions, alerts, cases, line_test_picks, line_tests

_SAMPLED: Final = sa.select(line_test_picks.c.alert_id).where(line_test_picks.c.placement != Placement.KNOWN.value)


class NoSuchLineTest(NotFound):
    """No test has this id."""

    def __init__(self, test_id: str) -> None:
        super().__init__(f"There is no sample below a line “{test_id}”; “casedesk lab samples” lists them.")


@dataclass(frozen=True, slots=True)
class StoredLineTest:
    """A test as stored. ``record`` is what :func:`casedesk.domain.line_sampling.from_record` reads."""

    test_id: str
    rule: str
    drawn_at: datetime
    drawn_by: str
    population_size: int
    data_fingerprint: str
    seed: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlacedPick:
    """One pick as stored: the episode of the population, and the alert that stands for it on the desk."""

    band: int
    place: int
    episode: str
    alert_id: str
    placement: str
    rank: str


class LineTestReader:
    """Reads tests. What it returns is for those who may know which alerts were drawn."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, test_id: str) -> StoredLineTest:
        """Return a test.

        :raises NoSuchLineTest: if there is none.
        """
        query = sa.select(line_tests).where(line_tests.c.test_id == test_id)
        row = self._connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchLineTest(test_id)
        return _test(row)

    def all(self) -> tuple[StoredLineTest, ...]:
        """Return all tests, newest first."""
        query = sa.select(line_tests).order_by(line_tests.c.drawn_at.desc(), line_tests.c.test_id.desc())
        return tuple(_test(row) for row in self._connection.execute(query).mappings())

    def picks(self, test_id: str) -> tuple[PlacedPick, ...]:
        """Return a test's picks by band and place."""
        query = (
            sa.select(*(line_test_picks.c[name] for name in PlacedPick.__slots__))
            .where(line_test_picks.c.test_id == test_id)
            .order_by(line_test_picks.c.band, line_test_picks.c.place)
        )
        return tuple(PlacedPick(*row) for row in self._connection.execute(query))

    def standings(self, test_id: str) -> tuple[Standing, ...]:
        """Return how a test's picks stand, by band and place."""
        of_case = (
            sa.select(alerts.c.case_id, sa.func.count().label("n"))
            .where(alerts.c.case_id.is_not(None))
            .group_by(alerts.c.case_id)
            .subquery("of_case")
        )
        query = (
            sa.select(
                line_test_picks.c.band,
                line_test_picks.c.episode,
                line_test_picks.c.alert_id,
                line_test_picks.c.placement,
                sa.func.coalesce(of_case.c.n, 0),
                cases.c.is_open,
                cases.c.disposition,
            )
            .select_from(
                line_test_picks.join(alerts, alerts.c.alert_id == line_test_picks.c.alert_id)
                .outerjoin(cases, cases.c.case_id == alerts.c.case_id)
                .outerjoin(of_case, of_case.c.case_id == alerts.c.case_id)
            )
            .where(line_test_picks.c.test_id == test_id)
            .order_by(line_test_picks.c.band, line_test_picks.c.place)
        )
        rows = self._connection.execute(query).all()
        evidence = self._evidence([row.alert_id for row in rows])
        return tuple(
            Standing(
                band, episode, Placement(placement), in_case, frozenset(evidence.get(alert_id, ())),
                closed=is_open is not None and not is_open,
                disposition=disposition if is_open is not None and not is_open else "",
            )
            for band, episode, alert_id, placement, in_case, is_open, disposition in rows
        )  # fmt: skip

    def _evidence(self, alert_ids: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for start in range(0, len(alert_ids), CHUNK):
            query = sa.select(alert_transactions.c.alert_id, alert_transactions.c.transaction_id).where(
                alert_transactions.c.alert_id.in_(alert_ids[start : start + CHUNK])
            )
            for alert_id, transaction_id in self._connection.execute(query):
                found.setdefault(alert_id, []).append(transaction_id)
        return found

    def sampled(self) -> frozenset[str]:
        """Return the alerts that stand on the desk because they were drawn below a line."""
        return frozenset(self._connection.execute(_SAMPLED).scalars())

    def held(self, rule: str, account_ids: Iterable[str]) -> dict[tuple[str, str], str]:
        """Return which alert of a rule holds what: by account and transaction, and by account and the alert's own id."""
        wanted = sorted(set(account_ids))
        found: dict[tuple[str, str], str] = {}
        for start in range(0, len(wanted), CHUNK):
            query = (
                sa.select(alerts.c.account_id, alerts.c.alert_id, alert_transactions.c.transaction_id)
                .join(alert_transactions, alert_transactions.c.alert_id == alerts.c.alert_id)
                .where(alerts.c.rule == rule, alerts.c.account_id.in_(wanted[start : start + CHUNK]))
                .order_by(alerts.c.alert_id.desc())  # of several that share evidence the one with the first id remains
            )
            for account_id, alert_id, transaction_id in self._connection.execute(query):
                found[account_id, transaction_id] = found[account_id, alert_id] = alert_id
        return found

    def above(self, test: LineTest) -> AboveLine:
        """Return what the rule raised with the values that were in force, in the data the test looked at."""
        drawn = sa.select(line_test_picks.c.alert_id).where(line_test_picks.c.placement != Placement.KNOWN.value)
        raised = (
            sa.select(alerts.c.alert_id, alerts.c.case_id)
            .where(
                alerts.c.rule == test.rule,
                alerts.c.rule_version == test.rule_version,
                alerts.c.parameters == test.line,
                alerts.c.window_end <= parse(test.period_to),
                alerts.c.alert_id.not_in(drawn),
            )
            .subquery("raised")
        )
        count = self._connection.execute(sa.select(sa.func.count()).select_from(raised)).scalar_one()
        query = sa.select(cases.c.is_open, cases.c.disposition).where(cases.c.case_id.in_(sa.select(raised.c.case_id)))
        outcomes = [(bool(is_open), disposition) for is_open, disposition in self._connection.execute(query)]
        closed = [disposition for is_open, disposition in outcomes if not is_open]
        sars = sum(disposition == Disposition.SAR for disposition in closed)
        return AboveLine(count, len(outcomes), proportion(sars, len(closed)))


class LineTestStore(LineTestReader):
    """Writes tests."""

    def insert(self, test: StoredLineTest, placed: Sequence[tuple[LinePick, str, Placement]]) -> None:
        """Store a test and its picks, each with the alert that stands for it and how it was placed."""
        values = {name: getattr(test, name) for name in StoredLineTest.__slots__}
        values["record"] = json.dumps(test.record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        self._connection.execute(sa.insert(line_tests).values(values))
        rows = [
            {
                "test_id": test.test_id,
                "band": pick.band,
                "place": pick.place,
                "episode": pick.alert_id,
                "alert_id": alert_id,
                "placement": placement.value,
                "rank": pick.rank,
            }
            for pick, alert_id, placement in placed
        ]
        if rows:
            self._connection.execute(sa.insert(line_test_picks), rows)


def _test(row: sa.RowMapping) -> StoredLineTest:
    return StoredLineTest(**{**row, "record": _parsed(row["record"])})


def _parsed(text: str) -> dict[str, Any]:
    """Read a record. One that was damaged is given as an empty one: drawing again then says that it is none."""
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
