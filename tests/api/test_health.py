"""Probes: alive is not ready."""

from __future__ import annotations

import httpx

from casedesk.api.app import create
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
