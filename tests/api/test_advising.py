"""Advice over HTTP."""

from __future__ import annotations

from tests.api.conftest import Client, Server


def test_advice_is_given_once_over_http_and_shown_with_its_reasons(client: Client, server: Server) -> None:
    server.desk.customer("K-advice")
    case_id = server.desk.open("K-advice", severity=70)
    mia, ann = client("mia"), client("ann")
    none = mia.get(f"/api/v1/cases/{case_id}/advice")
    assert (none.status_code, "No advice was given" in none.json()["detail"]) == (404, True)
    ran = [mia.post("/api/v1/advise", json={"cases": [case_id]}).json() for _ in range(2)]
    assert [(one["examined"], one["advised"], one["unchanged"]) for one in ran] == [(1, 1, 0), (1, 0, 1)]
    told = mia.get(f"/api/v1/cases/{case_id}/advice").json()
    assert (told["verdict"], told["stale"], told["decided"]) == ("REVIEW", False, "")
    assert {one["about"] for one in told["reasons"]} == {"verdict", "priority", "report", "next"}
    assert ann.get(f"/api/v1/cases/{case_id}/advice").status_code == 403
    server.desk.take("ann", case_id)
    assert ann.get(f"/api/v1/cases/{case_id}/advice").json() == told
    event = next(event for event in server.desk.history(case_id) if event.action == "advice_given")
    assert (event.user, event.data["via"][:6]) == ("system", "api:K-")
    assert ann.post("/api/v1/advise", json={}).status_code == 403
    assert mia.post("/api/v1/advise", json={"cases": ["C-26-99999"]}).status_code == 404
