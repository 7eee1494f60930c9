"""What holds for every command: a quick start, sentences instead of tracebacks, exit codes, logs that name nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from casedesk.cli.main import main
from tests.builders import TestDesk
from tests.cli.conftest import ROOT, Command, environment

HEAVY = (
    "sqlalchemy", "alembic", "duckdb", "ibis", "pandas", "pyarrow", "numpy", "pydantic", "pydantic_settings", "structlog",
    "rich", "faker", "seeds",
)  # fmt: skip


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
from casedesk.cli.main import main
code = main(["--help"])
print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)
"""
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert told.stderr == "[] 0\n"
    for command in (
        "db",
        "seed",
        "load-csv",
        "import",
        "detect",
        "rates",
        "users",
        "apikey",
        "serve",
        "stream",
        "generate",
        "watch",
        "cases",
        "case",
        "qa",
        "audit",
        "export",
    ):
        assert f"\n  {command} " in told.stdout


def test_every_command_explains_itself(casedesk: Command) -> None:
    for words in (
        ["db", "upgrade"], ["db", "state"], ["seed"], ["load-csv"], ["import"], ["detect"], ["rates", "load"],
        ["rates", "show"], ["users", "list"], ["users", "add"], ["apikey", "create"],
        ["serve"], ["apikey", "list"], ["apikey", "revoke"], ["cases"], ["case", "show"], ["case", "take"],
        ["case", "take-next"], ["case", "assign"], ["case", "hand-over"], ["case", "release"], ["case", "note"],
        ["stream", "run"], ["generate"], ["produce"], ["consume"], ["watch"], ["demo"], ["case", "dispose"], ["case", "approve"], ["case", "return"], ["case", "reopen"], ["case", "review"],
        ["case", "suspicion"], ["qa", "draw"], ["qa", "redraw"], ["qa", "list"], ["audit", "verify"],
        ["export", "audit"], ["export", "summary"], ["export", "sar"], ["export", "case-file"],
    ):  # fmt: skip
        told = casedesk(*words, "--help")
        assert told.code == 0, words
        assert f"Usage: casedesk {' '.join(words)}" in told.out


def test_the_version_is_the_packages(casedesk: Command) -> None:
    assert casedesk("--version").out == "casedesk 0.1.0\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "nonsense",
            "“casedesk” has no command “nonsense”; choose one of those it lists. For what it takes: casedesk --help",
        ),
        ("case nonsense", "“casedesk case” has no command “nonsense”; choose one of those it lists."),
        ("detekt", "“casedesk” has no command “detekt”; did you mean detect?"),
        ("import", "“casedesk import” needs PATH, and none was given. For what it takes: casedesk import --help"),
        ("import one two", "“casedesk import” takes no further word; leave “two” out."),
        ("lab try", "“casedesk lab try” needs RULE, and none was given."),
        (
            "detect --threads many",
            "--threads cannot be “many”; give a whole number from 1 to 1,024. For what it takes: casedesk detect",
        ),
        ("detect --threads 0", "--threads cannot be “0”; give a whole number from 1 to 1,024."),
        ("detect --memory-mib 63", "--memory-mib cannot be “63”; give a whole number from 64 to "),
        ("lab try velocity --memory-mib 1.5", "--memory-mib cannot be “1.5”; give a whole number from 64 to "),
        ("import x --chunk-rows 0", "--chunk-rows cannot be “0”; give a whole number from 1 up."),
        ("detect runs --limit 10001", "--limit cannot be “10001”; give a whole number from 1 to 10,000."),
        ("audit prove 0", "EVENT cannot be “0”; give a whole number from 1 up."),
        ("detect --full=no", "--full takes no value; leave it out."),
        ("detect --engine", "--engine takes a value; write it after it."),
        ("detect --thraeds 9", "“casedesk detect” has no option “--thraeds”; did you mean --threads?"),
        ("--x", "“casedesk” has no option “--x”; leave it out."),
    ],
)
def test_a_command_that_cannot_be_read_is_refused_in_one_sentence(casedesk: Command, words: str, said: str) -> None:
    told = casedesk(*words.split())
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(said)
    assert told.err.count("\n") == 1, "neither a usage nor a frame around it"


