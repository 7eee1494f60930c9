"""A desk whose packets are tried, and what a forger does to a packet."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from casedesk.anchors import keys
from casedesk.anchors.folder import CheckpointFolder
from casedesk.detection.rules.cash_aggregation import CashAggregation
from casedesk.detection.rules.fan_in import FanIn
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.structuring_over_days import StructuringOverDays
from casedesk.detection.rules.velocity import Velocity
from casedesk.domain.cases import Disposition
from casedesk.domain.checkpoints import Checkpoint
from casedesk.domain.merkle import Tree
from casedesk.domain.transactions import Account
from casedesk.exports import packet
from casedesk.exports.packet import Profile, canonical
from casedesk.exports.verifier import verify
from casedesk.services import advising, checkpoints, detecting, packets, policies, quality, rule_sets, withdrawing
from casedesk.services.packets import Sealed
from casedesk.store.engines import make_engine
from tests.builders import START, Move, TestDesk
from tests.services import filing_ways

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
        return Sealed(signed.checkpoint.size, signed.path.read_text(encoding="utf-8"), KEY.public.text() + "\n", sign)

    def case(self, case_id: str = "", profile: Profile = Profile.FULL, *, signed: bool = True) -> bytes:
        return packets.of_case(
            uow=self.desk.writing(), actor=self.desk.people["otto"], at=self.desk.at(),
            case_id=case_id or self.cases[0], profile=profile, sealed=self.seal() if signed else None,
        ).content  # fmt: skip

    def period(self, profile: Profile = Profile.FULL, days: int = 400) -> bytes:
        at = self.desk.at()
        return packets.of_period(
            uow=self.desk.writing(), actor=self.desk.people["otto"], at=at, period_from=at.date() - timedelta(days=days),
            period_to=at.date(), profile=profile, sealed=self.seal(),
        ).content  # fmt: skip


REPORT = (
    "Kim Roe (K-2) paid in {{sum:case/in}} in {{count:case/in}} deposits and transfers from {{first:case/in}} to "
    "{{last:case/in}}, the largest {{largest:case/in}}, the smallest {{smallest:case/in}}, on {{accounts:case/in}}. The pieces are "
    "below the reporting line and fit no business of the customer, who declined to name their source."
)


def sealing(address: str, folder: Path, *, advised: bool = False) -> Sealing:
    """Two customers whose alerts came from the rules: one case closed without a report, one as a SAR, both drawn for QA.

    :param advised: whether both were advised on before. What is behind advice repeats the alerts, so it stays apart.
    """
    desk = TestDesk(make_engine(address))
    desk.staff()
    for number in (1, 2):
        mine = f"K-{number}/1"
        desk.customer(f"K-{number}", accounts=[mine])
        desk.book([Move(f"s{number}-{n}", n * 2, 7_000_00 + n, to_account=mine) for n in range(6 * number)])
        desk.book(
            Move(f"g{number}-{n}", 600 + n, 900_00, from_account=mine, to_country=country, channel="CARD")
            for n, country in enumerate(("FR", "NG", "AE", "IR"))
        )
    desk.book(Move(f"v-{n}", 300 + n / 4, 20_00, from_account="K-1/1", channel="CARD") for n in range(12))
    day = 24 * 60
    desk.book(Move(f"w-{n}", 20 * day + n, 6_000_00, from_account="K-1/1") for n in range(2))
    desk.book(Move(f"d-{n}", (33 + n) * day, 9_000_00, to_account="K-1/1") for n in range(4))
    with desk.writing() as uow:
        uow.parties.put_accounts([Account(f"X{n}", "", "Elsewhere") for n in range(5)])
        uow.commit()
    desk.book(
        Move(f"f-{n}", 2000 + n, 50_00, from_account=f"X{n}", to_account="K-2/1", channel="ACH") for n in range(5)
    )
    propose_and_approve(desk)
    own_policy(desk)
    detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        rules=(Structuring(), Velocity(), Geography(), FanIn(), CashAggregation(), StructuringOverDays()),
    )  # fmt: skip
    first, second = sorted(row[0] for row in desk.dump()["cases"])
    if advised:
        advising.run(
            reading=desk.reading, writing=desk.writing, actor=desk.people["mia"], at=desk.at(), base_currency="USD"
        )
    desk.take("ann", first)
    desk.note("ann", first, "Called the branch; “quotes”, a comma, =1+1 and ✓.")
    desk.decide("ann", first, Disposition.NO_SAR, "The deposits are the week's takings, which the books show.")
    desk.take("ann", second)
    filing_ways.save(desk, second)
    desk.decide("ann", second, Disposition.SAR, REPORT)
    desk.approve("max", second)
    withdrawing.withdraw(
        batch_id=filing_ways.produce(desk, days=3).batch.batch_id, uow=desk.writing(), actor=desk.people["mia"],
        at=desk.at(), reason="The branch corrected the address.",
    )  # fmt: skip
    filing_ways.transmit(desk, filing_ways.produce(desk, who="mia").batch.batch_id, who="mia")
    error = filing_ways.said("WARN", "C4", "EFilingBatchXML/Activity[1]")
    filing_ways.answer(desk, filing_ways.acknowledgement("31000055053784", error=error), who="mia")
    at = desk.at()
    quality.draw_sample(
        freeze=desk.writing(), uow=desk.writing(), actor=desk.people["queenie"], at=at,
        period_from=at.date() - timedelta(days=40), period_to=at.date(), rate_per_mille=1000, seed="5" * 64,
    )  # fmt: skip
    desk.review("queenie", first)
    for value in (80, 85):  # nobody decides on them; forgers make other events of them
        propose_value(desk, "continuing_review_days", value, at.date())
    return Sealing(desk, CheckpointFolder(folder), (first, second))


def propose_and_approve(desk: TestDesk) -> None:
    rule_sets.propose(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        reason="Five deposits in an hour are everyday business here.", changes={"structuring": {"count": 6}},
        limits=rule_sets.Limits(memory_mib=512, threads=1),
    )  # fmt: skip
    rule_sets.approve(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), rule_set_id="RS-000001")


def own_policy(desk: TestDesk) -> None:
    """Let a report be due after 28 days, by two managers."""
    proposal = propose_value(desk, "sar_days_suspect_known", 28)
    policies.put_in_force(uow=desk.writing(), actor=desk.people["max"], at=desk.at(), proposal=proposal)


def propose_value(desk: TestDesk, name: str, value: int, valid_from: date | None = None) -> int:
    return policies.propose(
        uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), name=name, value=value,
        valid_from=valid_from or START.date(), source="Board, 4 May 2026", reason="Two days for the filing itself.",
    ).event_id  # fmt: skip


def verdicts(content: bytes, trusted: Any = TRUSTED) -> dict[str, str]:
    return {claim.name: claim.verdict for claim in verify.verify(content, trusted)}


def sign(text: str) -> str:
    return keys.sign_text(KEY, text)


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(content: bytes, what: str) -> list[Any]:
    return [json.loads(line) for line in files(content)[verify.FILES[what]].decode().splitlines()]


def repacked(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Change files and pack them as a forger could who has the key: with a manifest and a seal that agree.

    Without the key, nothing of a sealed packet can be changed at all; here is tried what is checked beyond the seal.
    """
    there = files(content)
    change(there)
    manifest = json.loads(there.pop("manifest.json"))
    sealed = there.pop("proof/seal.txt", None)
    manifest["files"] = {name: {"bytes": len(raw), "sha256": sha256(raw).hexdigest()} for name, raw in there.items()}
    listed = f"{canonical(manifest)}\n".encode()
    if sealed is not None:
        there["proof/seal.txt"] = sign(packet.seal_text(listed)).encode()
    return packet._zip({"manifest.json": listed, **dict(sorted(there.items()))})


