"""A packet: one zip from which an outsider derives again what the desk did, with ``verifier/verify.py`` and nothing else.

The folders stand in the order in which an examiner's request letter asks: transactions tested, alerts, decisions, timeliness,
reports, decisions not to file, quality, governance. Each ``.jsonl`` file has one object in canonical JSON a line. The same
contents give the same bytes: nothing is compressed, because compressors differ, and no file has a time of its own.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from casedesk.domain.counts import counted
from casedesk.domain.ledger import REMOVABLE, Recorded
from casedesk.exports import confidentiality

FORMAT: Final = "casedesk.packet/1"
#: The first line of a packet's seal, so that it is taken for no checkpoint.
SEAL: Final = "casedesk.packet-seal/1"
_PATHS: Final = {
    "transactions": "1-transactions/transactions.jsonl",
    "alerts": "2-alerts/alerts.jsonl",
    "events": "3-decisions/events.jsonl",
    "cases": "3-decisions/cases.jsonl",
    "advice": "3-decisions/advice.jsonl",
    "clocks": "4-timeliness/clocks.jsonl",
    "filings": "5-filings/filings.jsonl",
    "batches": "5-filings/batches.jsonl",
    "register": "6-decisions-not-to-file/register.jsonl",
    "draws": "7-quality/draws.jsonl",
    "policy": "8-governance/policy.jsonl",
    "rule_sets": "8-governance/rule-sets.jsonl",
    "runs": "8-governance/runs.jsonl",
    "advice_tables": "8-governance/advice-tables.jsonl",
}

#: Not there at all where decisions are withheld: nothing may tell whether anybody was advised on.
_LEFT_OUT: Final = frozenset({"advice", "advice_tables"})


class Profile(StrEnum):
    """What a packet leaves out. Hashes, links and proofs are there in each."""

    FULL = "full"
    NO_DECISIONS = "no-decisions"  # nothing from which a report's existence could be told
    NO_PERSONAL = "no-personal-data"  # no names, texts, customers, accounts or transactions


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """An event, its leaf hash and its audit path in the packet's tree. ``shown`` is False where its content is withheld."""

    row: Recorded
    leaf_hash: bytes
    path: tuple[bytes, ...]
    shown: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """The signed checkpoint of the packet's tree, and the public keys it can be checked with, both as text.

    ``sign`` makes a signed note of a text with the same key.
    """

    checkpoint: str
    keys: str
    sign: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Contents:
    """All that goes into a packet; each list is in the order in which it is written."""

    kind: str  # case or period
    profile: Profile
    made_at: str  # canonical time
    made_by: str  # a user id
    size: int
    root: str  # in hex
    cases: Sequence[str]
    events: Sequence[PlacedEvent]
    signature: Signature | None
    withheld: Sequence[str]  # of: alerts, decisions
    period: tuple[str, str] = ("", "")
    rows: Mapping[str, Iterable[Mapping[str, Any]]] = field(default_factory=dict)  # by the names of ``_PATHS``


def write(contents: Contents) -> bytes:
    """Return the zip."""
    files = {"README.md": _readme(contents).encode()}
    if contents.signature is not None:
        files["proof/checkpoint.txt"] = contents.signature.checkpoint.encode()
        files["proof/public-key.txt"] = contents.signature.keys.encode()
    rows = {**contents.rows, "events": map(_event, contents.events)}
    for name, path in _PATHS.items():
        if name in rows or name not in _LEFT_OUT:
            files[path] = "".join(f"{canonical(row)}\n" for row in rows.get(name, ())).encode()
    manifest = {
        "cases": list(contents.cases),
        "confidentiality": confidentiality.LINE,
        "files": {name: {"bytes": len(raw), "sha256": sha256(raw).hexdigest()} for name, raw in files.items()},
        "format": FORMAT,
        "kind": contents.kind,
        "ledger": {"root": contents.root, "size": contents.size},
        "made_at": contents.made_at,
        "made_by": contents.made_by,
        "period": {"from": contents.period[0], "to": contents.period[1]},
        "profile": contents.profile.value,
        "withheld": list(contents.withheld),
    }
    listed = f"{canonical(manifest)}\n".encode()
    seal = {} if contents.signature is None else {"proof/seal.txt": contents.signature.sign(seal_text(listed)).encode()}
    return _zip({"manifest.json": listed, **dict(sorted({**files, **seal}.items()))})


