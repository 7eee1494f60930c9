"""Purges of cases that were reported: form and what was sent of it go, what was sent of others stays, and all of it verifies."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.anchors.folder import CheckpointFolder
from casedesk.domain.cases import Disposition
from casedesk.domain.purging import NotPurgeable
from casedesk.domain.reports.parties import Address, HeldAccount, Identification, IdentificationKind, Name, Subject
from casedesk.errors import Conflict
from casedesk.exports.fincen import reading
from casedesk.exports.verifier import verify
from casedesk.services import outgoing, withdrawing
from casedesk.store.engines import DatabaseBusy, make_engine
from casedesk.store.scrubbing import scrub
from casedesk.store.tables import batches, filings
from tests.builders import NARRATIVE, TestDesk
from tests.databases import Sqlite
from tests.exports.packets import Sealing, edited, reforged, rows, verdicts
from tests.services import filing_ways
from tests.services.test_purging import act, propose, purged

NUMBERS = ("31000055053784", "31000055053785")
#: What is said of the first customer and of nobody else, in the form, the narrative and the reasons.
SAID = ("Quillfeather", "Larkspur Way", "587449302", "marzipan", "teal umbrella")
ACCOUNT = "K-1/1"


def subject(last: str, street: str, tin: str, customer: str) -> Subject:
    return Subject(
        names=(Name(last=last, first="Zebulon"),), born="1980-02-17", occupation="Clerk",
        addresses=(Address(street=street, city="Reno", state="NV", postal_code="89501", country="US"),),
        identifications=(Identification(kind=IdentificationKind.SSN, number=tin),),
        accounts=(HeldAccount(number=f"{customer}/1"),),
    )  # fmt: skip


def sent(desk: TestDesk) -> tuple[str, str]:
    """Two customers' cases, reported in one batch that was answered."""
    desk.customer("K-2", "Noor Haq")
    cases = []
    for customer, last, street, tin, word in (
        ("K-1", "Quillfeather", "1 Larkspur Way", "587449302", "marzipan"),
        ("K-2", "Haq", "9 Elm Row", "587449303", "nougat"),
    ):
        case = desk.open(customer)
        desk.take("ann", case)
        desk.note("ann", case, f"{last} came with a teal umbrella." if customer == "K-1" else "Nothing.")
        filing_ways.save(desk, case, subjects=(subject(last, street, tin, customer),))
        told = f"{NARRATIVE} {last} speaks of {word} and paid {{{{sum:case/in}}}} into {{{{accounts:case}}}}."
        desk.decide("ann", case, Disposition.SAR, told)
        desk.approve("max", case)
        cases.append(case)
    batch = filing_ways.produce(desk, who="mia").batch.batch_id
    filing_ways.transmit(desk, batch)
    filing_ways.answer(desk, filing_ways.acknowledgement(*NUMBERS), tracking_id="TRK-1")
    return cases[0], cases[1]


def stored(desk: TestDesk, batch_id: str = "B-000001") -> bytes:
    with desk.reading() as uow:
        return uow.filings.batch_content(batch_id)


def test_the_form_and_what_was_sent_of_a_case_are_gone_and_its_neighbours_report_stays(any_desk: TestDesk) -> None:
    desk = any_desk
    case, other = sent(desk)
    before = stored(desk)
    purged(desk, case)
    root = reading.parse(stored(desk), "batch.xml")
    left = ["".join(activity.itertext()) for activity in root if activity.tag.endswith("}Activity")]
    assert left[0] == ""
    assert "nougat" in left[1]
    assert before.count(b"nougat") == stored(desk).count(b"nougat")
    assert len(reading.parse(before, "batch.xml")) == len(root)
    kept = repr({name: table for name, table in desk.dump().items() if name not in ("customers", "accounts")})
    assert not [word for word in SAID if word in kept]
    report = desk.verify()
    assert report.verdict.value == "VERIFIED", report.sentence()
    assert filing_ways.filings(desk, case)[0].bsa_id == NUMBERS[0]  # that it was filed, and under which number, stays
    purge = desk.history("DESK")[-1].data
    assert (purge["forms"], purge["sent"]) == (1, 1)
    with pytest.raises(Conflict, match="were purged after retention; its file is not handed out"):
        outgoing.export(**act(desk, "max"), batch_id="B-000001")
    purged(desk, other)
    assert scrub(desk.engine) == (desk.engine.dialect.name != "mssql")
    assert b"nougat" not in stored(desk)
    assert desk.verify().verdict.value == "VERIFIED"


