"""Set up and open the desk: what run.sh and run.ps1 call. Standard library only, for nothing is installed yet."""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import browser
import database
import environment
from process import PYTHON, Stop, hand_over, run, stop_politely

_HELP: Final = """\
AML Case Desk

  {me}                 set up what is missing, then open the desk at http://localhost:8501, its API beside it
  {me} test [ARGS]     get everything the tests need, a browser included, and run them (ARGS go to pytest)
  {me} check [ARGS]    formatting, lint, types, import contracts, then the tests: what a change must pass
  {me} casedesk ARGS   the desk’s command line, for example: {me} casedesk audit verify --database
  {me} setup           set up and stop there
  {me} --help          this text

The first start makes .venv with the pinned packages, the database data/casedesk.db and a demo bank in it. Later starts
change nothing. Ctrl-C closes the desk.

  CASEDESK_PORT            another port than 8501
  CASEDESK_DATABASE_URL    another database, for example postgresql+psycopg://user:password@host/name
  CASEDESK_AUTH            demo (personas, this machine only) or oidc
  The other settings: docs/guide/settings.md. All may also stand in a file named .env beside this script.
"""


def _port() -> int:
    text = database.setting("CASEDESK_PORT", "8501")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Stop(f"CASEDESK_PORT is “{text[:40]}”; it must be a number from 1 to 65535.")
    port = int(text)
    with socket.socket() as trial:
        if os.name != "nt":  # there it would let two programs share the port; here it only skips the wait after a close
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError:
            raise Stop(
                f"Port {port} may not be used by this account; choose one above 1023 with CASEDESK_PORT."
            ) from None
        except OSError:
            raise Stop(
                f"Port {port} is in use: the desk may already be open at http://localhost:{port}; "
                f"if it is another program, choose another port with CASEDESK_PORT={port + 1 if port < 65535 else 8502}."
            ) from None
    return port


def _open(arguments: list[str]) -> NoReturn:
    _none(arguments)
    port = _port()  # before the long steps: a taken port should not cost a minute
    _setup([])
    print(f"Opening the desk at http://localhost:{port} (Ctrl-C closes it)", flush=True)
    hand_over(environment.casedesk(["serve", "--port", str(port)]))


def _setup(arguments: list[str]) -> None:
    _none(arguments)
    environment.ensure(dev=False)
    database.prepare()


def _casedesk(arguments: list[str]) -> NoReturn:
    environment.ensure(dev=False)
    # In the caller's folder, because paths among the arguments are relative to it.
    hand_over(environment.casedesk(arguments), cwd=Path.cwd())


#: One worker a core; a file stays with one worker, so that its module's fixtures are made once.
_WORKERS = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")


def _test(arguments: list[str]) -> NoReturn:
    environment.ensure(dev=True)
    hand_over([PYTHON, "-m", "pytest", *_WORKERS, *arguments], extra=_browser())


def _check(arguments: list[str]) -> None:
    environment.ensure(dev=True)
    steps: tuple[tuple[str | Path, ...], ...] = (
        (environment.program("ruff"), "format", "--check", "."),
        (environment.program("ruff"), "check", "."),
        (PYTHON, "-m", "mypy"),
        (environment.program("lint-imports"),),
        (PYTHON, "-m", "pytest", *_WORKERS, *arguments),
    )
    failed = []
    for step in steps:
        name = " ".join(Path(part).stem if isinstance(part, Path) else part for part in step)
        print(f"== {name}", flush=True)
        if run(step, extra=_browser() if "pytest" in step else None):
            failed.append(name)
    if failed:
        raise Stop(f"Not ready: {', '.join(failed)} failed.")
    print("All checks passed.")


def _browser() -> dict[str, str]:
    """Tell the tests which browser to drive; without one, its tests skip visibly (and fail where CI=true)."""
    path = browser.find()
    if path is None:
        print("No browser could be found or installed; the browser tests will say so.", file=sys.stderr, flush=True)
    return {"CASEDESK_TEST_CHROMIUM": path} if path else {}


def _none(arguments: list[str]) -> None:
    if arguments:
        raise Stop(f"“{arguments[0]}” is not understood here; see --help.", code=2)


_COMMANDS: Final[dict[str, Callable[[list[str]], None]]] = {
    "open": _open,
    "setup": _setup,
    "test": _test,
    "check": _check,
    "casedesk": _casedesk,
}


def main(arguments: list[str]) -> int:
    """Do one command; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old console without our quotation marks still gets the sentence
    name, *rest = arguments or ["open"]
    if name in {"--help", "-h", "help"}:
        print(_HELP.format(me=".\\run.ps1" if os.name == "nt" else "./run.sh"), end="")
        return 0
    if name not in _COMMANDS:
        known = ", ".join(_COMMANDS)
        print(
            f"“{name}” is not a command; there are {known}. A command of the desk itself: casedesk {name}",
            file=sys.stderr,
        )
        return 2
    stop_politely()
    try:
        _COMMANDS[name](rest)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
