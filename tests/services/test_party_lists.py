from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.domain.casework import BadText
from casedesk.domain.name_matches import AlreadyDecided
from casedesk.domain.people import SYSTEM
from casedesk.errors import Invalid
from casedesk.services import party_lists
from casedesk.services.party_lists import AlreadyInForce, ListToCome, MatchState, NothingToScreen
from casedesk.store.tables import name_matches, party_list_entries
from casedesk.store.tables import party_lists as lists
from tests.builders import TestDesk
from tests.services import scoring_bank as bank


@pytest.fixture
def furnished(any_desk: TestDesk) -> TestDesk:
    bank.furnish(any_desk)
    return any_desk


def test_versions_are_kept_and_the_newest_of_each_source_is_in_force(furnished: TestDesk, tmp_path: Path) -> None:
    first = bank.load(furnished, tmp_path)
    other = bank.load(furnished, tmp_path, source="Board")
    second = bank.load(furnished, tmp_path, bank.LISTED + "wallet,0xAbC,seized,\n")
    found = party_lists.versions(uow=furnished.reading(), actor=furnished.people["ann"])
    assert [(one.list_id, one.in_force) for one in found] == [
        (second.list_id, True), (other.list_id, True), (first.list_id, False)
    ]  # fmt: skip
    assert furnished.history("DESK")[-1].data["replaces"] == first.list_id
    with furnished.reading() as uow:
        assert [one.party for one in uow.lists.entries(second.list_id)] == [
            "MULE",
            "Sergey Viktorovich LAVROV",
            "0xAbC",
        ]
    with pytest.raises(AlreadyInForce, match="is this very file and in force as " + second.list_id):
        bank.load(furnished, tmp_path, bank.LISTED + "wallet,0xAbC,seized,\n")
    assert furnished.verify().verdict.value == "VERIFIED"


def test_a_list_that_cannot_be_read_leaves_nothing_behind(desk: TestDesk, tmp_path: Path) -> None:
    before = desk.dump()
    with pytest.raises(Invalid, match=r"Row 4 of listed.csv, kind: “acount” is none of"):
        bank.load(desk, tmp_path, bank.LISTED + "acount,B,typo,\n")
    assert desk.dump() == before


def test_a_list_of_a_day_to_come_is_refused_and_one_of_today_is_taken(desk: TestDesk, tmp_path: Path) -> None:
    before, today = desk.dump(), desk.now.date()
    with pytest.raises(ListToCome, match=r"--date 2026-07-02.* 2026-07-01"):
        bank.load(desk, tmp_path, listed_on=today + timedelta(days=1))
    assert desk.dump() == before
    assert bank.load(desk, tmp_path, listed_on=today).listed_on == today


@pytest.mark.parametrize(("hours", "day"), [(9, "2026-06-30"), (-9, "2026-07-02")])
def test_today_is_the_day_in_utc_whatever_zone_the_clock_names(
    desk: TestDesk, tmp_path: Path, hours: int, day: str
) -> None:
    path = tmp_path / "listed.csv"
    path.write_text(bank.LISTED, encoding="utf-8")
    there = datetime(2026, 7, 1, 20 if hours < 0 else 3, tzinfo=timezone(timedelta(hours=hours)))
    new = party_lists.load(uow=desk.writing(), actor=SYSTEM, at=there, path=path)
    assert (new.listed_on, new.version) == (date.fromisoformat(day), day)
    with pytest.raises(ListToCome, match=f"is {day},"):
        party_lists.load(
            uow=desk.writing(), actor=SYSTEM, at=there, path=path, source="Board",
            listed_on=new.listed_on + timedelta(days=1),
        )  # fmt: skip


def test_only_a_person_makes_a_bearer_of_a_name_a_listed_party(desk: TestDesk, tmp_path: Path) -> None:
    furnished = desk
    bank.furnish(furnished)
    with desk.writing() as uow:
        uow.parties.add_unknown_holders([("Z-9", "", "USD")])  # a holder whom no file has named has no name to compare
        uow.commit()
    bank.load(furnished, tmp_path)
    assert bank.screen(furnished) == party_lists.Screened(customers=5, found=1, waiting=1)
    (one,) = bank.waiting(furnished)
    assert (one.customer_id, one.listed_name, one.state) == ("K-A", "Sergey Viktorovich LAVROV", MatchState.WAITING)
    before = bank.score(furnished)
    bank.decide(furnished, one.match_id, confirmed=True)
    after = bank.score(furnished)
    assert (before.listed, after.listed) == (1, 2), "his account that was paid is listed with him"
    with pytest.raises(AlreadyDecided, match="was confirmed by ann"):
        bank.decide(furnished, one.match_id, confirmed=False, who="ben")
    assert furnished.verify().verdict.value == "VERIFIED"


def test_a_refused_match_is_not_asked_about_again_by_the_next_version(furnished: TestDesk, tmp_path: Path) -> None:
    bank.load(furnished, tmp_path)
    bank.screen(furnished)
    bank.decide(furnished, bank.waiting(furnished)[0].match_id, confirmed=False)
    second = bank.load(furnished, tmp_path, bank.LISTED + "account,B,new,\n")
    assert bank.screen(furnished) == party_lists.Screened(customers=5, found=1, waiting=0)
    found = party_lists.matches(uow=furnished.reading(), actor=furnished.people["mia"], state=MatchState.REFUSED)
    assert [(one.list_id, one.decided_by) for one in found.shown] == [(second.list_id, "ann")]
    bank.load(furnished, tmp_path, "kind,party,reason\naccount,B,new\n")
    with pytest.raises(NothingToScreen, match="names anybody by name"):
        bank.screen(furnished)


def test_why_a_party_is_listed_is_told_to_who_needs_to_know(desk: TestDesk, tmp_path: Path) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    bank.screen(desk)
    seen = [party_lists.matches(uow=desk.reading(), actor=desk.people[who]).shown[0].reason for who in ("mia", "ann")]
    assert seen == ["UKRAINE-EO13661", ""]


def test_a_decision_says_what_was_compared(desk: TestDesk, tmp_path: Path) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    bank.screen(desk)
    with pytest.raises(BadText, match="this one has 2. Say what was compared besides the names"):
        party_lists.decide(
            uow=desk.writing(), actor=desk.people["ann"], at=desk.at(), match_id=bank.waiting(desk)[0].match_id,
            confirmed=True, reason="ok",
        )  # fmt: skip


TAMPERED = {
    "a line": sa.update(party_list_entries).where(party_list_entries.c.number == 1).values(party="B"),
    "a decision": sa.update(name_matches).values(state="refused"),
    "which is in force": sa.update(lists).values(in_force=False),
    "a source": sa.update(lists).values(source="Bureau"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_an_edited_list_or_decision_is_found(desk: TestDesk, tmp_path: Path, what: str) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    bank.screen(desk)
    bank.decide(desk, bank.waiting(desk)[0].match_id, confirmed=True)
    assert desk.verify().verdict.value == "VERIFIED"
    desk.tamper(TAMPERED[what])
    assert desk.verify().verdict.value == "TAMPERED"
