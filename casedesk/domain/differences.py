"""How the columns of an event differ from its body, for rows known to be bad and for texts that can be removed."""

from __future__ import annotations

import json

from casedesk.domain.ledger import REMOVABLE, Recorded, body_from_columns, commitment


def written(row: Recorded) -> bytes:
    """Write the body that the columns of a row stand for.

    :raises ValueError: if a removable text, or what is left of it, cannot be read.
    """
    return body_from_columns(
        row.event_id, row.case_id, row.case_seq, row.ts, row.user, row.action, commitment(row), row.meta,
        row.prev_hash, row.nonce, row.format,
    )  # fmt: skip


def differing_column(row: Recorded) -> tuple[str, str, str]:
    """Name the first column that differs from the body, with both values; three empty strings if none does.

    The slow path, for rows known to be bad.
    """
    try:
        if written(row) == row.body:
            return "", "", ""
    except ValueError:
        pass  # what cannot be read is named below
    try:
        body = json.loads(row.body)
        if not isinstance(body, dict):
            raise ValueError
        body["meta"] = json.dumps(body["meta"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, KeyError):
        return "body", "canonical JSON", row.body[:60].decode("utf-8", "replace")
    for column in ("event_id", "case_id", "case_seq", "ts", "user", "action", "meta", "prev_hash", "nonce", "format",
                   "notes"):  # fmt: skip
        expected, got = str(body.get(column, "nothing")), str(getattr(row, column))
        if column == "notes" and row.format == REMOVABLE:
            expected = f"the text whose salted digest is {expected}"
        if expected != got:
            return column, expected, got
    return "body", "the canonical form (RFC 8785)", "another writing of the same values"
