"""Derived ids: one row, one id, at every import; identical rows are told apart by their ordinal."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.rates import RateTable
from casedesk.formats.identity import Ordinals, derive_ids
from tests.formats.reading import read
from tests.formats.test_chunks import AMLWORLD_HEADER

ROW = "2022/09/01 00:01,01,A,02,B,5.00,US Dollar,5.00,US Dollar,ACH,0"


@given(st.lists(st.lists(st.integers(0, 12), max_size=30), max_size=12))
def test_ordinals_count_on_from_chunk_to_chunk(chunks: list[list[int]]) -> None:
    ordinals, seen = Ordinals(), Counter[int]()
    for chunk in chunks:
        expected = []
        for key in chunk:
            seen[key] += 1
            expected.append(seen[key])
        assert ordinals.number(np.array(chunk, dtype=np.uint64)).tolist() == expected


def test_identical_rows_are_two_transactions_with_stable_ids(write: Callable[..., Path], rates: RateTable) -> None:
    path = write(ROW, ROW, ROW.replace("5.00", "6.00"), header=AMLWORLD_HEADER)
    ids = [row["transaction_id"] for row in read(path, rates)[0]]
    assert [i[-2:] for i in ids] == ["-1", "-2", "-1"]
    assert ids[0][:-2] == ids[1][:-2] != ids[2][:-2]
    assert all(len(i) == 28 and i.startswith("AW") for i in ids)
    assert [row["transaction_id"] for row in read(path, rates)[0]] == ids


def test_the_known_row_has_its_known_id(write: Callable[..., Path], rates: RateTable) -> None:
    # Ids are keys of stored transactions: a change of how they are derived would import every file twice.
    [row], _, _ = read(write(ROW, header=AMLWORLD_HEADER), rates)
    fields = ("1661990460000000", "01/A", "02/B", "500", "USD", "500", "USD", "ACH", "", "", "", "")
    framed = ":".join(f"{len(f)}:{f}" for f in fields)
    assert row["transaction_id"] == f"AW{hashlib.sha256(framed.encode()).hexdigest()[:24]}-1"
    assert row["transaction_id"] == "AW483a518a127b0240a726615e-1"


def test_an_id_does_not_depend_on_how_the_row_is_written(write: Callable[..., Path], rates: RateTable) -> None:
    plain = read(write(ROW, header=AMLWORLD_HEADER), rates)[0]
    pandas = AMLWORLD_HEADER.replace("To Bank,Account", "To Bank,Account.1").removesuffix(",Is Laundering")
    rewritten = '2022-09-01T00:01:00Z,01,"A",02,B,5.0,USD,5.000000001,US Dollar,ACH'
    assert read(write(rewritten, header=pandas), rates)[0] == plain


def test_a_side_without_an_account_is_blank_and_a_row_without_both_is_rejected(
    write: Callable[..., Path], rates: RateTable
) -> None:
    path = write(ROW.replace(",01,A,", ",01,,"), ROW.replace("01,A,02,B", ",,02, "), header=AMLWORLD_HEADER)
    [row], [reject], accounts = read(path, rates)
    assert (row["from_account"], row["to_account"], [a.account_id for a in accounts]) == ("", "02/B", ["02/B"])
    assert (reject.row_number, reject.field) == (3, "from_account")


def test_fields_cannot_run_into_each_other() -> None:
    left = derive_ids([pa.array(["a:1", ""]), pa.array(["b", "1:x"])], "", Ordinals())
    right = derive_ids([pa.array(["a", "1:x"]), pa.array(["1:b", ""])], "", Ordinals())
    assert not set(left.to_pylist()) & set(right.to_pylist())
