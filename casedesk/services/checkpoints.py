"""Sign what the ledger is now, so that nobody, the owner of the database included, can later say it was otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from casedesk.anchors import timestamps
from casedesk.anchors.folder import CheckpointFolder, Stored
from casedesk.anchors.keys import sign, signer
from casedesk.anchors.timestamps import Certificate
from casedesk.domain.checkpoints import Checkpoint, PrivateKey, PublicKey
from casedesk.domain.counts import counted
from casedesk.domain.merkle import Frontier, Tree
from casedesk.domain.moments import canonical
from casedesk.domain.verification import Anchor, Anchors
from casedesk.errors import Conflict, Invalid
from casedesk.store.unit_of_work import Reading

__all__ = ["Checkpoint", "CheckpointFolder", "Proof", "Signed", "Status", "anchors", "consistency", "inclusion", "make"]


class NotExtended(Conflict):
    """The ledger is not what was signed, with more after it. Signing it would vouch for a rewritten past."""


class NoSuchCheckpoint(Invalid):
    """The folder has no valid checkpoint of this size."""

    def __init__(self, size: int, known: Sequence[int]) -> None:
        listed = ", ".join(f"{one:,}" for one in known[-5:]) or "none"
        super().__init__(f"There is no valid checkpoint of size {size:,}; the newest sizes are: {listed}.")


@dataclass(frozen=True, slots=True)
class Signed:
    """The checkpoint that covers the ledger now. ``new`` is False where one of that size was there already."""

    checkpoint: Checkpoint
    path: Path
    new: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of RFC 6962: ``hashes`` in the order in which they are used, for a tree of ``size`` with ``root``."""

    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    leaf: int = -1  # of an inclusion proof, counted from 0
    leaf_hash: bytes = b""
    old_size: int = 0  # of a consistency proof
    old_root: bytes = b""


@dataclass(frozen=True, slots=True)
class Status:
    """How far checkpoints reach. ``size`` is 0 and ``written_at`` None where there is none that a known key signed."""

    size: int
    written_at: datetime | None
    problem: str = ""  # the newest file is none, or no known key signed it


def make(*, look: Reading, folder: CheckpointFolder, keys: Sequence[PublicKey], key: PrivateKey) -> Signed:
    """Sign the ledger as it is now, if it goes on from the newest checkpoint.

    :raises NotExtended: if it does not, or its head does not agree with its events.
    :raises Invalid: if there is nothing to sign.
    :raises Unavailable: if the folder or the database cannot be used.
    """
    newest = folder.newest()
    signed = _trusted(newest, keys) if newest is not None else None
    with look:
        head = look.ledger.head()
        if newest is None or signed is None:
            frontier = Frontier()
        else:
            if signed.size > head.size:
                raise NotExtended(
                    f"The newest checkpoint covers {counted(signed.size, 'event')}, but the ledger has {head.size:,}: its end was cut "
                    f"off, or an older backup was restored. Nothing was signed. Run: casedesk audit verify --database."
                )
            frontier = folder.frontier(newest) or _recomputed(look, signed)
        for body in look.ledger.bodies(after=frontier.size):
            frontier.append(body)
    if (frontier.size, frontier.root()) != (head.size, head.root):
        since = f"after the newest checkpoint, of size {signed.size:,}," if signed else "from the first on"
        raise NotExtended(
            f"The events {since} do not add up to the ledger's head (root {frontier.root()[:16]}… of {frontier.size:,} events, "
            f"head {head.root[:16]}… of {head.size:,}). Nothing was signed. Run: casedesk audit verify --database."
        )
    if not head.size:
        raise Invalid("The ledger has no event yet; there is nothing to sign.")
    if newest is not None and signed is not None and signed.size == head.size:
        return Signed(signed, newest.path, new=False)
    checkpoint = Checkpoint(key.public.name, head.size, bytes.fromhex(head.root))
    return Signed(checkpoint, folder.write(sign(key, checkpoint), frontier), new=True)


def _trusted(stored: Stored, keys: Sequence[PublicKey]) -> Checkpoint:
    problem = _problem(stored, keys)
    if stored.note is None or problem:
        raise NotExtended(
            f"The newest checkpoint, {stored.path.name}, cannot be built upon: {problem} Nothing was signed; bring the file "
            "back from where you keep copies."
        )
    return stored.note.checkpoint


