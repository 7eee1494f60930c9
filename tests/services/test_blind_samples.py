"""Whoever works a case drawn below a line is given nothing that tells it from any other case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from casedesk.domain.cases import Disposition
from casedesk.errors import NotPermitted
from casedesk.services import audit, casefile, exporting, ledger, queue
from casedesk.services.queue import Query
from casedesk.store.engines import make_engine
from tests.builders import TestDesk
from tests.databases import Sqlite
from tests.scenes import at_desk
from tests.services.conftest import furnished
from tests.services.lines import FOUR, RULES, bank, case_of, detect, sample, stored_alerts, work

#: Nothing of the kind may stand in what an analyst or a reviewer is given.
TELLING = ("LT-0", "line_test", "below a line", "sample", "LineTest", '"count"')
#: Ids, hashes and times differ between any two desks; the event's own title and text do not.
DIFFER = {"event_id", "event_hash", "prev_hash", "nonce", "body", "root", "ts", "opened_at", "alerted_at", "suspicion_at",
          "suspicion_event", "raised_at", "due_at", "seen_version", "last_event"}  # fmt: skip


def said(value: Any) -> Any:
    """Write what a service returned as JSON values, without what differs between any two desks."""
    value = value._asdict() if hasattr(value, "_asdict") else value
    if isinstance(value, dict):
        return {str(key): said(item) for key, item in value.items() if key not in DIFFER}
    if isinstance(value, list | tuple | frozenset | set):
        return [said(item) for item in value]
    if isinstance(value, str) and value.startswith("{"):
        return said(json.loads(value))
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@pytest.fixture
def twins(desk: TestDesk, sqlite_kind: Sqlite) -> Iterator[tuple[TestDesk, TestDesk]]:
    """Two desks with the same bank: one drew below the line; on the other, four deposits were over the line in force."""
    address = sqlite_kind.fresh()
    engine = make_engine(address)
    other = at_desk(engine, furnished)
    for one in (desk, other):
        bank(one, above=2, four=3, three=0)
    detect(desk)
    sample(desk, FOUR)
    detect(other, rules=tuple(rule.with_values(FOUR) for rule in RULES))
    yield desk, other
    engine.dispose()
    sqlite_kind.drop(address)


def read(desk: TestDesk, who: str, customer_id: str) -> casefile.CaseFile:
    return casefile.read(uow=desk.reading(), actor=desk.people[who], case_id=case_of(desk, customer_id))


@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_a_drawn_case_is_read_as_one_that_the_rule_in_force_raised(twins: tuple[TestDesk, TestDesk], who: str) -> None:
    desk, other = twins
    for customer in ("F-1", "F-2", "F-3"):
        drawn, raised = said(asdict(read(desk, who, customer))), said(asdict(read(other, who, customer)))
        ids = case_of(desk, customer), case_of(other, customer)
        assert json.dumps(drawn).replace(ids[0], "C") == json.dumps(raised).replace(ids[1], "C")


@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_the_queue_shows_a_drawn_case_as_any_other(twins: tuple[TestDesk, TestDesk], who: str) -> None:
    lines = []
    for desk in twins:
        page = queue.list_page(uow=desk.reading(), actor=desk.people[who], at=desk.at(), query=Query())
        found = {line.row.customer_id: said(asdict(line)) for line in page.lines if line.row.customer_id[0] == "F"}
        for line in found.values():
            line["row"].pop("case_id")
            line.pop("clock", None)
        lines.append((found, page.total, dict(page.counters)))
    assert lines[0] == lines[1]
    assert lines[0][1] == 5


@pytest.mark.parametrize("who", ["ann", "ben", "queenie"])
def test_nothing_that_analysts_and_reviewers_read_tells_of_the_sample(
    twins: tuple[TestDesk, TestDesk], who: str
) -> None:
    desk, _ = twins
    me = desk.people[who]
    work(desk, "F-2", Disposition.SAR)
    with desk.reading() as uow:
        runs = {alert.run_id for alert in uow.alerts.everything()}
        cases = [case for _, case, _ in stored_alerts(desk).values()]
    given: list[Any] = [
        queue.list_page(uow=desk.reading(), actor=me, at=desk.at(), query=Query(include_closed=True)),
        *(casefile.read(uow=desk.reading(), actor=me, case_id=case) for case in cases),
        *(casefile.legs(uow=desk.reading(), actor=me, case_id=case, evidence_only=False) for case in cases),
        *(casefile.flows(uow=desk.reading(), actor=me, case_id=case) for case in cases),
    ]
    text = repr(given)
    told = [word for word in (*TELLING, *runs) if word in text]
    assert told == []


@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_the_events_of_the_desk_and_every_export_are_closed_to_them(twins: tuple[TestDesk, TestDesk], who: str) -> None:
    desk, _ = twins
    me, case_id = desk.people[who], case_of(desk, "F-1")
    attempts: list[Any] = [
        lambda: ledger.rows(uow=desk.reading(), actor=me),
        lambda: exporting.audit_csv(uow=desk.writing(), actor=me, at=desk.at(), case_id=case_id),
        lambda: exporting.summary(uow=desk.writing(), actor=me, at=desk.at(), case_id=case_id, base_currency="USD"),
        lambda: exporting.recent(uow=desk.reading(), actor=me),
    ]
    for attempt in attempts:
        with pytest.raises(NotPermitted):
            attempt()


def test_the_files_about_a_case_do_not_tell_of_the_sample(twins: tuple[TestDesk, TestDesk]) -> None:
    """They go out to people who are not asked for need to know of the test."""
    desk, _ = twins
    me, case_id = desk.people["otto"], case_of(desk, "F-1")
    files = [
        exporting.audit_csv(uow=desk.writing(), actor=me, at=desk.at(), case_id=case_id),
        exporting.summary(uow=desk.writing(), actor=me, at=desk.at(), case_id=case_id, base_currency="USD"),
    ]
    for file in files:
        assert not [word for word in TELLING if word.encode() in file.content]
    assert audit.verify_file(files[0].content).report.verdict.value == "VERIFIED"


def test_the_events_of_the_draw_name_no_case_no_alert_and_no_customer(twins: tuple[TestDesk, TestDesk]) -> None:
    desk, _ = twins
    events = [event for event in desk.history("DESK") if event.action.startswith("line_test")]
    assert len(events) == 2
    for event in events:
        text = event.body.decode()
        for alert_id, (customer, case, evidence) in stored_alerts(desk).items():
            assert not [word for word in (alert_id, case, customer, *evidence) if word in text]


def test_nobody_has_touched_a_drawn_case_before_it_is_taken(twins: tuple[TestDesk, TestDesk]) -> None:
    """The manager who drew may still approve it, and the timeline does not show that a person was behind it."""
    desk, _ = twins
    assert {event.user for event in desk.history(case_of(desk, "F-1"))} == {"system"}
    case_id = case_of(desk, "F-1")
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.SAR)
    desk.approve("mia", case_id)
    assert desk.case(case_id).closed_at is not None


def test_the_cases_of_two_bands_are_opened_in_the_order_of_time(desk: TestDesk) -> None:
    """The numbers of the cases must not show where one band ends and the next begins."""
    bank(desk, above=1, four=4, three=4)
    sample(desk)
    with desk.reading() as uow:
        found = [(alert.window_start, alert.case_id) for alert in uow.alerts.everything()]
    assert [case for _, case in sorted(found)] == sorted(case for _, case in found)
    starts = [customer for customer, case, _ in sorted(stored_alerts(desk).values(), key=lambda one: one[1])]
    assert {customer[0] for customer in starts[:4]} == {"F", "T"}
