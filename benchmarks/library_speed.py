"""Time the whole rule library, and four of its rules against plainer ways of doing the same.

    python -m benchmarks.library_speed [--transactions 5000000] [--accounts 200000] [--threads 2]

It runs all rules end to end, Arrow in and alerts with evidence out, and then structuring, velocity,
pass-through and fan-in beside others that only count the windows that fire, and make no alert: hand-written
DuckDB SQL over the same rows; the plain ways in pandas (a group after the other) and in Python (for each row, the earlier
rows of its account); and the best ways in both (compiled windows over all groups at once; a deque for each account and
window). Pandas and Python get fewer rows, because nobody would wait; they are compared by seconds a row.

    python -m benchmarks.library_speed --memory --transactions 20000000 --accounts 800000

``--memory`` writes the rows to Parquet files instead, a million rows each, and runs all rules over them in a process of
its own as ``casedesk detect --source`` does: first a tenth of the transactions, of a town of a tenth of the accounts,
and then all. It prints peak resident memory, and what a transaction costs in the larger run as a ratio to the smaller.

The data is deterministic: each account deals with eight regular partners nine times in ten and with anybody otherwise,
and busy accounts are as in detection_speed. Accounts are older than the data, as in a bank that has just begun to look.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.detection_speed import CHANNELS, COUNTRIES, SECOND, START
from benchmarks.streamed import MOST_GIB, PART, run, store
from casedesk.detection.duck import Limits
from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES

FOUR: Final = tuple(rule for rule in RULES if rule.name in ("structuring", "velocity", "pass_through", "fan_in"))
DAYS: Final = 120
#: Targets: seconds for all rules over 5,000,000 rows; ratios to hand-written SQL, to pandas and to the loop.
MOST_SECONDS, MOST_RATIO, LEAST_PANDAS, LEAST_LOOP = 60.0, 2.0, 30.0, 50.0
#: What a transaction may cost among ten times as many, as a ratio.
MOST_COST: Final = 1.5

LEGS: Final = """
CREATE OR REPLACE TEMP TABLE legs AS
WITH own AS (SELECT account_id FROM accounts WHERE customer_id <> '')
SELECT to_account AS account, from_account AS other, 'in' AS direction, booked_at, base_minor, channel
FROM transactions WHERE to_account <> from_account AND to_account IN (FROM own)
UNION ALL
SELECT from_account, to_account, 'out', booked_at, base_minor, channel
FROM transactions WHERE to_account <> from_account AND from_account IN (FROM own)"""

BY_HAND: Final = {
    "structuring": """
        SELECT count(*) FROM (
            SELECT count(*) OVER w AS n, sum((base_minor < 1000000)::INT) OVER w AS below, sum(base_minor) OVER w AS total
            FROM legs WHERE direction = 'in' AND channel IN ('CASH', 'ACH', 'WIRE')
            WINDOW w AS (PARTITION BY account ORDER BY booked_at
                         RANGE BETWEEN INTERVAL 60 MINUTE PRECEDING AND CURRENT ROW))
        WHERE n >= 5 AND below >= 4 AND total >= 3000000""",
    "velocity": """
        SELECT count(*) FROM (
            SELECT n, max(n) OVER (PARTITION BY account ORDER BY booked_at
                                   RANGE BETWEEN INTERVAL 90 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING) AS peak
            FROM (SELECT account, booked_at,
                         count(*) OVER (PARTITION BY account ORDER BY booked_at
                                        RANGE BETWEEN INTERVAL 10 MINUTE PRECEDING AND CURRENT ROW) AS n
                  FROM legs))
        WHERE n >= 10 AND n > coalesce(peak, 0) + 3 * sqrt(coalesce(peak, 0))""",
    "pass_through": """
        SELECT count(*) FROM (
            SELECT direction, sum(base_minor) FILTER (direction = 'in') OVER w AS into_,
                   sum(base_minor) FILTER (direction = 'out') OVER w AS out_
            FROM legs WHERE channel <> 'CARD'
            WINDOW w AS (PARTITION BY account ORDER BY booked_at
                         RANGE BETWEEN INTERVAL 48 HOUR PRECEDING AND CURRENT ROW))
        WHERE direction = 'out' AND into_ >= 300000 AND out_ BETWEEN into_ * 0.8 AND into_""",
    "fan_in": """
        SELECT count(*) FROM (
            SELECT count(DISTINCT other) OVER (PARTITION BY account ORDER BY booked_at
                RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW) AS n
            FROM legs WHERE direction = 'in' AND channel <> 'CARD' AND other <> '')
        WHERE n >= 4""",
}


def town(number: int, accounts: int, seed: int = 11) -> tuple[pa.Table, pa.Table]:
    """Make transactions and accounts in Arrow; the same arguments give the same rows."""
    draw = np.random.default_rng(seed)
    weight = draw.zipf(1.6, size=accounts).clip(max=2_000).astype(float)
    edges = np.cumsum(weight / weight.sum())
    source = np.minimum(np.searchsorted(edges, draw.random(number)), accounts - 1)
    regular = (source * 7_919 + draw.integers(1, 9, size=number) * 104_729) % accounts
    anybody = np.minimum(np.searchsorted(edges, draw.random(number)), accounts - 1)
    target = np.where(draw.random(number) < 0.9, regular, anybody)
    channel = draw.choice(len(CHANNELS), size=number, p=[0.06, 0.3, 0.05, 0.5, 0.05, 0.01, 0.02, 0.01])
    cash, paid_in = channel == 0, draw.random(number) < 0.4
    source = np.where(cash & paid_in, accounts, source)
    target = np.where(cash & ~paid_in, accounts, target)
    names = pa.array([*(f"AC{name:08d}" for name in range(accounts)), ""])
    countries = [np.where(draw.random(number) < 0.97, 0, draw.integers(1, 12, size=number)) for _ in "ft"]
    transactions = pa.table(
        {
            "transaction_id": pc.binary_join_element_wise(
                pa.scalar("T"), pa.array(np.arange(number)).cast(pa.string()), ""
            ),
            "booked_at": pa.array(
                draw.integers(0, DAYS * 86_400, size=number) * SECOND + START, pa.timestamp("us", "UTC")
            ),
            "from_account": names.take(pa.array(source)),
            "to_account": names.take(pa.array(target)),
            "base_minor": pa.array((draw.lognormal(5, 1.4, size=number) * 100).astype(np.int64) + 1),
            "channel": pa.array(CHANNELS).take(pa.array(channel)),
            "from_country": pa.array(COUNTRIES).take(pa.array(countries[0])),
            "to_country": pa.array(COUNTRIES).take(pa.array(countries[1])),
        }
    )
    holders = {
        "account_id": names.slice(0, accounts),
        "customer_id": pa.array([f"C{name}" if name % 5 else "" for name in range(accounts)]),
        "opened_on": pa.repeat("2019-03-01", accounts),
    }
    return transactions, pa.table(holders)


def desk(transactions: pa.Table, accounts: pa.Table, threads: int, rules: Sequence[Rule]) -> tuple[float, Counter[str]]:
    """Time a run of the desk; the rules' text is compiled before, as in a desk that has run once."""
    detect(transactions.slice(0, 10), accounts, limits=Limits(threads=threads), rules=rules)
    begun = time.perf_counter()
    result = detect(transactions, accounts, limits=Limits(threads=threads), rules=rules)
    return time.perf_counter() - begun, Counter(alert.rule for alert in result.alerts)


