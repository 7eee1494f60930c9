"""`casedesk remind`: what the bank's mailer finds, and what a second run adds to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import TestDesk
from tests.cli.conftest import Command

NOW = datetime.now(UTC)


@pytest.fixture
def case_id(desk: TestDesk) -> str:
    desk.customer()
    found = desk.open(raised_at=NOW - timedelta(days=29))
    desk.take("ann", found)
    return found


def test_each_message_is_a_file_that_a_mailer_can_take(
    casedesk: Command, desk: TestDesk, case_id: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = casedesk("remind", "--out", out)
    assert (told.code, told.out.split()) == (0, ["Person", "Due", "Overdue", "with", "others", "Ann", "1", "0"])
    (file,) = out.iterdir()
    assert file.name == f"{NOW.date()}-{desk.size()}-1.json"
    message = json.loads(file.read_text(encoding="utf-8"))
    assert (message["user_id"], message["subject"], message["to"]) == ("ann", "Work items due", "")
    assert message["text"].startswith(f"1 work item for you:\n{case_id}  due ")
    again = casedesk("remind", "--out", out)
    assert again.out == "Nobody is to be reminded of anything that was not said today.\n"
    assert list(out.iterdir()) == [file]


def test_json_is_one_message_a_line_and_the_log_lists_them(casedesk: Command, desk: TestDesk, case_id: str) -> None:
    told = casedesk("remind", "--json", "--as", "mia")
    assert [json.loads(line)["user_id"] for line in told.out.splitlines()] == ["ann"]
    assert casedesk("remind", "--json").out == ""
    found = casedesk("remind", "--log", NOW.date(), "--json", "--as", "otto").json
    assert [(one["user_id"], one["case_id"]) for one in found] == [("ann", case_id)]
    assert case_id in casedesk("remind", "--log", NOW.date()).out
    assert casedesk("remind", "--log", "2026-01-01").out == "Nobody was reminded of anything on 2026-01-01.\n"


def test_without_a_folder_to_write_to_nothing_is_given(
    casedesk: Command, desk: TestDesk, case_id: str, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file")
    told = casedesk("remind", "--out", tmp_path / "out")
    assert (told.code, "Nothing was given." in told.err) == (2, True)
    assert casedesk("remind", "--log", NOW.date()).out.startswith("Nobody was reminded")
