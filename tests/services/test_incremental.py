"""A run that looks only at what was touched finds and stores what a run over everything would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ibis.expr.types import Table
from sqlalchemy.engine import Engine

from casedesk.detection.duck import Limits
from casedesk.detection.legs import Views
from casedesk.detection.rule import BrokenRule, Evidence, Explanation, Rule
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.velocity import Velocity
from casedesk.domain.cases import Disposition, Stage
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.domain.verification import Verdict
from casedesk.errors import Conflict
from casedesk.services import detecting, replaying
from casedesk.services.detecting import AnotherRun, Detected, Warm
from casedesk.store import about_subjects
from casedesk.store.engines import make_engine
from casedesk.store.tables import detection_findings
from casedesk.store.unit_of_work import Writing
from tests.builders import START, Move, TestDesk
from tests.databases import Sqlite
from tests.scenes import at_desk
from tests.services.whole_rules import CustomerHour, PeerHour

SMALL = Limits(memory_mib=512, threads=1)
LOCAL: tuple[Rule, ...] = (Structuring(), Velocity(), Geography(), CustomerHour())
MIXED: tuple[Rule, ...] = (*LOCAL, PeerHour())
ACCOUNTS = ("K-1/1", "K-1/2", "K-2/1", "K-3/1", "77/0001", "X")


def furnished(engine: Engine) -> TestDesk:
    """Three customers, one with two accounts; an account nobody has named; and one of another bank."""
    return at_desk(engine, _furnished)


def _furnished(desk: TestDesk) -> None:
    desk.staff()
    desk.customer("K-1", accounts=["K-1/1", "K-1/2"])
    desk.customer("K-2")
    desk.customer("K-3")
    with desk.writing() as uow:
        uow.parties.add_unknown_holders([("77/0001", "77", "USD")])
        uow.parties.put_accounts([Account("X", "", "Elsewhere")])
        uow.commit()


def detect(desk: TestDesk, rules: Sequence[Rule] = LOCAL, **more: Any) -> Detected:
    return detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        rules=rules, limits=SMALL, **more,
    )  # fmt: skip


def replay(desk: TestDesk, run_id: str, rules: Sequence[Rule] = LOCAL) -> replaying.Replayed:
    return replaying.replay(
        look=desk.reading(), actor=desk.people["mia"], run_id=run_id, limits=SMALL, library=rules
    )  # fmt: skip


def burst(name: str, minute: float, to: str = "K-1/1", count: int = 5) -> list[Move]:
    return [Move(f"{name}-{n}", minute + n, 7_000_00, to_account=to) for n in range(count)]


def content(desk: TestDesk) -> dict[str, Any]:
    """What the runs determine: all but how they looked, and nonces and hashes."""
    tables = desk.dump()
    del tables["ledger_head"]
    tables["detection_runs"] = [row[:-2] for row in tables["detection_runs"]]  # neither the record nor when it was done
    tables["case_events"] = [(*row[:7], {**json.loads(row[7]), "since": ""}) for row in tables["case_events"]]
    return tables


@pytest.fixture
def desk(engine: Engine) -> TestDesk:
    return furnished(engine)


def test_a_second_run_is_built_upon_the_first_and_its_data_is_all_of_it(desk: TestDesk) -> None:
    desk.book([*burst("a", 0), *burst("b", 0, "K-2/1")])
    first = detect(desk)
    assert first.since == ""
    desk.book(burst("more", 10, count=2))
    second = detect(desk)
    assert second.since == first.run_id
    assert (second.transactions, second.grown_alerts) == (12, 2)
    again = detect(desk, full=True)
    assert again.since == ""
    assert (again.data_fingerprint, again.alerts_sha256, again.alerts) == (
        second.data_fingerprint, second.alerts_sha256, second.alerts,
    )  # fmt: skip
    assert desk.verify().verdict is Verdict.VERIFIED
    for run in (first, second, again):
        assert replay(desk, run.run_id).identical


def test_untouched_subjects_are_not_looked_at(desk: TestDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.book([*burst("a", 0), *burst("b", 0, "K-2/1")])
    detect(desk)
    desk.book([Move("c", 10, 100, from_account="X", to_account="K-3/1")])
    seen = []
    real = detecting.run_rules

    def watched(transactions: Any, accounts: Any, **more: Any) -> Any:
        seen.append(
            (
                transactions["transaction_id"].to_pylist(),
                accounts["account_id"].to_pylist(),
                more["subjects"].account_ids,
            )
        )
        return real(transactions, accounts, **more)

    monkeypatch.setattr(detecting, "run_rules", watched)
    found = detect(desk)
    assert seen == [(["c"], ["K-3/1", "X"], ["K-3/1"])]
    assert (found.alerts, found.unchanged_alerts) == (4, 4)
    detect(desk)
    assert seen[-1] == ([], [], [])


@pytest.mark.parametrize("what", ["rules", "parameters", "until", "currency", "full"])
def test_what_is_not_the_last_run_again_looks_at_everything(desk: TestDesk, what: str) -> None:
    desk.book(burst("a", 0))
    detect(desk)
    changed: dict[str, Any] = {
        "rules": {"rules": LOCAL[:2]},
        "parameters": {"rules": (Structuring().with_values({"count": 6}), *LOCAL[1:])},
        "until": {"until": START + timedelta(days=9)},
        "currency": {},
        "full": {"full": True},
    }[what]
    if what == "currency":
        found = detecting.detect(
            look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="EUR",
            rules=LOCAL, limits=SMALL,
        )  # fmt: skip
    else:
        found = detect(desk, **changed)
    assert found.since == ""
    assert (detect(desk).since == "") is (what != "full")


def test_a_run_that_another_one_overtook_stores_nothing(desk: TestDesk) -> None:
    desk.book(burst("a", 0))
    detect(desk)
    desk.book(burst("b", 0, "K-2/1"))

    class Overtaken(Writing):
        """Lets another run go first."""

        done = False

        def __enter__(self) -> Overtaken:
            if not Overtaken.done:
                Overtaken.done = True
                detect(desk)
            return super().__enter__()

    before = len(desk.dump()["detection_runs"])
    with pytest.raises(AnotherRun, match="Start it again"):
        detecting.detect(
            look=desk.reading(), uow=Overtaken(desk.engine), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
            rules=LOCAL, limits=SMALL,
        )  # fmt: skip
    assert len(desk.dump()["detection_runs"]) == before + 1
    assert detect(desk).alerts == 4


def test_a_reopened_case_makes_its_subject_be_looked_at_again(desk: TestDesk) -> None:
    desk.book(burst("a", 0))
    detect(desk)
    (case_id,) = {row[0] for row in desk.dump()["cases"]}
    desk.take("ann", case_id)
    desk.decide("ann", case_id, Disposition.NO_SAR)
    desk.book(burst("later", 10, count=2))
    detect(desk)
    desk.reopen("mia", case_id)
    assert detect(desk).grown_alerts == 2  # of both rules: the reopened case's alerts take in what came later
    assert detect(desk).grown_alerts == 0


def test_what_stays_loaded_of_another_state_of_the_desk_is_loaded_anew(sqlite_kind: Sqlite) -> None:
    addresses = [sqlite_kind.fresh(), sqlite_kind.fresh()]
    one, other = (furnished(make_engine(address)) for address in addresses)
    warm = Warm()
    for desk, amount in (
        (one, 7_000_00),
        (other, 7_100_00),
    ):  # as many rows, at the same times; only what they say differs
        desk.book([Move(f"a-{n}", n, amount, to_account="K-1/1") for n in range(4)])
        detect(desk)
        desk.book([Move("b", 5, amount, to_account="K-1/1")])
        found = detect(desk, warm=warm)
        whole = detect(desk, full=True)
        assert (found.since != "", found.alerts_sha256, found.data_fingerprint) == (
            True, whole.alerts_sha256, whole.data_fingerprint,
        )  # fmt: skip
    warm.forget()
    for desk, address in zip((one, other), addresses, strict=True):
        desk.engine.dispose()
        sqlite_kind.drop(address)


def test_what_stands_is_the_same_looked_up_by_account_and_read_through(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.book([*burst("a", 0), *burst("b", 0, "K-2/1"), *burst("c", 0, "K-3/1")])
    detect(desk)

    def known() -> list[str]:
        with desk.reading() as uow:
            held = uow.run_data.held_otherwise({"K-1/1"}, {"structuring"})
            return sorted(map(repr, (*held, *uow.runs.standing_about({"K-1/1"}, {"structuring"}))))

    looked_up = known()
    assert (
        len(looked_up) == 4
    )  # of the account two, of the other two one each; none is held otherwise than it was found
    desk.tamper(detection_findings.update().values(last_at=None))
    looked_up = known()
    assert len(looked_up) == 8
    monkeypatch.setattr(about_subjects, "_MANY", 0)
    assert known() == looked_up


def test_a_process_that_loads_anew_remembers_nothing_of_what_was_found(desk: TestDesk) -> None:
    warm = Warm()
    desk.book([*burst("a", 0)])
    detect(desk, warm=warm)
    desk.book([*burst("b", 300)])
    last = detect(desk, warm=warm).run_id
    assert warm.found_by(last)
    warm.forget()  # as where the database was put back, and a run of the same number may be another one
    assert warm.found_by(last) is None


def test_an_account_that_becomes_its_customers_first_takes_the_subject_over(desk: TestDesk) -> None:
    desk.book([*burst("a", 0, count=2), *burst("b", 5, "K-1/2", count=2)])
    detect(desk)
    with desk.writing() as uow:
        uow.parties.put_accounts([Account("K-1/0", "K-1", "Kim Roe")])
        uow.commit()
    found = detect(desk)
    with desk.reading() as uow:
        assert [one.account_id for one in uow.runs.standing()] == ["K-1/0"]
    assert (found.since != "", found.alerts_sha256) == (True, detect(desk, full=True).alerts_sha256)


def test_an_account_that_is_given_a_name_changes_what_is_internal_to_its_customer(desk: TestDesk) -> None:
    desk.book([Move(f"a-{n}", n, 7_000_00, "77/0001", "K-2/1", "ACH") for n in range(3)])
    assert detect(desk).alerts == 1
    with desk.writing() as uow:
        uow.parties.put_accounts([Account("77/0001", "K-2", "Kim Roe")])
        uow.commit()
    found = detect(desk)
    assert (found.since != "", found.alerts) == (True, 0)
    full = detect(desk, full=True)
    assert (full.alerts_sha256, full.data_fingerprint) == (found.alerts_sha256, found.data_fingerprint)


# one step between two runs: transactions that came in any order, or what people and files did
MOVES = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        st.sampled_from(("", *ACCOUNTS)),
        st.integers(0, 8),  # bursts overlap, adjoin, and come late
        st.integers(1, 6),
        st.sampled_from((900_00, 7_000_00, 21_000_00)),
    ),
    min_size=0,
    max_size=4,
)
STEPS = st.lists(st.one_of(MOVES, st.sampled_from(("close", "reopen", "name", "join"))), min_size=2, max_size=7)


def act(desk: TestDesk, number: int, step: Any) -> None:
    if isinstance(step, list):
        moves = []
        for burst_, (to, source, hour, count, amount) in enumerate(step):
            channel = "CASH" if not source else "ACH"
            moves += [
                Move(
                    f"T-{number}-{burst_}-{n}",
                    20 * hour + 3 * n,
                    amount,
                    from_account=source,
                    to_account=to,
                    channel=channel,
                )
                for n in range(count)
            ]
        desk.book(moves)
        return
    cases = sorted(row[0] for row in desk.dump()["cases"])
    if step == "close":
        for case_id in [c for c in cases if desk.stage(c) is Stage.NEW][:1]:
            desk.take("ann", case_id)
            desk.decide("ann", case_id, Disposition.NO_SAR)
    elif step == "reopen":
        for case_id in [c for c in cases if desk.stage(c) is Stage.CLOSED][:1]:
            desk.reopen("mia", case_id)
    elif step == "name":  # the account nobody had named becomes one of a known customer's
        with desk.writing() as uow:
            uow.parties.put_accounts([Account("77/0001", "K-2", "Kim Roe")])
            uow.commit()
    else:  # an account that sorts before the others: the customer's subject is another one now
        with desk.writing() as uow:
            uow.parties.put_customers([Customer("H-77/0001", "Nora Named", CustomerKind.PERSON, "US", "retail")])
            uow.parties.put_accounts([Account("K-1/0", "K-1", "Kim Roe")])
            uow.commit()


class Refused(Writing):
    """Comes to nothing on its last line."""

    def commit(self) -> None:
        raise Conflict("The database went away.")


@dataclass(frozen=True)
class Raising(Rule):
    """Cannot run, and is the rule it takes the place of in every other way."""

    name = Structuring.name
    version = Structuring.version
    title = Structuring.title
    reach = Structuring.reach

    def evidence(self, views: Views) -> Table:
        raise ValueError("no evidence today")

    def explain(self, episode: tuple[Evidence, ...], currency: str) -> Explanation:
        raise NotImplementedError


#: Who runs after a step: a process that keeps nothing, one of two that stay warm; and what comes to nothing before that.
HANDS = st.tuples(st.sampled_from((0, 1, 2)), st.sampled_from(("", "", "refused", "raised")))


def fail(desk: TestDesk, rules: tuple[Rule, ...], how: str, warm: Warm) -> None:
    """Start a run that stores nothing; nonces are drawn, and the clocks move on, as often as on the other desk."""
    raising = (Raising(Structuring().parameters), *rules[1:])
    with pytest.raises(Conflict if how == "refused" else BrokenRule):
        detecting.detect(
            look=desk.reading(), uow=(Refused if how == "refused" else Writing)(desk.engine), actor=desk.people["mia"],
            at=START, base_currency="USD", rules=rules if how == "refused" else raising, limits=SMALL, warm=warm,
        )  # fmt: skip


@pytest.mark.parametrize("rules", [LOCAL, MIXED], ids=["local", "mixed"])
@given(steps=STEPS, hands=st.lists(HANDS, min_size=7, max_size=7))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_came_in_whatever_order_incremental_runs_do_what_full_runs_do(
    sqlite_kind: Sqlite, rules: tuple[Rule, ...], steps: list[Any], hands: list[tuple[int, str]]
) -> None:
    addresses = [sqlite_kind.fresh(), sqlite_kind.fresh()]
    desks = [furnished(make_engine(address)) for address in addresses]
    narrow, whole = desks
    kept = (None, Warm(), Warm())
    last = ""
    for number, (step, (hand, failure)) in enumerate(zip(steps, hands, strict=False)):
        for desk in desks:
            act(desk, number, step)
        if failure and number:
            fail(narrow, rules, failure, kept[1])
        found, expected = detect(narrow, rules, warm=kept[hand]), detect(whole, rules, full=True)
        assert bool(found.since) == (number > 0)
        assert {**_plain(found), "since": ""} == _plain(expected)
        last = found.run_id
    assert content(narrow) == content(whole)
    assert narrow.verify().verdict is Verdict.VERIFIED
    assert replay(narrow, last, rules).identical
    for warm in kept[1:]:
        warm.forget()
    for desk, address in zip(desks, addresses, strict=True):
        desk.engine.dispose()
        sqlite_kind.drop(address)
        assert not Path(address.removeprefix("sqlite:///")).exists()


def _plain(found: Detected) -> dict[str, Any]:
    return {name: getattr(found, name) for name in type(found).__slots__}
