"""Purges: who may, when, what goes, what stays, and that the proof holds afterwards and no other removal passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.anchors.folder import CheckpointFolder
from casedesk.domain.cases import Disposition
from casedesk.domain.casework import BadText
from casedesk.domain.events import DESK, CasesPurged, NoteAdded
from casedesk.domain.purging import NotProposed, NotPurgeable, OwnPurge
from casedesk.errors import NotPermitted
from casedesk.exports import audit_csv
from casedesk.exports.packet import Profile
from casedesk.services import audit, casefile, purging, retention
from casedesk.store.tables import case_events
from tests.builders import RATIONALE, TestDesk
from tests.databases import drop_guard
from tests.exports.packets import Sealing, edited, reforged, rows, verdicts

WHY = "The retention of these cases ended last year."
YEARS = {"days": 6 * 366}


def act(desk: TestDesk, who: str = "mia", **ahead: float) -> dict[str, Any]:
    return {"uow": desk.writing(), "actor": desk.people[who], "at": desk.at(**ahead)}


def closed(desk: TestDesk, customer: str = "K-1") -> str:
    """A case with every kind of text that a person writes, closed without a report."""
    case = desk.open(customer)
    desk.take("ann", case)
    desk.note("ann", case, "Kim Roe\nsays so.")
    desk.decide("ann", case, Disposition.NO_SAR)
    return case


def propose(desk: TestDesk, *case_ids: str, who: str = "mia", **ahead: float) -> int:
    return purging.propose(**act(desk, who, **(ahead or YEARS)), case_ids=case_ids, reason=WHY).event_id


def purged(desk: TestDesk, *case_ids: str) -> int:
    proposal = propose(desk, *case_ids)
    return purging.carry_out(**act(desk, "max"), proposal=proposal).event_id


def texts(desk: TestDesk, case_id: str) -> list[str]:
    return [event.notes for event in desk.history(case_id) if event.action != "alert_attached"]


def test_what_people_wrote_is_gone_and_everything_else_verifies(any_desk: TestDesk) -> None:
    desk = any_desk
    case, other = closed(desk), closed(desk)
    before = {event.event_id: (event.event_hash, event.body) for event in desk.history(case)}
    event = purged(desk, case)
    assert set(texts(desk, case)) == {""}
    assert {e.event_id: (e.event_hash, e.body) for e in desk.history(case)} == before
    assert b"Kim Roe" not in b"".join(body for _, body in before.values())
    assert desk.case(case).decision_text == ""
    stored = repr(desk.dump())
    assert stored.count("Kim Roe\\\\nsays so.") + stored.count("Kim Roe\\nsays so.") == 1  # of the other case
    assert RATIONALE in texts(desk, other)
    report = desk.verify()
    assert report.verdict.value == "VERIFIED", report.sentence()
    assert report.purged == 2
    assert "the texts of 2 events were purged" in report.sentence()
    assert (desk.history(DESK)[-1].event_id, desk.history(DESK)[-1].data["texts"]) == (event, 2)
    assert desk.case(case).alerts  # the bank's own records stay


def test_a_case_under_hold_or_not_kept_long_enough_or_open_is_never_purged(desk: TestDesk) -> None:
    held, young, reported = closed(desk), closed(desk), desk.closed(sar_approver="max")
    with pytest.raises(NotPurgeable, match="has to be kept: Kept until 1 Jul 2031"):
        propose(desk, young, days=1)
    hold = retention.hold(**act(desk), case_id=held, reason="Civil action 26-114, counsel's letter.").event_id
    desk.customer("K-2")
    still_open = desk.open("K-2")
    refusals = {held: f"the legal hold of event {hold}", reported: "no filing is known", still_open: "is not closed"}
    for case, sentence in refusals.items():
        with pytest.raises(NotPurgeable, match=sentence):
            propose(desk, case, days=0.001) if case == still_open else propose(desk, case)
    retention.release(**act(desk), hold=hold, reason="The action was settled in May.")
    assert purged(desk, held)
    with pytest.raises(NotPurgeable, match="has no text left to purge"):
        propose(desk, held)


def test_two_managers_purge_and_nothing_may_happen_in_between(desk: TestDesk) -> None:
    case = closed(desk)
    proposal = propose(desk, case)
    before = desk.dump()
    with pytest.raises(OwnPurge, match="another manager has to carry it out"):
        purging.carry_out(**act(desk, "mia"), proposal=proposal)
    with pytest.raises(NotProposed):
        purging.carry_out(**act(desk, "max"), proposal=1)
    assert desk.dump() == before
    hold = retention.hold(**act(desk), case_id=case, reason="Civil action 26-114, counsel's letter.").event_id
    with pytest.raises(NotPurgeable, match="legal hold"):
        purging.carry_out(**act(desk, "max"), proposal=proposal)
    retention.release(**act(desk), hold=hold, reason="The action was settled in May.")
    with pytest.raises(NotPurgeable, match="Something happened to case"):
        purging.carry_out(**act(desk, "max"), proposal=proposal)
    again = propose(desk, case)
    purging.carry_out(**act(desk, "max"), proposal=again)
    with pytest.raises(NotProposed, match="proposes no purge that waits"):
        purging.carry_out(**act(desk, "max"), proposal=again)


@pytest.mark.parametrize("who", ["ann", "queenie", "otto", "system"])
def test_only_managers_purge(desk: TestDesk, who: str) -> None:
    case = closed(desk)
    with pytest.raises(NotPermitted, match="may not propose or carry out a purge"):
        propose(desk, case, who=who)
    proposal = propose(desk, case)
    with pytest.raises(NotPermitted):
        purging.carry_out(**act(desk, who), proposal=proposal)


def test_a_purge_needs_cases_and_a_reason(desk: TestDesk) -> None:
    with pytest.raises(NotPurgeable, match="No case is named"):
        propose(desk)
    with pytest.raises(BadText, match="needs a reason of at least 20"):
        purging.propose(**act(desk), case_ids=[closed(desk)], reason="Old.")


def test_a_text_that_is_hashed_as_it_stands_cannot_be_purged(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events of the first format, which desks before this wrote, stay whole."""
    with monkeypatch.context() as before:
        before.setattr(NoteAdded, "removable", False)
        case = closed(desk)
    with pytest.raises(NotPurgeable, match=r"the text of event \d+ is hashed as it stands"):
        propose(desk, case)


