from __future__ import annotations

from datetime import timedelta
from math import fsum
from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.domain.people import SYSTEM
from casedesk.domain.scores import WHOLE
from casedesk.scoring.graph import Graph
from casedesk.services import detecting, score_replays, scores, scoring
from casedesk.services.graphs import Graphs
from casedesk.services.scoring import NobodyListed, NoPayments, NoPaymentYet
from casedesk.services.scoring_data import fingerprint, read_quickly, read_rows
from casedesk.store.run_data import RunDataReader
from casedesk.store.tables import name_matches, party_list_entries, risk_scores, scoring_runs, transactions
from tests.builders import START, Move, TestDesk
from tests.services import scoring_bank as bank


@pytest.fixture
def scored(any_desk: TestDesk, tmp_path: Path) -> TestDesk:
    """For what the database itself stores, sorts and sums."""
    return _scored(any_desk, tmp_path)


@pytest.fixture
def sqlite_scored(desk: TestDesk, tmp_path: Path) -> TestDesk:
    return _scored(desk, tmp_path)


def _scored(desk: TestDesk, folder: Path) -> TestDesk:
    bank.furnish(desk)
    bank.load(desk, folder)
    bank.score(desk)
    return desk


def top(desk: TestDesk) -> dict[str, float]:
    _, found = scores.top(uow=desk.reading(), actor=desk.people["ann"])
    return {one.score.account_id: one.score.exposure for one in found}


def replayed(desk: TestDesk, run_id: str = "") -> str:
    with desk.reading() as uow:
        run_id = run_id or uow.scores.runs(1)[0].run_id
    return score_replays.replay(look=desk.reading(), actor=desk.people["otto"], run_id=run_id).difference


def test_a_run_stores_scores_whose_parts_add_up_and_the_ledger_vouches_for_them(scored: TestDesk) -> None:
    run, found = scores.top(uow=scored.reading(), actor=scored.people["ann"])
    assert [one.score.account_id for one in found] == ["A", "B"], "C was paid before B had anything, and cash is nobody"
    assert all(sum(part.units for part in one.score.parts) == one.score.score for one in found)
    assert [(one.customer_id, one.before) for one in found] == [("K-A", None), ("K-B", None)]
    event = scored.history("DESK")[-1]
    assert (event.action, event.data["scores_sha256"], event.data["scored"]) == (
        "exposure_scored",
        run.scores_sha256,
        3,
    )
    assert scored.verify().verdict.value == "VERIFIED"


def test_an_explanation_adds_up_to_the_stored_score(sqlite_scored: TestDesk) -> None:
    scored = sqlite_scored
    graphs = Graphs()
    for account, score in top(scored).items():
        run, told = scores.explained(
            reading=scored.reading, graphs=graphs, actor=scored.people["ann"], account_id=account
        )
        for parts in (told.by_hop.values(), told.by_counterparty.values(), [path.part for path in told.paths]):
            assert fsum(parts) == pytest.approx(score, abs=1e-9)
    assert graphs.holds(run)
    with pytest.raises(scores.UnknownParty, match="“Z”"):
        scores.explained(reading=scored.reading, graphs=graphs, actor=SYSTEM, account_id="Z")


def test_a_second_run_over_the_same_gives_the_same_and_a_replay_says_so(scored: TestDesk) -> None:
    again = bank.score(scored)
    with scored.reading() as uow:
        first = uow.scores.runs(5)[-1]
    assert (again.scores_sha256, again.data_fingerprint, again.list_sha256) == (
        first.scores_sha256, first.data_fingerprint, first.list_sha256
    )  # fmt: skip
    scored.book([Move("T9", 50, 400_000, "C", "A", "WIRE")])
    after = bank.score(scored)
    assert after.scores_sha256 != first.scores_sha256
    assert [replayed(scored, run.run_id) for run in (first, again, after)] == ["", "", ""]
    _, _, moved = scores.compare(
        uow=scored.reading(), actor=scored.people["ann"], before=first.run_id, after=after.run_id
    )
    assert {one.account_id: one.before for one in moved if not one.before} == {"C": None}, (
        "it had no score, not one of 0"
    )
    assert [one.change for one in moved] == sorted((one.change for one in moved), key=abs, reverse=True)
    _, highest = scores.top(uow=scored.reading(), actor=scored.people["ann"])
    assert {one.score.account_id: one.before is None for one in highest} == {"A": False, "B": False, "C": True}
    _, _, back = scores.compare(
        uow=scored.reading(), actor=scored.people["ann"], before=after.run_id, after=first.run_id
    )
    assert [(one.account_id, one.before, one.after, one.change) for one in back] == [
        (one.account_id, one.after, one.before, -one.change) for one in moved
    ]


