"""The rules' SQL, kept from one process to the next: a new process would take seconds to write what it runs in less.

A text lies in a file named by the digest of everything it depends on: the rule with its version and parameters, this
package's own code, and the versions of Python, Ibis, its SQL writer and the engine. The file's first line is a digest over that
name and the text. A file that is damaged, that stands under another one's name, or that somebody else could write, is
passed over and written anew. Whoever may write as this desk could still put a text there that says less than its rule;
that is why a replay writes every text itself.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from casedesk import __version__
from casedesk.detection.parameters import canonical_json

#: Texts that are kept at the most; a lab that moves thresholds leaves one for each value it tried.
MOST: Final = 500

_SOFTWARE: Final = ("ibis-framework", "sqlglot", "duckdb")
_PACKAGE: Final = Path(__file__).resolve().parents[1]
#: The rooms whose code makes a text; the domain has the channels and lists that rules name.
_ROOMS: Final = ("detection", "domain")

_folder: Path | None = None


def keep_in(folder: Path | None) -> None:
    """Keep texts in this folder from now on, in all of this process; None keeps none."""
    global _folder  # one process has one desk, as it has one garbage collector
    _folder = folder


def kept(what: str, write: Callable[[], str]) -> str:
    """Return the text named ``what``: the kept one if there is one, else what ``write`` returns, which is then kept."""
    if _folder is None:
        return write()
    file = _folder / f"{_name(what)}.sql"
    text = _read(file)
    if text is None:
        text = write()
        with suppress(OSError):  # a folder that cannot be written costs time and nothing else
            _store(file, text)
    return text


def _name(what: str) -> str:
    depends = {"what": what, "code": _code(), "versions": _versions()}
    return hashlib.sha256(canonical_json({**depends, "python": platform.python_version()}).encode()).hexdigest()


@cache
def _versions() -> dict[str, str]:
    """Return the versions of the software that runs the texts; reading them takes milliseconds, and a process has one of each."""
    return {name: version(name) for name in _SOFTWARE}


@cache
def _code() -> str:
    """Return SHA-256 (hex) over the code that makes texts, so that a changed rule finds none."""
    found = hashlib.sha256(__version__.encode())
    for room in _ROOMS:
        for file in sorted((_PACKAGE / room).rglob("*")):
            if file.suffix in (".py", ".csv"):
                content = file.read_bytes()
                found.update(f"{file.relative_to(_PACKAGE).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _seal(file: Path, text: str) -> str:
    return hashlib.sha256(f"{file.name}\n{text}".encode()).hexdigest()


def _read(file: Path) -> str | None:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            if not _ours(os.fstat(opened.fileno())):
                return None
            seal, _, text = opened.read().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if seal == _seal(file, text) else None


def _ours(status: os.stat_result) -> bool:
    """Say whether nobody but this process's user can write the file, where the system tells."""
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def _store(file: Path, text: str) -> None:
    """Write beside the place and move there, so that another process never reads half of it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, path = tempfile.mkstemp(dir=file.parent, suffix=".part")  # readable and writable by its owner alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(f"{_seal(file, text)}\n{text}")
        Path(path).replace(file)
    finally:
        Path(path).unlink(missing_ok=True)
    _forget_oldest(file.parent)


def _forget_oldest(folder: Path) -> None:
    files = list(folder.glob("*.sql"))
    if len(files) > MOST:
        for file in sorted(files, key=lambda one: one.stat().st_mtime)[: len(files) - MOST]:
            file.unlink(missing_ok=True)