def tampered(desk: TestDesk, statement: Any) -> str:
    drop_guard(desk.engine)
    desk.tamper(statement)
    report = desk.verify()
    assert report.verdict.value == "TAMPERED"
    return report.findings[0].sentence()


def note(desk: TestDesk, case: str) -> Any:
    event = next(event for event in desk.history(case) if event.action == "note_added")
    return sa.update(case_events).where(case_events.c.event_id == event.event_id)


def test_a_text_that_is_gone_without_a_purge_is_found(any_desk: TestDesk) -> None:
    case = closed(any_desk)
    assert "no purge took it" in tampered(any_desk, note(any_desk, case).values(notes="", salt=""))
    file = casefile.read(uow=any_desk.reading(), actor=any_desk.people["mia"], case_id=case)
    assert file.chain.verdict.value == "TAMPERED"


@pytest.mark.parametrize(
    "change", [{"notes": "Other words."}, {"salt": "c" * 64}, {"salt": ""}, {"salt": "zz"}, {"notes": ""}]
)
def test_another_text_or_salt_is_found(desk: TestDesk, change: dict[str, str]) -> None:
    case = closed(desk)
    assert "Column notes" in tampered(desk, note(desk, case).values(**change))


@pytest.mark.parametrize("change", [{"notes": "Words."}, {"salt": "c" * 64}, {"notes": "Words.", "salt": "c" * 64}])
def test_a_text_put_into_a_purged_event_is_found(desk: TestDesk, change: dict[str, str]) -> None:
    case = closed(desk)
    purged(desk, case)
    assert "Column notes" in tampered(desk, note(desk, case).values(**change))


