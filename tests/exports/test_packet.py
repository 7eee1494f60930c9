"""Packets: what they hold, that they verify with one file of an old Python, and that nothing in them can be changed."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casedesk.anchors import keys
from casedesk.anchors.folder import CheckpointFolder
from casedesk.domain.cases import Disposition
from casedesk.domain.sampling import BadDraw
from casedesk.errors import NotPermitted
from casedesk.exports import packet
from casedesk.exports.packet import Profile, canonical
from casedesk.exports.verifier import verify
from casedesk.services import checkpoints, detecting, packets, quality
from casedesk.services.packets import LedgerMoved, NoActivity, Sealed
from tests.builders import Move, TestDesk, hurried

KEY = keys.generate("desk.bank.example/ledger")
TRUSTED = [verify.read_key(KEY.public.text())]
VERIFIER = Path(verify.__file__)


@dataclass
class Sealing:
    """A desk with detected, decided and reviewed cases, and the folder of its checkpoints."""

    desk: TestDesk
    folder: CheckpointFolder
    cases: tuple[str, ...]

    def seal(self) -> Sealed:
        signed = checkpoints.make(look=self.desk.reading(), folder=self.folder, keys=[KEY.public], key=KEY)
        return Sealed(signed.checkpoint.size, signed.path.read_text(encoding="utf-8"), KEY.public.text() + "\n")

    def case(self, case_id: str = "", profile: Profile = Profile.FULL, *, signed: bool = True) -> bytes:
        return packets.of_case(
            uow=self.desk.writing(), actor=self.desk.people["otto"], at=self.desk.at(),
            case_id=case_id or self.cases[0], profile=profile, sealed=self.seal() if signed else None,
        ).content  # fmt: skip

    def period(self, profile: Profile = Profile.FULL) -> bytes:
        at = self.desk.at()
        return packets.of_period(
            uow=self.desk.writing(), actor=self.desk.people["otto"], at=at, period_from=at.date() - timedelta(days=400),
            period_to=at.date(), profile=profile, sealed=self.seal(),
        ).content  # fmt: skip


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Sealing:
    """Two customers whose alerts came from the rules: one case closed without a report, one as a SAR, both drawn for QA."""
    from tests.databases import Sqlite

    engine = hurried(_engine(Sqlite(tmp_path_factory.mktemp("packets")).fresh()))
    desk = TestDesk(engine)
    desk.staff()
    for number in (1, 2):
        desk.customer(f"K-{number}", accounts=[f"K-{number}/1"])
        desk.book([Move(f"s{number}-{n}", n, 7_000_00 + n, to_account=f"K-{number}/1") for n in range(6)])
        countries = ("FR", "NG", "AE")
        desk.book(
            [
                Move(
                    f"g{number}-{n}", 600 + n, 900_00, from_account=f"K-{number}/1", to_country=country, channel="CARD"
                )
                for n, country in enumerate(countries)
            ]
        )
    detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD"
    )
    first, second = sorted(row[0] for row in desk.dump()["cases"])
    desk.take("ann", first)
    desk.note("ann", first, "Called the branch; “quotes”, a comma, =1+1 and ✓.")
    desk.decide("ann", first, Disposition.NO_SAR, "The deposits are the week's takings, which the books show.")
    desk.take("ann", second)
    desk.decide("ann", second, Disposition.SAR)
    desk.approve("max", second)
    at = desk.at()
    quality.draw_sample(
        freeze=desk.writing(), uow=desk.writing(), actor=desk.people["queenie"], at=at,
        period_from=at.date() - timedelta(days=40), period_to=at.date(), rate_per_mille=1000, seed="5" * 64,
    )  # fmt: skip
    desk.review("queenie", first)
    return Sealing(desk, CheckpointFolder(tmp_path_factory.mktemp("checkpoints")), (first, second))


def _engine(address: str) -> Engine:
    from casedesk.store.engines import make_engine

    return make_engine(address)


def verdicts(content: bytes, trusted: Any = TRUSTED) -> dict[str, str]:
    return {claim.name: claim.verdict for claim in verify.verify(content, trusted)}


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(content: bytes, what: str) -> list[Any]:
    return [json.loads(line) for line in files(content)[verify.FILES[what]].decode().splitlines()]


def repacked(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Change files and pack them as a forger would who knows the format: with a manifest that agrees."""
    there = files(content)
    change(there)
    manifest = json.loads(there.pop("manifest.json"))
    manifest["files"] = {name: {"bytes": len(raw), "sha256": sha256(raw).hexdigest()} for name, raw in there.items()}
    return packet._zip({"manifest.json": f"{canonical(manifest)}\n".encode(), **dict(sorted(there.items()))})


