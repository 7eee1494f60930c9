"""Checkpoints that are signed by themselves: after so many events, or so long after the first that none covers.

A step is done when it is committed. That signing fails, because the folder is full or the ledger was rewritten, undoes no
step: it is logged, shown on the ledger's page, and found by every verification.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from casedesk.anchors import timestamps
from casedesk.anchors.folder import CheckpointFolder
from casedesk.anchors.keys import load_private, load_public, sign_text
from casedesk.domain.checkpoints import PublicKey
from casedesk.domain.verification import Anchors
from casedesk.errors import CasedeskError, Invalid
from casedesk.services import checkpoints
from casedesk.services.checkpoints import Proof, Signed, Status
from casedesk.services.packets import LedgerMoved, Sealed
from casedesk.settings import Settings
from casedesk.store.unit_of_work import Reading

T = TypeVar("T")

#: How often a packet is signed anew because somebody else wrote in between.
_ATTEMPTS: Final = 5
_LOG: Final = structlog.get_logger("casedesk.anchoring")


class NoCheckpoints(Invalid):
    """The desk was not told where checkpoints and their key lie."""

    def __init__(self) -> None:
        super().__init__(
            "This desk keeps no checkpoints: set CASEDESK_CHECKPOINT_DIR and CASEDESK_CHECKPOINT_KEY, both outside the "
            "reach of the database's owner."
        )


class NoKey(Invalid):
    """There is no key to sign with."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"There is no signing key at {path}; run: casedesk audit keygen.")


class Anchoring:
    """The checkpoints of one desk: makes them, by itself where it has a key, and reads them back.

    :param reading: opens a look at the ledger.
    """

    def __init__(self, settings: Settings, reading: Callable[[], Reading]) -> None:
        self._settings = settings
        self._reading = reading
        self._signing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._covered: int | None = None  # None until the folder was looked at
        self.refusal = ""  # why the last attempt of this process signed nothing

    @property
    def signs(self) -> bool:
        """Whether there is a key, and so checkpoints are made."""
        path = self._settings.key_path
        return path is not None and self._settings.checkpoint_path is not None and path.exists()

    def keys(self) -> tuple[PublicKey, ...]:
        """Return the known public keys; none if there is no file of them.

        :raises KeyUnusable: if there is one, and it cannot be used.
        """
        path = self._settings.public_key_path
        return load_public(path) if path is not None and path.exists() else ()

    def make(self) -> Signed:
        """Sign the ledger as it is now.

        :raises NoCheckpoints: if the desk was not told where to.
        :raises NoKey: if there is none.
        :raises NotExtended: if the ledger does not go on from the newest checkpoint.
        """
        path = self._settings.key_path
        folder = self._folder()
        if path is None or not path.exists():
            raise NoKey(path or Path("CASEDESK_CHECKPOINT_KEY"))
        key = load_private(path)
        keys = (key.public, *self.keys())
        with self._signing:
            signed = checkpoints.make(look=self._reading(), folder=folder, keys=keys, key=key)
            self._covered = signed.checkpoint.size
            self.refusal = ""
            if signed.new and self._settings.timestamp_url:
                self._stamp(folder, signed)
        return signed

    def _stamp(self, folder: CheckpointFolder, signed: Signed) -> None:
        """Have a new checkpoint time-stamped. It is valid without: what went wrong is told, not raised."""
        try:
            answer = timestamps.request(self._settings.timestamp_url, signed.path.read_bytes())
            folder.write_timestamp(signed.path, answer)
        except CasedeskError as error:
            self.refusal = f"The checkpoint of size {signed.checkpoint.size:,} was not time-stamped. {error}"
            _LOG.warning("checkpoint_not_stamped", error_type=type(error).__name__)

    def sealing(self, export: Callable[[Sealed | None], T]) -> T:
        """Sign the ledger and export a packet with the signature; again if somebody else wrote in between.

        A desk without a key exports unsigned packets.

        :raises NotExtended: if the ledger does not go on from the newest checkpoint; nothing is exported then.
        :raises LedgerMoved: if others write all the time.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return export(self._sealed())
            except LedgerMoved:
                continue
        return export(self._sealed())

    def _sealed(self) -> Sealed | None:
        path, private = self._settings.public_key_path, self._settings.key_path
        if not self.signs or path is None or private is None:
            return None
        signed = self.make()
        return Sealed(
            signed.checkpoint.size, signed.path.read_text(encoding="utf-8"), path.read_text(encoding="utf-8"),
            partial(sign_text, load_private(private)),
        )  # fmt: skip

    def _folder(self) -> CheckpointFolder:
        path = self._settings.checkpoint_path
        if path is None:
            raise NoCheckpoints
        return CheckpointFolder(path)

    def anchors(self) -> Anchors:
        """Return the checkpoints to verify against; none where there is no public key to check them with.

        :raises Unavailable: if the folder or the key is there and cannot be read.
        """
        if self._settings.checkpoint_path is None:
            return Anchors()
        keys = self.keys()
        roots = self._settings.timestamp_roots_path
        authorities = timestamps.load_roots(roots) if roots is not None else ()
        return checkpoints.anchors(self._folder(), keys, authorities) if keys else Anchors()

    def status(self) -> Status:
        """Say how far checkpoints reach; a problem that keeps them from being made or read is told, not raised."""
        try:
            keys: Sequence[PublicKey] = self.keys()
            found = checkpoints.status(self._folder(), keys) if keys else Status(0, None)
        except NoCheckpoints:
            return Status(0, None)
        except CasedeskError as error:
            return Status(0, None, str(error))
        return Status(found.size, found.written_at, found.problem or self.refusal)

    def inclusion(self, event_id: int, size: int | None) -> Proof:
        """Prove that an event stands in the ledger of a size, by default that of now."""
        return checkpoints.inclusion(look=self._reading(), event_id=event_id, size=size)

    def consistency(self, old: int, new: int) -> Proof:
        """Prove that the ledger of one checkpoint begins with that of an earlier one."""
        return checkpoints.consistency(look=self._reading(), folder=self._folder(), keys=self.keys(), old=old, new=new)

    def committed(self, size: int) -> None:
        """Take notice that the ledger has ``size`` events now. Never raises: the step is done."""
        if not self.signs:
            return
        if self._covered is None:
            self._covered = self.status().size
        events, seconds = self._settings.checkpoint_every_events, self._settings.checkpoint_every_seconds
        # a ledger that grew and is still no longer than what was signed has been cut: trying says so
        if size <= self._covered or (events and size - self._covered >= events):
            self._try()
        elif seconds and self._timer is None:
            self._timer = threading.Timer(seconds, self._after_a_while)
            self._timer.daemon = True  # a process that ends signs on its way out, see close
            self._timer.start()

    def _after_a_while(self) -> None:
        self._timer = None
        self._try()

    def _try(self) -> None:
        try:
            self.make()
        except CasedeskError as error:
            self.refusal = str(error)
            _LOG.warning("checkpoint_refused", error_type=type(error).__name__)

    def close(self) -> None:
        """Stop waiting, and sign what was waited for if the newest checkpoint is older than a waiting may last."""
        timer, self._timer = self._timer, None
        if timer is None:
            return
        timer.cancel()
        written_at = self.status().written_at
        waited = (datetime.now(UTC) - written_at).total_seconds() if written_at else float("inf")
        if waited >= self._settings.checkpoint_every_seconds:
            self._try()