def test_no_byte_of_it_is_left_in_the_databases_files(desk: TestDesk, tmp_path: Path) -> None:
    """The bank takes its own records out, and then nothing of the person is anywhere, the log included."""
    case, _ = sent(desk)
    file = Path(str(desk.engine.url.database))
    everything = b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
    assert all(word.encode() in everything for word in (*SAID, ACCOUNT))
    purged(desk, case)
    assert scrub(desk.engine)
    left = b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
    assert not [word for word in SAID if word.encode() in left]
    desk.engine.dispose()
    copy = tmp_path / "copy.db"
    shutil.copyfile(file, copy)
    with sqlite3.connect(copy, isolation_level=None) as bank:
        for table in ("alert_transactions", "transactions", "alerts", "accounts", "customers"):
            bank.execute(f"DELETE FROM {table}")  # the names stand above
        bank.execute("VACUUM")
        bank.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    bare = copy.read_bytes()
    assert not [word for word in (*SAID, ACCOUNT, "Kim Roe") if word.encode() in bare]


def test_somebody_who_reads_keeps_the_bytes_and_it_is_said(desk: TestDesk) -> None:
    engine = make_engine(str(desk.engine.url), lock_timeout=0.1)
    with desk.reading() as uow:
        assert uow.ledger.head().size
        desk.customer("K-3", "Vesper Lindqvist")
        with pytest.raises(DatabaseBusy, match="casedesk db scrub"):
            scrub(engine)
    assert scrub(engine)
    engine.dispose()


def test_a_batch_that_was_taken_back_loses_the_report_too_and_its_reason(desk: TestDesk) -> None:
    case = filing_ways.approved(desk, by="max")
    filing_ways.produce(desk, who="max")
    reason = "The branch corrected the address of Larkspur Way."
    batch = withdrawing.withdraw(**act(desk), batch_id="B-000001", reason=reason)
    filing_ways.transmit(desk, filing_ways.produce(desk, who="mia").batch.batch_id)
    filing_ways.answer(desk, filing_ways.acknowledgement(NUMBERS[0]))
    purged(desk, case)
    assert [stored(desk, name).count(b"deposits") for name in ("B-000001", "B-000002")] == [0, 0]
    assert withdrawing.reason_of(uow=desk.reading(), actor=desk.people["mia"], batch=batch) == ""
    assert desk.verify().verdict.value == "VERIFIED"


def test_a_report_that_still_waits_is_no_case_to_purge(desk: TestDesk) -> None:
    case, _ = sent(desk)
    desk.reopen("max", case)
    filing_ways.save(desk, case)
    desk.decide("ann", case, Disposition.SAR)
    desk.approve("mia", case)
    for state in ("approved", "produced"):
        with pytest.raises(NotPurgeable, match=f"F-000003 is {state} and still on its way"):
            propose(desk, case)
        if state == "approved":
            filing_ways.produce(desk, case, who="mia")


@pytest.mark.parametrize(
    ("action", "change", "sentence"),
    [
        ("disposition_set", {"v": 2}, "names accounts as they are"),
        ("filing_produced", {"v": 1}, "B-000001 was produced before reports could be removed"),
    ],
)
def test_what_older_versions_wrote_into_the_ledger_is_refused(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch, action: str, change: dict[str, int], sentence: str
) -> None:
    from casedesk.domain.events import KINDS

    with monkeypatch.context() as before:
        before.setattr(KINDS[action], "version", change["v"])
        case, _ = sent(desk)
    with pytest.raises(NotPurgeable, match=sentence):
        propose(desk, case)


