"""The append-only ledger: canonical bodies, and one hash chain a case. Pure functions. The tree is in ``merkle``.

Standards: RFC 8785 (JSON Canonicalization Scheme) for the body, FIPS 180-4 SHA-256.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson
import rfc8785

from casedesk.domain.canonical_json import canonical_json
from casedesk.domain.events import Event
from casedesk.domain.moments import canonical
from casedesk.errors import Invalid

FORMAT: Final = "casedesk.event/1"
#: Of an event whose text can be removed: ``notes`` of its body is a digest of the text and of a random salt (ADR 8).
REMOVABLE: Final = "casedesk.event/2"
_DIGEST: Final = re.compile("[0-9a-f]{64}")
ZERO_HASH: Final = "0" * 64  # the ``prev_hash`` of a stream's first event


class NotStorable(Invalid):
    """The text holds a character that no database stores the same way."""


class Recorded(NamedTuple):
    """One row of ``case_events``. ``body`` holds the bytes that are hashed; the other fields are projections of it.

    A tuple, because the verifier makes hundreds of thousands of them a second.
    """

    event_id: int  # position in the whole ledger, from 1, without gaps
    case_id: str  # the stream: a case, or ``DESK``
    case_seq: int  # position in the stream, from 1, without gaps
    ts: str  # canonical time, ``YYYY-MM-DDTHH:MM:SS.ffffffZ``
    user: str
    action: str
    notes: str
    meta: str  # canonical JSON of the event's own fields
    prev_hash: str
    event_hash: str
    nonce: str  # 16 random bytes in hex, so that a sibling's hash betrays nothing
    format: str
    salt: str  # 32 random bytes in hex beside a text that can be removed, else empty; removed with the text
    body: bytes

    @property
    def purged(self) -> bool:
        """Whether the event had a text, which was removed."""
        return self.format == REMOVABLE and not self.notes and not self.salt

    @property
    def data(self) -> dict[str, Any]:
        """The event's own fields; read them only, they are shared by all events that say the same."""
        return decoded(self.meta)


_loads = orjson.loads


@lru_cache(maxsize=1024)
def decoded(meta: str) -> dict[str, Any]:
    """Decode an event's own fields. Most events repeat what others say (``via`` the app), so the last ones are kept.

    :raises ValueError: for what is no JSON object.
    """
    try:
        fields = _loads(meta)
    except ValueError:
        fields = json.loads(meta)  # it takes a little more, and says better what is wrong
    if not isinstance(fields, dict):
        raise ValueError(f"{meta[:60]!r} is not a JSON object")
    return fields


def normalise(text: str) -> str:
    """Bring text into Unicode NFC, so that the same words have the same bytes.

    :raises NotStorable: for NUL, which PostgreSQL refuses, and for lone surrogates, which UTF-8 cannot carry.
    """
    if "\x00" in text:
        raise NotStorable("The text holds a NUL character; remove it.")
    if text.isascii():
        return text  # it has no other form
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotStorable(f"The text holds half a character at position {error.start + 1}; type it again.") from None
    return unicodedata.normalize("NFC", text)


def link(
    event: Event,
    *,
    stream: str,
    user: str,
    ts: str,
    event_id: int,
    case_seq: int,
    prev_hash: str,
    nonce: str,
    salt: str = "",
) -> Recorded:
    """Chain an event to its stream's last hash.

    :param ts: canonical time; use :func:`casedesk.domain.moments.canonical`.
    :param nonce: 32 hexadecimal characters from a secure source.
    :param salt: 64 more, if the text is to be removable; it stands nowhere in the body.
    :raises NotStorable: for text that no database stores faithfully.
    """
    notes = normalise(event.notes)
    meta = _normalised(event.meta(partial(committed, salt) if salt else None))
    text = canonical_json(meta).decode()
    format, said = (REMOVABLE, committed(salt, notes)) if salt else (FORMAT, notes)
    body = body_from_columns(event_id, stream, case_seq, ts, user, event.action, said, text, prev_hash, nonce, format)
    return Recorded(
        event_id=event_id,
        case_id=stream,
        case_seq=case_seq,
        ts=ts,
        user=user,
        action=event.action,
        notes=notes,
        meta=text,
        prev_hash=prev_hash,
        event_hash=sha256(body).hexdigest(),
        nonce=nonce,
        format=format,
        salt=salt,
        body=body,
    )