CHANGES = {
    "score": (
        sa.update(risk_scores).where(risk_scores.c.account_id == "B").values(score=7),
        "Account B has a score of",
    ),
    "part": (
        sa.update(risk_scores).where(risk_scores.c.account_id == "B").values(components="[]"),
        "The parts of account B are",
    ),
    "row": (sa.delete(risk_scores).where(risk_scores.c.account_id == "B"), "and the run stored none"),
    "digest": (sa.update(scoring_runs).values(scores_sha256="0" * 64), "the digest over all of them is not the run's"),
    "payment": (
        sa.update(transactions).where(transactions.c.transaction_id == "T2").values(base_minor=1),
        "The transactions or accounts it saw are not the same any more",
    ),
    "line": (
        sa.update(party_list_entries).where(party_list_entries.c.number == 1).values(party="B"),
        "are not those that were loaded",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_replay_says_what_differs(desk: TestDesk, tmp_path: Path, what: str) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    bank.score(desk)
    statement, said = CHANGES[what]
    desk.tamper(statement)
    assert said in replayed(desk)
    if what != "payment":  # which a replay alone finds
        assert desk.verify().verdict.value == "TAMPERED"


def test_a_decision_taken_later_changes_no_earlier_run(desk: TestDesk, tmp_path: Path) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    bank.screen(desk)
    run = bank.score(desk)
    bank.decide(desk, bank.waiting(desk)[0].match_id, confirmed=True)
    assert replayed(desk, run.run_id) == ""
    bank.score(desk)
    desk.tamper(sa.update(name_matches).values(customer_id="K-B"))
    assert "Who is listed is not what the run recorded" in replayed(desk)


def test_old_payments_come_from_the_copy_and_give_the_same(
    desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    detecting.detect(look=desk.reading(), uow=desk.writing(), actor=SYSTEM, at=desk.at(), base_currency="USD", rules=())
    desk.book([Move("T9", 50, 400_000, "C", "A", "WIRE")])
    real, asked = RunDataReader.transactions, []
    monkeypatch.setattr(
        RunDataReader, "transactions", lambda self, upto, **more: (asked.append(more), real(self, upto, **more))[1]
    )
    with desk.reading() as look:
        quickly = read_quickly(look, "USD")
        assert [bool(one.get("since")) for one in asked] == [True], "only what is new"
        rows = read_rows(look, quickly.arrival)
    assert quickly.copied
    assert fingerprint(quickly, "USD") == fingerprint(rows, "USD")
    one, other = (Graph.of(data.transactions) for data in (quickly, rows))
    assert (one.names, one.ids, one.at.tobytes()) == (other.names, other.ids, other.at.tobytes())


def test_hexadecimal_addresses_are_the_same_in_either_case(desk: TestDesk, tmp_path: Path) -> None:
    desk.book([Move("T1", 1, 900_000, "A", "0xABCDEF0123", "CRYPTO")])
    bank.load(desk, tmp_path, "kind,party,reason\nwallet,0xabcdef0123,seized\n")
    assert bank.score(desk).listed == 1


def test_an_account_without_a_way_to_a_listed_party_has_0(sqlite_scored: TestDesk) -> None:
    scored = sqlite_scored
    found = scores.of_account(uow=scored.reading(), actor=scored.people["ann"], account_id="C")
    assert (found.score.score, found.score.parts) == (0, ())
    mule = scores.of_account(uow=scored.reading(), actor=scored.people["ann"], account_id="MULE")
    assert (mule.score.score, mule.score.listed) == (WHOLE, True)
    with pytest.raises(scores.UnknownParty):
        scores.of_account(uow=scored.reading(), actor=scored.people["ann"], account_id="nobody's")


def test_what_cannot_be_scored_is_refused_in_a_sentence(desk: TestDesk, tmp_path: Path) -> None:
    with pytest.raises(NobodyListed, match="No list of parties is in force"):
        bank.score(desk)
    with pytest.raises(scores.NoScoring, match="casedesk score run"):
        scores.top(uow=desk.reading(), actor=desk.people["ann"])
    bank.load(desk, tmp_path)
    before = desk.dump()
    with pytest.raises(NoPayments, match="holds no transaction"):
        bank.score(desk)
    assert desk.dump() == before


def test_payments_are_not_looked_at_before_the_earliest_of_them(desk: TestDesk, tmp_path: Path) -> None:
    bank.furnish(desk)
    desk.book([Move("T0", 1, 50_000, "A")])  # cash, which is a payment between nobody
    bank.load(desk, tmp_path)
    before, earliest = desk.dump(), START + timedelta(minutes=5)
    with pytest.raises(
        NoPaymentYet, match=r"before 2026-07-01T09:04:59.123457Z \(the earliest is of 2026-07-01T09:05:00.123457Z"
    ):
        bank.score(desk, earliest - timedelta(seconds=1))
    assert desk.dump() == before
    assert bank.score(desk, earliest).scored == 3


def test_scores_are_spread_over_bands(scored: TestDesk) -> None:
    found = scores.overview(uow=scored.reading(), actor=scored.people["ann"])
    assert sum(found.bands) == 2
    assert found.records[0].lists == tuple(one.list_id for one in found.lists)
    assert scoring.software() == found.records[0].versions
