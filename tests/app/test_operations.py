"""Operations and API keys: what managers see of the running desk, take again, make and end."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from casedesk.bootstrap import database_state
from casedesk.services import api_keys, posting
from casedesk.services.api_keys import Scope
from tests.app.bank import BY_ID, NOW, Bank
from tests.app.conftest import Open
from tests.app.reading import sentences, text, toasts, unescaped

HEADER = "transaction_id,booked_at,from_account,to_account,amount,currency,channel"


def item(n: int, **changed: str) -> dict[str, str]:
    return {
        "transaction_id": f"N-{n}", "booked_at": "2026-07-01T09:00:00Z", "from_account": "", "to_account": "DDA-0",
        "amount": "9500.00", "currency": "USD", "channel": "CASH",
    } | changed  # fmt: skip


def rows(*items: dict[str, str]) -> bytes:
    return "\n".join([HEADER, *(",".join(one.values()) for one in items)]).encode()


@pytest.fixture
def received(bank: Bank) -> Bank:
    """A bank to which a program has posted three rows, one of them wrong."""
    desk = bank.desk()
    posting.post(
        reading=desk.reading, writing=desk.writing, actor=BY_ID["marta"], at=NOW, base_currency="USD",
        body=json.dumps([item(1), item(2), item(3, currency="<b>")]).encode(), via="api:K-000000000001",
    )  # fmt: skip
    desk.close()
    return bank


def at_imports(open_as: Open) -> Any:
    at = open_as("marta", "operations")
    at.session_state["operations_tab"] = "Imports"
    return at.run()


def test_the_page_says_what_came_in_what_waits_and_what_it_runs_on(open_as: Open, received: Bank) -> None:
    at = open_as("marta", "operations")
    said = text(at)
    assert "2 stored, 0 known already, 1 rejected" in said
    assert "not known" in said  # no run was timed
    assert "146 rows" in said  # the bank's own, too: its run has no place among the arrivals
    at.session_state["operations_tab"] = "Process"
    shown = {name: unescaped(value) for name, value in at.run().table[0].value.to_numpy().tolist()}
    assert shown["Database"] == received.url
    assert shown["Migration"] == f"{database_state(received.desk().settings).head}, at the desk's own"


def test_rejected_rows_are_shown_with_their_reason_and_a_mended_file_is_taken(open_as: Open, received: Bank) -> None:
    at = at_imports(open_as)
    imports, rejects = (one.value for one in at.dataframe[:2])
    assert (list(imports["File or key"]), list(imports["Rejected"])) == (["api:K-000000000001"], [1])
    assert (rejects["Field"][0], rejects["Value"][0]) == ("currency", "<b>")
    assert rejects["Reason"][0].startswith("This is not an ISO 4217 currency code")
    assert at.get_by_key("mended_import").disabled
    at.file_uploader[0].set_value(("mended.csv", rows(item(1), item(3), item(4, amount="-1")), "text/csv")).run()
    at.get_by_key("mended_import").click().run()
    assert toasts(at) == ["1 row taken."]
    assert "mended.csv: 1 row taken, 1 known already, **1 row rejected again**" in text(at)
    assert list(at.dataframe[0].value["File or key"]) == ["mended.csv", "api:K-000000000001"]


def test_a_file_that_is_none_is_refused_in_a_sentence_and_nothing_is_stored(open_as: Open, received: Bank) -> None:
    at = at_imports(open_as)
    at.file_uploader[0].set_value(("mended.csv", b"a,b\n1,2\n", "text/csv")).run()
    at.get_by_key("mended_import").click().run()
    (sentence,) = sentences(at)
    assert sentence.startswith("Not saved. ")
    assert sentence.endswith("The file is still here.")
    assert len(at.dataframe[0].value) == 1


def test_a_key_is_shown_once_and_ended_with_a_reason(open_as: Open, bank: Bank) -> None:
    at = open_as("marta", "api_keys")
    assert "No key here" in text(at)
    at.get_by_key("key_make").click().run()
    assert "A key needs a label" in sentences(at)[0]
    long = "ł" * 100
    at.get_by_key("key_label").set_value(long)
    at.get_by_key("key_scopes").set_value([Scope.READ])
    at.get_by_key("key_make").click().run()
    assert at.get_by_key("key_label").value == ""
    sent = at.code[0].value
    assert sent.startswith("casedesk_K-")
    desk = bank.desk()
    caller = api_keys.authenticate(uow=desk.reading(), sent=sent, at=NOW + timedelta(minutes=5))
    assert (caller.person.user_id, caller.key.scopes, caller.key.label) == ("marta", {Scope.READ}, long)
    assert list(at.dataframe[0].value["Last used"]) == ["never"]
    at.run()
    assert at.code[0].value == sent, "a run for another reason must not take it away"
    at.get_by_key("key_put_away").click().run()
    assert not at.code
    at.get_by_key("key_revoke_button").click().run()
    assert "needs a reason" in sentences(at)[0]
    at.get_by_key(f"key_reason_{caller.key.key_id}").set_value("The vendor left.")
    at.get_by_key("key_revoke_button").click().run()
    assert toasts(at)[0].startswith("API key revoked (event ")
    assert "No key here" in text(at)
    at.get_by_key("keys_view").set_value("Over").run()
    assert list(at.dataframe[0].value["Key"]) == [caller.key.key_id]
    assert not [button for button in at.button if button.key == "key_revoke_button"]


def test_a_key_that_acts_as_a_colleague_is_refused(open_as: Open) -> None:
    at = open_as("marta", "api_keys")
    at.get_by_key("key_label").set_value("Feed")
    at.get_by_key("key_whom").set_value("omar")
    at.get_by_key("key_scopes").set_value([Scope.INGEST, Scope.ACT])
    at.get_by_key("key_make").click().run()
    assert "would let you be two people" in sentences(at)[0]
    assert at.get_by_key("key_label").value == "Feed"