def test_a_group_of_commands_alone_lists_them(casedesk: Command) -> None:
    told = casedesk("lab")
    assert (told.code, told.out) == (2, "")
    assert "\n  sample-size " in told.err


def test_python_m_casedesk_is_the_command() -> None:
    for module in ("casedesk", "casedesk.cli"):
        told = subprocess.run([sys.executable, "-m", module, "--version"], cwd=ROOT, capture_output=True, text=True)
        assert told.stdout == "casedesk 0.1.0\n"


def test_what_nobody_foresaw_gives_a_reference_and_logs_no_data(sqlite_address: str, desk: TestDesk) -> None:
    program = """
import sys
from casedesk.cli.main import main
from casedesk.services import people
def fail(**_): raise RuntimeError("Kim Roe, narrative: deposits")
people.everybody = fail
sys.exit(main(["users", "list"]))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment(sqlite_address) | {"CASEDESK_LOG_FORMAT": "json"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (2, "")
    log, sentence = told.stderr.splitlines()
    logged = json.loads(log)
    assert logged["error_type"] == "builtins.RuntimeError"
    assert sentence.endswith(f"Tell your operator: {logged['reference']}.")
    assert "Kim Roe" not in told.stderr
    assert "Traceback" not in told.stderr


def test_a_command_that_reads_no_settings_logs_no_data_either(sqlite_address: str) -> None:
    program = """
import sys
from casedesk.cli.main import main
from casedesk.services import offline_modelling
def fail(**_): raise RuntimeError("Kim Roe, narrative: deposits")
offline_modelling.export = fail
sys.exit(main(["model", "export", "--model", "Kim Roe", "-o", "scores.onnx"]))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment(sqlite_address), capture_output=True, text=True
    )
    assert (told.returncode, told.stdout) == (2, "")
    log, _ = told.stderr.splitlines()
    assert "error_type=builtins.RuntimeError" in log
    assert "Kim Roe" not in told.stderr


def test_a_wrong_setting_is_a_sentence(sqlite_address: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "casedesk", "users", "list"], cwd=ROOT, capture_output=True, text=True,
        env=environment(sqlite_address) | {"CASEDESK_BASE_CURRENCY": "dollars"},
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("CASEDESK_BASE_CURRENCY is “dollars”; it must be")


@pytest.mark.skipif(os.name == "nt", reason="signals are sent another way there")
def test_ctrl_c_ends_with_a_sentence_and_130(
    alone: Callable[..., subprocess.Popen[bytes]], sqlite_address: str, desk: TestDesk
) -> None:
    # A suite that was started in the background hands an ignored Ctrl-C on to its processes.
    program = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from casedesk.cli.main import run
from casedesk.services import people
def wait(**_):
    print("waiting", flush=True)
    time.sleep(60)
people.everybody = wait
sys.argv = ["casedesk", "users", "list"]
run()
"""
    started = alone(sqlite_address, program=("-c", program))
    assert started.stdout is not None
    assert started.stdout.readline() == b"waiting\n"
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert err.decode() == "Stopped; nothing is half-written. Start the command again to go on.\n"


def test_an_interrupt_while_the_commands_are_read_is_none_either() -> None:
    program = """
import builtins, sys
from casedesk.cli.main import run
real = builtins.__import__
def stopped(name, *rest):
    if name == "typer":
        raise KeyboardInterrupt
    return real(name, *rest)
builtins.__import__ = stopped
run()
"""
    told = subprocess.run([sys.executable, "-c", program, "users", "list"], cwd=ROOT, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (130, "")
    assert told.stderr == "Stopped; nothing is half-written. Start the command again to go on.\n"


def test_an_interrupt_is_not_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("casedesk.cli.database.configured", interrupt)
    assert main(["db", "state"]) == 130
    assert capsys.readouterr().err.startswith("Stopped;")
