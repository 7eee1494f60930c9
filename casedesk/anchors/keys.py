"""The key that signs checkpoints: an Ed25519 key (RFC 8032) in a file that only its owner reads.

The private key never enters the database, the settings or a log. The public key lies beside it, in a file with one key a
line: when a key is replaced, the old line stays, so that what it signed stays valid.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casedesk.domain.checkpoints import (
    BadKey,
    Checkpoint,
    PrivateKey,
    PublicKey,
    Signature,
    SignedCheckpoint,
    origin,
    parse_private_key,
    parse_public_key,
    write_note,
)
from casedesk.errors import Conflict, Unavailable

#: What others may be allowed to do with the file of a private key: nothing.
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyExists(Conflict):
    """A key is never overwritten: checkpoints of the old one would lose their meaning."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"There is a key at {path} already, and it was left as it is. To replace it, move both of its files away, make "
            "the new key, and append the old public key to the new .pub file."
        )


class KeyUnusable(Unavailable):
    """The file of a key cannot be read, is no key, or is open to others."""


def public_path(path: Path) -> Path:
    """Return where the public key of a private key's file lies."""
    return path.with_name(path.name + ".pub")


def generate(name: str) -> PrivateKey:
    """Make a new key.

    :raises BadKey: for a name that no key may have.
    """
    return _private(name, os.urandom(32))


def _private(name: str, seed: bytes) -> PrivateKey:
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return PrivateKey(PublicKey(origin(name), raw), seed)


def save(path: Path, key: PrivateKey) -> None:
    """Write a new key, readable by its owner alone, and its public key beside it.

    :raises KeyExists: if either file is there.
    :raises KeyUnusable: if the files cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, key.text(), 0o600)
        _create(public_path(path), key.public.text(), 0o644)
    except FileExistsError:
        raise KeyExists(path) from None
    except OSError as error:
        raise KeyUnusable(f"The key cannot be written to {path} ({error.strerror}); choose a folder you own.") from None


def _create(path: Path, text: str, mode: int) -> None:
    # The mode is given when the file is made: a file that is narrowed afterwards was open for a moment.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")


def load_private(path: Path) -> PrivateKey:
    """Read a private key.

    :raises KeyUnusable: if the file cannot be read, is no key, or can be read by others.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"The signing key {path} cannot be read ({_reason(error)}).") from None
    if os.name == "posix" and mode & _OTHERS:
        raise KeyUnusable(f"The signing key {path} can be read by others than its owner; run: chmod 600 {path}.")
    try:
        name, key_id, seed = parse_private_key(text)
    except BadKey as error:
        raise KeyUnusable(f"{path}: {error}") from None
    key = _private(name, seed)
    if key.public.key_id.hex() != key_id:
        raise KeyUnusable(f"{path}: the key has the id {key.public.key_id.hex()}, but its text says {key_id}.")
    return key


def load_public(path: Path) -> tuple[PublicKey, ...]:
    """Read public keys, one a line, the one in use first.

    :raises KeyUnusable: if the file cannot be read, holds none, or holds something else.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"The public key {path} cannot be read ({_reason(error)}).") from None
    if not lines:
        raise KeyUnusable(f"{path} holds no key; copy the .pub file that keygen made.")
    try:
        return tuple(parse_public_key(line) for line in lines)
    except BadKey as error:
        raise KeyUnusable(f"{path}: {error}") from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unreadable") if isinstance(error, OSError) else "it is not text"


def sign(key: PrivateKey, checkpoint: Checkpoint) -> str:
    """Return the checkpoint as a signed note."""
    return sign_text(key, checkpoint.text())


def sign_text(key: PrivateKey, text: str) -> str:
    """Return a text as a signed note. Its first line must say what it is, so that it can be taken for nothing else."""
    value = Ed25519PrivateKey.from_private_bytes(key.seed).sign(text.encode())
    return write_note(text, [Signature(key.public.name, key.public.key_id, value)])


def signer(note: SignedCheckpoint, keys: Iterable[PublicKey]) -> PublicKey | None:
    """Return which of the keys signed a checkpoint of its own origin, None if none did."""
    for key in keys:
        if key.name != note.checkpoint.origin:
            continue
        for signature in note.signatures:
            if (signature.name, signature.key_id) == (key.name, key.key_id) and _valid(key, signature, note.signed):
                return key
    return None


def _valid(key: PublicKey, signature: Signature, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature.value, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
