"""What is new on the queue: alerts and cases since an event, and nothing that is decided."""

from __future__ import annotations

from casedesk.domain.cases import Disposition
from casedesk.services import queue
from casedesk.services.queue import News, Query
from tests.builders import NARRATIVE, TestDesk


def told(desk: TestDesk, after: int, who: str = "ann") -> News:
    return queue.news(uow=desk.reading(), actor=desk.people[who], after=after, upto=desk.size())


def listed(desk: TestDesk, since: int, who: str = "ann") -> set[str]:
    query = Query(since=since)
    page = queue.list_page(uow=desk.reading(), actor=desk.people[who], at=desk.at(), query=query)
    return {line.row.case_id for line in page.lines}


def test_only_alerts_and_cases_are_news_and_the_list_shows_just_those(any_desk: TestDesk) -> None:
    desk = any_desk
    old = desk.open()
    mark = desk.size()
    assert (told(desk, mark), listed(desk, mark)) == (News(), set())
    desk.take("ann", old)
    desk.decide("ann", old, Disposition.SAR, NARRATIVE)
    desk.send_back("mia", old)
    assert told(desk, mark) == told(desk, mark, "mia") == News()
    assert listed(desk, mark) == listed(desk, mark, "mia") == set()
    desk.customer("K-2", "Ola Nordmann")
    new = desk.open("K-2")
    assert (told(desk, mark), listed(desk, mark)) == (News(alerts=1, cases=1), {new})
    half = desk.size() - 1
    assert told(desk, mark) == told(desk, half) + queue.news(
        uow=desk.reading(), actor=desk.people["ann"], after=mark, upto=half
    )
