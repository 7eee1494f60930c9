"""Alerts and their evidence."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.alerts import DIGESTED, Alert, digest_of, lapsed_digest
from casedesk.store.dialects import stored_time, stream, stream_beside, text_length
from casedesk.store.direct import Direct
from casedesk.store.tables import alert_transactions, alerts, cases

#: SQL Server takes 2,100 parameters a statement.
CHUNK = 500
#: From so many subjects on, reading all alerts is quicker than picking some.
_MANY = 5_000

_RECOGNISED: Final = tuple(
    alerts.c[name]
    for name in (
        "alert_id", "account_id", "case_id", "rule_version", "parameters", "severity", "sentence", "window_end", "lapsed_in"
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recognisable:
    """As much of a stored alert as a run compares. ``closed`` says whether its case is.

    ``values`` are the rule's version and its parameters in canonical JSON, ``says`` is the alert's severity and its sentence.
    """

    alert_id: str
    rule: str
    account_id: str
    transaction_ids: frozenset[str]
    case_id: str
    closed: bool
    values: tuple[str, str]
    says: tuple[int, str]
    window_end: datetime
    lapsed: bool


class AlertReader:
    """Reads alerts with their evidence in order of booking."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_case(self, case_id: str) -> tuple[Alert, ...]:
        """Return the alerts of a case, worst first."""
        return self.of_cases([case_id]).get(case_id, ())

    def of_cases(self, case_ids: Sequence[str]) -> dict[str, tuple[Alert, ...]]:
        """Return the alerts of each of these cases that has any, worst first; they are few enough for one statement."""
        if not case_ids:
            return {}
        found = sorted(
            self._where(alerts.c.case_id.in_(case_ids)), key=lambda a: (-a.severity, a.window_start, a.alert_id)
        )
        theirs: dict[str, list[Alert]] = {}
        for alert in found:
            theirs.setdefault(alert.case_id, []).append(alert)
        return {case_id: tuple(some) for case_id, some in theirs.items()}

    def without_case(self, customer_id: str) -> tuple[Alert, ...]:
        """Return a customer's alerts that no case holds."""
        return self._where(sa.and_(alerts.c.customer_id == customer_id, alerts.c.case_id.is_(None)))

    def get_many(self, alert_ids: Sequence[str]) -> tuple[Alert, ...]:
        """Return those of the alerts that exist."""
        found: list[Alert] = []
        for start in range(0, len(alert_ids), CHUNK):
            found += self._where(alerts.c.alert_id.in_(alert_ids[start : start + CHUNK]))
        return tuple(found)

    def with_evidence(self, transaction_ids: Sequence[str]) -> tuple[Alert, ...]:
        """Return the alerts that any of these transactions is evidence of."""
        found: dict[str, Alert] = {}
        for start in range(0, len(transaction_ids), CHUNK):
            part = transaction_ids[start : start + CHUNK]
            linked = sa.select(alert_transactions.c.alert_id).where(alert_transactions.c.transaction_id.in_(part))
            found |= {alert.alert_id: alert for alert in self._where(alerts.c.alert_id.in_(linked))}
        return tuple(found.values())

    def newest(self) -> str:
        """Return the id of the last alert in the order of :meth:`page`, or the empty string."""
        length = text_length(self._connection.dialect.name, alerts.c.run_id)
        query = sa.select(alerts.c.alert_id).order_by(length.desc(), alerts.c.run_id.desc(), alerts.c.alert_id.desc())
        return self._connection.execute(query.limit(1)).scalar_one_or_none() or ""

    def page(self, *, after: str, since: datetime | None, limit: int) -> tuple[Alert, ...]:
        """Return alerts in the order in which runs stored them, so that one stored later never comes before.

        :param after: the alert after which to begin, empty for the first; one that is unknown gives nothing.
        :param since: only what was raised at this instant or later.
        """
        # a run is named by the ledger's size while it holds the lock: R-000999, and one day R-1000000
        length = text_length(self._connection.dialect.name, alerts.c.run_id)
        place = sa.select(alerts.c.alert_id)
        if after:
            run = self._connection.execute(sa.select(alerts.c.run_id).where(alerts.c.alert_id == after)).scalar()
            if run is None:
                return ()
            same = sa.and_(alerts.c.run_id == run, alerts.c.alert_id > after)
            later = sa.and_(length == len(run), alerts.c.run_id > run)
            place = place.where(sa.or_(length > len(run), later, same))
        if since is not None:
            place = place.where(alerts.c.raised_at >= since)
        place = place.order_by(length, alerts.c.run_id, alerts.c.alert_id).limit(limit)
        ids = list(self._connection.execute(place).scalars())
        found = {alert.alert_id: alert for alert in self.get_many(ids)}
        return tuple(found[alert_id] for alert_id in ids)

    def _where(self, condition: sa.ColumnElement[bool]) -> tuple[Alert, ...]:
        rows = self._connection.execute(
            sa.select(alerts).where(condition).order_by(alerts.c.raised_at, alerts.c.alert_id)
        ).all()
        evidence = self._evidence(sa.select(alerts.c.alert_id).where(condition))
        return tuple(_alert(row, evidence.get(row.alert_id, ())) for row in rows)

    def _evidence(self, ids: sa.Select[tuple[str]]) -> dict[str, tuple[str, ...]]:
        query = (
            sa.select(alert_transactions.c.alert_id, alert_transactions.c.transaction_id)
            .where(alert_transactions.c.alert_id.in_(ids))
            .order_by(alert_transactions.c.alert_id, alert_transactions.c.position)
        )
        links = self._connection.execute(query).all()
        return {alert_id: tuple(link[1] for link in theirs) for alert_id, theirs in groupby(links, itemgetter(0))}

    def everything(self) -> Iterator[Alert]:
        """Yield all alerts by id. Evidence of one alert is read at a time."""
        rows = self._connection.execute(sa.select(alerts).order_by(alerts.c.alert_id)).all()
        links = iter(
            self._connection.execute(
                sa.select(alert_transactions.c.alert_id, alert_transactions.c.transaction_id).order_by(
                    alert_transactions.c.alert_id, alert_transactions.c.position
                )
            )
        )
        pending = next(links, None)
        for row in rows:
            ids: list[str] = []
            while pending is not None and pending[0] == row.alert_id:
                ids.append(pending[1])
                pending = next(links, None)
            yield _alert(row, tuple(ids))

    def projections(self) -> Iterator[tuple[str, str, str]]:
        """Yield (case_id, alert_id, digest) of every alert in a case, from the columns as they are stored."""
        columns = [alerts.c[name] for name in DIGESTED]
        rows = stream(
            self._connection,
            sa.select(alerts.c.case_id, alerts.c.alert_id, alerts.c.lapsed_in, *columns)
            .where(alerts.c.case_id.is_not(None))
            .order_by(alerts.c.alert_id),
        )
        with closing(self._evidence_in_order()) as evidence:
            pending = next(evidence, None)
            for case_id, alert_id, lapsed_in, *values in rows:
                while pending is not None and pending[0] < alert_id:
                    pending = next(evidence, None)
                ids = pending[1] if pending is not None and pending[0] == alert_id else []
                said = dict(zip(DIGESTED, values, strict=True))
                said["window_start"] = stored_time(said["window_start"])
                said["window_end"] = stored_time(said["window_end"])
                yield case_id, alert_id, lapsed_digest(digest_of(said, ids), lapsed_in or "")

    def _evidence_in_order(self) -> Generator[tuple[str, list[str]], None, None]:
        query = sa.select(alert_transactions.c.alert_id, alert_transactions.c.transaction_id).order_by(
            alert_transactions.c.alert_id, alert_transactions.c.position
        )
        with closing(stream_beside(self._connection, query)) as found:
            for alert_id, links in groupby(found, key=itemgetter(0)):
                yield alert_id, [link[1] for link in links]

    def recognisable(
        self, raised_by: datetime | None = None, subjects: Collection[tuple[str, str]] | None = None
    ) -> Iterator[Recognisable]:
        """Yield what a run needs to recognise every stored alert, by id.

        :param raised_by: only those that had been raised by an instant.
        :param subjects: only those of these rules on these accounts, by rule and account.
        """
        if subjects is not None and len(subjects) <= _MANY:
            yield from self._recognisable_about(subjects)
            return
        of_closed = sa.select(alerts.c.alert_id).join(cases, cases.c.case_id == alerts.c.case_id)
        closed = set(self._connection.execute(of_closed.where(cases.c.is_open == sa.false())).scalars())
        for alert in self.everything():
            if raised_by and (alert.raised_at is None or alert.raised_at > raised_by):
                continue
            yield Recognisable(
                alert.alert_id,
                alert.rule,
                alert.account_id,
                frozenset(alert.transaction_ids),
                alert.case_id,
                alert.alert_id in closed,
                (alert.rule_version, alert.parameters),
                (alert.severity, alert.sentence),
                alert.window_end,
                bool(alert.lapsed_in),
            )

    def _recognisable_about(self, subjects: Collection[tuple[str, str]]) -> list[Recognisable]:
        """Return the alerts of these rules on these accounts, by id, without what a run does not compare."""
        found: list[Recognisable] = []
        query = sa.select(*_RECOGNISED, cases.c.is_open).select_from(
            alerts.outerjoin(cases, cases.c.case_id == alerts.c.case_id)
        )
        for rule, accounts in groupby(sorted(subjects), key=itemgetter(0)):
            ids = [account_id for _, account_id in accounts]
            for start in range(0, len(ids), CHUNK):
                there = sa.and_(alerts.c.rule == rule, alerts.c.account_id.in_(ids[start : start + CHUNK]))
                evidence = self._evidence(sa.select(alerts.c.alert_id).where(there))
                for row in self._connection.execute(query.where(there)):
                    ids_of_it = frozenset(evidence.get(row.alert_id, ()))
                    closed = row.case_id is not None and not row.is_open
                    values, says = (row.rule_version, row.parameters), (row.severity, row.sentence)
                    found.append(
                        Recognisable(
                            row.alert_id, rule, row.account_id, ids_of_it, row.case_id or "", closed, values, says,
                            row.window_end, row.lapsed_in is not None,
                        )
                    )  # fmt: skip
        return sorted(found, key=lambda alert: alert.alert_id)


