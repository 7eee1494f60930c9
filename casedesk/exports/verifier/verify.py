#!/usr/bin/env python3
"""Verify a packet of AML Case Desk with nothing but Python 3.9 or newer: no network, no other file, no installation.

    python verify.py PACKET.zip [--key PUBLIC_KEY] [--json]

PUBLIC_KEY is the line NAME+ID+KEY that the bank gave you earlier, or a file of such lines. Without one the key inside the
packet is used, which shows that the packet agrees with itself, not who made it.

One line a claim: VERIFIED, TAMPERED, or NOT_EVALUATED with the reason. The exit code is 0 when every needed claim holds,
1 when one does not, 2 when the packet cannot be judged: unreadable, of another format, empty, or without a signature.

It was written apart from the desk that makes packets and shares no line with it. Standards: RFC 8785 (canonical JSON),
RFC 6962 and 9162 (tree and proofs), RFC 8032 (Ed25519), c2sp.org/tlog-checkpoint and c2sp.org/signed-note.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import hashlib
import io
import json
import os
import re
import sys
import zipfile
from datetime import date, datetime, timedelta, timezone
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union
from xml.etree import ElementTree

Row = Dict[str, Any]
Leg = Tuple[int, int, str, str, str, str]  # time, amount, direction, other side, channel, country
Outcome = Union[str, Tuple[str, str]]
Point = Tuple[int, int, int, int]
Key = Tuple[str, bytes, bytes]  # name, id, 32 bytes

FORMAT = "casedesk.packet/1"
EVENT_FORMAT = "casedesk.event/1"
REMOVABLE_FORMAT = "casedesk.event/2"  # "notes" of the body is a digest of salt and text, which stand beside it
DRAW_FORMAT = "casedesk.qa-draw/1"
SEAL_FORMAT = "casedesk.packet-seal/1"
VERIFIED, TAMPERED, NOT_EVALUATED = "VERIFIED", "TAMPERED", "NOT_EVALUATED"
EXIT = {VERIFIED: 0, TAMPERED: 1, NOT_EVALUATED: 2}
ZERO = "0" * 64
DESK = "DESK"

FILES = {
    "checkpoint": "proof/checkpoint.txt",
    "key": "proof/public-key.txt",
    "seal": "proof/seal.txt",
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


class Unreadable(Exception):
    """The packet cannot be judged."""


class Wrong(Exception):
    """Something is not as it must be: what, where, expected and got."""

    def __init__(self, where: str, expected: Any, got: Any) -> None:
        super().__init__("%s: expected %s, got %s" % (where, _cut(expected), _cut(got)))


def _cut(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return "“%s”" % (text if len(text) <= 90 else text[:87] + "…")


def counted(number: int, one: str) -> str:
    """Say a count: one thing, or several of them."""
    return "%d %s%s" % (number, one, "" if number == 1 else "s")


def same(where: str, expected: Any, got: Any) -> None:
    """Refuse two values that differ, also a flag that stands for a number."""
    if type(expected) is not type(got) or expected != got:
        raise Wrong(where, expected, got)


class Claim:
    """One line of the result."""

    def __init__(self, name: str, verdict: str, sentence: str) -> None:
        self.name, self.verdict, self.sentence = name, verdict, sentence


# --- Canonical JSON ---------------------------------------------------------------------------------------------------


def _no_float(text: str) -> Any:
    raise ValueError("%s is not a whole number" % text)


def _no_twice(pairs: List[Tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def parse(text: str) -> Any:
    """Read JSON that holds whole numbers only and no key twice."""
    return json.loads(text, object_pairs_hook=_no_twice, parse_float=_no_float, parse_constant=_no_float)


def canonical(value: Any) -> str:
    """Write RFC 8785: keys by their UTF-16 code units, the shortest escapes, nothing between."""
    if isinstance(value, dict):
        inner = ",".join(
            "%s:%s" % (canonical(key), canonical(value[key]))
            for key in sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        )
        return "{%s}" % inner
    if isinstance(value, list):
        return "[%s]" % ",".join(canonical(item) for item in value)
    if value is True or value is False or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    raise ValueError("%r cannot stand in canonical JSON" % (value,))


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def digest(value: Any) -> str:
    return sha(canonical(value).encode("utf-8", "surrogatepass")).hex()


# --- RFC 6962 -----------------------------------------------------------------------------------------------------------


def leaf_hash(body: bytes) -> bytes:
    return sha(b"\x00" + body)


def root_of(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise ValueError("the event does not stand in a ledger of %d" % size)
    position, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise ValueError("the proof is too long")
        if position & 1 or position == last:
            found = sha(b"\x01" + step + found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = sha(b"\x01" + found + step)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return found


# --- Ed25519, RFC 8032 section 5.1, verification only ------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT = pow(2, (_P - 1) // 4, _P)


def _recover(y: int, sign: int) -> Optional[int]:
    if y >= _P:
        return None
    x2 = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (_P + 3) // 8, _P)
    if (x * x - x2) % _P:
        x = x * _SQRT % _P
    if (x * x - x2) % _P:
        return None
    return _P - x if (x & 1) != sign else x


_GX = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_GY = 4 * pow(5, _P - 2, _P) % _P
_G: Point = (_GX, _GY, 1, _GX * _GY % _P)


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(scalar: int, point: Point) -> Point:
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _add(found, point)
        point = _add(point, point)
        scalar >>= 1
    return found


def _point(raw: bytes) -> Optional[Point]:
    number = int.from_bytes(raw, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = _recover(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def ed25519_valid(key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the signature of 64 bytes is the key's over the message."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _L
    left, right = _times(s, _G), _add(r, _times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


# --- Keys and checkpoints -----------------------------------------------------------------------------------------------


def read_key(line: str) -> Key:
    """Read NAME+ID+KEY; return name, id and the 32 bytes."""
    parts = line.strip().split("+", 2)
    if len(parts) != 3:
        raise Unreadable("“%s” is not a public key NAME+ID+KEY" % line[:60])
    try:
        typed = base64.b64decode(parts[2], validate=True)
    except binascii.Error:
        raise Unreadable("the public key of “%s” is not base64" % parts[0][:60]) from None
    if len(typed) != 33 or typed[:1] != b"\x01":
        raise Unreadable("the public key of “%s” is not an Ed25519 key" % parts[0][:60])
    if sha(parts[0].encode() + b"\n" + typed)[:4].hex() != parts[1]:
        raise Unreadable("the public key of “%s” does not have the id it names" % parts[0][:60])
    return parts[0], bytes.fromhex(parts[1]), typed[1:]


def read_checkpoint(note: str) -> Tuple[str, str, int, bytes, List[Tuple[str, bytes]]]:
    """Return the signed text, origin, size, root and the signatures of a signed note."""
    text, gap, block = note.rpartition("\n\n")
    if not gap or not block.endswith("\n"):
        raise Wrong("Checkpoint", "a text, an empty line and signatures", note[:60])
    lines = text.split("\n")
    if len(lines) < 3 or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
        raise Wrong("Checkpoint", "an origin, a size and a root", text)
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise Wrong("Checkpoint, line 3", "32 bytes in base64", lines[2])
    return text + "\n", lines[0], int(lines[1]), root, read_signatures(block)


def read_signatures(block: str) -> List[Tuple[str, bytes]]:
    """Return name and value of each signature line of a note, each in its one writing."""
    signatures = []
    for line in block[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—":
            raise Wrong("Signature", "— NAME SIGNATURE", line)
        value = base64.b64decode(parts[2], validate=True)
        same("Signature in its one writing", base64.b64encode(value).decode(), parts[2])
        signatures.append((parts[1], value))
    same("Signatures, end", "\n", block[-1:])
    return signatures


# --- Times and days -------------------------------------------------------------------------------------------------------


def moment(text: str) -> datetime:
    """Read a canonical time."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text):
        raise ValueError("%r is not a canonical time" % text)
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def micros(text: str) -> int:
    return (moment(text) - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)


# --- The packet -----------------------------------------------------------------------------------------------------------


class Packet:
    """The files of a packet, and what of them has been read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                self.order = archive.namelist()
                self.files = {name: archive.read(name) for name in self.order}
        except Exception as error:
            raise Unreadable("it is no zip archive that can be read whole (%s)" % error) from None
        if "manifest.json" not in self.files:
            raise Unreadable("it has no manifest.json")
        try:
            self.manifest = parse(self.files["manifest.json"].decode("utf-8"))
            kind = self.manifest["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable("its manifest cannot be read (%s)" % error) from None
        if kind != FORMAT:
            raise Unreadable("its format is %s, this verifier reads %s" % (_cut(kind), FORMAT))
        self.events: List[Tuple[Row, Optional[Row]]] = []  # as it stands in the packet, and its body
        self.cases: Dict[str, Row] = {}  # as the events add up
        self.attached: Dict[str, Tuple[str, Row]] = {}  # of each alert, its case and what the ledger last recorded
        self.alerts: List[Row] = []
        self.transactions: Dict[str, Row] = {}
        self.runs: Dict[str, Row] = {}  # the parameters of each rule
        self.purged: List[Tuple[int, str]] = []  # events whose text is gone, each with its case
        self.policy: List[Row] = []  # every value that was put in force, those shipped first
        self.hidden_policy = False  # whether a value rests on an event whose content is withheld

    def rows(self, what: str) -> List[Row]:
        """Return the objects of a file with one in canonical JSON on each line; none where the file is left out."""
        raw = self.files.get(FILES[what])
        if raw is None:
            return []
        text = raw.decode("utf-8")
        lines = text.split("\n")
        if lines.pop():
            raise Wrong(FILES[what], "a line feed at the end", text[-20:])
        found = []
        for number, line in enumerate(lines, 1):
            row = parse(line)
            same("%s, line %d" % (FILES[what], number), canonical(row), line)
            found.append(row)
        return found


def check_container(packet: Packet) -> str:
    """The archive is packed as the desk packs it: files only, in order, nothing beside, behind or between them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in packet.order:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, packet.files[name])
    again = buffer.getvalue()
    if again != packet.content:
        least = min(len(again), len(packet.content))
        at = next((n for n in range(least) if again[n] != packet.content[n]), least)
        raise Wrong("Archive, byte %d" % at, "packed as the desk packs it", "edited, or packed again")
    return "packed as the desk packs it, %s" % counted(len(packet.order), "file")