def seal_text(manifest: bytes) -> str:
    """Return what the seal of a packet says: the hash of its manifest, which has those of all other files."""
    return f"{SEAL}\n{sha256(manifest).hexdigest()}\n"


def canonical(value: object) -> str:
    """Write RFC 8785; for keys in ASCII and whole numbers Python's own writer has that form, also beyond 2**53."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _event(placed: PlacedEvent) -> dict[str, Any]:
    row = placed.row
    text = {"notes": row.notes, "salt": row.salt} if placed.shown and row.format == REMOVABLE else {}
    return text | {
        "body": row.body.decode("utf-8") if placed.shown else None,
        "case_id": row.case_id,
        "case_seq": row.case_seq,
        "event_hash": row.event_hash,
        "event_id": row.event_id,
        "leaf_hash": placed.leaf_hash.hex(),
        "prev_hash": row.prev_hash,
        "proof": [step.hex() for step in placed.path],
    }


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, raw in files.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16  # the same on Windows
            archive.writestr(info, raw)
    return buffer.getvalue()


def verifier() -> bytes:
    """Return the verifier as it is handed out."""
    return (Path(__file__).parent / "verifier" / "verify.py").read_bytes()


_WITHHELD: Final = {
    Profile.FULL: "Nothing is withheld.",
    Profile.NO_DECISIONS: (
        "Withheld: what was decided, and every event, figure and sample from which a decision could be told. Of each such "
        "event the packet has the hashes, the links and the proof of its place."
    ),
    Profile.NO_PERSONAL: (
        "Withheld: alerts, transactions, and the content of every event of a case and of every event that a person caused. "
        "Of each the packet has the hashes, the links and the proof of its place."
    ),
}


def _readme(contents: Contents) -> str:
    about = (
        f"It is about case {contents.cases[0]}."
        if contents.kind == "case"
        else f"It is about the {counted(len(contents.cases), 'case')} to which something happened from {contents.period[0]} to "
        f"{contents.period[1]}, both days included."
    )
    signed = (
        "`proof/checkpoint.txt` is the desk's signature under the size and the root of its ledger, `proof/seal.txt` that under this "
        "packet as it left. Check them with the public key that you were given before, not with the one in here."
        if contents.signature is not None
        else "This desk signs no checkpoints: nothing outside it vouches for the root of its ledger."
    )
    return f"""# A packet of AML Case Desk

{confidentiality.LINE}

{about} It was made at {contents.made_at} by {contents.made_by}, when the ledger had {counted(contents.size, "event")}.
{_WITHHELD[contents.profile]}

To check it, with Python 3.9 or newer and nothing else, offline:

    python verify.py PACKET.zip --key PUBLIC_KEY

Keep this file as it is: an archive that was packed again is no longer the one that was handed out. `verify.py` does not come
with the packet but from the desk's software or its source; compare its SHA-256 with the one published there.

| folder | what it holds |
|---|---|
| 1-transactions | the transactions on which alerts rest |
| 2-alerts | each alert: rule, version, parameters, window, evidence, sentence |
| 3-decisions | every event of the cases with its proof, and what the desk shows of each case |
| 4-timeliness | each due date: source event, rule, policy and its version |
| 5-filings | each report of the cases, how far it has come, and the batches: files and acknowledgements, or their hashes |
| 6-decisions-not-to-file | cases closed without a report, with the reason |
| 7-quality | samples in which the cases stood: population, seed, picks |
| 8-governance | policy values, rule sets with their evidence sheets, runs of the rules |
| proof | the signed checkpoint, the public key, and the seal over this packet |

What is derived again: the hashes, links and proofs of all events; each case's state from its events; each alert's digest, amount
and window from the ledger and the transactions; the hits of the rules that can be judged by their evidence; every due date; the
states of the reports, and that what was sent is what was approved; the register; every sample; the hashes of the rules that ran.

A text that a person wrote stands beside its event with a salt; the event holds the digest of both. Where both are empty, the text
was purged after retention, and an event of the desk says so.

What cannot be shown: that what was typed was true; the figures of a transaction beyond their sum in an alert, which the
ledger does not hold; whether a case has events after the last one in here. {signed}
"""
