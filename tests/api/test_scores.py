"""Scores over HTTP."""

from __future__ import annotations

from math import fsum

import pytest

from casedesk.services.api_keys import Scope
from tests.api.conftest import Client, Server
from tests.services import scoring_bank as bank


@pytest.fixture(scope="module")
def listed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    bank.furnish(server.desk)
    bank.load(server.desk, tmp_path_factory.mktemp("list"))
    return server


def test_scores_are_computed_listed_and_explained_over_http(client: Client, listed: Server) -> None:
    mia, ann = client("mia"), client("ann")
    run = mia.post("/api/v1/run-score", json={"half_life_days": 90})
    assert (run.status_code, run.json()["listed"], run.json()["scored"]) == (200, 1, 3)
    assert listed.desk.history("DESK")[-1].data["via"].startswith("api:K-")
    top = ann.get("/api/v1/scores/top", params={"limit": 1}).json()
    assert (top["run"]["run_id"], [one["account_id"] for one in top["scores"]]) == (run.json()["run_id"], ["A"])
    one = ann.get("/api/v1/scores/A").json()
    told = ann.get("/api/v1/scores/explain/A", params={"ways": 5}).json()
    for parts in (one["parts"], told["by_hop"], told["by_counterparty"], told["ways"] + told["other_ways"]):
        assert fsum(part["part"] for part in parts) == pytest.approx(one["score"], abs=1e-9)
    assert [leg["transaction_id"] for leg in told["ways"][0]["legs"]] == ["T1"]
    assert ann.get("/api/v1/scores/MULE").json()["listed"]
    graph = mia.post("/api/v1/reload-graph").json()
    assert (graph["run_id"], graph["payments"]) == (run.json()["run_id"], 3)


def test_scores_take_the_scope_and_the_role(client: Client, listed: Server) -> None:
    ann, reads = client("ann"), client("mia", Scope.READ)
    refused = [ann.post("/api/v1/run-score", json={}), ann.post("/api/v1/reload-graph"),
               reads.post("/api/v1/run-score", json={}), client("ann", Scope.ACT).get("/api/v1/scores/top")]  # fmt: skip
    assert [answer.status_code for answer in refused] == [403] * 4
    assert "that takes: Manager" in refused[0].json()["detail"]
    unknown = ann.get("/api/v1/scores/of/no/account")
    assert (unknown.status_code, "“of/no/account”" in unknown.json()["detail"]) == (404, True)
    payment = ann.get("/api/v1/scores/transactions/of/no/payment")
    assert (payment.status_code, "“of/no/payment”" in payment.json()["detail"]) == (404, True)
    early = client("mia").post("/api/v1/run-score", json={"as_of": "2020-01-01T00:00:00Z"})
    assert (early.status_code, "No payment lies before 2020-01-01" in early.json()["detail"]) == (422, True)
    wrong = client("mia").post("/api/v1/run-score", json={"hop_weights": [0.3, 0.9]})
    assert (wrong.status_code, "must not count more" in wrong.json()["detail"]) == (422, True)
