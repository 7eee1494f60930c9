"""Bring the database to the newest migration, and fill a new one with the demo bank."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Final

from environment import casedesk
from process import ROOT, Stop, run

_DEMO_BANK: Final = ("seed", "--customers", "400", "--days", "120", "--seed", "7", "--if-empty")
_REVISION: Final = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*[\"']([^\"'\n]+)[\"']", re.MULTILINE)
#: Rows in any of these are somebody's data: a demo bank is never poured over them.
_FILLED: Final = ("customers", "transactions", "cases")
#: What lies beside an embedded database: the signing key, its public key, and what it signed.
_COMPANIONS: Final = (".key", ".key.pub", ".checkpoints")
_OWN_CHECKPOINTS: Final = ("CASEDESK_CHECKPOINT_DIR", "CASEDESK_CHECKPOINT_KEY")
_LEFT_BEHIND: Final = 3600  # seconds after which an unfinished new database belongs to nobody


def setting(name: str, default: str) -> str:
    """Read a CASEDESK_ setting as the desk will: the environment first, then the .env file."""
    lines: list[str] = []
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (ROOT / ".env").read_text(encoding="utf-8").splitlines()
    found = ""
    for line in lines:
        key, _, value = line.strip().removeprefix("export ").partition("=")
        if key.strip() == name:
            found = value.partition(" #")[0].strip().strip("'\"")
    return os.environ.get(name) or found or default


def prepare() -> None:
    """Make the database usable. One that is already usable is only looked at, which takes milliseconds.

    :raises Stop: if the migration or the demo bank failed; the command has already said why.
    """
    file = _sqlite_file(setting("CASEDESK_DATABASE_URL", "sqlite:///data/casedesk.db"))
    demo = setting("CASEDESK_AUTH", "demo") == "demo"  # a desk with real sign-in is not given invented customers
    if file is not None and not file.exists():
        _make_new(file, demo=demo)
    elif file is None or not _ready(file, demo=demo):
        print("Looking after the database ...", flush=True)
        _fill(demo=demo)


def _sqlite_file(url: str) -> Path | None:
    """Name the file of a SQLite URL; None for a server, or for what the desk itself will refuse with a sentence."""
    match = re.fullmatch(r"sqlite(?:\+pysqlite)?:///([^?]+)", url)
    return ROOT / match[1] if match and match[1] != ":memory:" else None


def _head() -> str:
    """Name the newest migration, or nothing when the files do not tell plainly; then the desk's own command decides."""
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        for key, value in _REVISION.findall(file.read_text(encoding="utf-8")):
            found[key].add(value)
    heads = found["revision"] - found["down_revision"]
    return heads.pop() if len(heads) == 1 else ""


def _ready(file: Path, *, demo: bool) -> bool:
    """Say whether the database stands at the newest migration and, where a demo bank is wanted, holds anything."""
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            at = [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]
            filled = any(connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in _FILLED)
    except sqlite3.Error:
        return False
    return at == [_head()] and (filled or not demo)


def _make_new(file: Path, *, demo: bool) -> None:
    """Build beside the final place and move the finished file there, so that a kill leaves no half-filled bank."""
    with_whom = "with its demo bank, which takes about half a minute " if demo else ""
    print(f"Making the database {with_whom}...", flush=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in file.parent.glob(".new-*"):
        if time.time() - abandoned.stat().st_mtime > _LEFT_BEHIND:
            shutil.rmtree(abandoned, ignore_errors=True)
    workshop = Path(tempfile.mkdtemp(prefix=".new-", dir=file.parent))
    try:
        part = workshop / file.name
        _fill(demo=demo, extra={"CASEDESK_DATABASE_URL": f"sqlite:///{part.as_posix()}"})
        with contextlib.closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what is still in the -wal file would stay behind
        if not file.exists():  # another start may have been quicker; its bank is the same
            for companion in _COMPANIONS:
                _move(part.with_suffix(companion), file.with_suffix(companion))
            part.replace(file)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _move(made: Path, place: Path) -> None:
    """Put a new file or folder in its place; what an earlier database left there is kept under another name."""
    if not made.exists():
        return
    if place.exists():
        place.rename(place.with_name(f"{place.name}.{time.strftime('%Y%m%dT%H%M%S')}"))
    made.rename(place)


def _fill(*, demo: bool, extra: dict[str, str] | None = None) -> None:
    # A new embedded demo desk gets a signing key too, so that its ledger is signed from the first event on.
    signs = demo and extra is not None and not any(setting(name, "") for name in _OWN_CHECKPOINTS)
    commands: list[tuple[str, ...]] = [("db", "upgrade")]
    if signs:
        commands.append(("audit", "keygen"))
    if demo:
        commands.append(_DEMO_BANK)
    for command in commands:
        if run(casedesk(command), extra=extra):
            raise Stop(f"“casedesk {' '.join(command[:2])}” failed, as it says above; nothing was started.")
