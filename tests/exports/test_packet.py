"""Packets: what they hold, that they verify with one file of an old Python, and that nothing in them can be changed."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from casedesk.anchors import keys
from casedesk.anchors.folder import CheckpointFolder
from casedesk.domain.cases import Disposition
from casedesk.domain.sampling import BadDraw
from casedesk.errors import NotPermitted
from casedesk.exports import packet
from casedesk.exports.packet import Profile
from casedesk.exports.verifier import verify
from casedesk.services import packets
from casedesk.services.packets import LedgerMoved, NoActivity
from tests.builders import TestDesk
from tests.exports import packets as packets_tools
from tests.exports.packets import KEY, TRUSTED, Sealing, edited, files, repacked, rows, verdicts
from tests.services import filing_ways


def test_every_claim_holds_on_a_packet_as_it_was_made(whole: bytes, single: bytes, advised: bytes) -> None:
    assert set(verdicts(advised).values()) == {"VERIFIED"}
    assert {name for name, verdict in verdicts(whole).items() if verdict != "VERIFIED"} == {"advice"}  # nobody was
    told = verdicts(single)
    assert {verdict for name, verdict in told.items() if name not in ("narratives", "filings", "advice")} == {
        "VERIFIED"
    }
    assert verify.overall(verify.verify(whole, TRUSTED)) == "VERIFIED"


def test_a_packet_is_the_same_whoever_makes_it_when(sealing: Sealing) -> None:
    sealed = sealing.seal()
    made = []
    for _ in range(2):
        with sealing.desk.writing() as uow:
            case = uow.cases.get(sealing.cases[0])
            made.append(
                packets._content(uow, sealing.desk.people["otto"], case.opened_at, [case], Profile.FULL, sealed)
            )
    assert made[0] == made[1]


def test_the_folders_stand_in_the_order_of_a_request_letter(whole: bytes) -> None:
    assert list(files(whole)) == [
        "manifest.json", "1-transactions/transactions.jsonl", "2-alerts/alerts.jsonl", "3-decisions/advice.jsonl", "3-decisions/cases.jsonl",
        "3-decisions/events.jsonl", "4-timeliness/clocks.jsonl", "5-filings/batches.jsonl", "5-filings/filings.jsonl",
        "6-decisions-not-to-file/register.jsonl",
        "7-quality/draws.jsonl", "8-governance/advice-tables.jsonl", "8-governance/policy.jsonl", "8-governance/rule-sets.jsonl", "8-governance/runs.jsonl",
        "README.md", "proof/checkpoint.txt", "proof/public-key.txt", "proof/seal.txt",
    ]  # fmt: skip


def test_it_holds_what_the_desk_knows(sealing: Sealing, whole: bytes) -> None:
    first, second = sealing.cases
    assert [row["case_id"] for row in rows(whole, "cases")] == [first, second]
    (without,) = rows(whole, "register")
    assert (without["case_id"], without["reason"].startswith("The deposits")) == (first, True)
    assert {row["rule"] for row in rows(whole, "alerts")} == {
        "structuring",
        "geography",
        "velocity",
        "fan_in",
        "cash_aggregation",
        "structuring_over_days",
    }
    assert len(rows(whole, "transactions")) == 49
    (draw,) = rows(whole, "draws")
    assert [row[0] for row in draw["population"]] == [first, second]
    due = rows(whole, "clocks")
    assert due[0]["source"].startswith("event ")
    assert [(one["kind"], one["policy"]["value"]) for one in due if one["case_id"] == first and one["kind"] != "currency report"] == [
        ("report", 28), ("retention", 5)
    ]  # fmt: skip
    assert [one["kind"] for one in due if one["case_id"] == second] == [
        "report", "currency report", "continuing report", "retention",
    ]  # fmt: skip
    (filing,), (batch,) = rows(whole, "filings"), rows(whole, "batches")
    assert (filing["case_id"], filing["state"], filing["bsa_id"]) == (second, "acknowledged", "31000055053784")
    assert sha256(batch["content"].encode()).hexdigest() == batch["sha256"]
    assert "Confidential." in files(whole)["README.md"].decode()


def test_a_batch_that_speaks_of_other_cases_is_left_out_but_for_its_hash(desk: TestDesk, tmp_path: Path) -> None:
    desk.customer("K-2")
    first = filing_ways.approved(desk)
    filing_ways.approved(desk, "K-2")
    filing_ways.produce(desk)
    made = Sealing(desk, CheckpointFolder(tmp_path), (first,))
    (batch,) = rows(made.case(), "batches")
    assert (batch["content"], batch["answer"], len(batch["sha256"])) == (None, None, 64)
    assert verdicts(made.case())["filings"] == "VERIFIED"
    assert "K-2" not in b"".join(files(made.case()).values()).decode()
    (batch,) = rows(made.period(), "batches")
    assert batch["content"].count("<fc2:Activity ") == 2
    assert verdicts(made.period())["filings"] == "VERIFIED"


def test_a_report_that_was_refused_and_corrected_verifies(desk: TestDesk, tmp_path: Path) -> None:
    case_id = filing_ways.approved(desk)
    filing_ways.transmit(desk, filing_ways.produce(desk).batch.batch_id)
    filing_ways.answer(desk, filing_ways.acknowledgement(""))
    filing_ways.save(desk, case_id, note="Mended")
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    made = Sealing(desk, CheckpointFolder(tmp_path), (case_id,))
    assert [row["state"] for row in rows(made.case(), "filings")] == ["rejected", "approved"]
    found = verdicts(made.case())
    assert (found["cases"], found["filings"]) == ("VERIFIED", "VERIFIED")


def test_the_export_is_the_next_event(sealing: Sealing) -> None:
    content = sealing.case()
    last = sealing.desk.history(sealing.cases[0])[-1]
    assert (last.action, last.data["what"], last.data["sha256"]) == (
        "case_exported", "packet", sha256(content).hexdigest()
    )  # fmt: skip
    content = sealing.period()
    last = sealing.desk.history("DESK")[-1]
    assert (last.action, last.data["cases"], last.data["sha256"]) == ("packet_exported", 2, sha256(content).hexdigest())
    assert sealing.desk.verify().verdict.value == "VERIFIED"


def test_an_old_python_with_nothing_else_verifies_it(whole: bytes, tmp_path: Path) -> None:
    """Run isolated, in an empty folder; with Python 3.9 where the machine has one, else with this one."""
    old = shutil.which("python3.9")
    works = old and subprocess.run([old, "-c", ""], capture_output=True, check=False).returncode == 0
    (tmp_path / "verify.py").write_bytes(packet.verifier())
    (tmp_path / "packet.zip").write_bytes(whole)
    (tmp_path / "key.pub").write_text(KEY.public.text() + "\n")
    command = [str(old) if works else sys.executable, "-I", "-W", "error", "verify.py", "packet.zip"]
    told = subprocess.run([*command, "--key", "key.pub"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines()[0] == "VERIFIED"
    assert len(told.stdout.splitlines()) == 19
    told = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    report = json.loads(told.stdout)
    assert (told.returncode, report["verdict"], len(report["claims"])) == (0, "VERIFIED", 18)
    assert "the key in the packet, which you should compare" in report["claims"][2]["sentence"]


def test_the_verifier_is_python_3_9_and_imports_the_standard_library_only() -> None:
    tree = ast.parse(packet.verifier(), feature_version=(3, 9))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {
        "__future__", "base64", "binascii", "bisect", "datetime", "hashlib", "io", "json", "os", "re", "sys", "typing",
        "xml.etree", "zipfile",
    }  # fmt: skip


def test_without_a_signature_nothing_is_verified(sealing: Sealing) -> None:
    content = sealing.case(signed=False)
    claims = verify.verify(content)
    assert {claim.name: claim.verdict for claim in claims}["checkpoint"] == "NOT_EVALUATED"
    assert verify.overall(claims) == "NOT_EVALUATED"


@pytest.mark.parametrize("name", ["desk.bank.example/ledger", "other.example"])
def test_another_s_signature_is_not_ours(single: bytes, name: str) -> None:
    other = verify.read_key(keys.generate(name).public.text())
    assert verdicts(single, [other])["checkpoint"] == "TAMPERED"


def test_a_packet_whose_ledger_moved_on_is_not_exported(sealing: Sealing) -> None:
    stale = sealing.seal()
    sealing.case()
    before = sealing.desk.size()
    with pytest.raises(LedgerMoved):
        packets.of_case(
            uow=sealing.desk.writing(), actor=sealing.desk.people["otto"], at=sealing.desk.at(),
            case_id=sealing.cases[0], sealed=stale,
        )  # fmt: skip
    assert sealing.desk.size() == before


@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_only_who_may_export_gets_a_packet(sealing: Sealing, who: str) -> None:
    with pytest.raises(NotPermitted):
        packets.of_case(
            uow=sealing.desk.writing(), actor=sealing.desk.people[who], at=sealing.desk.at(), case_id=sealing.cases[0]
        )


def test_a_period_without_activity_and_a_swapped_one_are_refused(sealing: Sealing) -> None:
    day = sealing.desk.at().date()
    common: dict[str, Any] = {"actor": sealing.desk.people["otto"], "at": sealing.desk.at()}
    with pytest.raises(NoActivity, match="choose another period"):
        packets.of_period(
            uow=sealing.desk.writing(),
            period_from=day - timedelta(days=900),
            period_to=day - timedelta(days=890),
            **common,
        )
    with pytest.raises(BadDraw, match="swap the two days"):
        packets.of_period(uow=sealing.desk.writing(), period_from=day, period_to=day - timedelta(days=1), **common)


@pytest.mark.parametrize("profile", [Profile.NO_DECISIONS, Profile.NO_PERSONAL])
def test_a_redacted_packet_keeps_its_proofs(sealing: Sealing, profile: Profile) -> None:
    content = sealing.period(profile)
    found = verdicts(content)
    assert "TAMPERED" not in found.values()
    assert {found[name] for name in ("container", "files", "checkpoint", "events", "chains")} == {"VERIFIED"}
    assert verify.overall(verify.verify(content, TRUSTED)) == "VERIFIED"


def test_a_packet_without_decisions_tells_none(sealing: Sealing) -> None:
    said = b"".join(files(sealing.period(Profile.NO_DECISIONS)).values()).decode()
    for word in ('"SAR"', "No SAR", "disposition", "Structured", "takings", "approved_by", "review_passed", "SAR ·"):
        assert word not in said.replace("5318(g)(2)", ""), word
    assert "K-1/1" in said  # the evidence stays


def test_a_packet_without_personal_data_holds_none(sealing: Sealing) -> None:
    said = b"".join(files(sealing.period(Profile.NO_PERSONAL)).values()).decode()
    for word in ("K-1", "K-2", "Kim", "ann", "otto", "queenie", "max", "takings", "branch;", "s1-0"):
        assert f'"{word}' not in said, word


SHIPPED = [
    {"name": name, "value": value, "valid_from": day, "version": n, "event": 0, "unit": "calendar days"}
    for n, (name, value, day) in enumerate(verify._SHIPPED)
]


def test_the_maker_who_approved_is_found() -> None:
    base = {"case_id": "C", "event_id": 3, "ts": "2026-01-01T00:00:00.000000Z", "notes": "n"}
    opened = {
        "customer_id": "K", "alerted_at": base["ts"], "suspicion_at": base["ts"], "suspect_identified": True
    }  # fmt: skip
    steps = [
        {**base, "action": "case_opened", "user": "system", "meta": opened},
        {**base, "action": "case_taken", "user": "ann", "meta": {"owner": "ann"}},
        {**base, "action": "disposition_set", "user": "ann", "meta": {"disposition": "SAR", "approval": "required"}},
        {**base, "action": "disposition_approved", "user": "max", "meta": {}},
    ]
    assert verify.replay("C", steps, SHIPPED)[0]["status"] == "Closed"
    steps[-1]["user"] = "ann"
    with pytest.raises(verify.Wrong, match="another person than who decided"):
        verify.replay("C", steps, SHIPPED)


def test_no_byte_of_a_packet_can_change(single: bytes) -> None:
    """Every byte of the archive that is not content, and each twentieth of the rest."""
    content = bytearray(single)
    plain = [at for raw in files(single).values() for at in _inside(single, raw)]
    inside = set(plain)
    places = [at for at in range(len(content)) if at not in inside] + plain[::20]
    survivors = []
    for at in places:
        content[at] ^= 1
        try:
            verdict = verify.overall(_quick(bytes(content)))
        except verify.Unreadable:
            verdict = "NOT_EVALUATED"
        if verdict == "VERIFIED":
            survivors.append(at)
        content[at] ^= 1
    assert survivors == []


def test_no_file_of_a_packet_can_change_without_the_key_whatever_is_packed_anew(single: bytes) -> None:
    """A byte is changed, put in or left out, of every file; archive and manifest are made to agree, which needs no key."""
    chance = random.Random(1)
    survivors = []
    for name, raw in files(single).items():
        for _ in range(25 if raw else 1):
            at = chance.randrange(len(raw) + 1)
            edit = chance.choice((raw[at : at + 1], b"", raw[at : at + 1] + b"0"))
            other = raw[:at] + (edit if edit != raw[at : at + 1] else b"7") + raw[at + 1 :]
            there = files(single) | {name: other}
            if name != "manifest.json":
                manifest = json.loads(there["manifest.json"])
                if name in manifest["files"]:
                    manifest["files"][name] = {"bytes": len(other), "sha256": sha256(other).hexdigest()}
                there["manifest.json"] = f"{packet.canonical(manifest)}\n".encode()
            try:
                verdict = verify.overall(_quick(packet._zip(there))) if there != files(single) else ""
            except verify.Unreadable:
                verdict = ""
            survivors += [(name, at)] * (verdict == "VERIFIED")
    assert survivors == []


def test_a_packet_without_its_seal_is_not_verified(single: bytes) -> None:
    bare = packet._zip({name: raw for name, raw in files(single).items() if name != "proof/seal.txt"})
    claims = verify.verify(bare, TRUSTED)
    assert {claim.name for claim in claims if claim.verdict == "TAMPERED"} == set()
    assert verify.overall(claims) == "NOT_EVALUATED"


def _inside(content: bytes, raw: bytes) -> range:
    start = content.index(raw) if raw else 0
    return range(start, start + len(raw))


def _quick(content: bytes) -> list[Any]:
    """The claims that every byte has to pass; the others take what these let through."""
    there = verify.Packet(content)
    claims = []
    checks = (
        ("container", verify.check_container), ("files", verify.check_files),
        ("seal", lambda packet: verify.check_seal(packet, TRUSTED)),
    )  # fmt: skip
    for name, check in checks:
        try:
            check(there)
            claims.append(verify.Claim(name, "VERIFIED", ""))
        except (verify.Wrong, ValueError, KeyError, IndexError) as error:
            return [verify.Claim(name, "TAMPERED", str(error))]
    return [*claims, *(verify.Claim(name, "VERIFIED", "") for name in ("checkpoint", "events", "chains"))]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"no zip", packet._zip({"a": b""}), packet._zip({"manifest.json": b"{}"})]
)
def test_what_is_no_packet_cannot_be_judged(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "packet.zip").write_bytes(content)
    assert verify.main([str(tmp_path / "packet.zip")]) == 2
    assert capsys.readouterr().out.startswith("NOT_EVALUATED: ")


def test_another_format_and_a_missing_file_cannot_be_judged(whole: bytes, tmp_path: Path) -> None:
    other = repacked(
        whole, lambda there: there.update({"manifest.json": there["manifest.json"].replace(b"packet/1", b"packet/9")})
    )
    (tmp_path / "packet.zip").write_bytes(other)
    assert verify.main([str(tmp_path / "packet.zip")]) == 2
    assert verify.main([str(tmp_path / "none.zip")]) == 2
    assert verify.main([]) == 2
    (tmp_path / "packet.zip").write_bytes(whole)
    assert verify.main([str(tmp_path / "packet.zip"), "--key", "nonsense"]) == 2


def test_a_packet_of_no_event_is_never_verified(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "packet.zip").write_bytes(edited(whole, "events", lambda found: found.clear()))
    assert verify.main([str(tmp_path / "packet.zip")]) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("desk.bank.example/ledger\n", "desk.bank.example/other\n"),
        ("\n\n— ", "\n— "),
        ("— desk", "- desk"),
        ("=\n", "\n"),
        ("\n\n", "\nmore\n\n"),
    ],
)
def test_no_part_of_the_checkpoint_can_change(single: bytes, old: str, new: str) -> None:
    def change(there: dict[str, bytes]) -> None:
        note = there[verify.FILES["checkpoint"]].decode()
        assert old in note
        there[verify.FILES["checkpoint"]] = note.replace(old, new, 1).encode()

    assert verdicts(repacked(single, change))["checkpoint"] == "TAMPERED"


@pytest.mark.parametrize("part", ["size", "root"])
def test_the_signed_ledger_is_the_one_the_proofs_lead_to(single: bytes, part: str) -> None:
    forged = packets_tools.manifest_edited(
        single, lambda manifest: manifest["ledger"].update({"size": 999} if part == "size" else {"root": "0" * 64})
    )
    assert verdicts(forged)["checkpoint"] == "TAMPERED"


def test_a_packet_comes_from_each_database_alike(any_desk: TestDesk, tmp_path: Path) -> None:
    case_id = any_desk.closed(sar_approver="max")
    desk = Sealing(any_desk, CheckpointFolder(tmp_path), (case_id,))
    found = verdicts(desk.case())
    # the alert of this desk was written by hand, so neither its amount nor its rule follows from its evidence
    assert {found[name] for name in ("container", "files", "checkpoint", "events", "chains", "cases")} == {"VERIFIED"}
    assert found["deadlines"] == "VERIFIED"
