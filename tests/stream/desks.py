"""Desks that know the feed's customers, and what they hold at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from casedesk.bootstrap import Desk, open_desk
from casedesk.domain.people import SYSTEM
from casedesk.services import detecting, ingestion
from casedesk.services.detecting import Rule
from casedesk.settings import load_settings
from casedesk.store.tables import alert_transactions, alerts, detection_findings, imports, transactions

START = datetime(2026, 6, 1, tzinfo=UTC)


def opened(address: str) -> Desk:
    """Open a desk in this process."""
    quiet = {"CASEDESK_CHECKPOINT_EVERY_EVENTS": "0", "CASEDESK_CHECKPOINT_EVERY_SECONDS": "0"}
    return open_desk(load_settings({"CASEDESK_DATABASE_URL": address, **quiet}))


def settled(address: str, parties: Path) -> Desk:
    """Open a desk and let it know the customers."""
    desk = opened(address)
    for name in ("customers.csv", "accounts.csv"):
        ingestion.import_path(
            reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=START, path=parties / name, base_currency="USD",
        )  # fmt: skip
    return desk


@dataclass(frozen=True)
class Outcome:
    """What a desk holds at the end: transactions, what the rules find by now, and the alerts that stand, with their evidence."""

    transactions: frozenset[str]
    findings: frozenset[tuple[str, str]]
    alerts: frozenset[tuple[str, str, tuple[str, ...], int, str]]


def outcome(desk: Desk) -> Outcome:
    with desk._engine.connect() as connection:
        stored = frozenset(connection.execute(sa.select(transactions.c.transaction_id)).scalars())
        standing = sa.select(detection_findings.c.alert_id, detection_findings.c.digest)
        found = connection.execute(standing.where(detection_findings.c.gone_in.is_(None))).all()
        evidence: dict[str, list[str]] = {}
        for alert_id, transaction_id in connection.execute(
            sa.select(alert_transactions.c.alert_id, alert_transactions.c.transaction_id).order_by(
                alert_transactions.c.alert_id, alert_transactions.c.position
            )
        ):
            evidence.setdefault(alert_id, []).append(transaction_id)
        rows = connection.execute(sa.select(alerts).where(alerts.c.lapsed_in.is_(None))).all()
    return Outcome(
        stored,
        frozenset((one.alert_id, one.digest) for one in found),
        frozenset((r.rule, r.account_id, tuple(evidence[r.alert_id]), r.severity, r.sentence) for r in rows),
    )


def rows_stored(desk: Desk) -> int:
    """How many rows the imports say they stored: more than there are transactions would be one stored twice."""
    with desk._engine.connect() as connection:
        query = sa.select(sa.func.sum(imports.c.rows_stored)).where(imports.c.kind == "transactions")
        return connection.execute(query).scalar_one() or 0


def in_one_run(
    address: str, parties: Path, sent: Sequence[tuple[bytes, bytes]], folder: Path, rules: Sequence[Rule] | None
) -> Outcome:
    """Import everything as one file and run the rules once, None for all in force: what streaming has to come to."""
    desk = settled(address, parties)
    file = folder / "transactions.jsonl"
    file.write_bytes(b"\n".join(value for _, value in sent))
    ingestion.import_path(
        reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=START, path=file, base_currency="USD"
    )
    detecting.detect(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=START, base_currency="USD", rules=rules)
    found = outcome(desk)
    desk.close()
    return found
