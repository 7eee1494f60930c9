"""Keys of the API: whose they are, when they end, and that nobody holds a colleague's or slips one in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from casedesk.domain.api_keys import AnothersKey, BadKey, BadLife, BadScope, OutOfScope, Scope, require_scope
from casedesk.domain.issued import Ended
from casedesk.domain.people import Role
from casedesk.errors import CasedeskError, Invalid
from casedesk.services import api_keys
from casedesk.services.api_keys import Caller, Issued
from casedesk.store.tables import api_keys as table
from tests.builders import TestDesk


def create(desk: TestDesk, who: str = "mia", **changed: Any) -> Issued:
    what = {"label": "Core banking feed", "user_id": who, "scopes": {Scope.INGEST}, "days": 90}
    return api_keys.create(uow=desk.writing(), actor=desk.people[who], at=desk.at(), **(what | changed))


def enter(desk: TestDesk, sent: str, **ahead: float) -> Caller:
    return api_keys.authenticate(uow=desk.reading(), sent=sent, at=desk.at(**ahead))


def test_a_key_opens_the_desk_as_its_person_is_now_until_its_time_is_over(any_desk: TestDesk) -> None:
    desk = any_desk
    issued = create(desk, scopes={Scope.INGEST, Scope.READ})
    caller = enter(desk, issued.sent_as)
    assert (caller.person, caller.key) == (desk.people["mia"], issued.key)
    assert caller.key.via == f"api:{issued.key.key_id}"
    desk.hire(Role.AUDITOR, "mia")
    assert enter(desk, issued.sent_as).person.role is Role.AUDITOR
    assert enter(desk, issued.sent_as, days=89).key.scopes == {Scope.INGEST, Scope.READ}
    with pytest.raises(BadKey, match="expired on 2026-09-29"):
        enter(desk, issued.sent_as, days=1)
    assert desk.verify().verdict.value == "VERIFIED"


def test_nothing_stored_holds_the_secret(desk: TestDesk) -> None:
    issued = create(desk)
    secret = issued.sent_as.rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in repr(desk.dump())
    assert secret not in repr(issued.key)
    assert create(desk).sent_as != issued.sent_as


def test_another_secret_an_unknown_key_and_nonsense_are_refused_alike(desk: TestDesk) -> None:
    issued = create(desk)
    wrong = issued.sent_as[:-1] + ("0" if issued.sent_as[-1] != "0" else "1")
    unknown = issued.sent_as.replace(issued.key.key_id, "K-000000000000")
    refusals = set()
    for sent in (wrong, unknown):
        with pytest.raises(BadKey) as refused:
            enter(desk, sent)
        refusals.add(str(refused.value))
    assert len(refusals) == 1
    for sent in ("", "casedesk", issued.sent_as + "\n", issued.sent_as.upper(), "casedesk_K-0_0"):
        with pytest.raises(BadKey, match="not a key of the desk"):
            enter(desk, sent)


def test_a_revoked_key_and_one_of_a_person_who_left_open_nothing(desk: TestDesk) -> None:
    gone, left = create(desk), create(desk, "max")
    api_keys.revoke(
        uow=desk.writing(), actor=desk.people["max"], at=desk.at(), key_id=gone.key.key_id, reason="It leaked."
    )
    with pytest.raises(BadKey, match="was revoked"):
        enter(desk, gone.sent_as)
    with pytest.raises(Ended, match="already, by max"):
        api_keys.revoke(
            uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), key_id=gone.key.key_id, reason="Again."
        )
    desk.dismiss("max")
    with pytest.raises(BadKey, match="not active"):
        enter(desk, left.sent_as)
    assert [(e.action, e.notes) for e in desk.history("DESK")][-2:] == [
        ("api_key_revoked", "It leaked."), ("person_added", ""),
    ]  # fmt: skip
    assert desk.verify().verdict.value == "VERIFIED"


@pytest.mark.parametrize("scope", [Scope.READ, Scope.ACT])
def test_nobody_creates_a_key_with_which_they_would_be_a_second_person(desk: TestDesk, scope: Scope) -> None:
    with pytest.raises(AnothersKey, match="be two people"):
        create(desk, user_id="ann", scopes={scope})
    assert create(desk, user_id="mia", scopes={scope}).key.user_id == "mia"
    assert create(desk, "system", user_id="ann", scopes={scope}).key.created_by == "system"
    assert create(desk, user_id="system").key.user_id == "system"


@pytest.mark.parametrize(
    ("changed", "refusal", "words"),
    [
        ({"scopes": set()}, BadScope, "at least one scope"),
        ({"user_id": "system", "scopes": {Scope.INGEST, Scope.READ}}, BadScope, "scope ingest alone"),
        ({"user_id": "ann"}, BadScope, "Ann may not import"),
        ({"days": 0}, BadLife, "1 to 366"),
        ({"days": 367}, BadLife, "1 to 366"),
        ({"label": "  "}, Invalid, "needs a label"),
        ({"user_id": "nobody"}, CasedeskError, "Nobody has the user id"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_and_leaves_nothing(
    desk: TestDesk, changed: dict[str, Any], refusal: type[Exception], words: str
) -> None:
    before = desk.dump()
    with pytest.raises(refusal, match=words):
        create(desk, **changed)
    assert desk.dump() == before


def test_a_scope_narrows(desk: TestDesk) -> None:
    key = create(desk).key
    require_scope(key, Scope.INGEST)
    with pytest.raises(OutOfScope, match="has the scope ingest; this takes the scope read"):
        require_scope(key, Scope.READ)


@pytest.mark.parametrize(
    "change",
    [{"expires_at": sa.text("'2099-01-01 00:00:00.000000'")}, {"secret_sha256": "0" * 64}, {"scopes": "read"},
     {"user_id": "max"}, {"label": "Another"}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_key_that_was_changed_behind_the_desk_is_found(desk: TestDesk, change: dict[str, Any]) -> None:
    create(desk)
    desk.tamper(sa.update(table).values(change))
    finding = desk.verify().first
    assert finding is not None
    assert finding.column == next(iter(change))


def test_a_key_slipped_in_or_taken_away_behind_the_desk_is_found(desk: TestDesk) -> None:
    key = create(desk).key
    copied = sa.select(table).where(table.c.key_id == key.key_id)
    with desk.engine.connect() as connection:
        row = dict(connection.execute(copied).mappings().one())
    desk.tamper(sa.insert(table).values(row | {"key_id": "K-FFFFFFFFFFFF", "revoked_by": None}))
    assert "not one event" in desk.verify().sentence()
    desk.tamper(sa.delete(table))
    assert "events but no row" in desk.verify().sentence()


def test_the_days_of_a_key_count_from_its_creation_to_the_microsecond(desk: TestDesk) -> None:
    key = create(desk, days=1).key
    assert key.expires_at - key.created_at == timedelta(days=1)
