"""`casedesk model` on files: what an outsider does with data that the desk never saw."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from math import fsum
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.builders import START, TestDesk
from tests.cli.conftest import Command
from tests.modelling.towns import planted

FIELDS = ("transaction_id", "booked_at", "from_account", "to_account", "amount", "currency", "channel")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bank's transactions, and labels beside it in three forms."""
    folder = tmp_path_factory.mktemp("bank")
    rows, guilty = planted(days=40)
    with (folder / "transactions.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(FIELDS)
        for row in rows:
            amount = f"{row.base_minor / 100:.2f}"
            lines.writerow(
                (row.transaction_id, row.booked_at.isoformat(), row.from_account, row.to_account, amount, "USD", "ACH")
            )
    yes_no = "".join(f"{row.transaction_id},{int(row.transaction_id in guilty)}\n" for row in rows)
    (folder / "yes_no.csv").write_text("transaction_id,is_sar\n" + yes_no)
    (folder / "only_guilty.csv").write_text("transaction_id\n" + "\n".join(sorted(guilty)) + "\n")
    (folder / "others.csv").write_text("transaction_id\nZZZ\n")
    (folder / "odd.csv").write_text("transaction_id,label\nP000001,maybe\n")
    return folder


def test_train_evaluate_export_score_and_explain(casedesk: Command, bank: Path, tmp_path: Path) -> None:
    data, model = ("--data", bank / "transactions.csv"), tmp_path / "model"
    made = casedesk(
        "model", "train", *data, "--labels", bank / "yes_no.csv", "-o", model, "--rounds", "20", "--json"
    ).json
    assert made["measured"]["transactions"]["pr_auc"] > 0.8
    told = casedesk("model", "evaluate", "--model", model, *data, "--labels", bank / "only_guilty.csv", "--json").json
    assert told["model_id"] == made["model_id"]
    assert set(told["measured"]["transactions"]["recall_at_budget"]) == {"0.005", "0.01", "0.03"}
    assert (
        casedesk("model", "export", "--model", model, "-o", tmp_path / "m.onnx", "--json").json["sha256"]
        == made["files"]["model.onnx"]
    )
    assert casedesk("model", "score", "--model", model, *data, "-o", tmp_path / "scores.parquet").code == 0
    scores = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert list(scores[0])[:3] == ["transaction_id", "account", "score"]
    worst = max(scores, key=lambda row: row["score"])
    assert worst["transaction_id"] in (bank / "only_guilty.csv").read_text().split()
    assert all(0 <= row["score"] <= 1 and row["account_score"] >= row["score"] - 1e-12 for row in scores)
    why = casedesk("model", "score", "--model", model, *data, "--explain", worst["transaction_id"], "--json").json
    assert why["start"] + fsum(one["part"] for one in why["contributions"]) == pytest.approx(why["raw"], abs=1e-6)
    assert why["probability"] == pytest.approx(worst["score"], abs=1e-9)


def test_the_shipped_model_scores_and_says_that_it_must_be_retrained(
    casedesk: Command, bank: Path, tmp_path: Path
) -> None:
    from casedesk.modelling.features import VERSION
    from casedesk.modelling.model_files import read
    from casedesk.services.default_model import FOLDER

    assert "must be retrained" in read(FOLDER, VERSION).card["statement"]
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1_000_000
    told = casedesk(
        "model", "score", "--model", "default", "--data", bank / "transactions.csv", "-o", tmp_path / "s.csv"
    )
    assert (told.code, "rows by model" in told.out) == (0, True)


@pytest.mark.parametrize(
    ("labels", "words", "said"),
    [
        ("others.csv", (), "None of the 1 labelled transactions is in transactions.csv"),
        ("odd.csv", (), "“maybe” is neither yes nor no; write 1 or 0"),
        ("yes_no.csv", ("--data", "x.csv"), "2 worlds were given and 1 file of labels"),
        ("yes_no.csv", ("--split", "luck"), "“--split luck” is neither time nor none"),
        ("yes_no.csv", ("--kind", "oracle"), "“--kind oracle” is neither boosted nor forest"),
    ],
)
def test_what_cannot_train_is_refused_with_a_sentence(
    casedesk: Command, bank: Path, tmp_path: Path, labels: str, words: tuple[str, ...], said: str
) -> None:
    told = casedesk(
        "model", "train", "--data", bank / "transactions.csv", "--labels", bank / labels, "-o", tmp_path / "m", *words
    )
    assert told.code == 2
    assert said in told.err
    assert not (tmp_path / "m").exists()


def test_the_desk_s_own_decisions_train_and_judge_a_model_for_those_who_may_see_them(
    casedesk: Command, desk: TestDesk, tmp_path: Path
) -> None:
    desk.customer()
    desk.closed("K-1", sar_approver="mia")
    told = casedesk("model", "retrain", "-o", tmp_path / "m", "--as", "mia")
    assert (told.code, (tmp_path / "m").exists()) == (2, False)
    assert "1 case closed as SAR and 0 closed as No SAR are on this desk; at least 10 of each" in told.err
    assert casedesk("model", "run", "--as", "mia").code == 0
    desk.at(days=(datetime.now(UTC) - START).days + 1)  # a run is of today, and the desk's clock is behind
    desk.closed("K-1", sar_approver="max")
    (found,) = casedesk("model", "performance", "--as", "queenie", "--json").json
    assert (found["version_id"], sum(sar for _, sar, _ in found["bands"])) == ("", 1)
    assert "1 case closed after it had scored" in casedesk("model", "performance", "--as", "otto").out
    told = casedesk("model", "performance", "--as", "ann")
    assert (told.out, "may not see undisclosed decisions" in told.err) == ("", True)
