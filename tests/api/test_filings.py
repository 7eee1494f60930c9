"""Reports and advice over HTTP: the same way as in the app, and nothing of either for who has no need to know."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import Any

import httpx
import pytest

from casedesk.domain.cases import Disposition
from casedesk.services.api_keys import Scope
from tests.api.conftest import Client, Server
from tests.builders import NARRATIVE
from tests.services.filing_ways import FIRST, acknowledgement, approved, form, save, states

PATH = "/api/v1/filings"
REASON = "It names a branch that was closed before the first of the deposits."
ADDRESSES = [
    ("GET", "outgoing", None), ("POST", "batches", {}), ("GET", "batches/{}", None), ("POST", "batches/{}/files/xml", None),
    ("POST", "batches/{}/withdraw", {"reason": REASON}), ("POST", "batches/{}/transmitted", {"tracking_id": "T"}),
    ("POST", "acknowledgements", {}),
]  # fmt: skip


def on(client: httpx.Client, case_id: str, name: str, **body: Any) -> httpx.Response:
    """Take a step on the version that the form is shown in now."""
    version = client.get(f"/api/v1/cases/{case_id}/form").json()["version"]
    method = "PUT" if name == "form" else "POST"
    return client.request(method, f"/api/v1/cases/{case_id}/{name}", json={"version": version} | body)


def test_a_report_goes_all_its_way_over_http_each_step_under_the_persons_name_and_key(
    client: Client, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = server.desk
    desk.customer("K-way", "Jane Roe")
    case_id = desk.open("K-way")
    desk.take("ann", case_id)
    ann, max_, mia = client("ann"), client("max"), client("mia")
    shown = ann.get(f"/api/v1/cases/{case_id}/form").json()
    assert (shown["saved"], shown["filings"], shown["findings"], shown["unchecked"]) == (False, [], [], "")
    report = shown["report"] | {"note": "A first note"}
    way = [
        (ann, "form", {"report": report}),
        (ann, "disposition", {"disposition": "SAR", "text": NARRATIVE}),
        (max_, "return", {"reason": "Name the branches."}),
        (ann, "form", {"report": report | {"note": "A second note"}}),
        (ann, "disposition", {"disposition": "SAR", "text": NARRATIVE}),
        (mia, "approve", {}),
    ]
    for who, name, body in way:
        answer = on(who, case_id, name, **body)
        assert answer.status_code == 200, (name, answer.text)
    waiting = max_.get(f"{PATH}/outgoing").json()["waiting"]
    assert [(one["case_id"], one["state"], one["hindrance"]) for one in waiting] == [(case_id, "approved", "")]

    made = max_.post(f"{PATH}/batches", json={"cases": [case_id]}).json()
    batch_id = made["batch_id"]
    file = max_.post(made["download"])
    assert file.headers["content-type"] == "application/xml"
    assert hashlib.sha256(file.content).hexdigest() == made["sha256"] == file.headers["x-content-sha256"]
    assert file.headers["content-disposition"] == f'attachment; filename="batch-{batch_id[2:]}.xml"'
    zipped = max_.post(made["download"].replace("xml", "zip"))
    assert zipfile.ZipFile(io.BytesIO(zipped.content)).read(f"batch-{batch_id[2:]}.xml") == file.content
    own = max_.post(f"{PATH}/batches/{batch_id}/withdraw", json={"reason": REASON})
    assert (own.status_code, "another manager" in own.json()["detail"]) == (403, True)
    back = mia.post(f"{PATH}/batches/{batch_id}/withdraw", json={"reason": REASON})
    assert (back.status_code, back.json().get("state")) == (200, "withdrawn"), back.text

    batch_id = max_.post(f"{PATH}/batches", json={}).json()["batch_id"]
    sent = max_.post(f"{PATH}/batches/{batch_id}/transmitted", json={"tracking_id": "TRK-1"})
    assert (sent.json()["state"], sent.json()["tracking_id"]) == ("transmitted", "TRK-1")
    answer = max_.post(f"{PATH}/acknowledgements", params={"tracking_id": "TRK-1"}, content=acknowledgement(FIRST))
    assert answer.status_code == 200, answer.text
    whole = max_.get(f"{PATH}/batches/{batch_id}").json()
    assert whole == answer.json()
    assert [(one["case_id"], one["state"], one["bsa_id"]) for one in whole["filings"]] == [
        (case_id, "acknowledged", FIRST)
    ]
    steps = [event for event in desk.history(case_id)[3:] if event.action.startswith("filing_")]
    assert [(event.user, event.action.removeprefix("filing_")) for event in steps] == [
        ("ann", "drafted"), ("ann", "drafted"), ("mia", "approved"), ("max", "produced"), ("mia", "withdrawn"),
        ("max", "produced"), ("max", "transmitted"), ("max", "acknowledged"),
    ]  # fmt: skip
    assert {event.data["via"][:6] for event in [*steps, *desk.history("DESK")[-2:]]} == {"api:K-"}
    assert desk.verify().verdict.value == "VERIFIED"

    told = httpx.get(f"{server.url}/metrics", trust_env=False).text + capfd.readouterr().err
    for secret in (case_id, batch_id, "TRK-1", FIRST, "K-way", "Jane", "filing", "outgoing", "batch", "SAR", "/form"):
        assert secret not in told, secret


def test_a_form_of_a_closed_case_is_approved_by_itself_and_a_defective_one_is_not_produced(
    client: Client, server: Server
) -> None:
    desk = server.desk
    desk.customer("K-late")
    case_id = desk.closed("K-late", sar_approver="mia")
    ann, max_ = client("ann"), client("max")
    report = ann.get(f"/api/v1/cases/{case_id}/form").json()["report"]
    for subject in report["subjects"]:
        subject["names"] = [{"last": "Unknown", "first": "A"}]
    assert on(ann, case_id, "form", report=report).status_code == 200
    found = ann.get(f"/api/v1/cases/{case_id}/form").json()["findings"]
    assert [(one["code"], one["severity"], one["part"]) for one in found] == [("SAR-0308", "error", "Subjects")]
    assert on(client("queenie"), case_id, "form/approve").status_code == 403
    assert on(max_, case_id, "form/approve").status_code == 200
    assert desk.history(case_id)[-2].action == "narrative_read", "max was shown a report that ann wrote"
    refused = max_.post(f"{PATH}/batches", json={"cases": [case_id]})
    assert (refused.status_code, refused.json()["detail"][:22]) == (422, "Nothing was produced. ")
    assert [one["field"] for one in refused.json()["errors"]] == [f"Case {case_id}, Subjects"]
    assert states(desk, case_id) == ["approved"]
    wrong = on(ann, case_id, "form", report={"subjects": [], "nonsense": 1})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "report.nonsense")


def test_nobody_but_managers_is_told_anything_of_batches_whether_there_are_any_or_not(
    client: Client, server: Server
) -> None:
    desk = server.desk
    mia = client("mia")
    desk.customer("K-told")
    made = mia.post(f"{PATH}/batches", json={"cases": [approved(desk, "K-told")]})
    assert made.status_code == 200, made.text
    batch_id = made.json()["batch_id"]
    for who in ("ben", "queenie", "otto"):
        stranger = client(who)
        for method, path, body in ADDRESSES:
            real, none = (
                stranger.request(method, f"{PATH}/{path.format(one)}", json=body) for one in (batch_id, "B-999999")
            )
            assert real.status_code == 403, (who, path)
            assert _bytes(real) == _bytes(none)
    assert client("mia", Scope.READ).post(f"{PATH}/batches", json={}).status_code == 403
    assert mia.get(f"{PATH}/batches/B-999999").status_code == 404
    for content in (b"", b"<a", b"<!DOCTYPE a><a/>"):
        assert mia.post(f"{PATH}/acknowledgements", content=content).status_code == 422
    assert mia.post(f"{PATH}/acknowledgements", content=b"x" * (16 * 1024 * 1024 + 1)).status_code == 413


def _bytes(answer: httpx.Response, case_id: str = "") -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    said = answer.content.replace(case_id.encode(), b"") if case_id else answer.content
    return answer.status_code, re.sub(rb"event \d+", b"", said), headers


@pytest.mark.parametrize("stage", ["working", "waiting", "closed"])
def test_a_stranger_cannot_tell_a_case_with_a_report_and_advice_from_one_without(
    client: Client, server: Server, stage: str
) -> None:
    """Byte for byte, headers and all, on each address: for an old version, the shown one, the true one and one that never was."""
    desk = server.desk
    cases = []
    for name in (f"K-{stage}-plain", f"K-{stage}-told"):
        desk.customer(name, "Kim Roe")
        cases.append(desk.open(name))
        desk.take("ann", cases[-1])
    plain, told = cases
    report = form(desk, plain).report.model_dump(mode="json")
    save(desk, told)
    assert client("mia").post("/api/v1/advise", json={"cases": [told]}).json()["advised"] == 1
    if stage != "working":
        desk.decide("ann", told, Disposition.SAR)
    if stage == "closed":
        desk.decide("ann", plain, Disposition.NO_SAR)
        desk.approve("max", told)

    def answers(who: httpx.Client, case_id: str) -> list[Any]:
        path, found = f"/api/v1/cases/{case_id}", []
        found += [_bytes(who.get(f"{path}/{part}"), case_id) for part in ("form", "advice")]
        for version in (2, 3, desk.case(told).version, 9):
            found += [_bytes(who.put(f"{path}/form", json={"version": version, "report": report}), case_id),
                      *(_bytes(who.post(f"{path}/{step}", json={"version": version}), case_id)
                        for step in ("form/approve", "take"))]  # fmt: skip
        return found

    assert answers(client("ben"), told) == answers(client("ben"), plain)
    assert [status for status, *_ in answers(client("ben"), told)][:2] == [404, 403]
    assert answers(client("otto"), told) != answers(client("otto"), plain)
