"""The same data gives the same run: order, chunking, threads, text types and zones change nothing."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.detection import episodes
from casedesk.detection.duck import Limits
from casedesk.detection.engine import DetectionResult, detect
from casedesk.detection.rules import RULES, rules_with
from tests.detection.bank import SMALL, Tx, accounts_of, arrow
from tests.detection.test_against_reference import crowd

BANK = crowd(seed=5, accounts=60, days=4)
TABLE, ACCOUNTS = arrow(BANK), accounts_of(BANK)
#: All rules. In this crowd everybody deals with everybody, so circles are followed for four hops only.
LIBRARY = rules_with({"cycle": {"most_hops": 4}})


@cache
def plain_run() -> DetectionResult:
    return detect(TABLE, ACCOUNTS, rules=LIBRARY, limits=SMALL)


@pytest.fixture
def plain() -> DetectionResult:
    result = plain_run()
    assert {"structuring", "velocity", "geography", "fan_out", "scatter_gather", "cycle"} <= {
        a.rule for a in result.alerts
    }
    return result


def rechunked(table: pa.Table, cuts: list[int]) -> pa.Table:
    edges = [0, *sorted(cut % table.num_rows for cut in cuts), table.num_rows]
    return pa.concat_tables([table.slice(a, b - a) for a, b in pairwise(edges)])


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 10_000), max_size=6), threads=st.sampled_from((1, 2)))
@settings(max_examples=4, deadline=None)
def test_shuffling_rechunking_and_threads_change_nothing(seed: int, cuts: list[int], threads: int) -> None:
    order = list(range(TABLE.num_rows))
    random.Random(seed).shuffle(order)
    table = rechunked(TABLE.take(order), cuts)
    accounts = ACCOUNTS.take(list(range(ACCOUNTS.num_rows - 1, -1, -1)))
    assert detect(table, accounts, rules=LIBRARY, limits=Limits(512, threads)) == plain_run()


def test_a_stream_of_batches_gives_what_the_table_gives(plain: DetectionResult) -> None:
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(max_chunksize=7))
    accounts = pa.RecordBatchReader.from_batches(ACCOUNTS.schema, ACCOUNTS.to_batches(max_chunksize=5))
    assert detect(reader, accounts, rules=LIBRARY, limits=SMALL) == plain


def test_evidence_that_becomes_alerts_bit_by_bit_makes_the_same_ones(
    plain: DetectionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(episodes, "AT_ONCE", 3)
    three = RULES[:3]
    wanted = tuple(alert for alert in plain.alerts if alert.rule in {rule.name for rule in three})
    assert max(len(alert.transaction_ids) for alert in wanted) > 3
    assert detect(TABLE, ACCOUNTS, rules=three, limits=SMALL).alerts == wanted


def test_text_types_zones_and_further_columns_change_nothing(plain: DetectionResult) -> None:
    table = TABLE.set_column(1, "booked_at", TABLE["booked_at"].cast(pa.timestamp("us", tz="UTC")))
    table = table.set_column(5, "channel", TABLE["channel"].dictionary_encode())
    table = table.set_column(0, "transaction_id", TABLE["transaction_id"].cast(pa.large_string()))
    table = table.set_column(6, "from_country", TABLE["from_country"].cast(pa.string_view()))
    table = table.append_column("reference", pa.nulls(table.num_rows, pa.string()))
    assert detect(table.select(reversed(table.column_names)), ACCOUNTS, rules=LIBRARY, limits=SMALL) == plain


def test_a_zone_elsewhere_names_the_same_instant(plain: DetectionResult) -> None:
    elsewhere = TABLE["booked_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz="+05:30"))
    assert detect(TABLE.set_column(1, "booked_at", elsewhere), ACCOUNTS, rules=LIBRARY, limits=SMALL) == plain


def test_spilling_to_disk_changes_nothing_and_leaves_nothing(
    plain: DetectionResult, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    assert detect(TABLE, ACCOUNTS, rules=LIBRARY, limits=Limits(128, 1, folder)) == plain
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("column", range(8))
def test_any_changed_field_changes_the_fingerprint(plain: DetectionResult, column: int) -> None:
    first = BANK[0]
    other: dict[str, object] = [
        {"id": "other"},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"source": "N7" if first.source != "N7" else "N8"},
        {"target": "N7" if first.target != "N7" else "N8"},
        {"minor": first.minor + 1},
        {"channel": "OTHER"},
        {"from_country": "ZZ"},
        {"to_country": "ZZ"},
    ][column]
    bank = [Tx(**{**vars(first), **other}), *BANK[1:]]
    assert detect(arrow(bank), ACCOUNTS, rules=(), limits=SMALL).data_fingerprint != plain.data_fingerprint


def test_a_changed_customer_changes_the_fingerprint(plain: DetectionResult) -> None:
    customers = ["C-other", *ACCOUNTS["customer_id"].to_pylist()[1:]]
    accounts = ACCOUNTS.set_column(1, "customer_id", pa.array(customers))
    assert detect(TABLE, accounts, rules=(), limits=SMALL).data_fingerprint != plain.data_fingerprint


def test_text_that_moves_between_fields_changes_the_fingerprint() -> None:
    def of(source: str, target: str) -> str:
        bank = [Tx(BANK[0].at, source, target, id="T")]
        accounts = pa.table({"account_id": ["P", "P\x1f", "P\x1fP", "\x1fP"], "customer_id": [""] * 4})
        return detect(arrow(bank), accounts, rules=(), limits=SMALL).data_fingerprint

    assert len({of("P", "P\x1fP"), of("P\x1fP", "P"), of("P\x1f", "P"), of("P", "\x1fP")}) == 4


def test_the_fingerprint_is_what_its_documentation_says(plain: DetectionResult) -> None:
    def figures(rows: list[tuple[object, ...]]) -> list[int]:
        words = [0, 0, 0, 0]
        for row in rows:
            lengths = [str(len(field)) for field in row if isinstance(field, str)]
            text = "\x1f".join([*map(str, row), *lengths])
            digest = hashlib.md5(text.encode()).digest()
            words = [sum_ + int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i, sum_ in enumerate(words)]
        return [len(rows), *words]

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows: list[tuple[object, ...]] = []
    for tx in BANK:
        since = tx.at - epoch
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        paid = tx.minor  # all of it is in the base currency
        rows.append((tx.id, micros, tx.source, tx.target, tx.minor, paid, tx.channel, tx.from_country, tx.to_country))
    owners = zip(ACCOUNTS["account_id"].to_pylist(), ACCOUNTS["customer_id"].to_pylist(), strict=True)
    accounts = [(account, customer, "", "") for account, customer in owners]  # opened_on and peer_group are unknown
    tables = {"transactions": figures(rows), "accounts": figures(accounts)}
    text = json.dumps({"format": "casedesk-data-3", "tables": tables}, sort_keys=True, separators=(",", ":"))
    assert plain.data_fingerprint == hashlib.sha256(text.encode()).hexdigest()


def test_a_run_says_what_it_ran(plain: DetectionResult) -> None:
    assert plain.engine == "duckdb"
    assert set(plain.versions) == {"casedesk", "duckdb", "ibis"}
    assert plain.transactions == len(BANK)
    assert json.loads(plain.parameters) == {rule.name: rule.parameters.values() for rule in LIBRARY}


def test_the_rule_set_hash_follows_values_and_not_order() -> None:
    def hash_of(rules: tuple[object, ...]) -> str:
        return detect(TABLE.slice(0, 0), ACCOUNTS, rules=rules, limits=SMALL).rule_set_hash  # type: ignore[arg-type]

    three = RULES[:3]
    assert hash_of(three) == hash_of(three[::-1])
    assert hash_of(rules_with({"velocity": {"count": 10}})[:3]) == hash_of(three)
    assert hash_of(rules_with({"velocity": {"count": 11}})[:3]) != hash_of(three)
    assert hash_of(three[:2]) != hash_of(three)


def test_no_transactions_give_no_alerts() -> None:
    assert detect(TABLE.slice(0, 0), ACCOUNTS, limits=SMALL).alerts == ()


def test_alerts_come_by_time_and_every_one_has_its_own_id(plain: DetectionResult) -> None:
    assert list(plain.alerts) == sorted(plain.alerts, key=lambda alert: (alert.window_start, alert.alert_id))
    assert len({alert.alert_id for alert in plain.alerts}) == len(plain.alerts)
