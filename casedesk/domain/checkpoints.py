"""Checkpoints: what the ledger was at one size, as text that a key outside the database signs. Pure functions.

The text is a C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint), its envelope a C2SP signed note (c2sp.org/signed-note) with
Ed25519 signatures (RFC 8032). Keys are written as that note format writes them: ``NAME+ID+KEY``, where ID is the first
four bytes of SHA-256 over the name, a newline and the typed key, in hex. The origin of a checkpoint is its key's name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from casedesk.errors import Invalid

ED25519: Final = b"\x01"  # the signature type of the signed note format
_PRIVATE: Final = "PRIVATE+KEY+"
_SIGNATURE: Final = "— "
_NAME: Final = re.compile(r"[^\s+]{1,200}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,17}")


class BadKey(Invalid):
    """The text is not a key of the signed note format."""


class BadCheckpoint(Invalid):
    """The text is not a signed checkpoint, or not one of this ledger."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The ledger of an origin at a size: its RFC 6962 root, 32 bytes."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return what is signed: three lines, each ended by a newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note: whose it claims to be, and what it is."""

    name: str
    key_id: bytes  # four bytes, a hint only
    value: bytes


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it was read, with its signatures not yet checked. ``signed`` is the text they are over."""

    checkpoint: Checkpoint
    signed: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key that checkpoints of one origin are checked with; ``raw`` is 32 bytes."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def text(self) -> str:
        """Write it as a verifier key: ``NAME+ID+KEY``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"


@dataclass(frozen=True, slots=True, repr=False)  # a key must not slip into a log
class PrivateKey:
    """The seed of an Ed25519 key, 32 bytes, and the public key that belongs to it."""

    public: PublicKey
    seed: bytes

    def text(self) -> str:
        """Write it as a signer key: ``PRIVATE+KEY+NAME+ID+KEY``."""
        key = base64.b64encode(ED25519 + self.seed).decode()
        return f"{_PRIVATE}{self.public.name}+{self.public.key_id.hex()}+{key}"


def origin(name: str) -> str:
    """Return a name that an origin and a key may have.

    :raises BadKey: if it is empty, too long, or holds a space or a plus sign.
    """
    if not _NAME.fullmatch(name):
        raise BadKey(
            f"“{name[:60]}” cannot name a key; take 1 to 200 characters without spaces and plus signs, such as "
            "desk.bank.example/ledger."
        )
    return name


def parse_public_key(text: str) -> PublicKey:
    """Read a verifier key.

    :raises BadKey: if it is not one, or its id is not that of the key.
    """
    name, key_id, raw = _parts(text.strip(), "NAME+ID+KEY")
    key = PublicKey(name, raw)
    if key.key_id.hex() != key_id:
        raise BadKey(f"The key “{name}” has the id {key.key_id.hex()}, but its text says {key_id}; it was altered.")
    return key


def parse_private_key(text: str) -> tuple[str, str, bytes]:
    """Read a signer key: its name, its id in hex and its seed. The public key follows from the seed by Ed25519.

    :raises BadKey: if it is not one.
    """
    stripped = text.strip()
    if not stripped.startswith(_PRIVATE):
        raise BadKey("This is not a signing key: it does not begin with PRIVATE+KEY+; give the file that keygen made.")
    return _parts(stripped.removeprefix(_PRIVATE), "PRIVATE+KEY+NAME+ID+KEY")


def _parts(text: str, shape: str) -> tuple[str, str, bytes]:
    parts = text.split("+", 2)  # base64 has plus signs of its own
    if len(parts) != 3 or not re.fullmatch(r"[0-9a-f]{8}", parts[1]):
        raise BadKey(f"This is not a key of the form {shape}.")
    try:
        typed = base64.b64decode(parts[2], validate=True)
    except binascii.Error:
        raise BadKey(f"The key “{parts[0][:60]}” is not valid base64.") from None
    if len(typed) != 33 or typed[:1] != ED25519:
        raise BadKey(f"The key “{parts[0][:60]}” is not an Ed25519 key of 32 bytes.")
    return origin(parts[0]), parts[1], typed[1:]


def write_note(text: str, signatures: Iterable[Signature]) -> str:
    """Write a signed note: the text, an empty line, and a line for each signature."""
    lines = (f"{_SIGNATURE}{s.name} {base64.b64encode(s.key_id + s.value).decode()}\n" for s in signatures)
    return f"{text}\n{''.join(lines)}"


def parse_note(text: str) -> SignedCheckpoint:
    """Read a signed checkpoint. Its signatures are not checked.

    :raises BadCheckpoint: naming the line that is not as the formats say.
    """
    if any(letter < " " and letter != "\n" for letter in text) or "�" in text:
        raise BadCheckpoint("The checkpoint holds control characters; it is not a signed note.")
    signed, blank, block = text.rpartition("\n\n")
    if not blank or not block.endswith("\n"):
        raise BadCheckpoint("The checkpoint has no signatures: after its text come an empty line and signature lines.")
    signed += "\n"
    return SignedCheckpoint(
        _parse_text(signed), signed, tuple(_parse_signature(line) for line in block[:-1].split("\n"))
    )


def _parse_text(signed: str) -> Checkpoint:
    lines = signed[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise BadCheckpoint("A checkpoint has three lines: the origin, the size, and the root in base64.")
    name, size, root = lines[:3]  # the format lets further lines follow, which mean nothing here
    if not _SIZE.fullmatch(size):
        raise BadCheckpoint(f"Line 2, the size, is “{size[:40]}”; it must be a whole number without leading zeros.")
    try:
        raw = base64.b64decode(root, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32 or base64.b64encode(raw).decode() != root:
        raise BadCheckpoint(f"Line 3, the root, is “{root[:60]}”; it must be 32 bytes in base64.")
    return Checkpoint(name, int(size), raw)


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_SIGNATURE).partition(" ")
    if not line.startswith(_SIGNATURE) or not space or not _NAME.fullmatch(name):
        raise BadCheckpoint(f"“{line[:60]}” is not a signature line: a dash, a name, and a signature in base64.")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) < 5 or base64.b64encode(raw).decode() != encoded:
        raise BadCheckpoint(f"The signature of “{name[:60]}” is not valid base64.")
    return Signature(name, raw[:4], raw[4:])
