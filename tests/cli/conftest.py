"""The command line under test: in this process for speed, in one of its own where a process is what is tested."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from casedesk.cli.main import main
from casedesk.store.engines import make_engine
from tests.builders import TestDesk
from tests.databases import Sqlite

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Told:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Told]


def environment(address: str) -> dict[str, str]:
    """This process's environment with the desk under test and no other setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEDESK_")}
    return {**kept, "CASEDESK_DATABASE_URL": address, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[[str], Command]:
    """A function that gives the command line of the database at an address."""
    monkeypatch.setattr("casedesk.logs.configure", lambda settings: None)  # it would replace pytest's own handlers

    def of(address: str) -> Command:
        def call(*arguments: object, stdin: bytes = b"", **settings: object) -> Told:
            for name in [name for name in os.environ if name.startswith("CASEDESK_")]:
                monkeypatch.delenv(name)
            for name, value in {"database_url": address, **settings}.items():
                monkeypatch.setenv(f"CASEDESK_{name.upper()}", str(value))
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            capfdbinary.readouterr()
            code = main([str(argument) for argument in arguments])
            sys.stdout.flush()
            out, err = capfdbinary.readouterr()
            return Told(code, out.decode(), err.decode())

        return call

    return of


@pytest.fixture
def casedesk(at: Callable[[str], Command], sqlite_address: str) -> Command:
    """The command line of a migrated SQLite database."""
    return at(sqlite_address)


@pytest.fixture
def desk(sqlite_address: str) -> Iterator[TestDesk]:
    """The same database, to set the scene and to look behind it. Its people are hired."""
    engine = make_engine(sqlite_address, lock_timeout=5.0)
    found = TestDesk(engine)
    found.staff()
    yield found
    engine.dispose()


@pytest.fixture
def other_address(sqlite_kind: Sqlite) -> Iterator[str]:
    """A second database without a row."""
    address = sqlite_kind.fresh()
    yield address
    sqlite_kind.drop(address)


def process(address: str, *arguments: object, program: tuple[str, ...] = ("-m", "casedesk")) -> subprocess.Popen[bytes]:
    """Start the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, *program, *(str(argument) for argument in arguments)],
        env=environment(address), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def alone() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start commands in processes of their own; what still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        address: str, *arguments: object, program: tuple[str, ...] = ("-m", "casedesk")
    ) -> subprocess.Popen[bytes]:
        started.append(process(address, *arguments, program=program))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
        one.communicate(timeout=60)