def committed(salt: str, notes: str) -> str:
    """Return what the body of an event with a removable text says in its place: SHA-256 over salt and text, in hex.

    :raises ValueError: for a salt that is not 32 bytes in small hexadecimal digits: another writing of it is an edit.
    :raises TypeError: for what is no text, which SQLite permits.
    """
    if not _DIGEST.fullmatch(salt):
        raise ValueError(f"{salt[:70]!r} is no salt")
    return sha256(bytes.fromhex(salt) + str.encode(notes, "utf-8", "surrogatepass")).hexdigest()


def commitment(row: Recorded) -> str:
    """Return the ``notes`` that the body of an event must have, by its columns.

    Of an event whose text was removed nothing is left to compare: what the body itself says is returned.

    :raises ValueError: if salt or body cannot be read.
    :raises TypeError: for a text column that holds no text.
    """
    if row.format != REMOVABLE:
        if row.salt:
            raise ValueError("a salt stands beside a text that cannot be removed")
        return row.notes
    if not row.purged:
        return committed(row.salt, row.notes)
    body = json.loads(row.body)
    said = body.get("notes") if isinstance(body, dict) else None
    if not isinstance(said, str) or not _DIGEST.fullmatch(said):
        raise ValueError("the body has no digest where the text was")
    return said


def _normalised(value: Any) -> Any:
    if isinstance(value, str):
        return normalise(value)
    if isinstance(value, dict):
        return {normalise(key): _normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    raise TypeError(f"a ledger body holds no {type(value).__name__}")


_quote = json.encoder.encode_basestring


def body_from_columns(
    event_id: object,
    case_id: str,
    case_seq: object,
    ts: str,
    user: str,
    action: str,
    notes: str,
    meta: str,
    prev_hash: str,
    nonce: str,
    format: str,
) -> bytes:
    """Write the canonical body that these columns stand for.

    Comparing it with the stored body compares every column at once. The key order is RFC 8785's, and so is the escaping:
    Python's own string encoder with ``ensure_ascii`` off escapes exactly the characters RFC 8785 section 3.2.2.2 names,
    with the same short forms.

    :raises TypeError: for a text column that holds no text, which SQLite permits.
    """
    return (
        f'{{"action":{_quote(action)},"case_id":{_quote(case_id)},"case_seq":{case_seq},"event_id":{event_id},'
        f'"format":{_quote(format)},"meta":{meta},"nonce":{_quote(nonce)},"notes":{_quote(notes)},'
        f'"prev_hash":{_quote(prev_hash)},"ts":{_quote(ts)},"user":{_quote(user)}}}'
    ).encode("utf-8", "surrogatepass")


_fragment = orjson.Fragment
_dumps = orjson.dumps


def is_body_of(
    body: bytes,
    event_id: int,
    case_id: str,
    case_seq: int,
    ts: str,
    user: str,
    action: str,
    notes: str,
    meta: str,
    prev_hash: str,
    nonce: str,
    format: str,
) -> bool:
    """Tell whether these columns surely give this body, three times as fast as :func:`body_from_columns` writes it.

    True is certain. False is not: it is also the answer for what the fast writer does not take, which the slow one shall judge.
    """
    try:
        # The writer would take bytes, a number or nothing for a text.
        "".join((action, case_id, format, meta, nonce, notes, prev_hash, ts, user))
        return body == _dumps(
            {
                "action": action, "case_id": case_id, "case_seq": case_seq, "event_id": event_id, "format": format,
                "meta": _fragment(meta), "nonce": nonce, "notes": notes, "prev_hash": prev_hash, "ts": ts, "user": user,
            }
        )  # fmt: skip
    except TypeError:
        return False


def digest(value: dict[str, Any]) -> str:
    """Hash a JSON object in its canonical form, in hex."""
    return sha256(rfc8785.dumps(value)).hexdigest()


def plain_digest(value: Mapping[str, str | int | list[str]]) -> str:
    """Do the same for texts, whole numbers and lists of texts under ASCII keys, many times as fast.

    For these, orjson writes exactly RFC 8785's form, and so does Python's own encoder, which also takes half characters.
    """
    try:
        return sha256(_dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
    except TypeError:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


__all__ = [
    "FORMAT",
    "REMOVABLE",
    "ZERO_HASH",
    "NotStorable",
    "Recorded",
    "body_from_columns",
    "canonical",
    "commitment",
    "committed",
    "digest",
    "is_body_of",
    "link",
    "normalise",
    "plain_digest",
]
