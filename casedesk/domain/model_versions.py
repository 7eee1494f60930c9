"""A version of the model: proposed by one person, put in force by another. The one in force is the champion, the other the challenger.

Until one was put in force, the desk scores with the model that ships with it, which must be retrained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from casedesk.domain.proposals import Proposal

#: How the shipped model is named where the id of a version is asked for.
SHIPPED: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion(Proposal):
    """A version as stored. ``model_id`` is the SHA-256 of its manifest, ``card_sha256`` that of its card's JSON."""

    KEY: ClassVar[str] = "version_id"
    WHAT: ClassVar[str] = "model"

    version_id: str
    name: str
    model_id: str
    card_sha256: str


def scores_digest(scores: Iterable[tuple[str, int, str, str, str]]) -> str:
    """Return the SHA-256 of scores in the order of their accounts: account, millionths, band, transaction, parts."""
    rows = json.dumps(sorted(scores), ensure_ascii=False)
    return hashlib.sha256(rows.encode("utf-8", "surrogatepass")).hexdigest()
