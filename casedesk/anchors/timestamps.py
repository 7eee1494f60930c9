"""Time-stamps of checkpoints by an authority of the operator's choice (RFC 3161): they say when a checkpoint existed at the latest.

The authority is sent a SHA-256 and nothing else. Its answer is kept as it came, in a file beside the checkpoint, so that other
tools read it too (``openssl ts -verify``). It is optional, and brought by the extra ``timestamp``.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509 import Certificate

from casedesk.errors import Unavailable

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

__all__ = ["BadTimestamp", "Certificate", "NoTimestamp", "check", "load_roots", "request"]

_TYPE: Final = "application/timestamp-query"
_LARGEST: Final = 65_536
#: Seconds that an authority may take.
PATIENCE: Final = 10.0


class NoTimestamp(Unavailable):
    """The authority did not answer, refused, or gave something that is no time-stamp of what it was sent."""


class BadTimestamp(Unavailable):
    """The file is no time-stamp of the checkpoint, or by no authority that is trusted."""


def load_roots(path: Path) -> tuple[Certificate, ...]:
    """Read the certificates of trusted authorities from a PEM file.

    :raises BadTimestamp: if it cannot be read or holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        raise BadTimestamp(f"{path} holds no certificate in PEM form; name the authority's root certificate.") from None


def request(url: str, message: bytes) -> bytes:
    """Ask an authority for a time-stamp and return its answer as it came.

    :raises NoTimestamp: if there is none to be had.
    """
    client = _client()
    asked = client.TimestampRequestBuilder().data(message).hash_algorithm(client.HashAlgorithm.SHA256).build()
    answer = _post(url, asked.as_bytes())
    try:
        response = client.decode_timestamp_response(answer)
        nonce = response.tst_info.nonce
    except ValueError:
        raise NoTimestamp(f"What {_host(url)} answered is no time-stamp.") from None
    if nonce != asked.nonce:
        raise NoTimestamp(f"What {_host(url)} answered is a time-stamp of something else.")
    return answer


def check(answer: bytes, message: bytes, roots: Sequence[Certificate]) -> datetime:
    """Return when, at the latest, a message existed.

    :raises BadTimestamp: if the answer is no time-stamp of the message, or its signer leads to none of the roots.
    """
    client = _client()
    try:
        response: TimeStampResponse = client.decode_timestamp_response(answer)
        signed_at = response.tst_info.gen_time
    except ValueError:
        raise BadTimestamp("It is not an answer of a time-stamp authority (RFC 3161).") from None
    reason = "no root certificate is named"
    for root in roots:
        try:
            client.VerifierBuilder(roots=[root]).build().verify_message(response, message)
        except (client.VerificationError, ValueError) as error:
            reason = str(error)
            continue
        return signed_at.astimezone(UTC)
    raise BadTimestamp(f"It is no valid time-stamp of this checkpoint by a trusted authority ({reason}).")


def _client() -> Any:
    try:
        import rfc3161_client
    except ModuleNotFoundError:
        raise NoTimestamp("Time-stamps need the extra “timestamp”: pip install 'casedesk[timestamp]'.") from None
    return rfc3161_client


def _post(url: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    more: dict[str, Any] = {"context": ssl.create_default_context()} if secure else {}
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE, **more)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, {"Content-Type": _TYPE})
        answer = connection.getresponse()
        content = answer.read(_LARGEST + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NoTimestamp(f"The time-stamp authority {_host(url)} does not answer ({error}).") from None
    finally:
        connection.close()
    if answer.status != 200 or len(content) > _LARGEST:
        raise NoTimestamp(f"The time-stamp authority {_host(url)} refused (HTTP {answer.status}).")
    return content


def _host(url: str) -> str:
    return urlsplit(url).hostname or "without a name"