def edited(content: bytes, what: str, edit: Callable[[list[Any]], None]) -> bytes:
    """Change the rows of one file."""

    def change(there: dict[str, bytes]) -> None:
        found = [json.loads(line) for line in there[verify.FILES[what]].decode().splitlines()]
        edit(found)
        there[verify.FILES[what]] = "".join(f"{canonical(row)}\n" for row in found).encode()

    return repacked(content, change)


@pytest.fixture(scope="module")
def whole(sealing: Sealing) -> bytes:
    return sealing.period()


@pytest.fixture(scope="module")
def single(sealing: Sealing) -> bytes:
    return sealing.case()


def test_every_claim_holds_on_a_packet_as_it_was_made(whole: bytes, single: bytes) -> None:
    assert set(verdicts(whole).values()) == {"VERIFIED"}
    assert set(verdicts(single).values()) == {"VERIFIED"}
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
        "manifest.json", "1-transactions/transactions.jsonl", "2-alerts/alerts.jsonl", "3-decisions/cases.jsonl",
        "3-decisions/events.jsonl", "4-timeliness/clocks.jsonl", "6-decisions-not-to-file/register.jsonl",
        "7-quality/draws.jsonl", "8-governance/policy.jsonl", "8-governance/rule-sets.jsonl", "8-governance/runs.jsonl",
        "README.md", "proof/checkpoint.txt", "proof/public-key.txt",
    ]  # fmt: skip


def test_it_holds_what_the_desk_knows(sealing: Sealing, whole: bytes) -> None:
    first, second = sealing.cases
    assert [row["case_id"] for row in rows(whole, "cases")] == [first, second]
    (without,) = rows(whole, "register")
    assert (without["case_id"], without["reason"].startswith("The deposits")) == (first, True)
    assert {row["rule"] for row in rows(whole, "alerts")} >= {"structuring", "geography"}
    assert len(rows(whole, "transactions")) == 18
    (draw,) = rows(whole, "draws")
    assert [row[0] for row in draw["population"]] == [first, second]
    assert rows(whole, "clocks")[0]["source"].startswith("event ")
    assert "Confidential." in files(whole)["README.md"].decode()


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
    assert len(told.stdout.splitlines()) == 13
    told = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    report = json.loads(told.stdout)
    assert (told.returncode, report["verdict"], len(report["claims"])) == (0, "VERIFIED", 12)
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
        "zipfile",
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


