"""Scores as they are stored: whole millionths of a millionth, so that the parts add up to the score to the last digit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from casedesk.domain.canonical_json import canonical_json

#: The exposure of a listed party: 1.0 in units of a score.
WHOLE: Final = 10**12


@dataclass(frozen=True, slots=True)
class Part:
    """What the ways of one length on one side add to a score, in units of a score."""

    hops: int
    side: str
    units: int


@dataclass(frozen=True, slots=True)
class RiskScore:
    """The score of one account in one run, in units; ``parts`` add up to it, but a listed account has none."""

    account_id: str
    score: int
    listed: bool
    parts: tuple[Part, ...]

    @property
    def exposure(self) -> float:
        """The score in [0, 1]."""
        return self.score / WHOLE

    @property
    def components(self) -> str:
        """The parts as canonical JSON, as they are stored."""
        return canonical_json([[part.hops, part.side, part.units] for part in self.parts]).decode()

    @classmethod
    def read(cls, account_id: str, score: int, listed: bool, components: str) -> RiskScore:
        """Build it from what is stored."""
        return cls(account_id, score, listed, tuple(Part(*values) for values in json.loads(components)))


@dataclass(frozen=True, slots=True)
class ScoringRun:
    """One run, with all that is needed to compute it again.

    ``record`` is canonical JSON: up to which arrival and which event it saw, the lists and matches it used, software, timings.
    """

    run_id: str
    ran_at: datetime
    ran_by: str
    as_of: datetime
    parameters: str
    data_fingerprint: str
    list_sha256: str
    payments: int
    accounts: int
    listed: int
    scored: int
    scores_sha256: str
    record: str


class ScoresDigest:
    """The SHA-256 over scores, taken up one after the other by account id."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, account_id: str, score: int, listed: bool, components: str) -> None:
        """Take up one score."""
        self._digest.update(f"{account_id}\x1f{score}\x1f{int(listed)}\x1f{components}\n".encode())

    def hexdigest(self) -> str:
        """Return the digest of what was taken up so far."""
        return self._digest.hexdigest()


def scores_digest(scores: Iterable[RiskScore]) -> str:
    """Return the SHA-256 (hex) over scores, by account id."""
    digest = ScoresDigest()
    for one in sorted(scores, key=lambda score: score.account_id.encode()):
        digest.add(one.account_id, one.score, one.listed, one.components)
    return digest.hexdigest()
