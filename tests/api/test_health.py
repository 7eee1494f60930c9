"""Probes: alive is not ready."""

from __future__ import annotations

import sys

import httpx
import pytest

from casedesk.api.app import begin, create, end
from casedesk.api.state import Served
from casedesk.bootstrap import upgrade_database
from casedesk.settings import load_settings
from tests.api.conftest import running
from tests.databases import Sqlite
from tests.logs import restored


def test_while_the_database_is_not_usable_the_process_is_alive_and_says_why_it_is_not_ready(
    sqlite_kind: Sqlite,
) -> None:
    address = sqlite_kind.empty()
    settings = load_settings({"CASEDESK_DATABASE_URL": address})
    with restored():
        for url in running(create(Served(settings))):
            with httpx.Client(base_url=url, headers={"Authorization": "Bearer x"}, trust_env=False) as anybody:
                assert anybody.get("/health").status_code == 200
                assert "casedesk_requests_total" in anybody.get("/metrics").text
                for path in ("/ready", "/api/v1/cases"):
                    answer = anybody.get(path)
                    assert (answer.status_code, "casedesk db upgrade" in answer.json()["detail"]) == (503, True)
                upgrade_database(settings)
                assert anybody.get("/ready").json()["status"] == "ready"
    sqlite_kind.drop(address)


def test_the_threads_of_a_served_desk_take_short_turns(sqlite_kind: Sqlite) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    with restored():
        app = create(Served(load_settings({"CASEDESK_DATABASE_URL": sqlite_kind.empty()})))
        try:
            begin(app)
            assert sys.getswitchinterval() == pytest.approx(0.0005)
        finally:
            end(app)
            sys.setswitchinterval(before)