class AlertStore(AlertReader):
    """Writes alerts."""

    def insert(self, new: Sequence[Alert]) -> None:
        """Store new alerts with their evidence."""
        if new:
            self._connection.execute(sa.insert(alerts), [_values(alert) for alert in new])
            self._link((alert, 0) for alert in new)

    def grow(self, changed: Sequence[tuple[Alert, Alert]]) -> None:
        """Replace figures and evidence of alerts, each given as it is stored and as it is now; one that had lapsed stands again."""
        if not changed:
            return
        fixed = ("alert_id", "raised_at", "case_id", "customer_id", "account_id", "run_id")
        values = [
            {name: value for name, value in _values(now).items() if name not in fixed} | {"of_alert": now.alert_id}
            for _, now in changed
        ]
        self._connection.execute(sa.update(alerts).where(alerts.c.alert_id == sa.bindparam("of_alert")), values)
        # most only go on, so that what is linked stays where it is
        anew = {
            now.alert_id
            for was, now in changed
            if now.transaction_ids[: len(was.transaction_ids)] != was.transaction_ids
        }
        gone = alert_transactions.c.alert_id == sa.bindparam("of_alert")
        if anew:
            self._connection.execute(
                sa.delete(alert_transactions).where(gone), [{"of_alert": one} for one in sorted(anew)]
            )
        self._link((now, 0 if now.alert_id in anew else len(was.transaction_ids)) for was, now in changed)

    def lapse(self, alert_ids: Sequence[str], run_id: str) -> None:
        """Note that a run no longer found these alerts."""
        for start in range(0, len(alert_ids), CHUNK):
            part = alert_ids[start : start + CHUNK]
            self._connection.execute(sa.update(alerts).where(alerts.c.alert_id.in_(part)).values(lapsed_in=run_id))

    def _link(self, new: Iterable[tuple[Alert, int]]) -> None:
        """Link alerts to their transactions, each from one of them on."""
        rows = [
            {"alert_id": alert.alert_id, "transaction_id": transaction_id, "position": position}
            for alert, first in new
            for position, transaction_id in enumerate(alert.transaction_ids[first:], start=first)
        ]
        if rows:
            self._connection.execute(sa.insert(alert_transactions), rows)

    def set_case(self, alert_ids: Sequence[str], case_id: str) -> None:
        """Put alerts into a case."""
        _SET_CASE.run_each(self._connection, [{"alert": one, "case_id": case_id} for one in alert_ids])