def check_files(packet: Packet) -> str:
    """Every file is the one the manifest lists."""
    listed = packet.manifest["files"]
    beside = ["manifest.json"] + [FILES["seal"]] * (FILES["seal"] in packet.files)
    same("Files", sorted([*listed, *beside]), sorted(packet.order))
    for name, entry in listed.items():
        same("%s, size" % name, entry["bytes"], len(packet.files[name]))
        same("%s, SHA-256" % name, entry["sha256"], sha(packet.files[name]).hex())
    same("manifest.json", canonical(packet.manifest) + "\n", packet.files["manifest.json"].decode("utf-8"))
    return "%s with the SHA-256 that the manifest lists" % counted(len(listed), "file")


def check_checkpoint(packet: Packet, keys: List[Key]) -> Outcome:
    """A key signed the ledger's size and root."""
    note = packet.files.get(FILES["checkpoint"])
    if note is None:
        return NOT_EVALUATED, "the packet has no signed checkpoint; nothing outside the desk vouches for the root"
    text, origin, size, root, signatures = read_checkpoint(note.decode("utf-8"))
    own = not keys
    for name, key_id, raw in keys or own_keys(packet):
        for signer, value in signatures:
            if name == origin == signer and value[:4] == key_id and ed25519_valid(raw, text.encode(), value[4:]):
                same("Manifest, ledger size", packet.manifest["ledger"]["size"], size)
                same("Manifest, ledger root", packet.manifest["ledger"]["root"], root.hex())
                whose = (
                    "the key in the packet, which you should compare with the one you were given" if own else "your key"
                )
                return VERIFIED, "%s, root %s…, signed by %s: %s" % (
                    counted(size, "event"),
                    root.hex()[:16],
                    whose,
                    name,
                )
    raise Wrong(
        "Checkpoint of origin “%s”" % origin, "a signature by " + (", ".join(k[0] for k in keys) or "a key"), "none"
    )


def own_keys(packet: Packet) -> List[Key]:
    """Return the public keys that are in the packet."""
    return [read_key(line) for line in packet.files[FILES["key"]].decode("utf-8").splitlines() if line.strip()]


def check_seal(packet: Packet, keys: List[Key]) -> Outcome:
    """A key signed the manifest, and thereby every byte of every file as the packet left the desk."""
    note = packet.files.get(FILES["seal"])
    if note is None:
        return NOT_EVALUATED, "the packet has no seal; what does not follow from the ledger is vouched for by nobody"
    text, _, block = note.decode("utf-8").partition("\n\n")
    same("Seal", "%s\n%s" % (SEAL_FORMAT, sha(packet.files["manifest.json"]).hex()), text)
    for name, key_id, raw in keys or own_keys(packet):
        for signer, value in read_signatures(block):
            if name == signer and value[:4] == key_id and ed25519_valid(raw, (text + "\n").encode(), value[4:]):
                return VERIFIED, "every file is as %s sealed it" % name
    raise Wrong("Seal", "a signature by a key of this packet or of yours", "none")


def check_events(packet: Packet) -> str:
    """Each body has its hash, says what the columns say, and stands in the tree."""
    size, root = packet.manifest["ledger"]["size"], packet.manifest["ledger"]["root"]
    withheld, seen = 0, set()
    for row in packet.rows("events"):
        where = "Event %s" % row["event_id"]
        same(where + ", number", False, row["event_id"] in seen)
        seen.add(row["event_id"])
        if row["body"] is None:
            withheld += 1
            leaf, event = bytes.fromhex(row["leaf_hash"]), None
        else:
            raw = row["body"].encode("utf-8")
            event = parse(row["body"])
            same(where + ", body", canonical(event), row["body"])
            same(where + ", hash", sha(raw).hex(), row["event_hash"])
            same(where + ", leaf", leaf_hash(raw).hex(), row["leaf_hash"])
            if event["format"] == REMOVABLE_FORMAT:
                event["notes"] = _removable_text(packet, row, event)
            else:
                same(where + ", format", EVENT_FORMAT, event["format"])
            for column in ("event_id", "case_id", "case_seq", "prev_hash"):
                same("%s, %s" % (where, column), event[column], row[column])
            leaf = leaf_hash(raw)
        path = [bytes.fromhex(step) for step in row["proof"]]
        same(where + ", root of its proof", root, root_of(leaf, row["event_id"] - 1, size, path).hex())
        packet.events.append((row, event))
    if not packet.events:
        raise Unreadable("it holds not one event")
    numbers = [row["event_id"] for row, _ in packet.events]
    same("Events, order", sorted(numbers), numbers)
    more = "; the content of %d is withheld, their place is proved" % withheld if withheld else ""
    return "%s by hash, with a place in the ledger of %d%s" % (counted(len(numbers), "event"), size, more)


def _removable_text(packet: Packet, row: Row, event: Row) -> str:
    """Return the text beside an event, if it is what the event's body has a digest of; nothing where it was purged."""
    where = "Event %s" % row["event_id"]
    if not row["salt"] and not row["notes"]:
        packet.purged.append((row["event_id"], row["case_id"]))
        return ""
    if not re.fullmatch("[0-9a-f]{64}", row["salt"]):
        raise ValueError("%s is no salt" % _cut(row["salt"]))
    said = sha(bytes.fromhex(row["salt"]) + row["notes"].encode("utf-8")).hex()
    same(where + ", salted digest of its text", event["notes"], said)
    return str(row["notes"])


def check_purges(packet: Packet) -> Outcome:
    """Every text that is gone was purged by two persons, after retention and while no hold stood."""
    desk = {row["event_id"]: event for row, event in packet.events if row["case_id"] == DESK and event is not None}
    purges = [event for event in desk.values() if event["action"] == "cases_purged"]
    purged = purges_of(packet)
    for number, case_id in packet.purged:
        same("Event %d, its text was purged later" % number, True, number < purged.get(case_id, 0))
    for event in purges:
        where, meta = "Purge of event %d" % event["event_id"], event["meta"]
        same(where + ", carried out by who proposed it", False, event["user"] == meta["maker"])
        proposal = desk.get(meta["proposal"])
        if proposal is not None:
            told = [proposal["user"], proposal["meta"]["cases"]]
            same(where + ", as it was proposed", told, [meta["maker"], meta["cases"]])
        for case_id, tip in meta["cases"]:
            if case_id in packet.cases:
                _check_purge(packet, event, case_id, tip)
    if not purges:
        return VERIFIED, "no text of a case in here was purged"
    return VERIFIED, "the texts of %s were purged, by %s" % (
        counted(len(packet.purged), "event"),
        counted(len(purges), "purge"),
    )


def purges_of(packet: Packet) -> Dict[str, int]:
    """Return the cases that were purged, each with the last event that says so."""
    events = [event for _, event in packet.events if event is not None and event["action"] == "cases_purged"]
    return {case_id: event["event_id"] for event in events for case_id, _ in event["meta"]["cases"]}


def _check_purge(packet: Packet, purge: Row, case_id: str, tip: str) -> None:
    where = "Purge of event %d, %s" % (purge["event_id"], case_id)
    before = [
        (row, event)
        for row, event in packet.events
        if event is not None and row["case_id"] == case_id and row["event_id"] < purge["event_id"]
    ]
    same(where + ", last event before it", before[-1][0]["event_hash"], tip)
    events = [event for _, event in before]
    case, _ = replay(case_id, events, packet.policy)
    ends = [
        later(on, in_force(packet.policy, "retention_years", on, number)) for number, on in _kept_from(case, events)
    ]
    same(where + ", kept long enough", True, bool(ends) and max(ends) < purge["ts"][:10])
    holds = {event["event_id"] for event in events if event["action"] == "hold_placed"}
    holds -= {event["meta"]["hold"] for event in events if event["action"] == "hold_lifted"}
    same(where + ", legal holds", [], sorted(holds))


def check_chains(packet: Packet) -> str:
    """The events of each case are all there from its first on, each linked to the one before."""
    tips: Dict[str, Tuple[int, str]] = {}
    for row, _ in packet.events:
        if row["case_id"] == DESK:
            continue  # of the desk's own events a packet holds those that concern its cases
        seq, before = tips.get(row["case_id"], (0, ZERO))
        where = "Event %d of %s" % (row["event_id"], row["case_id"])
        same(where + ", place in its case", seq + 1, row["case_seq"])
        same(where + ", link", before, row["prev_hash"])
        tips[row["case_id"]] = (row["case_seq"], row["event_hash"])
    same("Cases with events", sorted(packet.manifest["cases"]), sorted(tips))
    return "%s, each linked from its first event to event %s" % (
        counted(len(tips), "case"),
        ", ".join("%d of %s" % (seq, name) for name, (seq, _) in sorted(tips.items())[:3])
        + ("…" if len(tips) > 3 else ""),
    )


# --- What the events of a case add up to ---------------------------------------------------------------------------------

_OPEN = {
    "case_exported", "narrative_read", "hold_placed", "hold_lifted", "filing_produced", "filing_withdrawn",
    "filing_transmitted", "filing_acknowledged", "advice_given",
}  # fmt: skip
_FOUND = {"alert_attached", "alert_grown", "alert_revised"}
_ALERTS = {*_FOUND, "alert_lapsed"}
_AT_WORK = {
    *_ALERTS, "case_taken", "case_assigned", "case_handed_over", "case_released", "note_added", "suspicion_moved",
    "disposition_set", "filing_drafted",
}  # fmt: skip
_JUDGED = {"case_reopened", "review_passed", "review_failed", "filing_drafted", "filing_approved"}
_STAGES = {
    ("New", ""): {*_ALERTS, "case_taken", "case_assigned", "note_added"},
    ("In Review", ""): _AT_WORK,
    ("In Review", "Escalate"): _AT_WORK,
    ("In Review", "SAR"): {*_ALERTS, "note_added", "disposition_approved", "disposition_returned"},
    ("Closed", "No SAR"): _JUDGED,
    ("Closed", "SAR"): _JUDGED,
}
_BANDS = (75, 50, 25, 0)