def test_a_text_written_after_a_purge_is_not_covered_by_it(desk: TestDesk) -> None:
    case = closed(desk)
    purged(desk, case)
    desk.reopen("mia", case)
    assert desk.verify().verdict.value == "VERIFIED"
    event = desk.history(case)[-1]
    gone = sa.update(case_events).where(case_events.c.event_id == event.event_id).values(notes="", salt="")
    assert "no purge took it" in tampered(desk, gone)


def test_a_purge_past_the_desk_of_a_case_that_had_to_be_kept_is_found(desk: TestDesk) -> None:
    case = closed(desk)
    with desk.writing() as uow:
        uow.ledger.purge(case)
        uow.cases.purge([case])
        pair = ((case, uow.ledger.of(case)[-1].event_hash),)
        event = CasesPurged(proposal=1, maker="mia", cases=pair, texts=2, forms=0, sent=0, via="app")
        uow.ledger.append(event, stream=DESK, user="max", at=desk.at())
        uow.commit()
    assert desk.verify().verdict.value == "TAMPERED"


def test_the_database_lets_texts_go_and_nothing_else(any_desk: TestDesk) -> None:
    desk = any_desk
    case = closed(desk)
    event = next(e for e in desk.history(case) if e.action == "note_added")
    opened = sa.update(case_events).where(case_events.c.event_id == desk.history(case)[0].event_id)
    tries = [
        note(desk, case).values(notes=""), note(desk, case).values(salt=""), note(desk, case).values(notes="x", salt=""),
        note(desk, case).values(notes="", salt="", user="max"), note(desk, case).values(notes="", salt="", body=b"{}"),
        note(desk, case).values(notes="", salt="", format="casedesk.event/1"),
        note(desk, case).values(notes="", salt="", event_id=9_000), opened.values(notes="", salt=""),
    ]  # fmt: skip
    for statement in tries:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            desk.tamper(statement)
    desk.tamper(note(desk, case).values(notes="", salt=""))
    (after,) = (e for e in desk.history(case) if e.event_id == event.event_id)
    assert after == event._replace(notes="", salt="")
    for values in ({"notes": event.notes, "salt": event.salt}, {"notes": ""}):  # once, and for good
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            desk.tamper(note(desk, case).values(**values))


def test_an_audit_file_of_a_purged_case_verifies_and_one_that_was_emptied_by_hand_does_not(desk: TestDesk) -> None:
    case = closed(desk)
    before = audit_csv.write(desk.history(case))
    assert audit.verify_file(before).report.verdict.value == "VERIFIED"
    assert audit.verify_file(before.replace(b"says so.", b"says no.")).report.verdict.value == "TAMPERED"
    spoiled = before.replace(b"Kim Roe\n", b"Kim Roe\r\n")  # as a spreadsheet saves it
    assert spoiled != before
    assert audit.verify_file(spoiled).report.verdict.value == "VERIFIED"
    purged(desk, case)
    with desk.reading() as uow:
        everything = tuple(uow.ledger.everything())
    whole = audit.verify_file(audit_csv.write(everything)).report
    assert (whole.verdict.value, whole.purged) == ("VERIFIED", 2)
    bare = [e._replace(notes="", salt="") if e.action == "case_reopened" else e for e in everything]
    assert audit.verify_file(audit_csv.write(bare)).report.verdict.value == "VERIFIED"
    desk.reopen("mia", case)
    with desk.reading() as uow:
        bare = [e._replace(notes="", salt="") if e.action == "case_reopened" else e for e in uow.ledger.everything()]
    assert audit.verify_file(audit_csv.write(bare)).report.verdict.value == "TAMPERED"