_SET_CASE: Final = Direct(sa.update(alerts).where(alerts.c.alert_id == sa.bindparam("alert")), ("case_id",))


def _alert(row: sa.Row[*tuple[Any, ...]], transaction_ids: tuple[str, ...]) -> Alert:
    return Alert(
        alert_id=row.alert_id,
        rule=row.rule,
        rule_version=row.rule_version,
        parameters=row.parameters,
        customer_id=row.customer_id,
        account_id=row.account_id,
        window_start=row.window_start,
        window_end=row.window_end,
        transaction_ids=transaction_ids,
        amount_minor=row.amount_minor,
        severity=row.severity,
        sentence=row.sentence,
        run_id=row.run_id,
        raised_at=row.raised_at,
        case_id=row.case_id or "",
        lapsed_in=row.lapsed_in or "",
    )


def _values(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "parameters": alert.parameters,
        "customer_id": alert.customer_id,
        "account_id": alert.account_id,
        "window_start": alert.window_start,
        "window_end": alert.window_end,
        "severity": alert.severity,
        "amount_minor": alert.amount_minor,
        "transaction_count": len(alert.transaction_ids),
        "sentence": alert.sentence,
        "raised_at": alert.raised_at,
        "run_id": alert.run_id,
        "case_id": alert.case_id or None,
        "lapsed_in": alert.lapsed_in or None,
    }
