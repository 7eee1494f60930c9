"""Who pays too often for a path is told piece by piece of the time, and is who a count of each window finds."""

from __future__ import annotations

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest

from casedesk.detection.hops import _not_busy
from casedesk.detection.texts import written

MOST = 3


@pytest.mark.parametrize("window", [1, 10, 11])
def test_left_out_is_what_ends_a_window_with_too_many(window: int) -> None:
    draw = np.random.default_rng(window)
    source, at = draw.integers(0, 9, 900), draw.integers(0, 400, 900)
    at[source < 3] //= 3  # some are busy always, some for a while, some hardly ever
    at[source < 6] //= 3
    kept = (source != 8) | (np.arange(900) < 60)
    source, at = source[kept], at[kept]
    rows = pa.table({"row": np.arange(len(at)), "source": source, "at": at})
    paid = ibis.table(dict.fromkeys(rows.column_names, "!int64"), name="paid")
    with duckdb.connect() as connection:
        connection.register("paid", rows)
        left = connection.execute(written(_not_busy(paid, "source", window, MOST).select("row"), "duckdb")).fetchall()
    expected = [
        row
        for row, (party, moment) in enumerate(zip(source, at, strict=True))
        if ((source == party) & (at >= moment - window) & (at <= moment)).sum() <= MOST
    ]
    assert sorted(row for (row,) in left) == expected
    assert 50 < len(expected) < len(at) - 50