def _problem(stored: Stored, keys: Sequence[PublicKey]) -> str:
    if stored.note is None:
        return stored.problem
    if signer(stored.note, keys) is None:
        known = ", ".join(sorted({key.name for key in keys})) or "none"
        return f"It is not signed by a known key (origin “{stored.note.checkpoint.origin[:80]}”; known: {known})."
    return ""


def _recomputed(look: Reading, signed: Checkpoint) -> Frontier:
    """Read the frontier of a checkpoint from the events, all of them: what is kept beside it is gone."""
    frontier = Frontier()
    for body in look.ledger.bodies(after=0, upto=signed.size):
        frontier.append(body)
    if frontier.root() != signed.root.hex():
        raise NotExtended(
            f"The first {signed.size:,} events are not those that the newest checkpoint signed (root {signed.root.hex()[:16]}…, "
            f"now {frontier.root()[:16]}…). Nothing was signed. Run: casedesk audit verify --database."
        )
    return frontier


def anchors(folder: CheckpointFolder, keys: Sequence[PublicKey], authorities: Sequence[Certificate] = ()) -> Anchors:
    """Return every checkpoint that a known key signed, and a sentence for each file that is none.

    :param keys: from a place that whoever wrote the folder does not own.
    :param authorities: root certificates to check time-stamps with; without any, they are passed over.
    """
    valid, problems, stamped = [], [], []
    for stored in folder.stored():
        problem = _problem(stored, keys)
        if stored.note is None or problem:
            problems.append((stored.path.name, problem))
            continue
        checkpoint = stored.note.checkpoint
        valid.append(Anchor(checkpoint.size, checkpoint.root.hex()))
        answer = folder.timestamp(stored) if authorities else None
        if answer is not None:
            try:
                at = timestamps.check(answer, stored.path.read_bytes(), authorities)
                stamped.append((checkpoint.size, canonical(at)))
            except timestamps.BadTimestamp as error:
                problems.append((f"{stored.path.stem}.tsr", str(error)))
    return Anchors(tuple(valid), tuple(problems), tuple(stamped))


def status(folder: CheckpointFolder, keys: Sequence[PublicKey]) -> Status:
    """Say how far the newest checkpoint reaches, without looking at the events."""
    newest = folder.newest()
    if newest is None:
        return Status(0, None)
    problem = _problem(newest, keys)
    if newest.note is None or problem:
        return Status(0, None, f"{newest.path.name}: {problem}")
    return Status(newest.note.checkpoint.size, newest.written_at)


def inclusion(*, look: Reading, event_id: int, size: int | None = None) -> Proof:
    """Prove that an event stands in the ledger of a size, by default that of now.

    :raises Invalid: if it does not, or the ledger is smaller.
    """
    with look:
        tree = Tree(look.ledger.bodies(after=0))
    size = tree.size if size is None else size
    _require(1 <= event_id <= size <= tree.size, f"Event {event_id:,} does not stand in a ledger of {counted(size, 'event')}; "
             f"this one has {tree.size:,}.")  # fmt: skip
    leaf = event_id - 1
    return Proof(size, tree.root(size), tree.inclusion(leaf, size), leaf, tree.leaf(leaf))


def consistency(*, look: Reading, folder: CheckpointFolder, keys: Sequence[PublicKey], old: int, new: int) -> Proof:
    """Prove that the ledger of one checkpoint begins with that of an earlier one.

    :raises NoSuchCheckpoint: if either size has no valid checkpoint.
    :raises NotExtended: if the events do not add up to both; “casedesk audit verify” tells where.
    """
    known = {anchor.size: anchor.root for anchor in anchors(folder, keys).valid}
    for size in (old, new):
        if size not in known:
            raise NoSuchCheckpoint(size, sorted(known))
    _require(0 < old <= new, f"Give the older checkpoint first: {old:,} is larger than {new:,}.")
    with look:
        tree = Tree(look.ledger.bodies(after=0))
    for size in (old, new):
        if size > tree.size or tree.root(size).hex() != known[size]:
            raise NotExtended(
                f"The first {size:,} events are not those of the checkpoint of that size; run: casedesk audit verify --database."
            )
    return Proof(new, tree.root(new), tree.consistency(old, new), old_size=old, old_root=tree.root(old))


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise Invalid(sentence)
