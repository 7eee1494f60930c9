"""After a run the desk advises on the cases whose alerts changed, and on no others; whoever waits for the run waits for nothing more."""

from __future__ import annotations

import threading
from itertools import count

from casedesk.services import intake
from casedesk.services.advising import Done
from casedesk.services.following import Following, follow
from tests.builders import TestDesk


def followed(desk: TestDesk) -> Done:
    return follow(
        reading=desk.reading, writing=desk.writing, at=desk.at(), base_currency="USD", counsel=None, via="stream"
    )


def test_a_case_is_advised_on_when_it_got_an_alert_and_not_when_people_worked_on_it(any_desk: TestDesk) -> None:
    desk = any_desk
    desk.customer("K-2")
    one, other = desk.open(severity=70), desk.open("K-2", severity=20)
    assert followed(desk) == Done(2, 2, 0)
    desk.take("ann", one)
    desk.note("ann", one)
    assert followed(desk) == Done()
    intake.attach_alert(**desk.who("system", other), alert_id=desk.alert("K-2", severity=96))
    assert followed(desk) == Done(1, 1, 0)
    (given,) = (event for event in desk.history(one) if event.action == "advice_given")
    assert (given.user, given.data["via"]) == ("system", "stream")


def test_runs_that_end_meanwhile_are_followed_once_and_a_failure_ends_nothing() -> None:
    numbers, failures = count(), list[Exception]()
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        number = next(numbers)
        begun.set()
        assert go_on.wait(10)
        if number == 0:
            raise ZeroDivisionError

    following = Following(work, failures.append)
    following.notice()
    assert begun.wait(10)
    for _ in range(3):
        following.notice()
    go_on.set()
    following.close()
    assert (next(numbers), [type(failure) for failure in failures]) == (2, [ZeroDivisionError])