FORGERIES: dict[str, tuple[str, Callable[[list[Any]], None]]] = {
    "an event's text": ("events", lambda found: found[2].update(body=found[2]["body"].replace("system", "sYstem"))),
    "an event left out": ("events", lambda found: found.pop(3)),
    "the last event of a case left out and the state left": ("events", lambda found: found.pop()),
    "an event twice": ("events", lambda found: found.insert(1, found[0])),
    "two events swapped": ("events", lambda found: found.insert(0, found.pop(1))),
    "a proof": ("events", lambda found: found[0]["proof"].__setitem__(0, "0" * 64)),
    "a proof cut": ("events", lambda found: found[0]["proof"].pop()),
    "a column beside the body": ("events", lambda found: found[0].update(case_seq=9)),
    "content withheld after all, with another leaf": (
        "events",
        lambda found: found[0].update(body=None, leaf_hash="1" * 64),
    ),
    "an owner": ("cases", lambda found: found[0].update(owner="max")),
    "a disposition": ("cases", lambda found: found[0].update(disposition="SAR")),
    "a column more": ("cases", lambda found: found[0].update(comment="fine")),
    "a case left out": ("cases", lambda found: found.pop()),
    "a flag as a number": ("cases", lambda found: found[0].update(is_open=0)),
    "a sentence": ("alerts", lambda found: found[0].update(sentence="Nothing special.")),
    "a severity": ("alerts", lambda found: found[0].update(severity=1)),
    "a parameter": ("alerts", lambda found: found[0].update(parameters=found[0]["parameters"].replace("1", "2", 1))),
    "evidence left out": ("alerts", lambda found: found[0]["transaction_ids"].pop()),
    "an alert left out": ("alerts", lambda found: found.pop()),
    "an amount": ("transactions", lambda found: found[0].update(base_minor=1)),
    "a time": ("transactions", lambda found: found[0].update(booked_at="2020-01-01T00:00:00.000000Z")),
    "a transaction more": ("transactions", lambda found: found.append({**found[0], "transaction_id": "more"})),
    "a transaction left out": ("transactions", lambda found: found.pop()),
    "a due date": ("clocks", lambda found: found[0].update(due_on="2031-01-01")),
    "the event of a clock": ("clocks", lambda found: found[0].update(source_event=1 + found[0]["source_event"])),
    "a clock kept in time": ("clocks", lambda found: found[0].update(closed_in_time=False)),
    "a clock left out": ("clocks", lambda found: found.pop()),
    "days of the policy": ("policy", lambda found: found[0].update(value=31)),
    "the policy left out": ("policy", lambda found: found.clear()),
    "a reason not to file": ("register", lambda found: found[0].update(reason="Because.")),
    "a decision not to file left out": ("register", lambda found: found.clear()),
    "a population": ("draws", lambda found: found[0]["population"].pop()),
    "a seed": ("draws", lambda found: found[0].update(seed="6" * 64)),
    "a pick": ("draws", lambda found: found[0]["picks"].pop()),
    "a rate": ("draws", lambda found: found[0]["rates"].update(default=1)),
    "a draw left out": ("draws", lambda found: found.clear()),
    "a run's data": ("runs", lambda found: found[0].update(data_fingerprint="0" * 64)),
    "a run's parameters": ("runs", lambda found: found[0]["parameters"]["structuring"].update(count=2)),
    "a rule's version": ("runs", lambda found: found[0]["versions"].update(structuring="9")),
    "a run left out": ("runs", lambda found: found.clear()),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_with_a_manifest_that_agrees_is_found(whole: bytes, what: str) -> None:
    name, edit = FORGERIES[what]
    forged = edited(whole, name, edit)
    assert forged != whole
    assert verify.overall(verify.verify(forged, TRUSTED)) == "TAMPERED"


def test_evidence_that_reaches_no_threshold_is_no_hit(whole: bytes) -> None:
    """Amounts moved between transactions of one alert leave its sum and its digest alone; the rule does not hold then."""

    def flatten(found: list[Any]) -> None:
        mine = [row for row in found if row["transaction_id"].startswith("s1-")]
        total = sum(row["base_minor"] for row in mine)
        for row in mine:
            row["base_minor"] = 10_000_00
        mine[0]["base_minor"] = total - 10_000_00 * (len(mine) - 1)

    found = verdicts(edited(whole, "transactions", flatten))
    assert (found["alerts"], found["rules"]) == ("VERIFIED", "TAMPERED")


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
    assert verify.replay("C", steps)[0]["status"] == "Closed"
    steps[-1]["user"] = "ann"
    with pytest.raises(verify.Wrong, match="another person than who decided"):
        verify.replay("C", steps)


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


def _inside(content: bytes, raw: bytes) -> range:
    start = content.index(raw) if raw else 0
    return range(start, start + len(raw))


def _quick(content: bytes) -> list[Any]:
    """The claims that every byte has to pass; the others take what these let through."""
    there = verify.Packet(content)
    claims = []
    for name, check in (("container", verify.check_container), ("files", verify.check_files)):
        try:
            check(there)
            claims.append(verify.Claim(name, "VERIFIED", ""))
        except (verify.Wrong, ValueError, KeyError) as error:
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
