"""What a run found, in one canonical form, so that two runs can be compared alert by alert and as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from casedesk.detection.parameters import canonical_json
from casedesk.domain.alerts import Alert


def finding_digest(alert: Alert) -> str:
    """Return SHA-256 (hex) over rule, version, subject, evidence, severity and sentence of an alert."""
    said = {
        "account_id": alert.account_id,
        "customer_id": alert.customer_id,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "sentence": alert.sentence,
        "severity": alert.severity,
        "transaction_ids": list(alert.transaction_ids),
    }
    return hashlib.sha256(canonical_json(said).encode()).hexdigest()


def findings_sha256(digests: Iterable[str]) -> str:
    """Return SHA-256 (hex) over the sorted digests of all alerts of a run, one a line."""
    return sha256_of_sorted(sorted(digests))


def sha256_of_sorted(digests: Iterable[str]) -> str:
    """Return the same for digests that are sorted already."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