@pytest.fixture
def sealed(desk: TestDesk, tmp_path: Path) -> Sealing:
    return Sealing(desk, CheckpointFolder(tmp_path), (closed(desk),))


def texts_of(content: bytes) -> list[str]:
    return [row["notes"] for row in rows(content, "events") if "notes" in row]


def test_packets_verify_before_and_after_a_purge_and_say_what_was_purged(sealed: Sealing) -> None:
    from casedesk.exports.verifier import verify

    old = sealed.case()
    assert RATIONALE in texts_of(old)
    purged(sealed.desk, sealed.cases[0])
    new = sealed.case()
    assert set(texts_of(new)) == {""}
    assert b"Kim Roe" not in new.replace(b"Kim Roe (K-1)", b"")
    for content, sentence in (
        (old, "no text of a case in here was purged"),
        (new, "the texts of 2 events were purged, by 1 purge"),
    ):
        claims = {claim.name: claim for claim in verify.verify(content)}
        for name in ("container", "files", "checkpoint", "events", "chains", "cases", "purges", "deadlines"):
            assert claims[name].verdict == "VERIFIED", claims[name].sentence
        assert claims["purges"].sentence == sentence
    for profile in (Profile.NO_DECISIONS, Profile.NO_PERSONAL):
        broken = {name for name, verdict in verdicts(sealed.case(profile=profile)).items() if verdict == "TAMPERED"}
        assert broken <= {"alerts", "rules"}  # alerts were written by hand here


def empty(found: list[Any]) -> None:
    for row in found:
        if "salt" in row:
            row.update(notes="", salt="")


def test_a_packet_whose_texts_are_gone_without_a_purge_is_refused(sealed: Sealing) -> None:
    packet = sealed.case()
    assert verdicts(edited(packet, "events", empty))["purges"] == "TAMPERED"

    def other(found: list[Any]) -> None:
        next(row for row in found if row.get("notes") == RATIONALE).update(notes="Another reason altogether.")

    assert verdicts(edited(packet, "events", other))["events"] == "TAMPERED"


def purge_event(bodies: list[Any]) -> Any:
    return next(body for body in bodies if body["action"] == "cases_purged")


FORGED = {
    "by who proposed it": lambda b: purge_event(b).update(user="mia"),
    "another maker": lambda b: purge_event(b)["meta"].update(maker="otto"),
    "another case": lambda b: purge_event(b)["meta"].update(cases=[["C-26-00009", "0" * 64]]),
    "another history": lambda b: purge_event(b)["meta"]["cases"][0].__setitem__(1, "0" * 64),
    "too early": lambda b: purge_event(b).update(ts="2031-07-01T23:00:00.000000Z"),
    "under a hold": lambda b: next(body for body in b if body["action"] == "hold_lifted")["meta"].update(hold=1),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_purge_that_should_not_have_been_is_refused(sealed: Sealing, what: str) -> None:
    desk, (case,) = sealed.desk, sealed.cases
    hold = retention.hold(**act(desk), case_id=case, reason="Civil action 26-114, counsel's letter.").event_id
    retention.release(**act(desk), hold=hold, reason="The action was settled in May.")
    purged(desk, case)
    packet = sealed.case()
    assert verdicts(packet)["purges"] == "VERIFIED"

    def rewrite(bodies: list[Any]) -> None:
        FORGED[what](bodies)

    assert "TAMPERED" in {verdicts(reforged(packet, rewrite, True))[name] for name in ("purges", "cases")}


def test_the_desk_reads_a_purged_case_and_says_so(desk: TestDesk) -> None:
    case = closed(desk)
    purged(desk, case)
    file = casefile.read(uow=desk.reading(), actor=desk.people["mia"], case_id=case)
    assert file.chain.verdict.value == "VERIFIED"
    assert file.case.decision_text == ""
