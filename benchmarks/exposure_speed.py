"""Time the exposure to listed parties, and one explanation, beside a plain version on networkx.

    python -m benchmarks.exposure_speed [--payments 1000000] [--parties 200000] [--plain 20000]

From an Arrow table to the scores of all parties, over three hops, both ways. Then a star of 100,000 leaves that were paid and
paid, and explanations: of the party that was paid most often, and of the star's middle. The plain version is the same formula,
written over a networkx.MultiDiGraph as one would write it down: for each payment, the earlier payments to its payer. It gets fewer
payments, with as many a party, because nobody would wait; seconds a payment are compared. It needs networkx, which the desk does
not: ``python -m pip install networkx``.

The data is deterministic: who pays whom follows a power law, over 120 days; one party in a thousand is listed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import pyarrow as pa

from casedesk.scoring.explain import explain
from casedesk.scoring.exposure import Exposure, exposure
from casedesk.scoring.graph import Graph
from casedesk.scoring.parameters import ExposureParameters

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)
LEAVES: Final = 100_000
#: Targets: seconds for a million payments, for ten, for the star, for one explanation, and the ratio to networkx.
MOST_SECONDS, MOST_OF_TEN, MOST_STAR, MOST_EXPLAINING, LEAST_RATIO = 2.0, 30.0, 1.0, 0.1, 30.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--payments", type=int, default=1_000_000)
    options.add_argument("--parties", type=int, default=200_000)
    options.add_argument("--plain", type=int, default=20_000, help="payments for networkx; 0 leaves it out")
    given = options.parse_args()
    print("| measured | clock | processor | target |")
    print("|---|---|---|---|")
    rows = world(given.payments, given.parties)
    names = listed(rows)
    found = told(
        f"{given.payments:,} payments, {given.parties:,} parties",
        lambda: scored(rows, names),
        MOST_SECONDS if given.payments <= 1_000_000 else MOST_OF_TEN,
    )
    busiest = found.graph.names[int(np.argmax(np.bincount(found.graph.payee)))].as_py()
    told("explain the party that was paid most often", lambda: explain(found, busiest), MOST_EXPLAINING)
    around = star()
    of_star = listed(around)
    middle = told(f"a star of {LEAVES:,} leaves", lambda: scored(around, of_star), MOST_STAR)
    told("explain its middle", lambda: explain(middle, "A"), MOST_EXPLAINING)
    if not given.plain:
        return
    if find_spec("networkx") is None:
        raise SystemExit(
            "networkx is not installed, so nothing was compared with it: install it, or leave it out by --plain 0."
        )
    few = world(given.plain, max(2, given.parties * given.plain // given.payments))
    of_few = listed(few)
    ours = timed(lambda: scored(few, of_few))[0]
    plain = timed(lambda: on_networkx(few, of_few))[0]
    a_payment = timed(lambda: scored(rows, names))[0] / given.payments
    print(
        f"\nnetworkx: {plain:.1f} s for {given.plain:,} payments, {plain / given.plain * 1e6:,.0f} microseconds each; "
        f"here {a_payment * 1e6:.2f} at {given.payments:,}, {ours / given.plain * 1e6:.1f} at {given.plain:,}: "
        f"{plain / given.plain / a_payment:,.0f} and {plain / ours:,.0f} times faster (target {LEAST_RATIO:.0f})."
    )


def told(name: str, work: Callable[[], Any], target: float) -> Any:
    clock, processor, result = timed(work)
    print(f"| {name} | {clock:.2f} s | {processor:.2f} s | {target} s |", flush=True)
    return result


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - clock, time.process_time() - processor, result


def scored(rows: pa.Table, names: frozenset[str]) -> Exposure:
    return exposure(Graph.of(rows), names, NOW)


def world(payments: int, parties: int) -> pa.Table:
    dice = np.random.default_rng(7)
    sides = [(dice.pareto(1.2, payments) * parties / 50).astype(np.int64) % parties for _ in range(2)]
    return table(parties, sides[0], sides[1], dice)


def star() -> pa.Table:
    leaves = np.arange(1, LEAVES + 1)
    middle = np.zeros_like(leaves)
    dice = np.random.default_rng(7)
    return table(LEAVES + 1, np.concatenate([middle, leaves]), np.concatenate([leaves, middle]), dice)


def table(parties: int, payer: Any, payee: Any, dice: Any) -> pa.Table:
    names = pa.array(["A", *(f"A{n:07}" for n in range(1, parties))])
    count = len(payer)
    at = (START.timestamp() + dice.integers(0, 120 * 86_400, count)) * 1_000_000
    return pa.table(
        {
            "transaction_id": pa.array(np.arange(count)).cast(pa.string()),
            "booked_at": pa.array(at.astype(np.int64)).cast(pa.timestamp("us", "UTC")),
            "from_account": names.take(pa.array(payer)),
            "to_account": names.take(pa.array(payee)),
            "base_minor": pa.array(dice.integers(1_000, 1_000_000, count)),
        }
    )


def listed(rows: pa.Table) -> frozenset[str]:
    """One party in a thousand, and never the one that most payments touch."""
    names = sorted(set(rows["from_account"].to_pylist()) | set(rows["to_account"].to_pylist()))
    return frozenset(names[1::1000])


def on_networkx(rows: pa.Table, names: frozenset[str]) -> dict[str, float]:
    """Write the formula down over a graph of objects."""
    import networkx as nx

    values = ExposureParameters()
    graph = nx.MultiDiGraph()
    for row in rows.select(["from_account", "to_account", "base_minor", "booked_at"]).to_pylist():
        if row["from_account"] != row["to_account"]:
            days = (NOW - row["booked_at"]).total_seconds() / 86_400
            graph.add_edge(row["from_account"], row["to_account"], minor=row["base_minor"], days=days)
    forth = side(graph, names, values, 1)
    back = side(graph.reverse(), names, values, -1)
    return {
        name: 1.0 if name in names else 1 - (1 - forth.get(name, 0.0)) * (1 - back.get(name, 0.0)) for name in graph
    }


def side(graph: Any, names: frozenset[str], values: ExposureParameters, sign: int) -> dict[str, float]:
    hops, reference, life = len(values.hop_weights), values.reference_minor, values.half_life_days
    edges = list(graph.edges(keys=True, data=True))
    before = {
        (payer, payee, key): [
            (a, b, k, d)
            for a, b, k, d in graph.in_edges(payer, keys=True, data=True)
            if sign * d["days"] >= sign * data["days"]
        ]
        for payer, payee, key, data in edges
    }
    origin = {(a, b, k): float(a in names) for a, b, k, _ in edges}
    for _ in range(hops - 1):
        origin = {
            (a, b, k): 1.0
            if a in names
            else sum(d["minor"] * origin[x, y, z] for x, y, z, d in before[a, b, k])
            / (sum(d["minor"] for *_, d in before[a, b, k]) + reference)
            for a, b, k, _ in edges
        }
    share = {(a, b, k): float(a in names) for a, b, k, _ in edges}
    scores = dict.fromkeys(graph, 0.0)
    for depth in range(hops):
        counts = values.hop_weights[depth] - (*values.hop_weights, 0.0)[depth + 1]
        for name in graph:
            into = list(graph.in_edges(name, keys=True, data=True))
            mass = sum(d["minor"] * 2 ** (-d["days"] / life) * share[a, b, k] for a, b, k, d in into)
            clean = sum(d["minor"] * (1 - origin[a, b, k]) for a, b, k, d in into) + reference
            scores[name] += counts * mass / (mass + clean)
        following = {}
        for a, b, k, data in edges:
            mass = clean = 0.0
            for x, y, z, d in before[a, b, k]:
                mass += d["minor"] * 2 ** (-sign * (d["days"] - data["days"]) / life) * share[x, y, z]
                clean += d["minor"] * (1 - origin[x, y, z])
            following[a, b, k] = 1.0 if a in names else mass / (mass + clean + reference)
        share = following
    return scores


if __name__ == "__main__":
    main()