def by_hand(transactions: pa.Table, accounts: pa.Table, threads: int) -> float:
    """Time the hand-written SQL, legs included."""
    connection = duckdb.connect(config={"threads": threads, "preserve_insertion_order": False})
    connection.register("transactions", transactions)
    connection.register("accounts", accounts)
    begun = time.perf_counter()
    for query in (LEGS, *BY_HAND.values()):
        connection.execute(query).fetchall()
    seconds = time.perf_counter() - begun
    connection.close()
    return seconds


def _both_sides(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each side of each transaction."""
    sides = {"in": ("to_account", "from_account"), "out": ("from_account", "to_account")}
    return pd.concat(
        frame.rename(columns={mine: "account", other: "other"})[
            ["account", "other", "booked_at", "base_minor", "channel"]
        ].assign(direction=direction)
        for direction, (mine, other) in sides.items()
    )


def in_pandas(transactions: pa.Table, accounts: pa.Table) -> float:
    """Time the same windows as well as pandas can: all groups at once, inside its compiled rolling windows."""
    frame = transactions.to_pandas()
    own = set(accounts.to_pandas().query("customer_id != ''")["account_id"])
    begun = time.perf_counter()
    legs = _both_sides(frame)
    legs = legs[legs["account"].isin(own)].sort_values(["account", "booked_at"]).set_index("booked_at")
    into = legs[legs["direction"] == "in"]
    pieces = into[into["channel"].isin(["CASH", "ACH", "WIRE"])]
    rolling = pieces.assign(below=pieces["base_minor"] < 10_000_00).groupby("account")[["base_minor", "below"]]
    window = rolling.rolling("60min", closed="both")
    sums, counts = window.sum(), window["base_minor"].count()
    fired = (counts >= 5) & (sums["below"] >= 4) & (sums["base_minor"] >= 30_000_00)
    hits = [int(fired.to_numpy().sum())]
    fast = legs.groupby("account")["base_minor"].rolling("10min", closed="both").count()
    peaks = fast.reset_index(level=0).groupby("account")["base_minor"].rolling("90D", closed="left").max()
    hits.append(int(((fast.to_numpy() >= 10) & (fast.to_numpy() > peaks.fillna(0).to_numpy())).sum()))
    flows = legs[legs["channel"] != "CARD"]
    flows = flows.assign(
        into=flows["base_minor"].where(flows["direction"] == "in", 0),
        out=flows["base_minor"].where(flows["direction"] == "out", 0),
    )
    passed = flows.groupby("account")[["into", "out"]].rolling("48h", closed="both").sum()
    hits.append(int(((passed["into"] >= 3_000_00) & (passed["out"] >= 0.8 * passed["into"])).sum()))
    named = into[(into["channel"] != "CARD") & (into["other"] != "")]
    codes = named.assign(code=pd.factorize(named["other"])[0]).groupby("account")["code"]
    many = codes.rolling("7D", closed="both").apply(lambda values: len(np.unique(values)), raw=True)
    hits.append(int((many >= 4).sum()))
    return time.perf_counter() - begun


def in_groups(transactions: pa.Table, accounts: pa.Table) -> float:
    """Time the same windows the plain way in pandas: one group after the other, each with its own rolling windows."""
    frame = transactions.to_pandas()
    own = set(accounts.to_pandas().query("customer_id != ''")["account_id"])
    begun = time.perf_counter()
    legs = _both_sides(frame)
    legs = legs[legs["account"].isin(own)].sort_values("booked_at").set_index("booked_at")
    hits = 0
    for _, group in legs.groupby("account"):
        into = group[group["direction"] == "in"]
        pieces = into[into["channel"].isin(["CASH", "ACH", "WIRE"])]["base_minor"]
        count, below = pieces.rolling("60min").count(), (pieces < 10_000_00).rolling("60min").sum()
        hits += int(((count >= 5) & (below >= 4) & (pieces.rolling("60min").sum() >= 30_000_00)).sum())
        fast = group["base_minor"].rolling("10min").count()
        peak = fast.rolling("90D", closed="left").max().fillna(0)
        hits += int(((fast >= 10) & (fast > peak)).sum())
        flows = group[group["channel"] != "CARD"]
        money_in = flows["base_minor"].where(flows["direction"] == "in", 0).rolling("48h").sum()
        money_out = flows["base_minor"].where(flows["direction"] == "out", 0).rolling("48h").sum()
        hits += int(((money_in >= 3_000_00) & (money_out >= 0.8 * money_in)).sum())
        named = into[(into["channel"] != "CARD") & (into["other"] != "")]["other"]
        codes = pd.Series(pd.factorize(named)[0], index=named.index, dtype=float)
        hits += int((codes.rolling("7D").apply(lambda values: len(np.unique(values)), raw=True) >= 4).sum())
    return time.perf_counter() - begun


def row_by_row(transactions: pa.Table, accounts: pa.Table) -> float:
    """Time the same windows the plain way in Python: for each row, the account's earlier rows that lie in the window."""
    rows = sorted(transactions.to_pylist(), key=lambda row: row["booked_at"])
    own = {row["account_id"] for row in accounts.to_pylist() if row["customer_id"]}
    begun = time.perf_counter()
    known: dict[str, list[tuple[float, int, str, str, str]]] = defaultdict(list)
    bursts: dict[str, list[tuple[float, int]]] = defaultdict(list)
    hits = 0
    for row in rows:
        at = row["booked_at"].timestamp()
        for account, other, direction in (
            (row["to_account"], row["from_account"], "in"),
            (row["from_account"], row["to_account"], "out"),
        ):
            if account not in own:
                continue
            legs = known[account]
            legs.append((at, row["base_minor"], direction, other, row["channel"]))
            pieces = [
                leg[1] for leg in legs if at - leg[0] <= 3600 and leg[2] == "in" and leg[4] in ("CASH", "ACH", "WIRE")
            ]
            below = sum(minor < 10_000_00 for minor in pieces)
            hits += len(pieces) >= 5 and below >= 4 and sum(pieces) >= 30_000_00
            burst = sum(at - leg[0] <= 600 for leg in legs)
            peak = max((count for when, count in bursts[account] if at - when <= 90 * 86_400), default=0)
            bursts[account].append((at, burst))
            hits += burst >= 10 and burst > peak
            flows = [leg for leg in legs if at - leg[0] <= 2 * 86_400 and leg[4] != "CARD"]
            into = sum(leg[1] for leg in flows if leg[2] == "in")
            out = sum(leg[1] for leg in flows if leg[2] == "out")
            hits += into >= 3_000_00 and 0.8 * into <= out <= into
            payers = {leg[3] for leg in legs if at - leg[0] <= 7 * 86_400 and leg[2] == "in" and leg[4] != "CARD"}
            hits += len(payers - {""}) >= 4
    return time.perf_counter() - begun


def in_a_loop(transactions: pa.Table, accounts: pa.Table) -> float:
    """Time the same windows as well as a loop can: each kept by hand in a deque, a row at a time."""
    rows = sorted(transactions.to_pylist(), key=lambda row: row["booked_at"])
    own = {row["account_id"] for row in accounts.to_pylist() if row["customer_id"]}
    begun = time.perf_counter()
    hour, ten, two_days, week = 3600.0, 600.0, 2 * 86_400.0, 7 * 86_400.0
    kept: dict[tuple[str, str], deque[tuple[float, int, str, str]]] = defaultdict(deque)
    peaks: dict[str, int] = {}
    hits = 0

    def slide(name: str, account: str, leg: tuple[float, int, str, str], span: float) -> Any:
        window = kept[name, account]
        window.append(leg)
        while leg[0] - window[0][0] > span:
            window.popleft()
        return window

    for row in rows:
        at = row["booked_at"].timestamp()
        for account, other, direction in (
            (row["to_account"], row["from_account"], "in"),
            (row["from_account"], row["to_account"], "out"),
        ):
            if account not in own:
                continue
            leg = (at, row["base_minor"], direction, other)
            if direction == "in" and row["channel"] in ("CASH", "ACH", "WIRE"):
                window = slide("structuring", account, leg, hour)
                below = sum(minor < 10_000_00 for _, minor, _, _ in window)
                hits += len(window) >= 5 and below >= 4 and sum(minor for _, minor, _, _ in window) >= 30_000_00
            window = slide("velocity", account, leg, ten)
            hits += len(window) >= 10 and len(window) > peaks.get(account, 0)
            peaks[account] = max(peaks.get(account, 0), len(window))
            if row["channel"] != "CARD":
                window = slide("pass_through", account, leg, two_days)
                into = sum(minor for _, minor, side, _ in window if side == "in")
                out = sum(minor for _, minor, side, _ in window if side == "out")
                hits += direction == "out" and into >= 3_000_00 and 0.8 * into <= out <= into
                if direction == "in" and other:
                    window = slide("fan_in", account, leg, week)
                    hits += len({name for _, _, _, name in window}) >= 4
    return time.perf_counter() - begun


def memory(number: int, accounts: int, threads: int, memory_mib: int) -> int:
    """Stream a town and one ten times smaller from disk, and print peak memory and what a transaction costs in each."""
    names = [rule.name for rule in RULES]
    found = []
    for part in (10, 1):
        with tempfile.TemporaryDirectory(prefix="casedesk-") as name:
            transactions, holders = town(number // part, accounts // part)
            store((transactions.slice(first, PART) for first in range(0, number // part, PART)), holders, Path(name))
            del transactions
            found.append(run(Path(name), threads=threads, memory_mib=memory_mib, rules=names))
        print(f"{accounts // part:,} accounts: {found[-1]}", flush=True)
    small, large = (one.seconds / one.transactions for one in found)
    print(f"DuckDB limited to {memory_mib / 1024:.2f} GiB; peak target {MOST_GIB:.0f} GiB")
    print(f"a transaction costs {large / small:.2f} times as much (target: at most {MOST_COST})")
    return int(max(one.gib for one in found) > MOST_GIB or large > MOST_COST * small)


def main() -> int:
    """Print seconds and ratios; exit 1 when a target is missed at its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fewer", type=int, default=100, help="pandas and the loop get one row in so many")
    parser.add_argument("--memory", action="store_true", help="stream from files, and measure peak memory and growth")
    parser.add_argument("--memory-mib", type=int, default=2560, help="with --memory: DuckDB's limit")
    options = parser.parse_args()
    if options.memory:
        return memory(options.transactions, options.accounts, options.threads, options.memory_mib)
    number, accounts, threads = options.transactions, options.accounts, options.threads
    transactions, holders = town(number, accounts)
    seconds, found = desk(transactions, holders, threads, RULES)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{number:,} transactions, {accounts:,} accounts, {threads} threads")
    print(f"all {len(RULES)} rules   {seconds:8.2f} s, {seconds / number * 1e6:.2f} us a row, peak {peak:.2f} GiB")
    print(f"                {dict(found)}")
    own = min(desk(transactions, holders, threads, FOUR)[0] for _ in range(2))
    plain = min(by_hand(transactions, holders, threads) for _ in range(2))
    small, few = town(number // options.fewer, accounts // options.fewer)
    row = own / number
    print(f"four rules      {own:8.2f} s, {row * 1e6:.2f} us a row")
    print(f"SQL by hand     {plain:8.2f} s; ratio {own / plain:.2f} (target: at most {MOST_RATIO})")
    ratios = {}
    for way, least in ((in_groups, LEAST_PANDAS), (row_by_row, LEAST_LOOP), (in_pandas, None), (in_a_loop, None)):
        spent = way(small, few) / small.num_rows
        ratios[way] = spent / row
        target = f" (target: at least {least})" if least else ""
        print(f"{way.__name__:<15} {spent * 1e6:8.2f} us a row; ratio {ratios[way]:.1f}{target}")
    missed = seconds > MOST_SECONDS * number / 5e6 or peak > MOST_GIB or own / plain > MOST_RATIO
    return int(missed or ratios[in_groups] < LEAST_PANDAS or ratios[row_by_row] < LEAST_LOOP)


if __name__ == "__main__":
    sys.exit(main())
