"""Keep .venv equal to the lock files: made once, checked in milliseconds, never trusted half-finished."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from process import PYTHON, ROOT, VENV, Stop, run

RUNTIME_LOCK: Final = ROOT / "requirements.lock"
DEV_LOCK: Final = ROOT / "requirements-dev.lock"

#: What the environment holds, written last. `_BEGUN` stands while an installation runs: if it is still there at the next
#: start, that installation was killed, and an environment cannot be told from a damaged one except by making it anew.
_STAMP: Final = VENV / "casedesk-installed.json"
_BEGUN: Final = VENV / "casedesk-installing"


def ensure(*, dev: bool) -> None:
    """Make the environment hold the pinned packages and the project itself; do nothing when it already does.

    :raises Stop: if this Python cannot make environments, or the packages cannot be installed.
    """
    want = {
        "root": str(ROOT),  # an environment copied with the folder still points at the old folder
        "project": _digest(ROOT / "pyproject.toml"),
        "lock": _digest(RUNTIME_LOCK),
        "dev": _digest(DEV_LOCK) if dev else "",
    }
    have = _read_stamp()
    works = _works()
    if works and not _BEGUN.exists() and have | {"dev": have.get("dev", "") if dev else ""} == want:
        return
    if not works or _BEGUN.exists() or have.get("root", want["root"]) != want["root"]:
        _make()
    _BEGUN.touch()
    _STAMP.unlink(missing_ok=True)
    _install(DEV_LOCK if dev else RUNTIME_LOCK)
    partial = _STAMP.with_suffix(".partial")
    partial.write_text(json.dumps(want, indent=1), encoding="utf-8")
    partial.replace(_STAMP)
    _BEGUN.unlink()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_stamp() -> dict[str, str]:
    try:
        stamp = json.loads(_STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _works() -> bool:
    """Say whether .venv has a Python that starts: the one it was made from may have been removed since."""
    if Path(sys.prefix) == VENV:
        return True
    try:
        return run([PYTHON, "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], quiet=True) == 0
    except OSError:
        return False


def _make() -> None:
    base = getattr(sys, "_base_executable", None) or sys.executable  # never the .venv that is about to be cleared
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if run([base, "-I", "-c", "import ensurepip, venv"], quiet=True) != 0:
        raise Stop(
            f"Python {version} at {base} cannot make environments, because its venv or ensurepip module is missing; "
            f"on Debian and Ubuntu run “apt-get install python{version}-venv” as root, then run this again."
        )
    print(f"Making .venv with Python {version} ...", flush=True)
    if run([base, "-I", "-m", "venv", "--clear", VENV]) != 0:
        raise Stop(f"The environment {VENV} could not be made; delete that folder, check the disk, and run this again.")


def _install(lock: Path) -> None:
    count = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
    print(f"Installing up to {count} pinned packages; this happens once and takes a minute or two ...", flush=True)
    # The lock is complete, so nothing is left to resolve; byte code is made by the first import of what is really used.
    pip: list[str | Path] = [PYTHON, "-I", "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    if run([*pip, "--require-hashes", "-r", lock]) != 0:
        raise Stop(
            "The packages could not be installed: pip’s own words are above, and nothing was started. The usual causes are "
            "no network, a proxy that pip does not know (PIP_PROXY, PIP_INDEX_URL), a full disk, or a Python so new that "
            "packages are not built for it yet (3.11 to 3.14 are covered)."
        )
    if run([*pip, "--no-build-isolation", "--editable", ROOT]) != 0:
        raise Stop("The desk itself could not be installed into .venv: pip’s own words are above.")


def program(name: str) -> Path:
    """Name an installed program of the environment."""
    return PYTHON.with_name(name + (".exe" if os.name == "nt" else ""))


def casedesk(arguments: Sequence[str]) -> list[str | Path]:
    """Write the command line of the desk's own program."""
    # By its interpreter: a script's first line is too short for a deep folder on some systems. Windows has an .exe.
    start: list[str | Path] = [] if os.name == "nt" else [PYTHON]
    return [*start, program("casedesk"), *arguments]
