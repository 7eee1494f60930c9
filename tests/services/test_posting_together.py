"""Several callers in one transaction: each is told of its own, and one that must not be stored fails alone."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from casedesk.domain.api_keys import ApiKey, BadKey
from casedesk.domain.people import SYSTEM
from casedesk.errors import CasedeskError
from casedesk.formats.posted import NotPosted
from casedesk.services import api_keys, posting
from casedesk.services.api_keys import Scope
from casedesk.services.lots import Sending
from casedesk.services.posting import Posted
from casedesk.store.tables import import_rejects, imports
from tests.builders import TestDesk
from tests.services.test_posting import item, send, statuses, stored


def key(desk: TestDesk, who: str) -> ApiKey:
    return api_keys.create(
        uow=desk.writing(), actor=SYSTEM, at=desk.at(), label="feed", user_id=who, scopes={Scope.INGEST}, days=1
    ).key


def sending(desk: TestDesk, key: ApiKey, items: Any, *, atomic: bool = False) -> Sending:
    body = items if isinstance(items, bytes) else json.dumps(items).encode()
    return Sending(desk.people[key.user_id], desk.at(), body, key.via, atomic, key)


def together(desk: TestDesk, *sent: Sending) -> list[Posted | CasedeskError]:
    return posting.post_together(reading=desk.reading, writing=desk.writing, sent=sent, base_currency="USD")


def told(answer: Posted | CasedeskError) -> list[str]:
    assert isinstance(answer, Posted), answer
    return statuses(answer)


def test_each_caller_is_told_of_its_own_and_each_key_has_one_import(any_desk: TestDesk) -> None:
    desk = any_desk
    send(desk, item(0))
    mia, feed = key(desk, "mia"), key(desk, "system")
    before = desk.size()
    answers = together(
        desk, sending(desk, feed, item(1)), sending(desk, mia, [item(2, currency="XX"), item(3)]),
        sending(desk, feed, b"["), sending(desk, feed, [item(1), item(0), item(4), item(3, amount="1.00"), 7]),
        sending(desk, mia, [item(5, amount="-1"), item(6)], atomic=True),
    )  # fmt: skip
    assert isinstance(answers[2], NotPosted)
    assert [told(answer) for place, answer in enumerate(answers) if place != 2] == [
        ["stored"], ["rejected", "stored"], ["duplicate", "duplicate", "stored", "rejected", "rejected"],
        ["rejected", "left out"],
    ]  # fmt: skip
    last = answers[3]
    assert isinstance(last, Posted)
    assert [(r.index, r.field) for r in last.refused] == [(3, "transaction_id"), (4, "row")]
    assert desk.size() == before + 2
    columns = [imports.c[name] for name in ("file_name", "rows_read", "rows_stored", "rows_duplicate", "rows_rejected")]
    with desk.engine.connect() as connection:
        found = {
            tuple(row) for row in connection.execute(sa.select(*columns)) if row[0].startswith("api:K") and row[1] != 1
        }
        places = sa.select(import_rejects.c.row_number).where(import_rejects.c.import_id == last.import_id)
        assert sorted(connection.execute(places).scalars()) == [5, 6]
    assert found == {(feed.via, 6, 2, 2, 2), (mia.via, 2, 1, 0, 1)}
    assert desk.verify().verdict.value == "VERIFIED"


def test_all_or_nothing_beside_others_leaves_out_its_own_and_nothing_of_theirs(desk: TestDesk) -> None:
    send(desk, item(1))
    feed = key(desk, "system")
    answers = together(
        desk,
        sending(desk, feed, [item(2)]),
        sending(desk, feed, [item(3), item(1, amount="1.00")], atomic=True),
        sending(desk, feed, [item(3), item(4)], atomic=True),
    )
    assert [told(answer) for answer in answers] == [["stored"], ["left out", "rejected"], ["stored", "stored"]]
    assert len(stored(desk)[0]) == 4


def test_a_key_that_was_revoked_on_the_way_stores_nothing_and_keeps_nobody_from_storing(desk: TestDesk) -> None:
    feed, gone = key(desk, "system"), key(desk, "mia")
    late = sending(desk, gone, item(1))
    api_keys.revoke(uow=desk.writing(), actor=SYSTEM, at=desk.at(), key_id=gone.key_id, reason="lost")
    answers = together(desk, sending(desk, feed, item(2)), late)
    assert told(answers[0]) == ["stored"]
    assert isinstance(answers[1], BadKey)
    assert [row[0] for row in stored(desk)[0]] == ["T-2"]
