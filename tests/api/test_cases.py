"""Cases over HTTP: the same steps, permissions and disclosure as in the app."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.casework import CHECKLIST
from tests.api.conftest import Client, Server
from tests.builders import NARRATIVE, RATIONALE


def step(client: httpx.Client, case_id: str, name: str, **body: Any) -> httpx.Response:
    """Take a step on the version that the client is shown now."""
    version = client.get(f"/api/v1/cases/{case_id}").json()["version"]
    return client.post(f"/api/v1/cases/{case_id}/{name}", json={"version": version} | body)


def test_a_case_goes_all_its_way_over_http_each_step_under_the_persons_name_and_key(
    client: Client, server: Server
) -> None:
    server.desk.customer("K-way")
    case_id = server.desk.open("K-way")
    ann, ben, max_, queenie = (client(who) for who in ("ann", "ben", "max", "queenie"))
    way = [
        (ann, "take", {}),
        (ann, "release", {"reason": "Leave."}),
        (client("mia"), "assign", {"to": "ben", "reason": "Yours."}),
        (ben, "hand-over", {"to": "ann", "reason": "Hers."}),
        (ann, "note", {"text": "Called the branch."}),
        (ann, "suspicion", {"suspicion_at": "2026-07-01T00:00:00Z", "suspect_identified": False, "reason": "No name."}),
        (ann, "disposition", {"disposition": "SAR", "text": NARRATIVE}),
        (max_, "return", {"reason": "Name the branches."}),
        (ann, "disposition", {"disposition": "SAR", "text": NARRATIVE}),
        (max_, "approve", {}),
        (max_, "reopen", {"reason": "A subpoena came in."}),
        (ann, "disposition", {"disposition": "No SAR", "text": RATIONALE}),
        (queenie, "review", {"passed": True, "checklist": list(CHECKLIST)}),
    ]  # fmt: skip
    for who, name, body in way:
        answer = step(who, case_id, name, **body)
        assert answer.status_code == 200, (name, answer.text)
    steps = [e for e in server.desk.history(case_id)[2:] if e.action != "narrative_read"]
    assert [event.user for event in steps] == ["ann", "ann", "mia", "ben", *["ann"] * 3, "max", "ann", "max", "max", "ann",
                                              "queenie"]  # fmt: skip
    assert {event.data["via"][:6] for event in server.desk.history(case_id)[2:]} == {"api:K-"}
    assert server.desk.verify().verdict.value == "VERIFIED"


def test_the_permissions_and_the_separation_of_duties_are_those_of_the_app(client: Client, server: Server) -> None:
    server.desk.customer("K-duty")
    case_id = server.desk.open("K-duty")
    server.desk.take("mia", case_id)
    server.desk.decide("mia", case_id, Disposition.SAR)
    mia, ann, otto, max_ = (client(who) for who in ("mia", "ann", "otto", "max"))
    before = server.desk.size()
    own = step(mia, case_id, "approve")
    assert (own.status_code, own.json()["detail"][:40]) == (403, "You worked on this case, so you may not ")
    analyst = ann.post(f"/api/v1/cases/{case_id}/approve", json={"version": 0})
    assert (analyst.status_code, "that takes: Manager" in analyst.json()["detail"]) == (403, True)
    assert otto.post("/api/v1/take-next").status_code == 403
    assert max_.get("/api/v1/cases/C-26-99999").status_code == 404
    assert server.desk.size() == before


def test_a_step_on_an_older_version_is_a_conflict_that_says_what_changed(client: Client, server: Server) -> None:
    server.desk.customer("K-old")
    case_id = server.desk.open("K-old")
    ann = client("ann")
    seen = ann.get(f"/api/v1/cases/{case_id}").json()["version"]
    server.desk.note("ben", case_id)
    answer = ann.post(f"/api/v1/cases/{case_id}/take", json={"version": seen})
    assert (answer.status_code, "A colleague: Case changed" in answer.json()["detail"]) == (409, True)
    missing = ann.post(f"/api/v1/cases/{case_id}/take", json={})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "version")
    assert step(ann, case_id, "take").status_code == 200


#: What differs from case to case anyway.
OWN = {
    "case_id", "customer_id", "name", "event_id", "event_hash", "ts", "opened_at", "alerted_at", "suspicion_at", "closed_at",
    "raised_at", "window_start", "window_end", "transaction_ids", "account_id", "alert_id", "accounts", "meta", "clock",
    "customer", "due_at", "due_on",
}  # fmt: skip


def without_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_own(part) for name, part in value.items() if name not in OWN}
    return [without_own(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("approved", [False, True], ids=["waiting", "closed"])
def test_a_stranger_is_answered_alike_whether_a_report_exists_or_not(
    client: Client, server: Server, approved: bool
) -> None:
    """Case, events, list and the refusal of a step; the colleague who decided sees the difference."""
    desk = server.desk
    cases = []
    for name in (f"K-{approved}-plain", f"K-{approved}-told"):
        desk.customer(name, "Kim Roe")
        cases.append(desk.open(name))
        desk.take("ann", cases[-1])
    plain, told = cases
    if approved:
        desk.decide("ann", plain, Disposition.NO_SAR)
    desk.decide("ann", told, Disposition.SAR)
    if approved:
        desk.approve("max", told)
    ben, ann = client("ben"), client("ann")

    def answers(who: httpx.Client, case_id: str) -> list[Any]:
        listed = who.get("/api/v1/cases", params={"search": case_id, "include_closed": True}).json()
        step = who.post(f"/api/v1/cases/{case_id}/take", json={"version": 3})
        asked = [who.get(f"/api/v1/cases/{case_id}{part}").json() for part in ("", "/events")]
        said = [step.status_code, step.json()["title"], step.json()["detail"].replace(case_id, "")]
        return [without_own(one) for one in (listed, *asked, said)]

    assert answers(ben, told) == answers(ben, plain)
    assert answers(ann, told) != answers(ann, plain)
    assert (
        ben.get("/api/v1/cases", params={"status": "Awaiting approval"}).json()["total"]
        == (ben.get("/api/v1/cases", params={"status": "In Review"}).json()["total"])
    )


def test_reading_a_narrative_one_did_not_write_is_recorded_once_under_the_key(client: Client, server: Server) -> None:
    server.desk.customer("K-read")
    case_id = server.desk.closed("K-read", sar_approver="max")
    otto = client("otto")
    for _ in range(2):
        assert otto.get(f"/api/v1/cases/{case_id}").json()["decision_text"] == NARRATIVE
    event = server.desk.history(case_id)[-1]
    assert (event.user, event.action, event.data["via"][:6]) == ("otto", "narrative_read", "api:K-")
    assert server.desk.actions(case_id).count("narrative_read") == 1


def test_a_case_is_opened_from_alerts_and_grows_by_another_one(client: Client, server: Server) -> None:
    server.desk.customer("K-open")
    first, second = server.desk.alert("K-open"), server.desk.alert("K-open")
    ann = client("ann")
    opened = ann.post("/api/v1/cases", json={"alert_ids": [first]})
    assert opened.status_code == 200, opened.text
    case_id, version = opened.json()["case_id"], opened.json()["version"]
    again = ann.post("/api/v1/cases", json={"alert_ids": [first]})
    assert (again.status_code, case_id in again.json()["detail"]) == (409, True)
    step = {"version": version, "alert_id": second}
    assert ann.post(f"/api/v1/cases/{case_id}/alerts", json=step).json()["case_id"] == case_id
    assert ann.post(f"/api/v1/cases/{case_id}/alerts", json=step).status_code == 409
    found = ann.get(f"/api/v1/cases/{case_id}").json()
    assert {alert["alert_id"] for alert in found["alerts"]} == {first, second}
    assert [event.user for event in server.desk.history(case_id)] == ["ann"] * 3
    assert client("queenie").post("/api/v1/cases", json={"alert_ids": [second]}).status_code == 403


def test_files_of_a_case_leave_for_who_may_take_them_and_each_leaves_an_event(client: Client, server: Server) -> None:
    server.desk.customer("K-files")
    case_id = server.desk.open("K-files")
    mia = client("mia")
    for what, begin in {
        "audit": b"\xef\xbb\xbf",
        "summary": b"#",
        "summary-pdf": b"%PDF",
        "case-file": b"%PDF",
    }.items():
        answer = mia.post(f"/api/v1/cases/{case_id}/exports/{what}")
        assert answer.status_code == 200, answer.text
        event = server.desk.history(case_id)[-1]
        assert (event.action, event.user, event.data["via"].split(":")[0]) == ("case_exported", "mia", "api")
        assert event.data["sha256"] == hashlib.sha256(answer.content).hexdigest() == answer.headers["x-content-sha256"]
        assert answer.content.startswith(begin) or what == "audit"
        assert case_id in answer.headers["content-disposition"]
    for who in ("ann", "queenie"):
        assert client(who).post(f"/api/v1/cases/{case_id}/exports/audit").status_code == 403
    assert mia.post("/api/v1/cases/C-26-99999/exports/audit").status_code == 404