def replay(case_id: str, events: Iterable[Row], policy: List[Row]) -> Tuple[Row, Dict[str, Row]]:
    """Return the columns of a case from its events, the figures of its alerts, and their digests."""
    case: Row = dict.fromkeys(
        (
            "customer_id", "status", "owner", "disposition", "opened_at", "alerted_at", "suspicion_at", "decision_text",
            "decided_by", "decided_at", "approved_by", "approved_at", "closed_at", "qa_status", "qa_reviewer",
            "qa_reviewed_at", "qa_severity", "qa_notes",
        ),
        "",
    )  # fmt: skip
    case.update(case_id=case_id, version=0, suspicion_event=0, suspicion_moved=False, suspect_identified=True)
    alerts: Dict[str, Row] = {}
    for event in events:
        _step(case, alerts, event)
    worst = min(alerts.values(), key=lambda a: (-a["severity"], a["alert_id"])) if alerts else None
    severity = worst["severity"] if worst else 0
    case["due_at"] = due(case, policy)[2]
    case["is_open"] = case["status"] != "Closed"
    case["severity"] = severity
    case["risk_rank"] = next(n for n, least in enumerate(_BANDS) if severity >= least)
    case["typology"] = worst["rule"] if worst else ""
    case["alert_count"] = len(alerts)
    case["transaction_count"] = sum(a["transactions"] for a in alerts.values())
    case["amount_minor"] = sum(int(a["amount_minor"]) for a in alerts.values())
    case["value_rank"] = value_rank(severity, case["amount_minor"], case["due_at"])
    return case, alerts


def value_rank(severity: int, amount: int, due_at: str) -> int:
    """Return the place in the queue by expected value: the severity of the amount, halved for every 7 days until it is due."""
    day = moment(due_at).toordinal()
    return 100 * day // 7 - (max(1, severity * amount) ** 100).bit_length() + 1


def _step(case: Row, alerts: Dict[str, Row], event: Row) -> None:
    action, meta = event["action"], event["meta"]
    where = "Event %d of %s" % (event["event_id"], event["case_id"])
    if not case["status"]:
        same(where + ", a case begins with", "case_opened", action)
    elif action not in (*_OPEN, "filing_rejected") and action not in _STAGES.get(
        (case["status"], case["disposition"]), ()
    ):
        raise Wrong(where, "a step that is possible when %s %s" % (case["status"], case["disposition"]), action)
    if action in _OPEN:
        return
    case["version"] += 1
    if action in _FOUND:
        alerts[meta["alert_id"]] = meta
    elif action == "alert_lapsed":
        if meta["alert_id"] not in alerts:
            raise Wrong(where, "an alert of the case", meta["alert_id"])
        alerts[meta["alert_id"]] = {**alerts[meta["alert_id"]], "lapsed_in": meta["run_id"]}
    else:
        for change in _CHANGES[action]:
            case.update(change(case, event))


Change = Callable[[Row, Row], Row]


def _opened(case: Row, event: Row) -> Row:
    told = {name: event["meta"][name] for name in ("customer_id", "alerted_at", "suspicion_at", "suspect_identified")}
    return {**told, "status": "New", "opened_at": event["ts"], "suspicion_event": event["event_id"]}


def _owned(case: Row, event: Row) -> Row:
    return {"status": "In Review", "owner": event["meta"]["owner"]}


def _assigned(case: Row, event: Row) -> Row:
    stays = event["meta"]["escalation"] or not case["disposition"]
    return {**_owned(case, event), **({} if stays else _undecided(case, event))}


def _released(case: Row, event: Row) -> Row:
    return {"owner": "", "status": case["status"] if case["disposition"] else "New"}


def _noted(case: Row, event: Row) -> Row:
    return {}


def _suspected(case: Row, event: Row) -> Row:
    told = {name: event["meta"][name] for name in ("suspicion_at", "suspect_identified")}
    return {**told, "suspicion_event": event["event_id"], "suspicion_moved": True}


def _decided(case: Row, event: Row) -> Row:
    told = {
        "disposition": event["meta"]["disposition"], "decision_text": event["notes"], "decided_by": event["user"],
        "decided_at": event["ts"], "approved_by": "", "approved_at": "",
    }  # fmt: skip
    if told["disposition"] == "Escalate":
        return {**told, "owner": ""}
    closes = told["disposition"] == "No SAR" or event["meta"]["approval"] == "off by policy"
    return {**told, **(_closed(case, event) if closes else {})}


def _approved(case: Row, event: Row) -> Row:
    if event["user"] == case["decided_by"]:
        raise Wrong("Event %d, who approved" % event["event_id"], "another person than who decided", event["user"])
    return {"approved_by": event["user"], "approved_at": event["ts"], **_closed(case, event)}


def _closed(case: Row, event: Row) -> Row:
    blank = dict.fromkeys(("qa_status", "qa_reviewer", "qa_reviewed_at", "qa_severity", "qa_notes"), "")
    return {**blank, "status": "Closed", "closed_at": event["ts"]}


def _undecided(case: Row, event: Row) -> Row:
    return dict.fromkeys(("disposition", "decided_by", "decided_at", "approved_by", "approved_at"), "")


def _reopened(case: Row, event: Row) -> Row:
    return {**_owned(case, event), "closed_at": "", **_undecided(case, event)}


def _refused(case: Row, event: Row) -> Row:
    return _reopened(case, event) if case["status"] == "Closed" else {}


def _reviewed(case: Row, event: Row) -> Row:
    outcome = {"review_passed": "Pass", "review_failed": "Fail"}[event["action"]]
    return {
        "qa_status": outcome, "qa_reviewer": event["user"], "qa_reviewed_at": event["ts"],
        "qa_severity": event["meta"]["severity"], "qa_notes": event["notes"],
    }  # fmt: skip


_CHANGES: Dict[str, Tuple[Change, ...]] = {
    "case_opened": (_opened,),
    "case_taken": (_owned,),
    "case_assigned": (_assigned,),
    "case_handed_over": (_owned,),
    "case_released": (_released,),
    "note_added": (_noted,),
    "suspicion_moved": (_suspected,),
    "disposition_set": (_decided,),
    "disposition_approved": (_approved,),
    "disposition_returned": (_undecided,),
    "case_reopened": (_reopened,),
    "filing_drafted": (_noted,),
    "filing_approved": (_noted,),
    "filing_rejected": (_refused,),
    "review_passed": (_reviewed,),
    "review_failed": (_reviewed, _reopened),
}


def due(case: Row, policy: List[Row]) -> Tuple[str, str, str]:
    """Return started_on, due_on and due_at of the report: 30 or 60 days after the suspicion (31 CFR 1020.320(b)(3))."""
    started = moment(case["suspicion_at"]).date()
    value = in_force(policy, report_rule(case), started.isoformat(), case["suspicion_event"])["value"]
    due_on = started + timedelta(days=value)
    after = datetime(due_on.year, due_on.month, due_on.day, tzinfo=timezone.utc) + timedelta(days=1)
    return started.isoformat(), due_on.isoformat(), written(after)


def report_rule(case: Row) -> str:
    return "sar_days_suspect_known" if case["suspect_identified"] else "sar_days_suspect_unknown"


def in_force(policy: List[Row], name: str, on: str, by: int) -> Row:
    """Return the value for what an event started on a day: of those put in force before the event, the newest."""
    found = [p for p in policy if p["name"] == name and p["valid_from"] <= on and p["event"] < by]
    return max(found, key=lambda p: (p["valid_from"], p["version"]))


#: The values of due dates as the desk ships them: name, value, in force from.
_SHIPPED = (
    ("sar_days_suspect_known", 30, "1996-04-01"),
    ("sar_days_suspect_unknown", 60, "1996-04-01"),
    ("continuing_report_days", 120, "2013-04-01"),
    ("continuing_review_days", 90, "2013-04-01"),
    ("continuing_review", 1, "2013-04-01"),
    ("continuing_review", 0, "2025-10-09"),
    ("retention_years", 5, "1996-04-01"),
    ("ctr_days", 15, "1996-04-01"),
    ("ctr_line_minor", 1000000, "1996-04-01"),
)


def check_policy(packet: Packet) -> Outcome:
    """Every value is the one that is shipped, or two persons put it in force."""
    rows = [{**row, "event": row.get("event", 0)} for row in packet.rows("policy")]
    names = {row["name"] for row in rows} | {"sar_days_suspect_known", "sar_days_suspect_unknown"}
    shipped = sorted((row["name"], row["value"], row["valid_from"]) for row in rows if not row["event"])
    due_dates = {one[0] for one in _SHIPPED}
    same(
        "Policy as shipped",
        sorted(one for one in _SHIPPED if one[0] in names),
        [one for one in shipped if one[0] in due_dates],
    )
    for name in sorted(names):
        versions = sorted(row["version"] for row in rows if row["name"] == name)
        same("Versions of %s" % name, list(range(1, len(versions) + 1)), versions)
    desk = {row["event_id"]: event for row, event in packet.events if row["case_id"] == DESK}
    told = {n: e for n, e in desk.items() if e is not None and e["action"] == "policy_put_in_force"}
    withheld = {n for n, e in desk.items() if e is None}
    own = {row["event"]: row for row in rows if row["event"]}
    same("Policy put in force by events", sorted(told), sorted(set(own) - withheld))
    for number, event in sorted(told.items()):
        _check_value(event, own[number], desk)
    packet.policy = rows
    packet.hidden_policy = bool(withheld & set(own))
    if packet.hidden_policy:
        return NOT_EVALUATED, "who put %d of the values in force is withheld" % len(withheld & set(own))
    return VERIFIED, "%s as shipped, %d put in force by two persons" % (counted(len(shipped), "value"), len(own))


