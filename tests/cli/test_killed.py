"""Killed without warning, at the worst moment, and started again: as if it had never been killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casedesk.store.engines import make_engine
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command, environment
from tests.cli.sticking import before_commit, kill

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is sent here")

Start = Callable[..., "subprocess.Popen[bytes]"]
At = Callable[[str], Command]


def kill_between_append_and_commit(address: str, number: int, *arguments: object) -> None:
    kill(environment(address), arguments, before_commit, number)


def content(desk: TestDesk) -> dict[str, Any]:
    """Everything that an import or a run may determine: no random ids, no times of its own, no hashes over them."""
    tables = desk.dump()
    del tables["ledger_head"]
    tables["imports"] = sorted((*row[1:5], row[6] is not None, *row[7:]) for row in tables["imports"])
    tables["import_rejects"] = sorted(row[1:] for row in tables["import_rejects"])
    tables["receipts"] = sorted(row[:1] for row in tables["receipts"])
    events = []
    for row in tables["case_events"]:
        meta = {
            k: v
            for k, v in json.loads(row[7]).items()
            if k not in ("import_id", "alerted_at", "suspicion_at", "digest")
        }
        events.append((*row[:3], row[4], row[5], row[6], meta))
    tables["case_events"] = events
    return tables


@pytest.fixture
def whole(other_address: str) -> Any:
    """The same desk without a kill."""
    engine = make_engine(other_address)
    desk = TestDesk(engine)
    desk.staff()
    yield desk
    engine.dispose()


def big_file(folder: Path, rows: int) -> Path:
    """Rows with rejects and a repeated id in several chunks."""
    lines = ["transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"]
    for n in range(rows):
        amount = "x" if n % 997 == 0 else f"{n % 900 + 1}.00"
        name = n - 1 if n % 499 == 0 else n
        lines.append(f"T-{name},2026-06-{n % 30 + 1:02}T09:00:00Z,A-{n % 50},B-{n % 70},{amount},USD,ACH\n")
    path = folder / "big.csv"
    path.write_text("".join(lines))
    return path


def chunks(address: str) -> int:
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"), timeout=30)) as connection:
        return int(connection.execute("SELECT coalesce(sum(chunks), 0) FROM imports").fetchone()[0])


def test_an_import_killed_midway_ends_as_if_never_killed(
    at: At, alone: Start, sqlite_address: str, other_address: str, desk: TestDesk, whole: TestDesk, tmp_path: Path
) -> None:
    path = big_file(tmp_path, 30_000)
    options = ["--chunk-rows", "100", "--json", "--rejects", tmp_path]
    for target in (3, 20):  # killed twice, wherever it happens to be
        started = alone(sqlite_address, "import", path, *options)
        deadline = time.monotonic() + 120
        while chunks(sqlite_address) < target and started.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert started.poll() is None, started.communicate()
        started.send_signal(signal.SIGKILL)
        started.wait(timeout=60)
    reached = chunks(sqlite_address)
    assert 20 <= reached < 300
    told = at(sqlite_address)("import", path, *options)
    rejects = (tmp_path / "big.csv.rejects.csv").read_bytes()
    once = at(other_address)("import", path, *options)
    assert told.json["files"][0].pop("resumed") is True
    assert once.json["files"][0].pop("resumed") is False
    for summary in (told.json, once.json):
        assert summary["read"] == 30_000
    assert _without_ids(told.json) == _without_ids(once.json)
    assert (tmp_path / "big.csv.rejects.csv").read_bytes() == rejects
    assert content(desk) == content(whole)
    assert told.code == once.code == 1


def _without_ids(summary: dict[str, Any]) -> dict[str, Any]:
    files = [{k: v for k, v in file.items() if k not in ("import_id", "resumed")} for file in summary["files"]]
    return {**summary, "files": files}


def test_a_folder_killed_after_its_first_file_tells_the_whole_story_later(
    at: At, sqlite_address: str, other_address: str, desk: TestDesk, whole: TestDesk, tmp_path: Path
) -> None:
    big_file(tmp_path, 500).rename(tmp_path / "transactions.csv")
    (tmp_path / "customers.csv").write_text(
        "customer_id,name,kind,country,segment,occupation,since\nK-1,Kim Roe,Person,US,,,2019-05-02\nK-2,X,Y,US,,,\n"
    )
    words = ["import", tmp_path, "--chunk-rows", "100", "--json", "--rejects", tmp_path]
    # its transactions: rates, begin, customers, customers done, then chunks of the second file
    kill_between_append_and_commit(sqlite_address, 6, *words)
    told = at(sqlite_address)(*words)
    assert told.code == 1, told
    once = at(other_address)(*words)
    assert _without_ids(told.json) == _without_ids(once.json)
    assert told.json["files"][0]["stored"] == 1
    assert content(desk) == content(whole)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_import_killed_between_append_and_commit_leaves_no_half_chunk(
    at: At, sqlite_address: str, other_address: str, desk: TestDesk, whole: TestDesk, tmp_path: Path,
    number: int,
) -> None:  # fmt: skip
    path = big_file(tmp_path, 150)
    words = ["import", path, "--chunk-rows", "100", "--json", "--rejects", tmp_path]
    kill_between_append_and_commit(sqlite_address, number, *words)
    stored = len(desk.dump()["transactions"])
    assert stored == {1: 0, 2: 0, 3: 0, 4: 99}[number]
    told = at(sqlite_address)(*words)
    assert _without_ids(told.json) == _without_ids(at(other_address)(*words).json)
    assert content(desk) == content(whole)


def test_a_detection_killed_leaves_nothing_and_is_repeated_whole(
    at: At, sqlite_address: str, other_address: str, desk: TestDesk, whole: TestDesk
) -> None:
    for one in (desk, whole):
        for customer in ("K-1", "K-2", "K-3"):
            one.customer(customer)
            one.book(Move(f"{customer}-{n}", 8 * n, 950_000, to_account=f"{customer}/1") for n in range(6))
    before = desk.dump()
    words = ["detect", "--rule", "structuring"]
    kill_between_append_and_commit(sqlite_address, 1, *words)
    after = desk.dump()
    del before["ledger_head"], after["ledger_head"]
    assert after == before
    told, once = at(sqlite_address)(*words, "--json"), at(other_address)(*words, "--json")
    assert told.json == once.json
    assert told.json["cases_opened"] == 3
    assert [(e.case_id, e.action) for c in ("C-26-00001", "C-26-00002", "C-26-00003") for e in desk.history(c)] == [
        (e.case_id, e.action) for c in ("C-26-00001", "C-26-00002", "C-26-00003") for e in whole.history(c)
    ]
    assert desk.verify().verdict == "VERIFIED"


def test_a_decision_killed_between_append_and_commit_was_never_made(
    at: At, sqlite_address: str, desk: TestDesk
) -> None:
    desk.customer()
    case = desk.open()
    desk.take("ann", case)
    words = ["case", "dispose", case, "no-sar", "--as", "ann", "--text", "Two employers; the pay slips are on file."]
    before = desk.dump()
    kill_between_append_and_commit(sqlite_address, 1, *words)
    after = desk.dump()
    del before["ledger_head"], after["ledger_head"]
    assert after == before
    assert desk.verify().verdict == "VERIFIED"
    told = at(sqlite_address)(*words)
    assert (told.code, desk.stage(case)) == (0, "closed")
    assert desk.actions(case).count("disposition_set") == 1
    assert desk.verify().verdict == "VERIFIED"
