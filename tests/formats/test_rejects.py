"""The rejects file: whole or absent, RFC 4180, harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from casedesk.formats import RejectedRow, write_rejects


def test_rejects_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [RejectedRow(3, "amount", 'a "b", c', "Nö."), RejectedRow(9, "row", "two\nlines", "x")]
    assert write_rejects(tmp_path / "rejects.csv", iter(rows)) == 2
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.reader(file))
    assert read == [
        ["row", "field", "value", "reason"],
        *([str(r.row_number), r.field, r.value, r.reason] for r in rows),
    ]
    assert (tmp_path / "rejects.csv").read_bytes().count(b"\r\n") == 3


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_formula_is_neutralised(tmp_path: Path, value: str) -> None:
    write_rejects(tmp_path / "rejects.csv", [RejectedRow(2, "reference", value, "bad")])
    with (tmp_path / "rejects.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1][2] == f"'{value}"


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text("old")

    def breaking() -> Iterator[RejectedRow]:
        yield RejectedRow(2, "row", "x", "y")
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        write_rejects(path, breaking())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
