"""Transactions that programs send: stored once, refused in the words of a file import, whole or not at all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.people import RoleForbids
from casedesk.domain.rates import Rate
from casedesk.formats.posted import MOST, NotPosted
from casedesk.services import alerts, ingestion, posting
from casedesk.services.alerts import UnknownCursor
from casedesk.services.ingestion import HowToRead
from casedesk.services.posting import Became, Posted
from casedesk.store.tables import import_rejects, imports, transactions
from tests.builders import TestDesk


def item(n: int, **changed: Any) -> dict[str, Any]:
    return {
        "transaction_id": f"T-{n}", "booked_at": f"2026-07-01T09:{n % 60:02}:00Z", "from_account": "",
        "to_account": "K-1/1", "amount": "9500.00", "currency": "USD", "channel": "CASH", "reference": "Straße “7”",
    } | changed  # fmt: skip


#: Good rows, and one for each kind of refusal.
MIXED: list[Any] = [
    item(1), item(2, amount=12.5), item(3, currency="XX"), item(4, booked_at="2026-07-01T09:00:00"), item(5, amount="-1"),
    item(6, channel=None), item(7, to_account=""), item(8, transaction_id=""), item(9, reference=["a"]),
    item(10, amount=True), item(11, from_country="Utopia"), item(12, reference="\ud800"), item(13, branch="a\tb"),
    item(14, amount="1" * 30), item(15, received_currency="EUR"), item(16, transaction_id="x" * 65), item(1), item(17),
]  # fmt: skip


def send(desk: TestDesk, items: Any, who: str = "mia", **more: Any) -> Posted:
    return posting.post(
        reading=desk.reading, writing=desk.writing, actor=desk.people[who], at=desk.at(), body=json.dumps(items).encode(),
        base_currency="USD", via="api:K-000000000001", **more,
    )  # fmt: skip


def statuses(done: Posted) -> list[str]:
    return [outcome.status.value for outcome in done.outcomes]


def stored(desk: TestDesk) -> tuple[Any, ...]:
    """What an import leaves behind but for ids and times: transactions, refusals, counts."""
    columns = [column for column in transactions.c if column.name != "arrival"]
    counts = [imports.c[f"rows_{name}"] for name in ("read", "stored", "duplicate", "rejected")]
    reasons = [import_rejects.c[name] for name in ("row_number", "field", "value", "reason")]
    queries = [sa.select(*some).order_by(*some) for some in (columns, reasons, counts)]
    with desk.engine.connect() as connection:
        return tuple([tuple(row) for row in connection.execute(query)] for query in queries)


def test_what_is_sent_is_stored_and_refused_as_a_file_of_the_same_rows(
    any_desk: TestDesk, sqlite_desk: TestDesk, tmp_path: Path
) -> None:
    done = send(any_desk, MIXED)
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in MIXED), encoding="utf-8")
    ingestion.import_path(
        reading=sqlite_desk.reading, writing=sqlite_desk.writing, actor=sqlite_desk.people["mia"], at=sqlite_desk.at(),
        path=path, base_currency="USD", how=HowToRead(format="native"),
    )  # fmt: skip
    assert stored(any_desk) == stored(sqlite_desk)
    assert [refusal.index for refusal in done.refused] == [*range(2, 16)]
    assert statuses(done) == ["stored"] * 2 + ["rejected"] * 14 + ["duplicate", "stored"]
    event = any_desk.history("DESK")[-1]
    assert (event.user, event.data["v"], event.data["via"]) == ("mia", 2, "api:K-000000000001")
    assert (event.data["import_id"], event.data["stored"], event.data["rejected"]) == (done.import_id, 3, 14)
    assert any_desk.verify().verdict.value == "VERIFIED"


def test_a_second_post_stores_nothing_and_another_content_under_an_id_is_refused(any_desk: TestDesk) -> None:
    assert statuses(send(any_desk, [item(1), item(2)])) == ["stored", "stored"]
    again = send(any_desk, [item(2), item(3), item(1, amount="1.00"), item(3), item(3, amount="2.00")])
    assert statuses(again) == ["duplicate", "stored", "rejected", "duplicate", "rejected"]
    assert {(r.index, r.field, r.value) for r in again.refused} == {
        (2, "transaction_id", "T-1"),
        (4, "transaction_id", "T-3"),
    }
    assert again.refused[0].reason.startswith("A transaction with this id is stored already, with another content")
    assert len(stored(any_desk)[0]) == 3


@pytest.mark.parametrize(
    "bad", [item(4, currency="XX"), item(1, amount="1.00")], ids=["by itself", "beside what is stored"]
)
def test_all_or_nothing_leaves_not_a_trace_of_a_list_with_one_bad_transaction(
    desk: TestDesk, bad: dict[str, Any]
) -> None:
    send(desk, item(1))
    before = desk.dump()
    done = send(desk, [item(2), bad, item(3)], atomic=True)
    assert (statuses(done), done.import_id) == (["left out", "rejected", "left out"], "")
    assert desk.dump() == before
    assert statuses(send(desk, [item(2), item(3)], atomic=True)) == ["stored", "stored"]


@pytest.mark.parametrize("atomic", [False, True])
def test_rates_that_somebody_else_put_hold_for_the_next_transaction(desk: TestDesk, atomic: bool) -> None:
    early = {"currency": "EUR", "booked_at": "1990-07-01T09:30:00Z"}
    send(desk, item(0))
    assert send(desk, item(1, **early)).refused[0].field == "currency"
    with desk.writing() as uow:
        uow.rates.put([Rate("EUR", date(1989, 1, 1), Decimal(2), "a test")])
        uow.commit()
    assert statuses(send(desk, item(1, **early), atomic=atomic)) == ["stored"]
    with desk.reading() as uow:
        (found,) = uow.transactions.get_many(["T-1"])
    assert found.base_minor == 2 * found.amount.minor


def test_eight_programs_that_send_the_same_at_once_store_each_transaction_once(any_desk: TestDesk) -> None:
    send(any_desk, item(0))  # the rates are in force
    moments = [any_desk.at() for _ in range(8)]
    body = json.dumps([item(n) for n in range(1, 21)]).encode()

    def once(n: int) -> Posted:
        return posting.post(
            reading=any_desk.reading, writing=any_desk.writing, actor=any_desk.people["mia"], at=moments[n], body=body,
            base_currency="USD", via="api",
        )  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(once, range(8)))
    assert sorted(one.count(Became.STORED) for one in done) == [0] * 7 + [20]
    assert all(one.count(Became.STORED) + one.count(Became.DUPLICATE) == 20 for one in done)
    assert len(stored(any_desk)[0]) == 21
    assert any_desk.verify().verdict.value == "VERIFIED"


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"", "not JSON"), (b"\xff", "not JSON"), (b'{"a":', "not JSON"), (b"[" * 100_000, "not JSON"), (b"7", "neither"),
     (b'"a"', "neither"), (b"null", "neither"), (b"[]", "1 to 10,000"), (json.dumps([1] * (MOST + 1)).encode(), "10,001")],
)  # fmt: skip
def test_what_is_no_list_of_transactions_is_refused_whole(desk: TestDesk, body: bytes, words: str) -> None:
    before = desk.dump()
    with pytest.raises(NotPosted, match=words):
        posting.post(
            reading=desk.reading, writing=desk.writing, actor=desk.people["mia"], at=desk.at(), body=body,
            base_currency="USD", via="api",
        )  # fmt: skip
    assert desk.dump() == before


def test_only_who_may_import_sends_transactions(desk: TestDesk) -> None:
    for who in ("ann", "queenie", "otto"):
        with pytest.raises(RoleForbids):
            send(desk, item(1), who)


def test_who_goes_on_after_the_last_alert_misses_none_that_comes_later(any_desk: TestDesk) -> None:
    """Also of a run that began before the last page was read: alerts come in the order in which runs were stored."""
    desk = any_desk
    later = desk.at()
    first = [desk.alert(raised_at=later) for _ in range(3)]
    seen = alerts.page(uow=desk.reading(), actor=desk.people["ann"], limit=2)
    rest = alerts.page(uow=desk.reading(), actor=desk.people["ann"], after=seen[-1].alert_id)
    assert [one.alert_id for one in (*seen, *rest)] == first
    slow = desk.alert(raised_at=later.replace(year=2025))
    (found,) = alerts.page(uow=desk.reading(), actor=desk.people["ann"], after=rest[-1].alert_id)
    assert (found.alert_id, found.run_id, found.parameters) == (slow, "", "")
    assert len(alerts.page(uow=desk.reading(), actor=desk.people["ann"], since=later)) == 3
    with pytest.raises(UnknownCursor):
        alerts.page(uow=desk.reading(), actor=desk.people["ann"], after="A-000000000000")
