"""Spark finds what DuckDB finds, to the last word; and where there is no Spark, a sentence says so.

One JVM serves the whole file: starting one takes longer than most tests.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy.engine import Engine

from casedesk.detection import spark, spark_session, spark_tables
from casedesk.detection.engine import DetectionResult, detect, versions
from casedesk.detection.episodes import alerts_of
from casedesk.detection.files import ready
from casedesk.detection.limits import Limits
from casedesk.detection.rules import RULES
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.new_account import NewAccount
from casedesk.detection.rules.round_amounts import RoundAmounts
from casedesk.detection.rules.scatter_gather import ScatterGather
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.velocity import Velocity
from casedesk.detection.sources import UnfitSource
from casedesk.detection.subjects import Subjects
from casedesk.domain.listed import PartyKind
from casedesk.domain.people import Role
from casedesk.scoring.parameters import ExposureParameters
from casedesk.services import detecting, offline_detecting, offline_scoring, replaying
from tests.builders import Move, TestDesk
from tests.detection.bank import NOON, TRANSACTIONS, Tx, accounts_of, arrow, deposit, named
from tests.detection.worlds import rich
from tests.scoring.engines import LISTED, apart, bank
from tests.scoring.worlds import table as exposed

DUCK = Limits(memory_mib=1024, threads=1)
SPARK = Limits(memory_mib=2048, spark="local[2]")
FEW = (Structuring(), Velocity(), Geography())

#: For a few thousand rows, compiling costs more than it gains.
UNCOMPILED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",  # as many as work at once
}


#: For most of a million it is the other way about.
COMPILED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}


@pytest.fixture(scope="module")
def jvm() -> Iterator[spark_session.Running]:
    """A Spark on this machine. Without pyspark or Java a test is skipped, but never where CI is set."""
    try:
        spark_session.versions()
    except spark_session.NoSpark as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with spark_session.held(SPARK, UNCOMPILED) as running:
            yield running


def both(transactions: pa.Table, accounts: pa.Table, **more: object) -> tuple[DetectionResult, DetectionResult]:
    """Run on DuckDB and on Spark."""
    first, second = (
        detect(transactions, accounts, limits=limits, name_accounts=True, **more)  # type: ignore[arg-type]
        for limits in (DUCK, SPARK)
    )
    return first, second


def agree(duck: DetectionResult, other: DetectionResult) -> None:
    assert other.alerts == duck.alerts
    assert other.accounts == duck.accounts
    assert other.digests == duck.digests
    assert (other.data_fingerprint, other.rule_set_hash) == (duck.data_fingerprint, duck.rule_set_hash)


@pytest.mark.slow
@pytest.mark.usefixtures("jvm")
def test_every_rule_raises_the_same_alerts_on_both_engines() -> None:
    duck, other = both(*rich(), rules=RULES)
    assert {alert.rule for alert in duck.alerts} == {rule.name for rule in RULES}
    agree(duck, other)


def test_a_run_says_what_it_ran_on(jvm: spark_session.Running) -> None:
    bank = named(deposit(n) for n in range(5))
    found = detect(arrow(bank), accounts_of(bank), rules=FEW, limits=SPARK)
    assert found.engine == "spark"
    assert found.versions == versions(SPARK)
    assert found.versions["java"] == jvm.java
    assert found.versions["pyspark"] == jvm.session.version
    assert "duckdb" not in found.versions


def edges() -> list[Tx]:
    """Return bursts that end exactly with their window, a microsecond after it, and at one instant; before 1970, too."""
    late = timedelta(microseconds=1)
    rows = []
    for name, extra in (("A", 0 * late), ("B", late)):
        rows += [deposit(n, to=name) for n in range(4)]
        rows.append(Tx(NOON + timedelta(minutes=60) + extra, "", name, 7_000_00))
        rows += [deposit(500 + n, to=f"V{name}") for n in range(9)]
        rows.append(Tx(NOON + timedelta(minutes=510) + extra, "", f"V{name}", 1_00))
    rows += [deposit(90, to="C") for _ in range(12)]
    rows += [Tx(tx.at - timedelta(days=25_000), tx.source, f"old {tx.target}", tx.minor) for tx in rows]
    rows += [deposit(n, to="G", from_country=country) for n, country in enumerate(("", "DE", "FR", "", "JP"))]
    rows += [Tx(NOON, "Ärger", "Ärger", 5, "ACH"), Tx(NOON, "😀", "Ω|", 2**62, "WIRE", "DE", "\U0001f600")]
    return named(rows)


@pytest.mark.usefixtures("jvm")
def test_edges_ties_and_times_before_1970_are_read_alike() -> None:
    bank = edges()
    duck, other = both(arrow(bank), accounts_of(bank), rules=FEW)
    found = {(alert.rule, alert.account_id) for alert in duck.alerts}
    assert {("structuring", "A"), ("velocity", "VA"), ("velocity", "C"), ("geography", "G")} <= found
    assert {("structuring", "old A"), ("velocity", "old VA")} <= found
    assert not {("structuring", "B"), ("velocity", "VB"), ("structuring", "old B"), ("velocity", "old VB")} & found
    agree(duck, other)


@pytest.mark.usefixtures("jvm")
def test_amounts_as_they_were_paid_are_read_alike(tmp_path: Path) -> None:
    def five(to: str, paid: int, currency: str) -> list[Tx]:
        return [
            Tx(NOON + timedelta(days=n), "X", to, 6_543_21 * n, "ACH", paid=paid * n, currency=currency)
            for n in range(1, 6)
        ]

    kinds = {
        "pounds": five("P", 5_000_00, "GBP"), "yen": five("J", 150_000, "JPY"), "dinars": five("D", 2_000_000, "KWD"),
        "fils": five("F", 2_000_001, "KWD"), "huge": five("H", 10**17, "JPY"), "bitcoin": five("B", 10**11, "XBT"),
        "unknown": five("U", 5_000_00, "ZZZ"), "unsaid": five("N", 5_000_00, ""),
    }  # fmt: skip
    bank = named(tx for group in kinds.values() for tx in group)
    duck, other = both(arrow(bank), accounts_of(bank), rules=(RoundAmounts(),))
    assert {alert.account_id for alert in duck.alerts} == {"P", "J", "D", "B"}
    agree(duck, other)
    pq.write_table(arrow(bank), tmp_path / "whole.parquet")
    whole, files = ready([tmp_path / "whole.parquet"]), accounts_of(bank)
    agree(duck, detect(whole[0], files, rules=(RoundAmounts(),), limits=SPARK, name_accounts=True))
    pq.write_table(arrow(bank).drop_columns(["amount_minor", "currency"]), tmp_path / "part.parquet")
    (part, _) = ready([tmp_path / "part.parquet"])
    for limits in (DUCK, SPARK):
        assert detect(part, files, rules=(RoundAmounts(),), limits=limits).alerts == ()


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    order = list(range(table.num_rows))
    random.Random(seed).shuffle(order)
    return table.take(order)


@pytest.mark.usefixtures("jvm")
def test_order_pieces_and_text_types_change_nothing() -> None:
    bank = edges()
    table = shuffled(arrow(bank), 3)
    table = table.set_column(
        1, "booked_at", table["booked_at"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us", "+05:30"))
    )
    table = table.set_column(5, "channel", table["channel"].dictionary_encode())
    table = table.set_column(2, "from_account", table["from_account"].cast(pa.large_string()))
    stream = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=17))
    duck = detect(arrow(bank), accounts_of(bank), rules=FEW, limits=DUCK)
    with spark.loaded(stream, shuffled(accounts_of(bank), 5), SPARK) as data:
        data._spark.conf.set("spark.sql.shuffle.partitions", "7")
        assert data.digests == duck.digests
        found = [alert for rule in FEW for alert in alerts_of(rule, data.evidence(rule), "USD")]
    assert sorted(found, key=lambda alert: (alert.window_start, alert.alert_id)) == list(duck.alerts)


@pytest.mark.usefixtures("jvm")
def test_spark_reads_parquet_in_the_rules_columns_by_itself(tmp_path: Path) -> None:
    bank = edges()
    table = arrow(bank)
    for number in range(3):
        folder = tmp_path / f"channel=x{number}"
        folder.mkdir()
        pq.write_table(table.slice(number * 30, 30 if number < 2 else None), folder / "part.parquet")
    pq.write_table(accounts_of(bank), tmp_path / "accounts.parquet")
    transactions, accounts = ready([tmp_path])
    agree(
        detect(table, accounts_of(bank), rules=FEW, limits=DUCK),
        detect(transactions, accounts, rules=FEW, limits=SPARK),
    )


@pytest.mark.usefixtures("jvm")
def test_chosen_subjects_and_opening_days_are_read_alike() -> None:
    bank = named([*(deposit(9 * n, to=name) for n in range(8) for name in ("A", "B")), deposit(1, to="C")])
    accounts = pa.table(
        {
            "account_id": ["A", "B", "C"],
            "customer_id": ["K1", "K1", "K2"],
            "opened_on": ["2026-11-01", "", "2026-10-31"],
        }
    )
    rules = (Structuring(), NewAccount().with_values({"count": 3}), ScatterGather())
    subjects = replace(Subjects.whole(["A", "C"]), everywhere=0)
    duck, other = both(arrow(bank), accounts, rules=rules, subjects=subjects)
    assert subjects.judged(rules[2]) is None  # Spark ran it over everything, so nothing stands unread
    assert {alert.account_id for alert in duck.alerts} == {"A"}
    assert {alert.rule for alert in duck.alerts} == {"structuring", "new_account"}
    agree(duck, other)


@pytest.mark.usefixtures("jvm")
@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"to_account": "unheard"}, "Account “unheard” of transaction “T-2” is not among the accounts"),
        ({"base_minor": -5}, "Transaction “T-2” has a negative base_minor (-5)"),
        ({"transaction_id": "T-1"}, "Two rows of the transactions have the transaction_id “T-1”"),
        ({"channel": None}, "Column “channel” of the transactions is empty (null) in row “T-2”"),
    ],
)
def test_what_is_unfit_is_refused_in_the_same_words(spoiled: dict[str, object], said: str) -> None:
    rows = arrow([deposit(1, id="T-1"), deposit(2, id="T-2")]).to_pylist()
    table = pa.Table.from_pylist([rows[0], {**rows[1], **spoiled}], schema=TRANSACTIONS)
    for limits in (DUCK, SPARK):
        with pytest.raises(UnfitSource) as refusal:
            detect(table, accounts_of([deposit(1)]), rules=FEW, limits=limits)
        assert said in str(refusal.value)


def test_a_run_leaves_nothing_in_spark_or_on_disk(jvm: spark_session.Running) -> None:
    def files() -> set[Path]:
        return set(jvm.folder.glob("*.parquet"))

    before = files()
    bank = named(deposit(n) for n in range(5))
    with spark.loaded(arrow(bank), accounts_of(bank), SPARK) as data:
        assert data.evidence(Structuring()).num_rows == 5
        assert files() > before
    assert files() == before
    assert not spark.stored(jvm.session)


def test_what_engines_do_otherwise_is_set(jvm: spark_session.Running) -> None:
    conf = jvm.session.conf
    assert conf.get("spark.sql.session.timeZone") == "UTC"
    assert conf.get("spark.sql.ansi.enabled") == "true"
    assert jvm.session.sparkContext.getConf().get("spark.driver.bindAddress") == "127.0.0.1"
    assert jvm.session.sparkContext.uiWebUrl is None
    assert not logging.getLogger("py4j.clientserver").isEnabledFor(
        logging.ERROR
    )  # a cut call would print its traceback


@pytest.mark.usefixtures("jvm")
def test_a_run_is_identical_when_it_is_replayed_on_the_other_engine(sqlite_engine: Engine) -> None:
    desk = TestDesk(sqlite_engine)
    desk.hire(Role.MANAGER, "mia")
    desk.customer()
    desk.book(Move(f"T-{n}", 8 * n, 950_000, to_account="K-1/1") for n in range(5))
    actor = desk.people["mia"]

    def run(limits: Limits) -> detecting.Detected:
        return detecting.detect(
            look=desk.reading(), uow=desk.writing(), actor=actor, at=desk.at(), base_currency="USD", rules=FEW[:1],
            limits=limits,
        )  # fmt: skip

    on_spark, on_duck = run(SPARK), run(DUCK)
    assert (on_spark.new_alerts, on_duck.new_alerts) == (1, 0)
    assert (on_duck.since, on_duck.data_fingerprint) == ("", on_spark.data_fingerprint)
    newest = replaying.runs(look=desk.reading(), actor=actor)
    assert [run.engine.partition(":")[0] for run in newest] == ["duckdb", "spark"]
    for run_id, limits, other in (
        (on_spark.run_id, DUCK, "duckdb none, now"),
        (on_duck.run_id, SPARK, "pyspark none, now"),
    ):
        again = replaying.replay(look=desk.reading(), actor=actor, run_id=run_id, limits=limits)
        assert again.identical, again.difference
        assert other in again.software
    assert replaying.replay(look=desk.reading(), actor=actor, run_id=on_spark.run_id, limits=SPARK).software == ""


@pytest.mark.shared
@pytest.mark.slow
def test_a_published_world_is_read_alike(
    shared: Path, jvm: spark_session.Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = type(jvm.session)
    plain = session.newSession

    def compiled(self: Any) -> Any:
        fresh = plain(self)
        for name, value in COMPILED.items():
            fresh.conf.set(name, value)
        return fresh

    monkeypatch.setattr(session, "newSession", compiled)
    # Twelve of its 120 days, and lines so low that more is found than by the shipped ones in all of them.
    days = pq.read_table(shared / "data" / "amlgentex_s11_tx.parquet", filters=[("step", "<", 12)])
    low = {"count": 3, "below_count": 2, "total_minor": 1_000_00}
    rules = (Structuring().with_values(low), Velocity().with_values({"count": 6}), Geography())
    pq.write_table(days, tmp_path / "amlgentex_s11_tx.parquet")
    files = [tmp_path / "amlgentex_s11_tx.parquet", shared / "data" / "amlgentex_s11_accounts.csv"]
    duck, other = (
        offline_detecting.detect_files(
            paths=[str(file) for file in files], base_currency="USD", rules=rules, limits=limits
        ).result
        for limits in (DUCK, SPARK)
    )
    assert len(duck.alerts) > 50
    agree(duck, other)


@pytest.mark.usefixtures("jvm")
def test_a_second_master_in_one_process_is_refused() -> None:
    with pytest.raises(spark_session.UnfitMaster, match="Spark works for local\\[2\\] already"):
        detect(arrow([]), accounts_of([]), rules=FEW, limits=Limits(spark="local[1]"))


@pytest.mark.usefixtures("jvm")
def test_a_master_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    pq.write_table(arrow(named([deposit(1)])), tmp_path / "transactions.parquet")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    hasty = "from casedesk.detection import spark_session as s; s.ANSWER = 3; from casedesk.cli.main import run; run()"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        master = f"spark://127.0.0.1:{silent.getsockname()[1]}"
        words = ["detect", "--source", str(tmp_path), "--dry-run", "--engine", "spark", "--master", master]
        begun = time.monotonic()
        told = subprocess.run(
            [sys.executable, "-c", hasty, *words], capture_output=True, text=True, timeout=180,
            env={**os.environ, "TMPDIR": str(scratch)}, check=False,
        )  # fmt: skip
    assert time.monotonic() - begun < 120
    assert told.returncode == 2, told.stderr
    assert told.stdout == ""
    assert told.stderr.strip().endswith(
        f"The Spark master {master} gave no answer, or no worker, within 3 seconds; look whether it runs and can be "
        "reached from here. Nothing was stored."
    )
    assert len(told.stderr.strip().splitlines()) == 1
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("jvm")
def test_exposure_and_what_explains_it_are_those_of_the_arrays() -> None:
    paid = bank()
    rows = exposed(paid)
    for name in ("channel", "from_country", "to_country"):
        rows = rows.append_column(name, pa.repeat("", rows.num_rows))
    accounts = sorted({name for one in paid for name in one[:2]} - {""})
    holders = pa.table({"account_id": accounts, "customer_id": [""] * len(accounts)})
    with spark_tables.tables(rows, holders, SPARK, "USD") as engine:
        assert apart(engine, rows, LISTED, ExposureParameters(), "P05") < 1e-9
        assert not spark.stored(engine._spark)


@pytest.mark.usefixtures("jvm")
def test_files_of_several_currencies_are_scored_alike(tmp_path: Path) -> None:
    (tmp_path / "tx.csv").write_text(
        "transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"
        "T1,2026-03-01T10:00:00Z,MULE,A,9000.00,USD,WIRE\n"
        "T2,2026-03-02T10:00:00Z,X,A,8000.00,EUR,WIRE\n"
        "T3,2026-03-04T10:00:00Z,A,X,900000,JPY,WIRE\n"
    )
    (tmp_path / "listed.csv").write_text("kind,party,reason\naccount,MULE,reported\n")
    of_arrays, of_joins = (
        offline_scoring.score_files(
            paths=[str(tmp_path / "tx.csv")], listed=tmp_path / "listed.csv", by=PartyKind.ACCOUNT, base_currency="USD",
            parameters=ExposureParameters(hop_weights=(1.0,)), limits=limits, about="A",
        )
        for limits in (None, SPARK)
    )  # fmt: skip
    assert of_joins.now == of_arrays.now
    assert of_joins.ranked(9) == [(party, pytest.approx(score, abs=1e-9)) for party, score in of_arrays.ranked(9)]
    assert offline_scoring.explain(of_joins.exposure, "A") == offline_scoring.explain(of_arrays.exposure, "A")