def _check_value(event: Row, value: Row, desk: Dict[int, Optional[Row]]) -> None:
    meta, where = event["meta"], "Policy of event %d" % event["event_id"]
    for column in ("name", "value", "unit", "valid_from", "source"):
        same("%s, %s" % (where, column), meta[column], value[column])
    same(where + ", version", meta["number"], value["version"])
    same(where + ", put in force by who proposed it", False, event["user"] == meta["maker"])
    same(where + ", proposal in the packet", True, meta["proposal"] in desk)
    proposal = desk.get(meta["proposal"])
    if proposal is not None:
        same(where + ", proposed by", meta["maker"], proposal["user"])
        for column in ("name", "value", "valid_from", "source"):
            same("%s, proposed %s" % (where, column), proposal["meta"][column], meta[column])


def check_cases(packet: Packet) -> Outcome:
    """What the desk shows of each case is what its events add up to."""
    bodies: Dict[str, List[Optional[Row]]] = {}
    for row, event in packet.events:
        if row["case_id"] != DESK:
            bodies.setdefault(row["case_id"], []).append(event)
    shown = {row["case_id"]: row for row in packet.rows("cases")}
    same("Cases shown", sorted(bodies), sorted(shown))
    for case_id, events in sorted(bodies.items()):
        told = [event for event in events if event is not None]
        if len(told) < len(events):
            continue
        case, alerts = replay(case_id, told, packet.policy)
        if "value_rank" not in shown[case_id]:
            del case["value_rank"]  # a packet of before the queue was ordered by value
        same("%s, columns" % case_id, sorted(case), sorted(shown[case_id]))
        for column, value in case.items():
            same("%s, %s" % (case_id, column), value, shown[case_id][column])
        packet.cases[case_id] = case
        packet.attached.update((name, (case_id, meta)) for name, meta in alerts.items())
    left = len(bodies) - len(packet.cases)
    if left and not packet.cases:
        return NOT_EVALUATED, "events of every case are withheld, so no state can be added up"
    more = "; %d with withheld events could not be added up" % left if left else ""
    return VERIFIED, "the columns of %s follow from the events%s" % (counted(len(packet.cases), "case"), more)


# --- Alerts and their evidence -----------------------------------------------------------------------------------------------

_DIGESTED = (
    "account_id",
    "alert_id",
    "amount_minor",
    "customer_id",
    "parameters",
    "rule",
    "rule_version",
    "sentence",
    "severity",
    "window_end",
    "window_start",
)


def check_alerts(packet: Packet) -> Outcome:
    """Each alert is the one that the ledger recorded, and its figures follow from its evidence."""
    packet.transactions = {row["transaction_id"]: row for row in packet.rows("transactions")}
    rows = packet.rows("alerts")
    if "alerts" in packet.manifest["withheld"]:
        same("Alerts in a packet that withholds them", 0, len(rows) + len(packet.transactions))
        return NOT_EVALUATED, "alerts and transactions are withheld"
    used = set()
    lapsed = 0
    for alert in rows:
        where = "Alert %s" % alert["alert_id"]
        lapsed += bool(alert.get("lapsed_in"))
        if packet.attached and alert["case_id"] in packet.cases:
            same(where + ", recorded for", [alert["case_id"]], [packet.attached[alert["alert_id"]][0]])
            values = {name: alert[name] if name == "severity" else str(alert[name]) for name in _DIGESTED}
            values["transaction_ids"] = alert["transaction_ids"]
            told = packet.attached[alert["alert_id"]][1].get("lapsed_in", "")
            same(where + ", no longer found by run", told, alert.get("lapsed_in", ""))
            same(where + ", digest", packet.attached[alert["alert_id"]][1]["digest"], digest(values))
        evidence = [packet.transactions[one] for one in alert["transaction_ids"]]
        used.update(alert["transaction_ids"])
        same(where + ", amount", sum(one["base_minor"] for one in evidence), alert["amount_minor"])
        same(
            where + ", order of evidence",
            sorted(alert["transaction_ids"], key=lambda t: (packet.transactions[t]["booked_at"], t)),
            alert["transaction_ids"],
        )
        same(
            where + ", window",
            [evidence[0]["booked_at"], evidence[-1]["booked_at"]],
            [alert["window_start"], alert["window_end"]],
        )
    same(
        "Alerts of the cases",
        sorted(packet.attached),
        sorted(a["alert_id"] for a in rows if a["case_id"] in packet.cases),
    )
    same("Transactions without an alert", [], sorted(set(packet.transactions) - used)[:3])
    packet.alerts = rows
    return VERIFIED, "%s as in the ledger%s; amounts and windows follow from %s" % (
        counted(len(rows), "alert"),
        ", %d of them no longer found by a later run" % lapsed if lapsed else "",
        counted(len(used), "transaction"),
    )


# --- Rules ------------------------------------------------------------------------------------------------------------------

_MINUTE, _DAY = 60_000_000, 86_400_000_000
#: Rules whose subject is the customer: an alert names the first of the customer's accounts.
_OF_CUSTOMERS = ("cash_aggregation", "structuring_over_days")


def legs(packet: Packet, alert: Row) -> List[Leg]:
    """Return the evidence as the account saw it: time, amount, direction, other side, channel, country."""
    found: List[Leg] = []
    account = alert["account_id"]
    for one in alert["transaction_ids"]:
        t = packet.transactions[one]
        source, target = t["from_account"], t["to_account"]
        # of cash one side is nobody, and a rule about a customer may rest on any of the customer's accounts
        known = account in (source, target) or (alert["rule"] in _OF_CUSTOMERS and "" in (source, target))
        same("Alert %s, transaction %s, a side is %s" % (alert["alert_id"], one, account), True, known)
        direction = "self" if source == target else "in" if target == account or not source else "out"
        other, country = (source, t["from_country"]) if direction == "in" else (target, t["to_country"])
        found.append((micros(t["booked_at"]), t["base_minor"], direction, other, t["channel"], country))
    return found


def _windows(rows: Sequence[Leg], width: int) -> Iterator[Tuple[int, Sequence[Leg]]]:
    """Yield for each row the rows of the window that ends at it, both edges included, with equal times inside."""
    times = [row[0] for row in rows]
    for at in times:
        yield at, rows[bisect.bisect_left(times, at - width) : bisect.bisect_right(times, at)]


def _one_episode(rows: Sequence[Leg], hits: List[int], width: int, where: str) -> None:
    """Every row lies within the window of a hit, and the windows overlap from the first row to the last."""
    before = rows[0][0]
    for row in rows:
        following = bisect.bisect_left(hits, row[0])
        reach = hits[following] if following < len(hits) else before + width + 1
        same(where + ", evidence in windows that reach the thresholds, without a gap", True, reach - before <= width)
        before = row[0]


def rule_structuring(rows: Sequence[Leg], p: Row, where: str) -> Optional[str]:
    if p["windows"] != "sliding":
        return None
    width = p["window_minutes"] * _MINUTE
    for row in rows:
        fits = row[4] in p["channels"] and row[1] >= p["smallest_minor"] and p["direction"] in ("any", row[2])
        same(where + ", a counted transaction", True, fits)
    hits = [
        at
        for at, window in _windows(rows, width)
        if len(window) >= p["count"]
        and sum(row[1] < p["below_minor"] for row in window) >= p["below_count"]
        and sum(row[1] for row in window) >= p["total_minor"]
    ]
    _one_episode(rows, hits, width, where)
    return ""


def rule_geography(rows: Sequence[Leg], p: Row, where: str) -> Optional[str]:
    if p["windows"] != "sliding":
        return None
    width = p["window_minutes"] * _MINUTE
    same(where + ", a transaction without a country", False, any(not row[5] for row in rows))
    hits = [at for at, window in _windows(rows, width) if len({row[5] for row in window}) >= p["countries"]]
    _one_episode(rows, hits, width, where)
    return ""


def rule_velocity(rows: Sequence[Leg], p: Row, where: str) -> Optional[str]:
    if p["windows"] != "sliding":
        return None
    width = p["window_minutes"] * _MINUTE
    hits = [at for at, window in _windows(rows, width) if len(window) >= p["count"]]
    _one_episode(rows, hits, width, where)
    return "not what the account's past allows for"


def rule_fan(direction: str) -> Callable[[Sequence[Leg], Row, str], Optional[str]]:
    def fan(rows: Sequence[Leg], p: Row, where: str) -> Optional[str]:
        width = p["window_days"] * _DAY
        for row in rows:
            fits = row[2] == direction and row[4] in p["channels"] and row[1] >= p["smallest_minor"] and row[3]
            same(where + ", a counted transaction", True, bool(fits))
        # some fans take fewer parties where each moves a large sum; the others ask as many of any sum
        few, large = (p["large_parties"], p["large_minor"]) if "large_minor" in p else (p["parties"], 0)
        hits = [
            at
            for at, window in _windows(rows, width)
            if len({row[3] for row in window}) >= p["parties"]
            or len({row[3] for row in window if row[1] >= large}) >= few
        ]
        _one_episode(rows, hits, width, where)
        return "not whether the parties were strangers before"

    return fan


