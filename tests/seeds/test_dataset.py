from __future__ import annotations

import csv
from pathlib import Path

import pytest

from casedesk.errors import Invalid, Unavailable
from seeds.dataset import HEADERS, read_dataset, write_dataset
from seeds.world import World


def test_what_is_written_is_read_back(small: World, folder: Path) -> None:
    back = read_dataset(folder)
    assert back.customers == small.customers
    assert back.accounts == small.accounts
    assert list(back.transactions) == list(small.transactions)
    assert back.labels == small.labels
    assert back.lookalikes == small.lookalikes


def test_the_headers_are_those_of_the_native_format(folder: Path) -> None:
    first = {name: (folder / name).read_text(encoding="utf-8").split("\n", 1)[0] for name in HEADERS}
    assert first == {
        "customers.csv": "customer_id,name,kind,country,segment,occupation,since",
        "accounts.csv": "account_id,customer_id,holder,bank,currency,country,opened_on",
        "transactions.csv": "transaction_id,booked_at,from_account,to_account,amount,currency,received_amount,"
        "received_currency,channel,from_country,to_country,branch,reference",
        "labels.csv": "label_id,typology,customer_id,account_id,transaction_id,role",
        "lookalikes.csv": "lookalike_id,kind,customer_id,account_id",
    }


def test_files_are_utf8_with_plain_line_ends_and_quoted_where_needed(folder: Path) -> None:
    for name in HEADERS:
        content = (folder / name).read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        rows = list(csv.reader(content.decode("utf-8").splitlines(), strict=True))
        assert {len(row) for row in rows} == {len(HEADERS[name])}


def test_the_count_of_each_file_is_returned_and_nothing_else_is_left(small: World, tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"
    counts = write_dataset(small, target)
    assert counts == {
        "customers.csv": 20,
        "accounts.csv": len(small.accounts),
        "transactions.csv": len(small.transactions),
        "labels.csv": len(small.labels),
        "lookalikes.csv": len(small.lookalikes),
    }
    assert sorted(path.name for path in target.iterdir()) == sorted(HEADERS)


def test_a_failed_write_leaves_the_old_file_and_no_debris(
    small: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(small, tmp_path)
    before = (tmp_path / "transactions.csv").read_bytes()

    def breaks() -> object:
        yield small.transactions[0]
        raise OSError(28, "No space left on device")

    broken = World(small.customers, small.accounts, breaks(), small.labels, small.lookalikes)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="No space left on device"):
        write_dataset(broken, tmp_path)
    assert (tmp_path / "transactions.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(HEADERS)


def test_a_file_where_the_folder_should_be_is_a_sentence(small: World, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(Unavailable, match="cannot be written"):
        write_dataset(small, tmp_path / "taken")


def test_a_dataset_of_another_shape_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in HEADERS:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "labels.csv").unlink()
    assert read_dataset(tmp_path).labels == ()
    (tmp_path / "accounts.csv").write_text("account_id,holder\n1,2\n", encoding="utf-8")
    with pytest.raises(Invalid, match="must begin with the columns"):
        read_dataset(tmp_path)
    (tmp_path / "accounts.csv").write_text(",".join(HEADERS["accounts.csv"]) + "\n1,2\n", encoding="utf-8")
    with pytest.raises(Invalid, match="row 2: 7 columns are expected, not 2"):
        read_dataset(tmp_path)
    (tmp_path / "accounts.csv").unlink()
    with pytest.raises(Invalid, match="is missing"):
        read_dataset(tmp_path)
