"""Webhooks: whose they are, what each is told of, and how a delivery goes on until it arrives or is given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.alerts import Alert
from casedesk.domain.deliveries import LONGEST_PAUSE, TRIES, Delivery, State, Try, after, pause
from casedesk.domain.issued import Ended, hashed
from casedesk.domain.webhooks import secret_of, shown_as
from casedesk.errors import Invalid
from casedesk.services import delivering, webhooks
from casedesk.services.delivering import Due
from casedesk.services.webhooks import Issued
from casedesk.store.tables import webhooks as table
from tests.builders import TestDesk

KEY = bytes(range(32))


def create(desk: TestDesk, who: str = "mia", **changed: Any) -> Issued:
    what = {"label": "Tickets", "url": "https://tickets.bank.example/alerts", "key": KEY}
    return webhooks.create(uow=desk.writing(), actor=desk.people[who], at=desk.at(), **(what | changed))


def plan(desk: TestDesk) -> int:
    return delivering.plan(reading=desk.reading, writing=desk.writing, at=desk.at())


def claim(desk: TestDesk, by: str = "P-1", **ahead: float) -> tuple[Due, ...]:
    return delivering.claim(reading=desk.reading, writing=desk.writing, at=desk.at(**ahead), by=by)


def settle(desk: TestDesk, due: Iterable[Due], came: Try, by: str = "P-1") -> None:
    delivering.settle(uow=desk.writing(), at=desk.at(), by=by, tried=[(one.delivery, came) for one in due])


def log(desk: TestDesk, hook_id: str) -> tuple[Delivery, ...]:
    return webhooks.deliveries(uow=desk.reading(), actor=desk.people["mia"], hook_id=hook_id)


def test_a_hook_is_told_of_what_comes_later_and_of_what_it_wants_once(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.customer()
    desk.alert()
    every, picky = create(desk), create(desk, rules=["structuring"], severity=60)
    assert plan(desk) == 0
    severe = desk.alert(severity=60, rule="structuring")
    mild = desk.alert(severity=59, rule="structuring")
    other = desk.alert(severity=90, rule="velocity")
    assert (plan(desk), plan(desk)) == (4, 0)
    due = claim(desk)
    assert {(one.hook.hook_id, one.alert.alert_id) for one in due} == {
        (every.hook.hook_id, severe), (every.hook.hook_id, mild), (every.hook.hook_id, other),
        (picky.hook.hook_id, severe),
    }  # fmt: skip
    settle(desk, due, Try(204))
    assert {(one.state, one.tries, one.status) for one in log(desk, every.hook.hook_id)} == {(State.DELIVERED, 1, 204)}
    assert claim(desk, hours=2) == ()
    assert desk.verify().verdict.value == "VERIFIED"


def test_what_a_process_tries_no_other_tries_until_its_lease_is_over(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.customer()
    hook = create(desk).hook.hook_id
    desk.alert()
    plan(desk)
    first = claim(desk, "P-1")
    assert (len(first), claim(desk, "P-2")) == (1, ())
    desk.at(minutes=5)  # P-1 died
    (second,) = claim(desk, "P-2")
    assert second.delivery.delivery_id == first[0].delivery.delivery_id, "a receiver must know it again"
    settle(desk, first, Try(500), "P-1")  # it did not: what it says late counts no more
    assert log(desk, hook)[0].tries == 0
    settle(desk, [second], Try(200), "P-2")
    assert log(desk, hook)[0].state is State.DELIVERED


def test_a_delivery_is_tried_ever_more_seldom_and_given_up_in_the_end(desk: TestDesk) -> None:
    desk.customer()
    hook = create(desk).hook.hook_id
    desk.alert()
    plan(desk)
    settle(desk, claim(desk), Try(None, "Nobody could be reached."))
    (waiting,) = log(desk, hook)
    assert (waiting.state, waiting.tries, waiting.problem) == (State.WAITING, 1, "Nobody could be reached.")
    assert claim(desk) == ()
    assert len(claim(desk, minutes=1)) == 1
    pauses = [pause(tries).total_seconds() for tries in range(1, TRIES)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert max(pauses) == LONGEST_PAUSE
    at = desk.at()
    last = after(replace(waiting, tries=TRIES - 1), Try(503, "busy"), at)
    assert (last.state, last.next_at, last.done_at) == (State.GIVEN_UP, None, at)


def test_a_disabled_hook_is_called_no_more_and_says_who_ended_it(desk: TestDesk) -> None:
    desk.customer()
    hook = create(desk).hook.hook_id
    desk.alert()
    plan(desk)
    step = {"uow": desk.writing(), "actor": desk.people["mia"], "at": desk.at(), "hook_id": hook}
    with pytest.raises(Invalid, match="reason"):
        webhooks.disable(**step, reason=" ")
    webhooks.disable(**step, reason="The vendor left.")
    with pytest.raises(Ended, match="by mia"):
        webhooks.disable(**step, reason="again")
    desk.alert()
    assert (plan(desk), claim(desk)) == (0, ())
    assert [(event.action, event.notes) for event in desk.history("DESK")[-2:]] == [
        ("webhook_created", "Tickets"), ("webhook_disabled", "The vendor left."),
    ]  # fmt: skip


def test_nothing_stored_holds_the_secret_which_follows_from_key_and_id(desk: TestDesk) -> None:
    issued = create(desk)
    secret = secret_of(KEY, issued.hook.hook_id)
    assert issued.secret == shown_as(secret)
    assert issued.secret not in repr(desk.dump())
    assert (secret.hex() not in repr(desk.dump()), issued.hook.secret_sha256) == (True, hashed(secret))
    assert create(desk).secret != issued.secret


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"url": "ftp://a.example/"}, "http or https"), ({"url": "https://"}, "http or https"), ({"url": "file:///etc/passwd"}, "http"),
     ({"url": "https://a.example:99999/"}, "http or https"), ({"url": "https://u:p@a.example/"}, "password"),
     ({"url": "https://a.example/#x"}, "fragment"), ({"url": "https://a.example/" + "x" * 500}, "500"),
     ({"url": "https://a.example/a b"}, "printable"), ({"url": "https://bänk.example/"}, "ASCII"), ({"label": " "}, "label"),
     ({"severity": 101}, "101"), ({"rules": ["structering"]}, "“structering” is not a rule")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_sentence(desk: TestDesk, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        create(desk, **changed)


def test_a_hook_that_was_slipped_in_or_changed_past_the_desk_is_found(desk: TestDesk) -> None:
    hook = create(desk).hook
    desk.tamper(sa.update(table).values(url="https://elsewhere.example/"))
    report = desk.verify()
    assert (report.verdict.value, report.first and report.first.column) == ("TAMPERED", "url")
    desk.tamper(sa.update(table).values(url=hook.url, hook_id="W-000000000000"))
    assert [finding.problem for finding in desk.verify().findings] == [
        "The webhook has a row but not one event.", "The webhook has events but no row.",
    ]  # fmt: skip


def test_a_hook_is_told_nothing_of_a_report(desk: TestDesk) -> None:
    """An alert is all it is told, as it was raised: what was decided since shows in none of its fields."""
    from casedesk.api.webhooks import told

    desk.customer()
    case_id = desk.open()
    before = [told(alert, "USD") for alert in _alerts(desk)]
    desk.closed(sar_approver="max")
    assert [told(alert, "USD") for alert in _alerts(desk) if alert.case_id == case_id] == before
    assert not any(word in repr(before).lower() for word in ("sar", "disposition", "narrative", "owner"))


def _alerts(desk: TestDesk) -> tuple[Alert, ...]:
    with desk.reading() as uow:
        return uow.alerts.page(after="", since=None, limit=100)