def business_day(at: int, offset_minutes: int) -> int:
    """Number the business day of a moment: Saturday and Sunday count to the Monday after them."""
    week, weekday = divmod((at + offset_minutes * _MINUTE) // _DAY + 3, 7)
    return 5 * week + min(weekday, 5)


def rule_cash_aggregation(rows: Sequence[Leg], p: Row, where: str) -> Optional[str]:
    fits = all(row[4] in p["channels"] and row[1] <= p["line_minor"] for row in rows)
    same(where + ", counted transactions", True, fits)
    days = {(business_day(row[0], p["day_offset_minutes"]), row[2]) for row in rows}
    same(where + ", business days and directions", 1, len(days))
    enough = len(rows) >= p["count"] and sum(row[1] for row in rows) > p["line_minor"]
    same(where + ", several above the line together", True, enough)
    return "not whether such days are customary"


def rule_structuring_over_days(rows: Sequence[Leg], p: Row, where: str) -> Optional[str]:
    near = rows[0][1] >= p["near_minor"]
    low, high = (p["near_minor"], p["line_minor"]) if near else (p["smallest_minor"], p["near_minor"] - 1)
    fits = all(row[4] in p["channels"] and row[2] == "in" and low <= row[1] <= high for row in rows)
    same(where + ", counted transactions", True, fits)
    daily: List[Leg] = [(business_day(row[0], p["day_offset_minutes"]), *row[1:]) for row in rows]
    least, width = p["near_count" if near else "small_count"], p["window_days"] - 1
    hits = [
        day
        for day, window in _windows(daily, width)
        if len(window) >= least and sum(row[1] for row in window) > p["total_minor"]
    ]
    _one_episode(daily, hits, width, where)
    return "not what is usual for the customer"


RULES = {
    ("structuring", "1"): rule_structuring,
    ("geography", "1"): rule_geography,
    ("velocity", "2"): rule_velocity,
    ("fan_in", "2"): rule_fan("in"),
    ("fan_in", "3"): rule_fan("in"),
    ("fan_out", "1"): rule_fan("out"),
    ("cash_aggregation", "1"): rule_cash_aggregation,
    ("structuring_over_days", "1"): rule_structuring_over_days,
}


def check_rules(packet: Packet) -> Outcome:
    """The hits of the rules that can be judged by the evidence alone are derived from it again."""
    whole: Dict[str, int] = {}
    part: Dict[str, int] = {}
    left: Dict[str, int] = {}
    why: Dict[str, str] = {}
    for alert in packet.alerts:
        name = alert["rule"]
        rule = RULES.get((name, alert["rule_version"]))
        said = None
        if rule is not None:
            said = rule(legs(packet, alert), parse(alert["parameters"]), "Alert %s, %s" % (alert["alert_id"], name))
        into = left if said is None else part if said else whole
        into[name] = into.get(name, 0) + 1
        if said:
            why[name] = said
    text = []
    if whole:
        text.append("derived again: " + _listed(whole))
    if part:
        text.append("in part: " + ", ".join("%s %d (%s)" % (n, part[n], why[n]) for n in sorted(part)))
    if left:
        text.append("not judged by evidence alone: " + _listed(left))
    return VERIFIED if whole or part else NOT_EVALUATED, "; ".join(text) or "no alert"


def _listed(counts: Dict[str, int]) -> str:
    return ", ".join("%s %d" % (name, counts[name]) for name in sorted(counts))


# --- Deadlines, decisions not to file, quality, governance ---------------------------------------------------------------------


def check_clocks(packet: Packet) -> Outcome:
    """Every due date follows from an event, a rule and the policy that was in force when the event was recorded."""
    rows = packet.rows("clocks")
    reports = [row for row in rows if row.get("kind", "report") == "report"]
    same("Cases with a clock", sorted(packet.manifest["cases"]), sorted(row["case_id"] for row in reports))
    for row in rows:
        _check_days(packet, row)
    judged = [row for row in reports if row["case_id"] in packet.cases]
    for row in judged:
        _check_report(packet, row, packet.cases[row["case_id"]])
    if any("kind" in row for row in rows):
        for case_id in sorted(packet.cases):
            told = [_told(row) for row in rows if row["case_id"] == case_id and row["kind"] != "report"]
            same("Further due dates of %s" % case_id, sorted(further_clocks(packet, case_id)), sorted(told))
    if not rows:
        return NOT_EVALUATED, "no case has a clock"
    if packet.hidden_policy:
        return NOT_EVALUATED, "due dates follow from the policy in here; who put it in force is withheld"
    further = sum(row["case_id"] in packet.cases for row in rows) - len(judged)
    return VERIFIED, "%s computed again, %d of them from the events of the case" % (
        counted(len(rows), "due date"),
        len(judged) + further,
    )


def _check_days(packet: Packet, row: Row) -> None:
    """The day a period ends follows from the day it began and the value in force."""
    where = "Clock of %s" % row["case_id"]
    kind = row.get("kind", "report")
    name = report_rule(row) if kind == "report" else _RULE_OF[kind]
    policy = in_force(packet.policy, name, row["started_on"], row["source_event"])
    for part in ("name", "value", "unit", "version", "source", "valid_from"):
        same("%s, policy %s" % (where, part), policy[part], row["policy"][part])
    same(where + ", due", later(row["started_on"], policy), row["due_on"])


def _check_report(packet: Packet, row: Row, case: Row) -> None:
    where = "Clock of %s" % row["case_id"]
    started, last_day, _ = due(case, packet.policy)
    facts = [started, last_day, case["suspicion_event"], case["suspect_identified"], case["closed_at"]]
    told = [row["started_on"], row["due_on"], row["source_event"], row["suspect_identified"], row["closed_at"]]
    same(where, facts, told)
    closed = case["closed_at"]
    same(where + ", kept", (closed[:10] <= last_day) if closed else None, row["closed_in_time"])


_RULE_OF = {
    "continuing review": "continuing_review_days",
    "continuing report": "continuing_report_days",
    "currency report": "ctr_days",
    "retention": "retention_years",
}


def _filed(events: List[Row]) -> List[Tuple[str, int]]:
    """Return day of transmission and event of each report that the filing system took; a test is none."""
    tests: Dict[str, bool] = {}
    sent: Dict[str, str] = {}
    found = []
    for event in events:
        filing = event["meta"].get("filing_id", "")
        if event["action"] == "filing_produced":
            tests[filing] = event["meta"]["test"]
        elif event["action"] == "filing_transmitted":
            sent[filing] = event["ts"][:10]
        elif event["action"] == "filing_acknowledged" and not tests[filing]:
            found.append((sent[filing], event["event_id"]))
    return sorted(found)


def _told(row: Row) -> Tuple[str, int, str]:
    return row["kind"], row["source_event"], row["started_on"]


def later(started: str, policy: Row) -> str:
    """Count on from a day; a year from 29 February ends on 1 March where there is no such day."""
    day = date.fromisoformat(started)
    if policy["unit"] != "calendar years":
        return (day + timedelta(days=policy["value"])).isoformat()
    try:
        return day.replace(year=day.year + policy["value"]).isoformat()
    except ValueError:
        return date(day.year + policy["value"], 3, 1).isoformat()


def further_clocks(packet: Packet, case_id: str) -> List[Tuple[str, int, str]]:
    """Return kind, source event and first day of every other period that runs on a case."""
    case = packet.cases[case_id]
    events = [e for _, e in packet.events if e is not None and e["case_id"] == case_id]
    filed = _filed(events)
    found = _cash_clocks(packet, case_id, events)
    if filed:
        on, event = filed[-1]
        found.append(("continuing report", event, on))
        if in_force(packet.policy, "continuing_review", on, event)["value"]:
            found.append(("continuing review", event, on))
    found += [("retention", event, on) for event, on in _kept_from(case, events)]
    return found


def _kept_from(case: Row, events: List[Row]) -> List[Tuple[int, str]]:
    """Return from which event and day a case is kept: its last filing or, without a report, its closing."""
    if not case["closed_at"]:
        return []
    starts = _filed(events)
    if case["disposition"] == "No SAR":
        closing = [
            e["event_id"]
            for e in events
            if e["ts"] == case["closed_at"] and e["action"] in ("disposition_set", "disposition_approved")
        ]
        starts.append((case["closed_at"][:10], closing[-1]))
    return [(event, on) for on, event in sorted(starts)[-1:]]


def _cash_clocks(packet: Packet, case_id: str, events: List[Row]) -> List[Tuple[str, int, str]]:
    """Return the clock of each alert whose cash of one business day is above the line."""
    joined: Dict[str, int] = {}
    for event in events:
        if event["action"] == "alert_attached":
            joined.setdefault(event["meta"]["alert_id"], event["event_id"])
    found = []
    for alert in packet.alerts:
        if alert["case_id"] != case_id or alert["rule"] != "cash_aggregation":
            continue
        at, offset = micros(alert["window_start"]), parse(alert["parameters"]).get("day_offset_minutes", 0)
        week, weekday = divmod(business_day(at, offset), 5)
        day = (date(1969, 12, 29) + timedelta(days=7 * week + weekday)).isoformat()
        number = joined[alert["alert_id"]]
        if alert["amount_minor"] > in_force(packet.policy, "ctr_line_minor", day, number)["value"]:
            found.append(("currency report", number, day))
    return found


# --- Reports on their way -----------------------------------------------------------------------------------------------------

_WAY = {
    "filing_drafted": ({"", "draft", "approved"}, "draft"),
    "filing_approved": ({"draft", "approved"}, "approved"),
    "filing_produced": ({"approved"}, "produced"),
    "filing_withdrawn": ({"produced"}, "approved"),
    "filing_transmitted": ({"produced"}, "transmitted"),
    "filing_acknowledged": ({"transmitted"}, "acknowledged"),
    "filing_rejected": ({"transmitted"}, "rejected"),
}
_TOLD = {
    "filing_drafted": ("digest", "kind"),
    "filing_approved": ("digest", "decision"),
    "filing_produced": ("batch_id", "place"),
    "filing_withdrawn": (),
    "filing_transmitted": ("tracking_id",),
    "filing_acknowledged": ("bsa_id", "remarks"),
    "filing_rejected": ("bsa_id", "remarks"),
}


def reports_of(case_id: str, events: Iterable[Row]) -> Tuple[Dict[str, Row], Dict[str, Row]]:
    """Return the reports of a case as its events add up, and of each the narrative and the hashes that the ledger has."""
    found: Dict[str, Row] = {}
    kept: Dict[str, Row] = {}
    decisions: Dict[int, str] = {}
    for event in events:
        action, meta = event["action"], event["meta"]
        if action == "disposition_set":
            decisions = {event["event_id"]: event["notes"]}  # a later decision replaces it
        if action not in _WAY:
            continue
        where = "Event %d, %s" % (event["event_id"], action)
        one = found.setdefault(meta["filing_id"], {"state": "", "case_id": case_id})
        before, state = _WAY[action]
        if one["state"] not in before:
            raise Wrong(where, "a report that is %s" % " or ".join(sorted(before)), one["state"])
        one.update({name: meta[name] for name in _TOLD[action]}, state=state, state_event=event["event_id"])
        if action == "filing_approved":
            same(where + ", the form that was approved", kept[meta["filing_id"]]["digest"], meta["digest"])
            same(where + ", the decision in force", sorted(decisions), [meta["decision"]])
            if meta["approval"] == "required" and event["user"] in (meta["maker"], kept[meta["filing_id"]]["maker"]):
                raise Wrong(where + ", who approved", "another person than who filled the form in", event["user"])
            kept[meta["filing_id"]]["narrative"] = decisions.get(meta["decision"], "")
            one["approved_by"] = event["user"]
        elif action == "filing_drafted":
            kept[meta["filing_id"]] = {"digest": meta["digest"], "maker": event["user"], "drafted": event["event_id"]}
            one.update(drafted_by=event["user"], approved_by="", decision=0)
        elif action == "filing_produced":
            same(where + ", the form that was approved", one["digest"], meta["digest"])
            kept[meta["filing_id"]].update(sent=event, producer=event["user"])
        elif action == "filing_withdrawn":
            producer = kept[meta["filing_id"]]["producer"]
            same(where + ", who produced the batch", producer, meta["maker"])
            same(where + ", taken back by who produced it", False, event["user"] == producer)
            same(where + ", the batch", one["batch_id"], meta["batch_id"])
            one.update(batch_id="", place=0)
        elif action != "filing_transmitted":
            kept[meta["filing_id"]]["answer"] = meta["sha256"]
    return found, kept


def check_filings(packet: Packet) -> Outcome:
    """Each report stands where its events leave it; what was sent is what was approved; what was answered is what came."""
    rows = {row["filing_id"]: row for row in packet.rows("filings")}
    batches = {row["batch_id"]: row for row in packet.rows("batches")}
    if "decisions" in packet.manifest["withheld"]:
        same("Reports in a packet that withholds decisions", 0, len(rows) + len(batches))
        return NOT_EVALUATED, "decisions are withheld"
    told: Dict[str, Row] = {}
    kept: Dict[str, Row] = {}
    for case_id in sorted(packet.cases):
        events = [event for _, event in packet.events if event is not None and event["case_id"] == case_id]
        found, more = reports_of(case_id, events)
        told.update(found)
        kept.update(more)
    same("Reports", sorted(told), sorted(rows))
    same("Batches", sorted({one["batch_id"] for one in told.values() if one.get("batch_id")}), sorted(batches))
    purged = purges_of(packet)
    gone = {name for name in told if kept[name]["drafted"] < purged.get(told[name]["case_id"], 0)}
    cut = {told[name]["batch_id"] for name in gone if told[name].get("batch_id")}
    for batch_id in cut:
        if batches[batch_id]["content"] is not None:
            places = sorted(one["place"] for one in told.values() if one.get("batch_id") == batch_id)
            parts = _PART.findall(batches[batch_id]["content"].encode("utf-8"))
            same("Batch %s, its reports" % batch_id, list(range(1, len(parts) + 1)), places)
    files = 0
    for filing_id, one in sorted(told.items()):
        where, row = "Report %s" % filing_id, rows[filing_id]
        for name, value in one.items():
            same("%s, %s" % (where, name), value, row[name])
        if filing_id in gone:
            same(where + ", its form, which was purged", None, row["report"])
        else:
            same(where + ", digest of the form", one["digest"], digest(row["report"]))
        if one.get("batch_id"):
            files += _check_batch(
                where, row, kept[filing_id], batches[one["batch_id"]], filing_id in gone, one["batch_id"] in cut
            )
    if not rows:
        return NOT_EVALUATED, "no report was drafted"
    removed = "; %d were purged, and their forms and what was sent of them are gone" % len(gone) if gone else ""
    return VERIFIED, "%s where the events leave them; %d read in their batch files%s" % (
        counted(len(rows), "report"), files, removed,
    )  # fmt: skip


#: A report in the file of a batch as the desk writes it, or what is left of one that was purged.
_PART = re.compile(rb'<fc2:Activity SeqNum="([0-9]+)"(?:/>|>.*?</fc2:Activity>)', re.DOTALL)


def _check_batch(where: str, row: Row, kept: Row, batch: Row, gone: bool, cut: bool) -> int:
    """Compare a report with the batch it left in; return whether it can be read there.

    gone: the report was purged; cut: so was one of the batch, whose file can be judged by its parts only.
    """
    sent = kept["sent"]["meta"]
    same(where + ", SHA-256 of the batch", sent["sha256"], batch["sha256"])
    same(where + ", SHA-256 of the answer", kept.get("answer", ""), batch["answer_sha256"])
    if batch["content"] is None:
        return 0
    content = batch["content"].encode("utf-8")
    if cut:
        frame = _PART.sub(rb'<fc2:Activity SeqNum="\1"/>', content)
        same(where + ", frame of the file", sent["frame"], sha(frame).hex())
    else:
        same(where + ", file of the batch", batch["sha256"], sha(content).hex())
    if sent["v"] > 1:
        part = [found.group(0) for found in _PART.finditer(content)][row["place"] - 1]
        said = "purged" if part.endswith(b"/>") else sha(part).hex()
        same(where + ", its part of the file", "purged" if gone else sent["part"], said)
    if not gone:
        own, narrative = _sent(batch["content"], row["place"])
        same(where + ", at its place in the file", True, row["filing_id"] in own)
        same(where + ", narrative in the file", _one_line(kept["narrative"]), narrative)
    if batch["answer"] is not None:
        same(where + ", file of the answer", batch["answer_sha256"], sha(batch["answer"].encode("utf-8")).hex())
        numbers = [_text(one, "BSAID") for one in _xml(batch["answer"]).iter() if _name(one) == "EFilingActivityXML"]
        if row["bsa_id"]:
            same(where + ", BSA ID in the answer", row["bsa_id"], numbers[row["place"] - 1])
    return 0 if gone else 1


def _sent(content: str, place: int) -> Tuple[List[str], str]:
    """Return the numbers and the narrative of the report at a place of a batch file."""
    activity = [one for one in _xml(content) if _name(one) == "Activity"][place - 1]
    numbers = [one.text or "" for one in activity.iter() if _name(one) == "PartyIdentificationNumberText"]
    blocks = [one.text or "" for one in activity.iter() if _name(one) == "ActivityNarrativeText"]
    return numbers, "".join(blocks)


def _xml(content: str) -> ElementTree.Element:
    if "<!DOCTYPE" in content:
        raise Wrong("File of a batch", "no document type", "one")
    return ElementTree.fromstring(content.encode("utf-8"))  # noqa: S314  # document types are refused above


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(parent: ElementTree.Element, name: str) -> str:
    return next((one.text or "" for one in parent if _name(one) == name), "").strip()


def _one_line(text: str) -> str:
    return re.sub("[\\s\x00-\x1f\x7f-\x9f\ufffe\uffff]+", " ", text).strip()


def check_register(packet: Packet) -> Outcome:
    """Every case closed without a report stands in the register, with the reason that was given."""
    rows = packet.rows("register")
    if "decisions" in packet.manifest["withheld"]:
        same("Register in a packet that withholds decisions", 0, len(rows))
        return NOT_EVALUATED, "decisions are withheld"
    expected = [
        {
            "case_id": case["case_id"],
            "customer_id": case["customer_id"],
            "decided_by": case["decided_by"],
            "decided_at": case["decided_at"],
            "reason": case["decision_text"],
        }
        for case in packet.cases.values()
        if case["status"] == "Closed" and case["disposition"] == "No SAR"
    ]
    same("Register", sorted(expected, key=lambda row: row["case_id"]), rows)
    return VERIFIED, "%s closed without a report, each with its reason" % counted(len(rows), "case")


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _money(minor: int, currency: str, digits: int) -> str:
    whole, part = divmod(minor, 10**digits)
    return "%s %s%s" % (currency, format(whole, ",d"), ".%0*d" % (digits, part) if digits else "")


def _day(t: Row) -> str:
    at = moment(t["booked_at"])
    return "%d %s %d" % (at.day, _MONTHS[at.month - 1], at.year)


def _and(names: Iterable[str]) -> str:
    ordered = sorted(set(names))
    return ", ".join(ordered[:-1]) + " and " + ordered[-1] if len(ordered) > 1 else "".join(ordered)


def figure(name: str, found: List[Row], own: List[str], currency: str, digits: int) -> str:
    """Tell a figure of a narrative from its transactions, in order of booking."""
    amounts = [t["base_minor"] for t in found]
    mine = [t for t in found if t["from_account"] in own or t["to_account"] in own]
    if name == "count":
        return format(len(found), ",d")
    if name in ("first", "last"):
        return _day(found[0] if name == "first" else found[-1])
    if name == "accounts":
        told = [t["from_account"] if t["from_account"] in own else t["to_account"] for t in mine]
        return _and(told) or "none of the customer's"
    if name == "parties":
        told = [t["to_account"] if t["from_account"] in own else t["from_account"] for t in mine]
        return _and(one for one in told if one) or "nobody but cash"
    total = {"sum": sum(amounts), "largest": max(amounts), "smallest": min(amounts)}
    return _money(total[name], currency, digits)


def check_narratives(packet: Packet) -> Outcome:
    """Every bound figure of a report that was sent for good, and of advice that stands, is what its transactions give."""
    narratives = advised = bound_figures = 0
    for case_id, case in sorted(packet.cases.items()):
        events = [e for _, e in packet.events if e is not None and e["case_id"] == case_id]
        decision = _last(packet, events, "disposition_set")
        if decision is not None and case["status"] == "Closed":
            narratives += 1
            own = _own_accounts(packet, decision)
            bound_figures += _check_figures(packet, "Narrative of %s" % case_id, decision, own)
        advice = _last(packet, events, "advice_given")
        if advice is not None and not _ALERTS & {e["action"] for e in events if e["event_id"] > advice["event_id"]}:
            advised += 1
            bound_figures += _check_figures(packet, "Advice on %s" % case_id, advice, [])
    if not narratives and not advised:
        return NOT_EVALUATED, "no narrative in here has bound figures"
    of = [counted(narratives, "narrative")] if narratives else []
    of += ["advice on %s" % counted(advised, "case")] if advised else []
    figures = counted(bound_figures, "bound figure")
    return VERIFIED, "%s of %s computed again from the transactions" % (figures, " and ".join(of))


def _last(packet: Packet, events: List[Row], action: str) -> Optional[Row]:
    """Return the last event of a kind, if it has bound figures and its text is still there."""
    found = [event for event in events if event["action"] == action]
    if not found or not found[-1]["meta"].get("bound"):
        return None
    return None if (found[-1]["event_id"], found[-1]["case_id"]) in packet.purged else found[-1]


def _check_figures(packet: Packet, what: str, event: Row, own: List[str]) -> int:
    """Compute every figure of a text again; return how many there are."""
    bound, case_id = event["meta"]["bound"], event["case_id"]
    alerts = {alert["alert_id"]: alert["transaction_ids"] for alert in packet.alerts if alert["case_id"] == case_id}
    for name, selection, start, length in bound["figures"]:
        where = "%s, %s of %s" % (what, name, selection)
        ids = bound["selections"][selection]
        of, _, side = selection.partition("/")
        whole = {one for ids_ in alerts.values() for one in ids_} if of == "case" else set(alerts[of])
        chosen = sorted(
            (packet.transactions[one] for one in whole), key=lambda t: (t["booked_at"], t["transaction_id"])
        )
        out = [t for t in chosen if t["from_account"] in own]
        into = [t for t in chosen if t["to_account"] in own and t not in out]
        chosen = {"": chosen, "in": into, "out": out}[side]
        same(where + ", transactions", [t["transaction_id"] for t in chosen], ids)
        said = figure(name, chosen, own, bound["currency"], bound["digits"])
        same(where, said, event["notes"][start : start + length])
    return len(bound["figures"])


def _own_accounts(packet: Packet, decision: Row) -> List[str]:
    """Return the customer's accounts that a narrative's figures rest on; since version 3 they stand as salted digests."""
    named = decision["meta"]["bound"]["accounts"]
    if decision["meta"]["v"] < 3:
        return list(named)
    salt = bytes.fromhex(next(row["salt"] for row, event in packet.events if event is decision))
    known = {t[side] for t in packet.transactions.values() for side in ("from_account", "to_account")} - {""}
    return [one for one in known if sha(salt + one.encode("utf-8")).hex() in named]


#: The tables of advice as they are documented, by version: shares in ten-thousandths, money in minor units.
_ADVICE_TABLES: Dict[int, Row] = {
    1: {
        "version": 1, "valid_from": "2026-01-01", "alert_severity": 95, "alert_exposure": 8000, "reject_severity": 25,
        "reject_exposure": 500, "severity_weight": 6000, "kinds_weight": 2500, "amount_weight": 1500, "exposure_weight": 5000,
        "amount_steps": [500000, 2500000, 10000000, 50000000], "escalate_from": 6000, "dismiss_below": 3000,
        "priorities": [8000, 6000, 4500, 3000, 0], "urgent_minor": 10000000, "line_minor": 500000,
    }
}  # fmt: skip
_FAST = {"severe": "ESCALATE", "exposed": "ESCALATE", "slight": "DISMISS"}


def check_advice(packet: Packet) -> Outcome:
    """Level, recommendation and priority of every advice follow from its figures by the documented table of its version."""
    told = {e["event_id"]: e for _, e in packet.events if e is not None and e["action"] == "advice_given"}
    if "decisions" in packet.manifest["withheld"]:
        return NOT_EVALUATED, "decisions are withheld, and advice with them"
    if FILES["advice"] not in packet.files:
        return NOT_EVALUATED, "the figures behind advice are not in here; the packet is older than they are"
    tables = {row["version"]: row for row in packet.rows("advice_tables")}
    for version, table in sorted(tables.items()):
        documented = _ADVICE_TABLES.get(version, {})
        same("Advice table %d, columns" % version, sorted(documented), sorted(table))
        for name in sorted(documented):
            same("Advice table %d, %s" % (version, name), documented[name], table[name])
    steps = {row["event_id"]: row["steps"] for row in packet.rows("advice")}
    same("Advice with its figures", sorted(told), sorted(steps))
    for number, event in sorted(told.items()):
        same("Advice of event %d, its table in the packet" % number, True, event["meta"]["table"] in tables)
        _check_steps(packet, event, steps[number], _ADVICE_TABLES[event["meta"]["table"]])
    if not told:
        return NOT_EVALUATED, "no case in here was advised on"
    given = "%d piece%s of advice" % (len(told), "" if len(told) == 1 else "s")
    return VERIFIED, "level, recommendation and priority of %s derived again" % given


def _check_steps(packet: Packet, event: Row, steps: List[Row], table: Row) -> None:
    meta, facts = event["meta"], steps[0]["inputs"]
    where = "Advice on %s (event %d)" % (event["case_id"], event["event_id"])
    same(where + ", steps", meta["steps_sha256"], digest({"steps": steps}))
    same(where + ", figures", meta["facts_sha256"], digest({"facts": facts, "table": meta["table"]}))
    _check_facts(packet, event, facts, where)
    own = _cascade(facts, table)
    same(where + ", levels below 3", own, [step for step in steps if step["level"] < 3])
    for name, value in _conclusion(facts, steps, table).items():
        same("%s, %s" % (where, name), value, meta[name])


def _check_facts(packet: Packet, event: Row, facts: Row, where: str) -> None:
    """The figures are those of the alerts that the case had then, and of their transactions where no alert changed since."""
    alerts: Dict[str, List[Any]] = {}
    changed = False
    for _, other in packet.events:
        if other is None or other["case_id"] != event["case_id"] or other["action"] not in _ALERTS:
            continue
        if other["event_id"] > event["event_id"]:
            changed = True
            continue
        one = other["meta"]
        alerts[one["alert_id"]] = [one[n] for n in ("alert_id", "rule", "severity", "amount_minor", "transactions")]
    same(where + ", alerts", [alerts[name] for name in sorted(alerts)], facts["alerts"])
    if not changed:
        mine = [a["transaction_ids"] for a in packet.alerts if a["case_id"] == event["case_id"]]
        evidence = {one for ids in mine for one in ids}
        amount = sum(packet.transactions[one]["base_minor"] for one in evidence)
        same(where + ", amount", str(amount), facts["amount_minor"])
        same(where + ", transactions", len(evidence), facts["transactions"])


def _cascade(facts: Row, table: Row) -> List[Row]:
    """Return what levels 1 and 2 say: level 1 alone where a fast rule has an answer."""
    name = "advice table %d" % table["version"]
    rule, cites = _fast_rule(facts, table)
    verdict = _FAST.get(rule, "")
    first = _level(1, name, facts, {"verdict": verdict, "rule": rule, "cites": cites})
    if verdict:
        return [first]
    parts = _score_parts(facts, table)
    score = sum(part for _, part in parts)
    word = "ESCALATE" if score >= table["escalate_from"] else "DISMISS" if score < table["dismiss_below"] else "REVIEW"
    named = name if facts["score"] is None else "model %s" % facts["model"]
    return [first, _level(2, named, facts, {"verdict": word, "score": score, "parts": parts})]


def _level(level: int, version: str, inputs: Row, output: Row) -> Row:
    return {"level": level, "version": version, "inputs": inputs, "output": output, "cost_micros": 0}


def _fast_rule(facts: Row, table: Row) -> Tuple[str, List[str]]:
    leading = _leading(facts)
    exposure, ids = facts["exposure"] or 0, sorted(one[0] for one in facts["alerts"])
    if exposure >= table["alert_exposure"]:
        return "exposed", ids
    if leading is not None and leading[2] >= table["alert_severity"]:
        return "severe", [leading[0]]
    slight = len(ids) == 1 and leading is not None and leading[2] < table["reject_severity"]
    slight = slight and int(facts["amount_minor"]) < table["line_minor"] and exposure < table["reject_exposure"]
    return ("slight", ids) if slight and facts["score"] is None else ("", [])


def _leading(facts: Row) -> Optional[List[Any]]:
    """Return the alert of the highest severity; of equals, the one with the smallest id."""
    return min(facts["alerts"], key=lambda one: (-one[2], one[0]), default=None)


def _score_parts(facts: Row, table: Row) -> List[List[Any]]:
    """Return the parts of the score: a model's own, or the share that each takes of what those before it left open."""
    if facts["score"] is not None:
        return [["model", facts["score"]]]
    leading = _leading(facts)
    kinds = max(min(len({one[1] for one in facts["alerts"]}), 3) - 1, 0)
    reached = sum(int(facts["amount_minor"]) >= step for step in table["amount_steps"])
    shares = (
        ("severity", table["severity_weight"] * (leading[2] if leading else 0) // 100),
        ("kinds", table["kinds_weight"] * kinds // 2),
        ("amount", table["amount_weight"] * reached // len(table["amount_steps"])),
        ("exposure", table["exposure_weight"] * (facts["exposure"] or 0) // 10000),
    )
    found: List[List[Any]] = []
    left = 10000
    for name, share in shares:
        part = left * share // 10000
        left -= part
        found.append([name, part])
    return found


def _conclusion(facts: Row, steps: List[Row], table: Row) -> Row:
    """Return what the steps come to; a third level may raise a review to an escalation, and nothing else."""
    own = [step for step in steps if step["level"] < 3][-1]["output"]
    verdict, score, amount = own["verdict"], own.get("score", -1), int(facts["amount_minor"])
    lowest = table["priorities"]
    if score < 0:
        place = 1 if verdict == "ESCALATE" else len(lowest)
    else:
        place = next(place for place, least in enumerate(lowest, 1) if score >= least)
    place -= amount >= table["urgent_minor"] and verdict != "DISMISS"
    report = verdict == "ESCALATE" and amount >= table["line_minor"]
    if steps[-1]["level"] == 3 and verdict == "REVIEW" and steps[-1]["output"].get("verdict") == "ESCALATE":
        verdict, place = "ESCALATE", place - 1
    level = max(step["level"] for step in steps if step["output"].get("verdict"))
    priority = min(max(place, 1), len(lowest))
    return {"level": level, "verdict": verdict, "priority": priority, "report": report, "score": score}


def _framed(*parts: str) -> bytes:
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def redraw(record: Row) -> List[List[Any]]:
    """Draw again from a record; return the picks as rows."""
    period = "%s/%s" % (record["period_from"], record["period_to"])
    rates = record["rates"]
    strata: Dict[str, List[Tuple[str, int]]] = {}
    for case_id, disposition, risk, analyst, new in record["population"]:
        rate = max([rates["default"]] + [rates["sar"]] * (disposition == "SAR") + [rates["new_analyst"]] * new)
        strata.setdefault("%s · %s · %s" % (disposition, risk, analyst), []).append((case_id, rate))
    picks = []
    for stratum in sorted(strata):
        members = strata[stratum]

        def ranked(*what: str, stratum: str = stratum) -> str:
            return sha(_framed(DRAW_FORMAT, record["seed"], period, stratum, *what)).hex()

        part = int(ranked("size")[:16], 16)
        rate = max(rate for _, rate in members)
        size = (len(members) * rate * 2**64 + part * 1000) // (1000 * 2**64)
        order = sorted((ranked("case", case_id), case_id) for case_id, _ in members)
        picks += [[case_id, stratum, rank, place] for place, (rank, case_id) in enumerate(order[:size], 1)]
    return picks


def check_draws(packet: Packet) -> Outcome:
    """The population was committed before the seed, and the seed gives the picks."""
    rows = packet.rows("draws")
    if "decisions" in packet.manifest["withheld"]:
        same("Draws in a packet that withholds decisions", 0, len(rows))
        return NOT_EVALUATED, "decisions are withheld, and a population tells them"
    desk: Dict[str, Dict[str, Row]] = {}  # of each draw, its two events
    for _, event in packet.events:
        if event is not None and event["action"] in ("qa_population_frozen", "qa_sample_drawn"):
            desk.setdefault(event["meta"]["draw_id"], {})[event["action"]] = event
    whole = sorted(name for name, found in desk.items() if len(found) == 2)
    same("Draws recorded", whole, sorted(row["draw_id"] for row in rows))
    for record in rows:
        where = "Draw %s" % record["draw_id"]
        frozen, drawn = desk[record["draw_id"]]["qa_population_frozen"], desk[record["draw_id"]]["qa_sample_drawn"]
        same(where + ", population before seed", True, frozen["event_id"] < drawn["event_id"])
        rates = record["rates"]
        same(
            where + ", population",
            frozen["meta"]["population_sha256"],
            digest({"format": DRAW_FORMAT, "population": sorted(record["population"])}),
        )
        same(
            where + ", rates",
            frozen["meta"]["policy_sha256"],
            digest({"format": DRAW_FORMAT, **{name: rates[name] for name in ("default", "new_analyst", "sar")}}),
        )
        same(
            where + ", period",
            [frozen["meta"]["period_from"], frozen["meta"]["period_to"]],
            [record["period_from"], record["period_to"]],
        )
        same(where + ", seed", drawn["meta"]["seed"], record["seed"])
        picks = redraw(record)
        same(where + ", picks", picks, record["picks"])
        same(
            where + ", picks recorded",
            [drawn["meta"]["picks"], drawn["meta"]["picks_sha256"]],
            [len(picks), digest({"format": DRAW_FORMAT, "picks": sorted(row[:3] for row in picks)})],
        )
    if not rows:
        return NOT_EVALUATED, "no sample was drawn from these cases"
    return VERIFIED, "%s drawn again from committed populations: %s" % (
        counted(len(rows), "sample"),
        counted(sum(len(r["picks"]) for r in rows), "pick"),
    )


def check_governance(packet: Packet) -> Outcome:
    """Runs and rule sets are those that the ledger recorded."""
    desk = [event for row, event in packet.events if row["case_id"] == DESK and event is not None]
    runs = {e["meta"]["run_id"]: e["meta"] for e in desk if e["action"] == "detection_ran"}
    rows = packet.rows("runs")
    same("Runs recorded", sorted(runs), sorted(row["run_id"] for row in rows))
    for row in rows:
        for part in ("rule_set_hash", "data_fingerprint"):
            same("Run %s, %s" % (row["run_id"], part), runs[row["run_id"]][part], row[part])
        content = packet.runs[row["run_id"]] = row["parameters"]
        if row["versions"]:
            entries = [
                {"parameters": content[name], "rule": name, "version": row["versions"][name]}
                for name in sorted(content)
            ]
            same("Run %s, hash of its rules" % row["run_id"], row["rule_set_hash"], digest(entries))
    for alert in packet.alerts:
        if alert["run_id"] in packet.runs and alert["rule"] in packet.runs[alert["run_id"]]:
            same(
                "Alert %s, parameters" % alert["alert_id"],
                packet.runs[alert["run_id"]][alert["rule"]],
                parse(alert["parameters"]),
            )
    sets = packet.rows("rule_sets")
    proposed = {e["meta"]["rule_set_id"]: e for e in desk if e["action"] == "rule_set_proposed"}
    same("Rule sets recorded", sorted(proposed), sorted(row["rule_set_id"] for row in sets))
    for row in sets:
        meta, where = proposed[row["rule_set_id"]]["meta"], "Rule set %s" % row["rule_set_id"]
        same(where + ", content", meta["content_sha256"], sha(row["content"].encode()).hex())
        same(where + ", sheet", meta["sheet_sha256"], sha(row["sheet"].encode()).hex())
        same(where + ", hashes", [meta["hash_before"], meta["hash_after"]], [row["hash_before"], row["hash_after"]])
        for event in desk:
            decided = event["action"] == "rule_set_put_in_force" and event["meta"]["rule_set_id"] == row["rule_set_id"]
            if decided and event["user"] == proposed[row["rule_set_id"]]["user"]:
                raise Wrong(where + ", who put it in force", "another person than who proposed it", event["user"])
    return VERIFIED if rows or sets else NOT_EVALUATED, "%s and %s as in the ledger" % (
        counted(len(rows), "run"),
        counted(len(sets), "rule set"),
    )


# --- All of it ------------------------------------------------------------------------------------------------------------------


def verify(content: bytes, keys: Iterable[Key] = ()) -> List[Claim]:
    """Return the claims on a packet's bytes, in order. Those that :func:`overall` names must hold for anything to be VERIFIED."""
    packet = Packet(content)
    known = list(keys)
    checks: Tuple[Tuple[str, Callable[[Packet], Outcome]], ...] = (
        ("container", check_container),
        ("files", check_files),
        ("checkpoint", lambda packet: check_checkpoint(packet, known)),
        ("seal", lambda packet: check_seal(packet, known)),
        ("events", check_events),
        ("chains", check_chains),
        ("policy", check_policy),
        ("cases", check_cases),
        ("purges", check_purges),
        ("alerts", check_alerts),
        ("rules", check_rules),
        ("deadlines", check_clocks),
        ("filings", check_filings),
        ("decisions not to file", check_register),
        ("narratives", check_narratives),
        ("advice", check_advice),
        ("quality sample", check_draws),
        ("governance", check_governance),
    )
    claims = []
    for name, check in checks:
        try:
            found = check(packet)
            verdict, sentence = found if isinstance(found, tuple) else (VERIFIED, found)
        except Unreadable:
            raise
        except Wrong as error:
            verdict, sentence = TAMPERED, str(error)
        except Exception as error:  # whatever a damaged packet holds must give a verdict, never a traceback
            verdict, sentence = TAMPERED, "its content cannot be understood (%s: %s)" % (type(error).__name__, error)
        claims.append(Claim(name, verdict, sentence))
    return claims


def overall(claims: List[Claim]) -> str:
    """Return the verdict on all: one broken claim breaks it, and without a signature nothing is verified."""
    verdicts = {claim.name: claim.verdict for claim in claims}
    if TAMPERED in verdicts.values():
        return TAMPERED
    needed = ("container", "files", "checkpoint", "seal", "events", "chains")
    return VERIFIED if all(verdicts.get(name) == VERIFIED for name in needed) else NOT_EVALUATED


def main(arguments: Sequence[str]) -> int:
    words, keys, as_json = [], [], False
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--json":
            as_json = True
        elif word == "--key" and rest:
            keys.append(rest.pop(0))
        else:
            words.append(word)
    if len(words) != 1 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        lines = []
        for key in keys:
            if os.path.exists(key):
                with open(key, encoding="utf-8") as file:
                    lines += [line for line in file if line.strip()]
            else:
                lines.append(key)
        known = [read_key(line) for line in lines]
        with open(words[0], "rb") as file:
            content = file.read()
        claims = verify(content, known)
        verdict, reason = overall(claims), ""
    except (Unreadable, OSError, UnicodeDecodeError) as error:
        claims, verdict, reason = [], NOT_EVALUATED, str(error)
    if as_json:
        told = [{"claim": c.name, "verdict": c.verdict, "sentence": c.sentence} for c in claims]
        print(json.dumps({"verdict": verdict, "reason": reason, "claims": told}, indent=2, ensure_ascii=False))
        return EXIT[verdict]
    print(verdict + (": " + reason if reason else ""))
    for claim in claims:
        print("%-13s %-22s %s" % (claim.verdict, claim.name, claim.sentence))
    return EXIT[verdict]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
