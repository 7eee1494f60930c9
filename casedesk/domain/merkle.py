"""The RFC 6962 Merkle tree over the bodies of all events: its root, and proofs that outsiders can check. Pure functions.

RFC 6962 section 2.1 defines the tree (2.1.1 inclusion, 2.1.2 consistency); RFC 9162 sections 2.1.3.2 and 2.1.4.2 say how
both proofs are checked. Leaves are counted from 0 here: the event with ``event_id`` n is leaf n - 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

LEAF_PREFIX: Final = b"\x00"  # RFC 6962 section 2.1: keeps leaves and nodes apart
NODE_PREFIX: Final = b"\x01"
EMPTY_ROOT: Final = sha256(b"").hexdigest()


def leaf_hash(body: bytes) -> bytes:
    """Hash one body as a leaf (RFC 6962 section 2.1)."""
    return sha256(LEAF_PREFIX + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees together (RFC 6962 section 2.1)."""
    return sha256(NODE_PREFIX + left + right).digest()


#: Leaves that a frontier joins at once: pairing them level by level takes half the time of carrying each upwards.
_TOGETHER: Final = 512


class Frontier:
    """The right edge of the tree: one hash for each set bit of the size, largest subtree first.

    It is all that is needed to append in O(log n) and to compute the root.
    """

    __slots__ = ("_hashes", "_leaves", "size")

    def __init__(self, size: int = 0, hashes: tuple[bytes, ...] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} frontier hashes, not {len(hashes)}")
        self.size = size
        self._hashes = list(hashes)
        self._leaves: list[bytes] = []  # the last ones, which ``size`` counts and ``_hashes`` do not hold yet

    @classmethod
    def load(cls, size: int, text: str) -> Frontier:
        """Read the hashes back from the hex that :meth:`dump` wrote."""
        return cls(size, tuple(bytes.fromhex(part) for part in text.split()))

    def dump(self) -> str:
        """Write the hashes as hex, separated by spaces."""
        return " ".join(h.hex() for h in self.hashes())

    def copy(self) -> Frontier:
        """Return another one that can be appended to by itself."""
        return Frontier(self.size, tuple(self.hashes()))

    def append(self, body: bytes) -> None:
        """Add one leaf."""
        leaves = self._leaves
        leaves.append(sha256(LEAF_PREFIX + body).digest())
        self.size += 1
        if len(leaves) == _TOGETHER:
            self._join()

    def hashes(self) -> Sequence[bytes]:
        """Return the roots of the complete subtrees, largest first."""
        if self._leaves:
            self._join()
        return self._hashes

    def _join(self) -> None:
        """Bring the waiting leaves into the tree, level by level; what is left alone on a level is a hash of the edge."""
        level, self._leaves = self._leaves, []
        joined, hashes = self.size - len(level), self._hashes
        alone: list[bytes] = []
        while level:
            if joined & 1:
                level.insert(0, hashes.pop())
            if len(level) & 1:
                alone.append(level[-1])
            pairs = iter(level)
            level = [sha256(NODE_PREFIX + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            joined >>= 1
        hashes.extend(reversed(alone))

    def root(self) -> str:
        """Return the root in hex; of no leaves it is the hash of nothing (RFC 6962 section 2.1)."""
        hashes = self.hashes()
        if not hashes:
            return EMPTY_ROOT
        right = hashes[-1]
        for left in reversed(hashes[:-1]):
            right = node_hash(left, right)
        return right.hex()


class Tree:
    """A whole tree in memory, 64 bytes an event, for proofs about any of its earlier sizes."""

    def __init__(self, bodies: Iterable[bytes]) -> None:
        level = [leaf_hash(body) for body in bodies]
        self._levels = [level]  # of complete subtrees: level k holds the roots of each 2**k leaves
        while len(level) > 1:
            level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
            self._levels.append(level)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def leaf(self, leaf: int) -> bytes:
        """Return the hash of a leaf."""
        return self._levels[0][leaf]

    def root(self, size: int) -> bytes:
        """Return the root of the first ``size`` leaves.

        :raises ValueError: if there are fewer.
        """
        self._require(size)
        return self._hash(0, size) if size else bytes.fromhex(EMPTY_ROOT)

    def inclusion(self, leaf: int, size: int) -> tuple[bytes, ...]:
        """Return the audit path of a leaf in the tree of the first ``size`` (RFC 6962 section 2.1.1).

        :raises ValueError: if the leaf does not stand in that tree, or the tree has fewer leaves.
        """
        self._require(size)
        if not 0 <= leaf < size:
            raise ValueError(f"leaf {leaf} is not among the first {size}")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if leaf < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof that the first ``new`` leaves begin with the first ``old`` (RFC 6962 section 2.1.2).

        :raises ValueError: unless 0 < old <= new and there are as many leaves.
        """
        self._require(new)
        if not 0 < old <= new:
            raise ValueError(f"a tree of {new} leaves cannot be shown to extend one of {old}")
        proof: list[bytes] = []
        start, end, whole = 0, new, True  # ``whole``: what is left of the old tree is a tree whose root is known
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._hash(start, end))
        return tuple(reversed(proof))

    def _require(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ValueError(f"there are {self.size} leaves, not {size}")

    def _hash(self, start: int, end: int) -> bytes:
        """Return the root of the leaves from ``start`` to before ``end``; ``start`` is a multiple of their subtree's size."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _split(count)
        return node_hash(self._hash(start, middle), self._hash(middle, end))


def _split(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def root_of_inclusion(leaf_digest: bytes, leaf: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that an audit path leads to (RFC 9162 section 2.1.3.2); it must be that of the tree of ``size``.

    :raises ValueError: if no tree of that size has such a path for this leaf.
    """
    if not 0 <= leaf < size:
        raise ValueError(f"leaf {leaf} is not among the first {size}")
    position, last, found = leaf, size - 1, leaf_digest
    for step in path:
        if last == 0:
            raise ValueError("the path is longer than the tree is high")
        if position & 1 or position == last:
            found = node_hash(step, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, step)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the path is shorter than the tree is high")
    return found


def roots_of_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the two roots that a consistency proof leads to (RFC 9162 section 2.1.4.2).

    :param old_root: needed where the old tree is a complete subtree of the new, whose root the proof leaves out.
    :raises ValueError: if no two trees of these sizes have such a proof.
    """
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} leaves cannot be shown to extend one of {old}")
    if old == new:
        if proof:
            raise ValueError("a tree extends itself without a proof")
        return old_root, old_root
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        raise ValueError("the proof is empty")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ValueError("the proof is longer than the tree is high")
        if position & 1 or position == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is shorter than the tree is high")
    return older, newer