def edited(content: bytes, what: str, edit: Callable[[list[Any]], None]) -> bytes:
    """Change the rows of one file."""

    def change(there: dict[str, bytes]) -> None:
        found = [json.loads(line) for line in there[verify.FILES[what]].decode().splitlines()]
        edit(found)
        there[verify.FILES[what]] = "".join(f"{canonical(row)}\n" for row in found).encode()

    return repacked(content, change)


Body = dict[str, Any]


def told(row: Any) -> Body:
    """Return an event of a packet with its text in the place of the text's digest; salt and digest beside."""
    body: Body = json.loads(row["body"])
    beside = {"notes": row["notes"], "salt": row["salt"], "digest": body["notes"]} if "salt" in row else {}
    return body | beside


def reforged(content: bytes, rewrite: Callable[[list[Body]], None], relink: bool = False) -> bytes:
    """Rewrite events as a bank could that owns desk and key: hashes, proofs, root and signature agree again.

    :param relink: chain the events of each stream anew, too.
    """
    found = rows(content, "events")
    bodies = [told(row) for row in found]
    rewrite(bodies)
    size = json.loads(files(content)["manifest.json"])["ledger"]["size"]
    leaves = [b"somebody else's event"] * size
    tips: dict[str, tuple[int, str]] = {}
    raws = []
    texts: list[dict[str, str]] = []
    for body in bodies:
        if relink:
            seq, last = tips.get(body["case_id"], (0, verify.ZERO))
            body.update(case_seq=seq + 1, prev_hash=last)
        beside = {}
        if "salt" in body:
            beside = {"notes": body["notes"], "salt": body.pop("salt")}
            salted = sha256(bytes.fromhex(beside["salt"]) + body["notes"].encode()).hexdigest()
            body["notes"], was = salted, body.pop("digest")
            if not beside["salt"]:
                body["notes"] = was
        raw = body.pop("raw", "") or canonical(body)
        texts.append(beside)
        tips[body["case_id"]] = (body["case_seq"], sha256(raw.encode()).hexdigest())
        leaves[body["event_id"] - 1] = raw.encode()
        raws.append(raw)
    tree = Tree(leaves)
    made = [
        beside
        | {
            "body": raw,
            **{name: body[name] for name in ("case_id", "case_seq", "event_id", "prev_hash")},
            "event_hash": sha256(raw.encode()).hexdigest(),
            "leaf_hash": tree.leaf(body["event_id"] - 1).hex(),
            "proof": [step.hex() for step in tree.inclusion(body["event_id"] - 1, size)],
        }
        for body, raw, beside in zip(bodies, raws, texts, strict=True)
    ]
    root = tree.root(size)

    def change(there: dict[str, bytes]) -> None:
        there[verify.FILES["events"]] = "".join(f"{canonical(row)}\n" for row in made).encode()
        there[verify.FILES["checkpoint"]] = keys.sign(KEY, Checkpoint(KEY.public.name, size, root)).encode()
        manifest = json.loads(there["manifest.json"])
        manifest["ledger"] = {"root": root.hex(), "size": size}
        there["manifest.json"] = canonical(manifest).encode()

    return repacked(content, change)


def manifest_edited(content: bytes, edit: Callable[[dict[str, Any]], None]) -> bytes:
    """Change the manifest."""

    def change(there: dict[str, bytes]) -> None:
        manifest = json.loads(there["manifest.json"])
        edit(manifest)
        there["manifest.json"] = canonical(manifest).encode()

    return repacked(content, change)
