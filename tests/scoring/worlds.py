"""Small worlds of payments, and the formula of docs/scoring.md written down payment by payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

from casedesk.scoring.parameters import ExposureParameters

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Paid(NamedTuple):
    """One payment; ``hour`` counts from ``START``."""

    payer: str
    payee: str
    minor: int = 1_000_000
    hour: int = 0


def table(payments: Sequence[Paid], ids: Sequence[str] | None = None) -> pa.Table:
    """Return payments with the columns that rules read."""
    return pa.table(
        {
            "transaction_id": pa.array(ids or [f"T{n}" for n in range(len(payments))], pa.string()),
            "booked_at": pa.array([START + timedelta(hours=p.hour) for p in payments], pa.timestamp("us", "UTC")),
            "from_account": pa.array([p.payer for p in payments], pa.string()),
            "to_account": pa.array([p.payee for p in payments], pa.string()),
            "base_minor": pa.array([p.minor for p in payments], pa.int64()),
        }
    )


def by_definition(payments: Sequence[Paid], listed: frozenset[str], parameters: ExposureParameters) -> dict[str, float]:
    """Compute every party's exposure, one payment after the other."""
    between = [p for p in payments if p.payer != p.payee]
    turned = [Paid(p.payee, p.payer, p.minor, -p.hour) for p in between]
    ages = [(NOW - START).total_seconds() / 86_400 - p.hour / 24 for p in between]
    received, sent = (_side(one, ages, listed, parameters) for one in (between, turned))
    parties = {name for p in payments for name in p[:2]}
    either = {name: 1 - (1 - received.get(name, 0.0)) * (1 - sent.get(name, 0.0)) for name in parties}
    return {name: 1.0 if name in listed else score for name, score in either.items()}


def _side(
    flow: list[Paid], ages: list[float], listed: frozenset[str], parameters: ExposureParameters
) -> dict[str, float]:
    """Return the exposure of each party by what reached it."""
    hops, reference, life = len(parameters.hop_weights), parameters.reference_minor, parameters.half_life_days
    every = range(len(flow))
    before = [[j for j in every if flow[j].payee == flow[i].payer and flow[j].hour <= flow[i].hour] for i in every]
    origin = [float(p.payer in listed) for p in flow]
    for _ in range(hops - 1):
        origin = [
            1.0
            if flow[i].payer in listed
            else sum(flow[j].minor * origin[j] for j in before[i]) / (sum(flow[j].minor for j in before[i]) + reference)
            for i in every
        ]
    clean = [sum(flow[j].minor * (1 - origin[j]) for j in before[i]) + reference for i in every]
    share = [float(p.payer in listed) for p in flow]  # within as many hops as rounds were made
    scores: dict[str, float] = {}
    for depth in range(hops):
        counts = parameters.hop_weights[depth] - (*parameters.hop_weights, 0.0)[depth + 1]
        for name in {p.payee for p in flow}:
            mine = [i for i in every if flow[i].payee == name]
            mass = sum(flow[i].minor * 2 ** (-ages[i] / life) * share[i] for i in mine)
            cleanly = sum(flow[i].minor * (1 - origin[i]) for i in mine) + reference
            scores[name] = scores.get(name, 0.0) + counts * mass / (mass + cleanly)
        masses = [
            sum(flow[j].minor * 2 ** (-abs(ages[j] - ages[i]) / life) * share[j] for j in before[i]) for i in every
        ]
        share = [1.0 if flow[i].payer in listed else masses[i] / (masses[i] + clean[i]) for i in every]
    return scores