def test_a_form_whose_digest_could_be_guessed_is_refused(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr("secrets.token_hex", lambda length: "" if length == 32 else "0" * (2 * length))
        case = desk.open()
        desk.take("ann", case)
        filing_ways.save(desk, case)
    desk.decide("ann", case, Disposition.NO_SAR)
    with pytest.raises(NotPurgeable, match="digest of form F-000001 has no salt"):
        propose(desk, case)


def test_a_form_of_a_purged_case_is_begun_anew(desk: TestDesk) -> None:
    case, _ = sent(desk)
    purged(desk, case)
    desk.reopen("mia", case)
    with desk.reading() as uow:
        assert uow.cases.get(case).decision_text == ""
    drawn = filing_ways.form(desk, case)
    assert (drawn.saved, drawn.report.corrects, drawn.report.prior_bsa_id) == (False, True, NUMBERS[0])
    assert drawn.report.subjects[0].called == "Kim Roe"
    filing_ways.save(desk, case)
    assert desk.verify().verdict.value == "VERIFIED"


TAMPERED = {
    "a form that comes back": (
        sa.update(filings).where(filings.c.filing_id == "F-000001").values(content="{}"),
        "content",
    ),
    "a form that goes": (sa.update(filings).where(filings.c.filing_id == "F-000002").values(content=""), "content"),
    "a frame": ("frame", "content"),
    "the other's part": ("part", "content"),
    "the other's part that goes": ("gone", "content"),
    "a part that comes back": ("back", "content"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_changed_beside_a_purge_is_found(desk: TestDesk, what: str) -> None:
    from casedesk.domain import batch_parts

    case, _ = sent(desk)
    whole = stored(desk)
    purged(desk, case)
    statement, column = TAMPERED[what]
    if isinstance(statement, str):
        content = {
            "frame": stored(desk).replace(b'PartyCount="2"', b'PartyCount="3"'),
            "part": stored(desk).replace(b"nougat", b"mousse"),
            "gone": batch_parts.without(stored(desk), {1, 2}),
            "back": whole,
        }[statement]
        assert content != stored(desk)
        statement = sa.update(batches).values(content=content.decode())
    desk.tamper(statement)
    assert [finding.column for finding in desk.verify().findings] == [column]


@pytest.fixture
def sealed(desk: TestDesk, tmp_path: Path) -> Sealing:
    return Sealing(desk, CheckpointFolder(tmp_path), sent(desk))


def claims_of(content: bytes) -> dict[str, Any]:
    return {claim.name: claim for claim in verify.verify(content)}


def test_packets_before_and_after_a_purge_verify_and_say_what_was_removed(sealed: Sealing) -> None:
    desk, (case, other) = sealed.desk, sealed.cases
    old, theirs = sealed.case(), sealed.case(other)
    purged(desk, case)
    new, after, both = sealed.case(), sealed.case(other), sealed.period(days=3_000)
    for content in (old, theirs, new, after, both):
        claims = claims_of(content)
        for name in ("container", "files", "checkpoint", "events", "chains", "cases", "purges", "deadlines", "filings"):
            assert claims[name].verdict == "VERIFIED", claims[name].sentence
    assert not [word for word in SAID if word.encode() in new]
    assert "1 were purged, and their forms and what was sent of them are gone" in claims_of(new)["filings"].sentence
    assert "1 read in their batch files; 1 were purged" in claims_of(both)["filings"].sentence
    assert "purged" not in claims_of(after)["filings"].sentence


def _batch(change: Any) -> Any:
    def edit(found: list[Any]) -> None:
        found[0]["content"] = change(found[0]["content"])

    return lambda content: edited(content, "batches", edit)


FORGED = {
    "another's words": _batch(lambda text: text.replace("nougat", "mousse")),
    "another frame": _batch(lambda text: text.replace('PartyCount="2"', 'PartyCount="3"')),
    "another's part gone": _batch(lambda text: text[: text.rindex("<fc2:Activity ")] + "</fc2:EFilingBatchXML>"),
    "a form put back": lambda content: edited(content, "filings", lambda found: found[0].update(report={})),
    "a form taken away": lambda content: edited(content, "filings", lambda found: found[1].update(report=None)),
    "a part put back": _batch(
        lambda text: text.replace('<fc2:Activity SeqNum="1"/>', '<fc2:Activity SeqNum="1">x</fc2:Activity>')
    ),
    "a part beside": _batch(lambda text: text.replace("</fc2:EFilingBatchXML>", "<fc2:Activity SeqNum=\"1\"/></fc2:EFilingBatchXML>")),
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A packet of both cases after one of them was purged."""
    desk = TestDesk(make_engine(Sqlite(tmp_path_factory.mktemp("purged")).fresh()))
    desk.staff()
    desk.customer()
    sealing = Sealing(desk, CheckpointFolder(tmp_path_factory.mktemp("checkpoints")), sent(desk))
    purged(desk, sealing.cases[0])
    return sealing.period(days=3_000)


@pytest.mark.parametrize("what", FORGED)
def test_a_packet_that_was_changed_beside_a_purge_is_refused(both: bytes, what: str) -> None:
    forged = FORGED[what](both)
    assert forged != both
    assert verdicts(forged)["filings"] == "TAMPERED"


def test_the_figures_of_a_narrative_are_derived_from_accounts_that_only_its_salt_names(sealed: Sealing) -> None:
    packet = sealed.case()
    assert verdicts(packet)["narratives"] == "VERIFIED"
    decision = next(
        json.loads(row["body"]) for row in rows(packet, "events") if "disposition_set" in (row["body"] or "")
    )
    assert ACCOUNT not in json.dumps(decision)

    def other(bodies: list[Any]) -> None:
        next(b for b in bodies if b["action"] == "disposition_set")["meta"]["bound"]["accounts"] = ["0" * 64]

    assert verdicts(reforged(packet, other, True))["narratives"] == "TAMPERED"
