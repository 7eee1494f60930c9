"""Transactions whose account columns are dictionaries say the same, and are refused for the same."""

from __future__ import annotations

import pyarrow as pa
import pytest

from casedesk.detection.engine import detect
from casedesk.detection.limits import Limits
from casedesk.detection.sources import UnfitSource
from casedesk.store.run_copies import coded
from tests.detection.worlds import rich

LIMITS = Limits(memory_mib=512, threads=1)


def in_chunks(table: pa.Table) -> pa.Table:
    """Cut in two, each part with a dictionary of its own."""
    half = table.num_rows // 2
    return pa.concat_tables([coded(table.slice(0, half)), coded(table.slice(half))])


def test_dictionaries_change_nothing() -> None:
    transactions, accounts = rich()
    assert detect(in_chunks(transactions), accounts, limits=LIMITS) == detect(transactions, accounts, limits=LIMITS)


def test_an_account_that_nobody_knows_is_refused() -> None:
    transactions, accounts = rich()
    stray = transactions.set_column(
        transactions.column_names.index("to_account"), "to_account", pa.repeat("nobody's", transactions.num_rows)
    )
    with pytest.raises(UnfitSource, match="Account “nobody's” of transaction"):
        detect(coded(stray), accounts, limits=LIMITS)
