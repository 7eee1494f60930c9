"""The folder of checkpoints: one signed note a file, named by its size, and beside it what the next one starts from.

``000000001234.checkpoint`` is the note. ``000000001234.frontier`` holds the hashes of the tree's right edge at that size:
with them the next checkpoint reads the new events only. It needs no signature, because it must add up to the signed root.
``000000001234.tsr`` is an authority's time-stamp of the note, where the operator has named one.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from casedesk.domain.checkpoints import BadCheckpoint, SignedCheckpoint, parse_note
from casedesk.domain.merkle import Frontier
from casedesk.errors import Unavailable

_NAME: Final = re.compile(r"([0-9]{12,18})\.checkpoint")
#: A checkpoint of a few lines; what is longer was not written here, and is not read.
_LARGEST: Final = 65_536


class FolderUnusable(Unavailable):
    """The folder cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the folder: its place, when it was written, and the note, or the sentence that says why it is none."""

    path: Path
    written_at: datetime
    note: SignedCheckpoint | None
    problem: str = ""


class CheckpointFolder:
    """Reads and writes checkpoints. A folder that is not there yet holds none, and is made by the first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stored(self) -> tuple[Stored, ...]:
        """Return every checkpoint, the smallest first.

        :raises FolderUnusable: if the folder is there and cannot be read.
        """
        return tuple(self._read(path) for path in self._files())

    def newest(self) -> Stored | None:
        """Return the checkpoint of the largest size.

        :raises FolderUnusable: if the folder is there and cannot be read.
        """
        files = self._files()
        return self._read(files[-1]) if files else None

    def _files(self) -> list[Path]:
        try:
            names = [entry.name for entry in self.path.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FolderUnusable(f"The checkpoints in {self.path} cannot be read ({error.strerror}).") from None
        found = sorted((int(match[1]), name) for name in names if (match := _NAME.fullmatch(name)))
        return [self.path / name for _, name in found]

    def _read(self, path: Path) -> Stored:
        written_at = datetime.now(UTC)
        try:
            written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            with path.open("rb") as file:
                note = parse_note(file.read(_LARGEST).decode("utf-8"))
        except OSError as error:
            return Stored(path, written_at, None, f"It cannot be read ({error.strerror}).")
        except UnicodeDecodeError:
            return Stored(path, written_at, None, "It is not UTF-8 text.")
        except BadCheckpoint as error:
            return Stored(path, written_at, None, str(error))
        if path.name != _name(note.checkpoint.size):
            problem = f"It is of size {note.checkpoint.size:,}, which its name does not say."
            return Stored(path, written_at, None, problem)
        return Stored(path, written_at, note)

    def frontier(self, stored: Stored) -> Frontier | None:
        """Return the frontier kept beside a checkpoint if it adds up to the signed root, None if it does not."""
        if stored.note is None:
            return None
        checkpoint = stored.note.checkpoint
        try:
            text = stored.path.with_suffix(".frontier").read_text(encoding="ascii")
            frontier = Frontier.load(checkpoint.size, text)
        except (OSError, ValueError):
            return None
        return frontier if frontier.root() == checkpoint.root.hex() else None

    def timestamp(self, stored: Stored) -> bytes | None:
        """Return the time-stamp kept beside a checkpoint, as the authority gave it; None if there is none."""
        try:
            return stored.path.with_suffix(".tsr").read_bytes()
        except OSError:
            return None

    def write_timestamp(self, path: Path, answer: bytes) -> None:
        """Keep the time-stamp of a checkpoint beside it.

        :raises FolderUnusable: if it cannot be written.
        """
        try:
            self._put(path.with_suffix(".tsr"), answer)
        except OSError as error:
            raise FolderUnusable(f"No time-stamp can be written to {self.path} ({error.strerror}).") from None

    def write(self, note: str, frontier: Frontier) -> Path:
        """Write a checkpoint of the frontier's size; one of that size that is there already stays.

        :raises FolderUnusable: if it cannot be written.
        """
        path = self.path / _name(frontier.size)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._put(path.with_suffix(".frontier"), frontier.dump().encode())
            self._put(path, note.encode())
        except OSError as error:
            raise FolderUnusable(f"No checkpoint can be written to {self.path} ({error.strerror}).") from None
        return path

    def _put(self, path: Path, content: bytes) -> None:
        # Written beside and then given its name: whoever reads the folder meanwhile sees a whole file or none, and of two
        # processes that sign at once the first one's file stays.
        descriptor, temporary = tempfile.mkstemp(dir=self.path, prefix=".", suffix=".new")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            Path(temporary).unlink()


def _name(size: int) -> str:
    return f"{size:012}.checkpoint"
