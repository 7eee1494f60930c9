"""`casedesk apikey`."""

from __future__ import annotations

import re

from tests.builders import TestDesk
from tests.cli.conftest import Command


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(casedesk: Command, desk: TestDesk) -> None:
    told = casedesk("apikey", "create", "Core banking feed", "--for", "mia", "--as", "mia", "--days", 30)
    assert (told.code, re.fullmatch(r"casedesk_K-[0-9A-F]{12}_[0-9a-f]{64}\n", told.out) is not None) == (0, True)
    key_id = told.out.split("_")[1]
    assert f"{key_id} acts as mia for ingest until" in told.err
    listed = casedesk("apikey", "list", "--json").json
    assert [(key["key_id"], key["scopes"], key["created_by"]) for key in listed] == [(key_id, ["ingest"], "mia")]
    assert told.out.strip().rpartition("_")[2] not in casedesk("apikey", "list").out
    assert casedesk("apikey", "revoke", key_id).code == 2
    told = casedesk("apikey", "revoke", key_id, "--text", "The vendor left.")
    assert (told.code, told.out) == (0, f"{key_id} opens nothing any more (event {desk.size()}).\n")
    assert "revoked" in casedesk("apikey", "list").out
    assert desk.history("DESK")[-1].data == {"v": 1, "key_id": key_id, "via": "cli"}


def test_the_operator_creates_keys_for_others_and_a_manager_does_not(casedesk: Command, desk: TestDesk) -> None:
    words = ("apikey", "create", "Desktop", "--scope", "read", "--scope", "act-as-user", "--for", "ann")
    assert casedesk(*words, "--json").json["scopes"] == ["act-as-user", "read"]
    refused = casedesk(*words, "--as", "mia")
    assert (refused.code, "apikey create LABEL --for ann" in refused.err) == (2, True)
    refused = casedesk("apikey", "create", "x", "--scope", "everything")
    assert (refused.code, "is not a scope; write one of ingest, read, act-as-user" in refused.err) == (2, True)
    assert casedesk("apikey", "list", "--as", "ann").code == 2
