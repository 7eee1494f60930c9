"""Reminders: who is told of what, once a day, in words that say nothing of reports."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.people import Person, Role
from casedesk.domain.policy import SHIPPED, Parameter, Policy
from casedesk.domain.reminders import Item, Notice, plan
from casedesk.errors import NotPermitted
from casedesk.services import reminding, retention
from tests.builders import TestDesk
from tests.services import filing_ways

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
TODAY = NOON.date()
PEOPLE = (
    Person("ann", "Ann", Role.ANALYST), Person("gone", "Gone", Role.ANALYST, active=False),
    Person("max", "Max", Role.MANAGER), Person("mia", "Mia", Role.MANAGER), Person("queenie", "Q", Role.QA),
)  # fmt: skip


def item(days: int, owner: str = "ann", *, managers: bool = False) -> Item:
    return Item(f"C-{days}", TODAY + timedelta(days=days), owner, managers)


def told(items: list[Item], policy: Policy = SHIPPED, given: Any = ()) -> dict[str, tuple[list[str], list[str]]]:
    found = plan(items, PEOPLE, TODAY, policy, given)
    return {
        notice.person.user_id: ([i.case_id for i in notice.own], [i.case_id for i in notice.escalated])
        for notice in found
    }


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (item(8), {}),
        (item(7), {"ann": (["C-7"], [])}),
        (item(0), {"ann": (["C-0"], [])}),
        (item(-1), {"ann": (["C--1"], []), "max": ([], ["C--1"]), "mia": ([], ["C--1"])}),
        (item(-1, "mia"), {"mia": (["C--1"], []), "max": ([], ["C--1"])}),
        (item(7, ""), {"max": (["C-7"], []), "mia": (["C-7"], [])}),
        (item(7, "gone"), {"max": (["C-7"], []), "mia": (["C-7"], [])}),
        (item(-9, managers=True), {"max": (["C--9"], []), "mia": (["C--9"], [])}),
    ],
)
def test_the_owner_is_reminded_and_managers_of_what_is_overdue_or_theirs(what: Item, expected: Any) -> None:
    assert told([what]) == expected


def test_policy_says_how_early_and_how_late() -> None:
    own = Policy(
        [
            Parameter("remind_days_before", 2, "calendar days", date(2026, 6, 1), 2, "Board", event=1),
            Parameter("escalate_days_overdue", 3, "calendar days", date(2026, 6, 1), 2, "Board", event=2),
        ]
    )
    assert told([item(3), item(2), item(-2), item(-3)], own) == {
        "ann": (["C--3", "C--2", "C-2"], []), "max": ([], ["C--3"]), "mia": ([], ["C--3"])
    }  # fmt: skip


def test_what_was_said_today_is_not_said_again() -> None:
    assert told([item(-1), item(1)], given={("ann", "C--1"), ("mia", "C--1")}) == {
        "ann": (["C-1"], []), "max": ([], ["C--1"])
    }  # fmt: skip


def test_a_message_names_work_items_and_days_and_cuts_a_long_list() -> None:
    notice = Notice(PEOPLE[0], TODAY, (item(-2), item(0), item(3)), ())
    assert notice.text.splitlines() == [
        "3 work items for you:", "C--2  overdue since 29 Jun 2026", "C-0  due today, 1 Jul 2026", "C-3  due 4 Jul 2026",
        "", "Sign in to the desk and open the calendar; please do not answer to this message.",
    ]  # fmt: skip
    long = Notice(PEOPLE[0], TODAY, (), tuple(item(-1) for _ in range(1_060))).text
    assert "1,060 work items overdue with others:" in long
    assert "and 1,010 more" in long
    assert "1 work item for you:" in Notice(PEOPLE[0], TODAY, (item(1),), ()).text


def give(desk: TestDesk, who: str = "mia", days: float = 0, **more: Any) -> dict[str, Notice]:
    found = reminding.give(
        uow=desk.writing(), actor=desk.people[who], at=NOON + timedelta(days=days), **more
    )  # fmt: skip
    return {notice.person.user_id: notice for notice in found}


def due(desk: TestDesk, days: int, owner: str = "ann") -> str:
    case_id = desk.open(raised_at=NOON + timedelta(days=days - 30))
    if owner:
        desk.take(owner, case_id)
    return case_id


def test_reminders_are_given_once_a_day_and_logged(any_desk: TestDesk) -> None:
    desk = any_desk
    late, soon, _far = due(desk, -4), due(desk, 3), due(desk, 20)
    first = give(desk)
    assert [i.case_id for i in first["ann"].own] == [late, soon]
    assert [i.case_id for i in first["mia"].escalated] == [i.case_id for i in first["max"].escalated] == [late]
    size = desk.size()
    assert give(desk, "system") == {}
    assert desk.size() == size
    new = due(desk, 1)
    assert [i.case_id for i in give(desk)["ann"].own] == [new]
    assert [i.case_id for i in give(desk, days=1)["ann"].own] == [late, new, soon]
    log = reminding.log(uow=desk.reading(), actor=desk.people["otto"], day=TODAY)
    assert [(one.user_id, one.case_id) for one in log] == [
        ("ann", late), ("ann", soon), ("max", late), ("mia", late), ("ann", new)
    ]  # fmt: skip
    assert desk.verify().verdict.value == "VERIFIED"


def test_what_waits_for_approval_comes_to_the_managers_and_a_closed_case_to_nobody(desk: TestDesk) -> None:
    waiting, closed = due(desk, 2), due(desk, 1)
    desk.decide("ann", waiting, Disposition.SAR)
    desk.decide("ann", closed, Disposition.NO_SAR)
    found = give(desk)
    assert set(found) == {"max", "mia"}
    assert [i.case_id for i in found["mia"].own] == [waiting]


def test_no_word_of_a_reminder_or_of_its_log_says_what_it_is_about(desk: TestDesk) -> None:
    case_id = due(desk, -5)
    desk.decide("ann", case_id, Disposition.SAR)
    said = "\n".join(notice.text for notice in give(desk).values())
    event = desk.history("DESK")[-1]
    for text in (said, event.body.decode(), event.meta):
        assert not re.search(r"\bsar\b|suspicio|report|approv|file|decision", text, re.IGNORECASE), text
    assert case_id in said


def test_messages_that_cannot_be_delivered_are_not_logged(desk: TestDesk) -> None:
    due(desk, 1)
    before = desk.size()

    def fails(notices: object, event: int) -> None:
        assert event == before + 1
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        give(desk, deliver=fails)
    assert desk.size() == before
    assert set(give(desk)) == {"ann"}


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_the_desk_and_managers_give_reminders(desk: TestDesk, who: str) -> None:
    with pytest.raises(NotPermitted, match="may not give reminders"):
        give(desk, who)
    if who != "otto":
        with pytest.raises(NotPermitted):
            reminding.log(uow=desk.reading(), actor=desk.people[who], day=TODAY)


def test_every_kind_of_due_date_is_remembered_in_the_same_words(desk: TestDesk) -> None:
    """On what was filed its maker and the managers, who know of it; on records whose last day comes the managers, held ones left out."""
    cash = desk.open(rule="cash_aggregation")
    desk.take("ben", cash)
    filed = filing_ways.approved(desk, by="max")
    filing_ways.transmit(desk, filing_ways.produce(desk).batch.batch_id)
    filing_ways.answer(desk, filing_ways.acknowledgement("31000055053784"), tracking_id="TRK-1")
    kept, held = desk.closed(), desk.closed()
    retention.hold(
        uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), case_id=held, reason="Civil action 26-114."
    )
    given = {days: give(desk, days=days) for days in (14, 119, 120, 1825, 1827)}
    assert {user: [i.case_id for i in one.items] for user, one in given[14].items()} == {"ben": [cash]}
    assert [i.case_id for i in given[119]["ann"].own] == [filed]
    assert filed not in [i.case_id for i in given[119]["ben"].items]
    assert [filed in [i.case_id for i in given[days]["mia"].escalated] for days in (119, 120, 1825)] == [
        False,
        False,
        True,
    ]
    last = [i.case_id for i in given[1825]["max"].own]
    assert (kept in last, held in last) == (True, False)
    assert kept not in [i.case_id for i in given[1827]["max"].items]  # nobody is late with it
    said = "\n".join(notice.text for one in given.values() for notice in one.values())
    assert not re.search(r"\bsar\b|report|continu|review|retention|purge|currency|fil", said, re.IGNORECASE), said
