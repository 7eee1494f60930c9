"""Labels, kept apart: for evaluation, by the ids that an import gives; nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats.labels import read_labels
from tests.formats.published import AMLGENTEX, AMLGENTEX_ACCOUNTS, AMLSIM, AMLSIM_NODES, GOOD, PAYSIM, SAML_D, row
from tests.formats.reading import line, read

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        (SAML_D, {"Is_laundering": "1", "Laundering_type": "Smurfing"}),
        (PAYSIM, {"isFraud": "1", "isFlaggedFraud": "0"}),
        (AMLGENTEX, {"is_sar": "1", "pattern_id": "88", "model_type": "5", "tx_id": "77"}),
    ],
)
def test_labels_stand_beside_the_ids_of_an_import(
    write: Write, rates: RateTable, header: str, changes: dict[str, str]
) -> None:
    bad = row(header, **{"Amount" if header == SAML_D else "amount": "x"})
    path = write(GOOD[header], bad, "too,few", row(header, **changes), header=header)
    ids = [r["transaction_id"] for r in read(path, rates)[0]]
    labels = read_labels(path)
    wanted = {name: value for name, value in changes.items() if name != "tx_id"}
    assert labels.column_names == ["transaction_id", *(n for n in header.split(",") if n in wanted)]
    assert labels["transaction_id"].to_pylist() == ids
    assert labels.to_pylist()[1] == {"transaction_id": ids[1], **wanted}
    good = dict(zip(header.split(","), GOOD[header].split(","), strict=True))
    assert labels.to_pylist()[0] == {"transaction_id": ids[0], **{name: good[name] for name in wanted}}


def test_labels_of_amlworld_have_the_ids_of_an_import(write: Write, rates: RateTable) -> None:
    header = (
        "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,Payment Currency,"
        "Payment Format,Is Laundering"
    )
    rows = [f"2022/09/01 00:2{n},010,8000EBD30,010,8000EBD30,1.00,US Dollar,1.00,US Dollar,ACH,{n}" for n in (0, 1)]
    path = write(*rows, rows[0], header=header)
    assert read_labels(path).to_pylist() == [
        {"transaction_id": r["transaction_id"], "Is Laundering": label}
        for r, label in zip(read(path, rates)[0], "010", strict=True)
    ]


def test_labels_of_accounts_have_the_keys_of_an_import(write: Write) -> None:
    path = write("0,C_0,1,1,25,c,true,bank_a", ",C_1,1,1,2,c,true,bank_b", "2,C_2,1,1,2,c,false,bank_b",
                 header=AMLGENTEX_ACCOUNTS, name="accounts.csv")  # fmt: skip
    assert read_labels(path).to_pylist() == [
        {"account_id": "bank_a/0", "IS_SAR": "true"}, {"account_id": "bank_b/2", "IS_SAR": "false"}
    ]  # fmt: skip
    nodes = write("7,1,184.44,12", header=AMLSIM_NODES, name="nodes.csv")
    assert read_labels(nodes).to_pylist() == [{"account_id": "7", "isFraud": "1", "fraudStep": "12"}]


def test_a_file_without_labels_says_so(write: Write) -> None:
    for path in (write(GOOD[AMLSIM], header=AMLSIM, name="t.csv"), write(line())):
        with pytest.raises(Invalid, match=r"\((amlsim|native)\) has no label columns\. Labels are known of AMLworld"):
            read_labels(path)


def test_a_file_without_rows_has_columns_of_labels(write: Write) -> None:
    assert read_labels(write(header=PAYSIM)).column_names == ["transaction_id", "isFraud", "isFlaggedFraud"]


def test_many_chunks_keep_labels_with_their_rows(write: Write, rates: RateTable) -> None:
    lines = [row(PAYSIM, amount=f"{n}.00" if n % 1000 else "x", isFraud=str(n)) for n in range(50_500)]
    path = write(*lines, header=PAYSIM)
    amounts = {r["transaction_id"]: r["amount_minor"] for r in read(path, rates)[0]}
    labels = read_labels(path).to_pylist()
    assert len(labels) == len(amounts) == 50_500 - 51
    assert all(amounts[told["transaction_id"]] == int(told["isFraud"]) * 100 for told in labels)


@pytest.mark.shared
def test_the_attempts_of_the_patterns_file_are_numbered_and_named(shared_data: Path) -> None:
    labels = read_labels(shared_data / "amlworld_HI-Small_Patterns.txt")
    assert labels.column_names == ["transaction_id", "Is Laundering", "Attempt", "Typology"]
    attempts = {(told["Attempt"], told["Typology"]) for told in labels.to_pylist()}
    assert len(attempts) == 370
    assert Counter(kind for _, kind in attempts) == {
        "BIPARTITE": 49, "CYCLE": 54, "FAN-IN": 40, "FAN-OUT": 48, "GATHER-SCATTER": 51, "RANDOM": 41,
        "SCATTER-GATHER": 44, "STACK": 43,
    }  # fmt: skip


@pytest.mark.shared
@pytest.mark.slow
def test_labels_of_amlgentex_are_those_of_the_file(shared_data: Path) -> None:
    labels = read_labels(shared_data / "amlgentex_s11_tx.parquet")
    assert labels.num_rows == 783_738
    assert Counter(labels["is_sar"].to_pylist()) == {"0": 781_772, "1": 1_966}
    accounts = read_labels(shared_data / "amlgentex_s11_accounts.csv")
    assert (accounts.num_rows, set(accounts["IS_SAR"].to_pylist())) == (10_000, {"true", "false"})
