"""Real files from import to cases: AMLworld's benign file and attempts, and a foreign set through a mapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import TestDesk
from tests.cli.conftest import Command

pytestmark = [pytest.mark.shared, pytest.mark.slow]

SMOKE = [
    "transaction_id=transaction_id", "timestamp=booked_at", "sender_id=from_account", "receiver_id=to_account",
    "amount=amount", "transaction_type=channel", "sender_country=from_country", "receiver_country=to_country",
]  # fmt: skip

#: The rules that both data sets were first looked at with; what all of them find is in docs/detection.md.
FEW = ("--rule", "structuring", "--rule", "velocity", "--rule", "geography")


def test_amlworld_goes_from_file_to_cases(casedesk: Command, desk: TestDesk, shared: Path, tmp_path: Path) -> None:
    files = {"amlworld_benign_30min_12308.csv": 12_308, "amlworld_HI-Small_Patterns.txt": 3_209}
    for name, rows in files.items():
        told = casedesk("import", shared / "data" / name, "--json", "--rejects", tmp_path)
        assert (told.code, told.json["read"], told.json["stored"], told.json["rejected"]) == (0, rows, rows, 0), (
            told.err
        )
    for name, rows in files.items():
        told = casedesk("import", shared / "data" / name, "--json", "--rejects", tmp_path)
        assert (told.json["stored"], told.json["duplicates"]) == (0, rows)
    assert not list(tmp_path.iterdir())
    told = casedesk("detect", "--json", *FEW)
    assert told.code == 0, told.err
    assert (told.json["transactions"], told.json["new_alerts"], told.json["cases_opened"]) == (15_517, 11, 11)
    again = casedesk("detect", "--json", *FEW)
    assert (again.json["new_alerts"], again.json["unchanged_alerts"], again.json["cases_opened"]) == (0, 11, 0)
    cases = casedesk("cases", "--json", "--as", "ann").json
    assert len(cases) == 11
    assert {case["typology"] for case in cases} == {"structuring", "velocity"}
    shown = casedesk("case", "show", cases[0]["case_id"], "--as", "ann", "--json").json
    assert "/" in shown["accounts"][0]  # bank and account: ids collide across banks
    assert casedesk("audit", "verify").code == 0


def test_a_foreign_set_goes_through_a_mapping(casedesk: Command, desk: TestDesk, shared: Path) -> None:
    path = shared / "data" / "typology_smoke_quantsingularity_9973.csv"
    words = [word for option in SMOKE for word in ("--map", option)] + ["--set", "currency=USD", "--zone", "UTC"]
    told = casedesk("import", path, *words, "--json")
    assert (told.code, told.json["read"], told.json["stored"]) == (0, 9_973, 9_973), told.err
    assert casedesk("import", path, *words, "--json").json["duplicates"] == 9_973
    assert casedesk("detect", "--json", *FEW).json["new_alerts"] == 0  # nobody moves five times within an hour there
    week = ["structuring.window_minutes=10080", "structuring.count=3", "structuring.below_count=3",
            "structuring.total_minor=2500000", "structuring.channels=CASH,ACH,WIRE"]  # fmt: skip
    options = [word for option in week for word in ("--param", option)]
    told = casedesk("rules", "propose", *options, "--reason", "A foreign set without hours.", "--as", "mia")
    assert told.code == 0, told.err
    assert casedesk("rules", "approve", "RS-000001", "--as", "max").code == 0
    told = casedesk("detect", "--json")
    assert told.code == 0, told.err
    assert told.json["new_alerts"] > 0
    assert told.json["cases_opened"] <= told.json["new_alerts"]
    assert casedesk("audit", "verify").code == 0


def test_a_foreign_set_without_its_mapping_is_refused_with_the_way_out(
    casedesk: Command, desk: TestDesk, shared: Path
) -> None:
    told = casedesk("import", shared / "data" / "typology_smoke_quantsingularity_9973.csv")
    assert told.code == 2
    assert "--map column=field" in told.err
    assert not desk.dump()["transactions"]
