"""Figures of operation, from what is stored: delays, backlog, throughput, growth, and rejected rows that are taken again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from casedesk.domain.people import RoleForbids
from casedesk.formats.rejects import REJECT_COLUMNS
from casedesk.services import detecting, operation_history, operations, posting, rejected
from casedesk.services.operation_history import Span
from casedesk.services.rejected import NothingRejected
from tests.builders import TestDesk

STRUCTURING = [rule for rule in detecting.RULES if rule.name == "structuring"]


def item(n: int, **changed: Any) -> dict[str, Any]:
    return {
        "transaction_id": f"T-{n}", "booked_at": f"2026-07-01T09:{n % 60:02}:00Z", "from_account": "",
        "to_account": "K-1/1", "amount": "9500.00", "currency": "USD", "channel": "CASH",
    } | changed  # fmt: skip


def send(desk: TestDesk, items: Any, **ahead: float) -> posting.Posted:
    return posting.post(
        reading=desk.reading, writing=desk.writing, actor=desk.people["mia"], at=desk.at(**ahead),
        body=json.dumps(items).encode(), base_currency="USD", via="api:K-000000000001",
    )  # fmt: skip


def run(desk: TestDesk, took: float, **ahead: float) -> None:
    at = desk.at(**ahead)
    detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=at, base_currency="USD",
        rules=STRUCTURING, clock=lambda: at + timedelta(seconds=took),
    )  # fmt: skip


def test_an_alert_s_delay_goes_from_the_receipt_of_its_last_transaction_to_the_end_of_its_run(
    any_desk: TestDesk,
) -> None:
    desk = any_desk
    send(desk, [item(n) for n in range(4)], minutes=1)
    received = desk.now
    send(desk, [item(n) for n in range(2, 6)], milliseconds=10)  # two of them are known
    last = desk.now
    assert operations.standing(uow=desk.reading(), at=desk.now).unseen_rows == 6
    run(desk, took=1.5, minutes=20)
    raised = desk.now
    send(desk, [item(n) for n in range(6, 9)], minutes=5)  # the alert grows with what came after it
    run(desk, took=9.0, minutes=5)
    found = operations.delays(uow=desk.reading())
    assert (found.alerts, found.seconds) == (1, ((raised - last).total_seconds() + 1.5,))
    assert last > received
    assert operations.delays(uow=desk.reading(), after=found.upto).alerts == 0
    standing = operations.standing(uow=desk.reading(), at=desk.now)
    assert (standing.unseen_rows, standing.events) == (0, desk.size())
    newest, first = operation_history.runs(uow=desk.reading(), actor=desk.people["mia"])
    assert (first.took, newest.took) == (timedelta(seconds=1.5), timedelta(seconds=9))
    assert (first.since, newest.since, newest.subjects) == ("", first.run.run_id, 1)
    assert operations.totals(uow=desk.reading()).rows == {"api": (11, 9, 2, 0)}


def test_what_came_in_and_how_the_ledger_grew_adds_up_over_every_span(any_desk: TestDesk) -> None:
    desk = any_desk
    before = desk.size()
    send(desk, [item(1), item(2, amount="-1")], minutes=1)
    send(desk, [item(3), item(1)], minutes=2)
    at = desk.at(milliseconds=30)
    for span in Span:
        pieces = operation_history.history(uow=desk.reading(), actor=desk.people["mia"], at=at, span=span)
        assert sum(piece.stored for piece in pieces) == 2, span
        assert (sum(piece.duplicates for piece in pieces), sum(piece.rejected for piece in pieces)) == (1, 1)
        assert pieces[-1].start <= at
        assert sum(piece.events for piece in pieces) >= desk.size() - before
    minutes = operation_history.history(uow=desk.reading(), actor=desk.people["mia"], at=at, span=Span.HOUR)
    assert [piece.stored for piece in minutes if piece.stored] == [1, 1]


def test_rejected_rows_leave_as_a_file_and_are_taken_once_they_are_mended(desk: TestDesk) -> None:
    mia = desk.people["mia"]
    done = send(desk, [item(1), item(2, amount="=cmd()"), item(3, currency="ZZZ")])
    assert [r.field for r in rejected.rows(uow=desk.reading(), actor=mia, import_id=done.import_id)] == [
        "amount",
        "currency",
    ]
    file = rejected.export(uow=desk.writing(), actor=mia, at=desk.at(), import_id=done.import_id)
    lines = file.content.decode().splitlines()
    assert lines[0] == ",".join(REJECT_COLUMNS)
    assert lines[1].startswith("2,amount,'=cmd(),")
    assert (desk.history("DESK")[-1].action, desk.history("DESK")[-1].data["rows"]) == ("rejects_exported", 2)
    mended = "\n".join(json.dumps(one) for one in (item(1), item(2), item(3, currency="??")))

    def again() -> rejected.Imported:
        return rejected.take_again(
            reading=desk.reading, writing=desk.writing, actor=mia, at=desk.at(), name="..\\C:\\mended.jsonl",
            content=mended.encode(), base_currency="USD",
        )[0]  # fmt: skip

    first = again()
    assert (first.stored, first.duplicates, first.rejected, first.file_name) == (1, 1, 1, "mended.jsonl")
    assert again().stored == 0
    with pytest.raises(NothingRejected):
        rejected.export(uow=desk.writing(), actor=mia, at=desk.at(), import_id="I-000000000000")
    with pytest.raises(RoleForbids):
        rejected.rows(uow=desk.reading(), actor=desk.people["ann"], import_id=done.import_id)
    assert desk.verify().verdict.value == "VERIFIED"
