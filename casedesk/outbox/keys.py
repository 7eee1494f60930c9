"""The key from which the secrets of webhooks are derived: 32 random bytes in a file that only its owner reads."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Final

from casedesk.errors import Unavailable

_WRITTEN: Final = re.compile(r"[0-9a-f]{64}\n?")


class NoWebhookKey(Unavailable):
    """There is no key to derive secrets from, or none that can be used."""


def load(path: Path | None) -> bytes:
    """Return the key.

    :raises NoWebhookKey: if there is none, or the file is no key or open to others.
    """
    path = _named(path)
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise NoWebhookKey(f"The key of the webhooks cannot be read at {path} ({error.strerror}).") from None
    if os.name != "nt" and mode & 0o077:
        raise NoWebhookKey(f"Others may read {path}, the key of the webhooks; run: chmod 600 {path}.")
    if not _WRITTEN.fullmatch(text):
        raise NoWebhookKey(f"{path} is no key of webhooks: it holds 64 hexadecimal digits and nothing else.")
    return bytes.fromhex(text.strip())


def load_or_make(path: Path | None) -> bytes:
    """Return the key, and make it before that if there is none.

    :raises NoWebhookKey: if it can be neither read nor made.
    """
    path = _named(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load(path)
    except OSError as error:
        raise NoWebhookKey(f"The key of the webhooks cannot be made at {path} ({error.strerror}).") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return load(path)


def _named(path: Path | None) -> Path:
    if path is None:
        raise NoWebhookKey("This desk has no place for the key of its webhooks; name a file in CASEDESK_WEBHOOK_KEY.")
    return path
