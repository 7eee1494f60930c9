"""Run other programs: in a known environment, never left behind, never by a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parents[2]
VENV: Final = ROOT / ".venv"
BIN: Final = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON: Final = BIN / ("python.exe" if os.name == "nt" else "python")

#: How a machine reaches its packages. Every other PIP_ variable (PIP_USER, PIP_TARGET, PIP_NO_DEPS ...) could only send
#: the packages to the wrong place, and is dropped.
_PIP_KEPT: Final = frozenset(
    "PIP_" + name
    for name in """CACHE_DIR CERT CLIENT_CERT CONFIG_FILE DEFAULT_TIMEOUT EXTRA_INDEX_URL FIND_LINKS INDEX_URL
    KEYRING_PROVIDER NO_CACHE_DIR NO_INDEX PROXY RETRIES TRUSTED_HOST""".split()
)


class Stop(Exception):
    """The start cannot go on; ``str()`` is the sentence for the person at the terminal."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def clean_environment() -> dict[str, str]:
    """Return the caller's environment without what would change which code runs."""
    kept = {
        name: value
        for name, value in os.environ.items()
        # PYTHONPATH, PYTHONHOME, PYTHONOPTIMIZE ... but not PYTHON_KEYRING_BACKEND, which opens package indexes.
        if not (name.startswith("PYTHON") and name[6:7].isalpha())
        and not (name.startswith("PIP_") and name not in _PIP_KEPT)
    }
    kept |= {"PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    kept["PIP_USER"] = "0"  # overrides `user = true` in a configuration file, which pip refuses inside an environment
    if os.name != "nt" and not os.access(kept.get("HOME") or "/nowhere", os.W_OK):
        # Service accounts often have no home; pip, fontconfig and Chromium all want one.
        home = VENV / "home"
        home.mkdir(parents=True, exist_ok=True)
        kept["HOME"] = str(home)
    return kept


def run(
    command: Sequence[str | Path], *, extra: Mapping[str, str] | None = None, cwd: Path = ROOT, quiet: bool = False
) -> int:
    """Run a program to its end and return its exit code. If we are stopped meanwhile, it is stopped first."""
    silence = subprocess.DEVNULL if quiet else None
    child = subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment() | dict(extra or {}),
        stdin=subprocess.DEVNULL,
        stdout=silence,
        stderr=silence,
    )
    try:
        return child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def hand_over(command: Sequence[str | Path], *, extra: Mapping[str, str] | None = None, cwd: Path = ROOT) -> NoReturn:
    """Become the program: it gets our process id, terminal and signals, so nothing of us can be left running."""
    words = [str(part) for part in command]
    environment = clean_environment() | dict(extra or {})
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(cwd)
    if os.name != "nt":
        os.execve(words[0], words, environment)  # noqa: S606  # no shell is the point
    # Windows cannot replace a process. Ctrl-C reaches every process of the console: wait for the program to end by itself.
    child = subprocess.Popen(words, env=environment)
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:
            continue


def stop_politely() -> None:
    """Let a termination unwind like Ctrl-C, so that `run` stops its program too."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, leave)
