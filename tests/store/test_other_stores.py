from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.events import DESK, PersonAdded
from casedesk.domain.people import SYSTEM, Person, Role
from casedesk.domain.rates import Rate
from casedesk.domain.sampling import Member, Pick
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.store.draw_store import NoSuchDraw, StoredDraw
from casedesk.store.import_store import Import, StoredReject
from casedesk.store.party_store import NoSuchCustomer, unknown_holder
from casedesk.store.people_store import UnknownPerson
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import ANA, NOON, PEOPLE, account, alert, customer, note, open_case, whole_life


def test_people_are_found_by_id_and_by_address(bank_engine: Engine) -> None:
    with Reading(bank_engine) as uow:
        assert uow.people.get("ana") == ANA
        assert uow.people.get("system") == SYSTEM
        assert uow.people.by_email(" ANA@bank.Example ") == ANA
        assert uow.people.by_email("") is None
        assert {person.user_id for person in uow.people.all()} == {person.user_id for person in PEOPLE}
        assert uow.people.names()["mara"] == "Mara Weiß"
        with pytest.raises(UnknownPerson, match="Nobody has the user id “Ana”; known are: ana, ben, mara, quinn"):
            uow.people.get("Ana")


def test_a_person_put_again_is_replaced(bank_engine: Engine) -> None:
    gone = Person("ana", "Ana Lima", Role.QA, active=False)
    with Writing(bank_engine) as uow:
        uow.people.put(gone)
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.people.get("ana") == gone
        assert len(uow.people.all()) == len(PEOPLE)


def test_many_people_have_no_address_but_none_share_one(engine: Engine) -> None:
    with Writing(engine) as uow:
        for n in range(3):
            uow.people.put(Person(f"p{n}", "Somebody", Role.ANALYST))
        uow.commit()
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"), Writing(engine) as uow:
        uow.people.put(Person("p0", "Somebody", Role.ANALYST, email="x@y.example"))
        uow.people.put(Person("p1", "Somebody", Role.ANALYST, email="X@Y.example"))


def test_a_known_customer_is_not_overwritten_but_an_unknown_holder_is(engine: Engine) -> None:
    with Writing(engine) as uow:
        assert uow.parties.add_unknown_holders([("070/1", "070", "USD"), ("070/1", "070", "USD")]) == 1
        assert uow.parties.add_unknown_holders([("070/1", "070", "USD")]) == 0
        holder = unknown_holder("070/1")
        assert uow.parties.customer(holder).kind is CustomerKind.UNKNOWN
        named = Customer(holder, "Real Name", CustomerKind.BUSINESS, "US")
        assert uow.parties.put_customers([named]) == 1
        assert uow.parties.put_customers([replace(named, name="Other")]) == 0
        uow.commit()
    with Reading(engine) as uow:
        assert uow.parties.customer(holder) == named
        assert uow.parties.accounts_of(holder)[0].holder == "Holder of 070/1"
        with pytest.raises(NoSuchCustomer, match="“nobody”"):
            uow.parties.customer("nobody")


def test_an_account_of_an_unknown_holder_goes_to_the_customer_named(engine: Engine) -> None:
    with Writing(engine) as uow:
        uow.parties.add_unknown_holders([("AC-00001", "", "USD")])
        uow.parties.put_customers([customer(1)])
        assert uow.parties.put_accounts([account(1)]) == 1
        assert uow.parties.put_accounts([replace(account(1), holder="Other")]) == 0
        external = Account("EXT-1", "", "A Shop")
        assert uow.parties.put_accounts([external]) == 1
        assert uow.parties.accounts(["AC-00001", "EXT-1", "x"]) == {"AC-00001": account(1), "EXT-1": external}


def test_more_parties_are_asked_for_than_a_statement_takes_parameters(engine: Engine) -> None:
    with Writing(engine) as uow:
        uow.parties.put_customers([customer(n) for n in range(1, 1203)])
        uow.parties.put_accounts([account(n) for n in range(1, 1203)])
        assert len(uow.parties.known_customers(f"CU-{n:05}" for n in range(2600))) == 1202
        assert len(uow.parties.known_accounts(f"AC-{n:05}" for n in range(2600))) == 1202


RATES = (
    Rate("EUR", date(2026, 1, 1), Decimal("1.08123"), "ECB"),
    Rate("EUR", date(2026, 2, 1), Decimal("0.000000000001"), "ECB"),
    Rate("EUR", date(2026, 3, 1), Decimal("123456789.123456789012"), "ECB"),
    Rate("JPY", date(2026, 1, 1), Decimal("0.0064"), "BoJ"),
)


def test_rates_come_back_exactly_and_a_newer_one_replaces(engine: Engine) -> None:
    with Writing(engine) as uow:
        uow.rates.put(RATES[::-1])
        uow.rates.put([])
        uow.commit()
    with Reading(engine) as uow:
        assert uow.rates.all() == RATES
    with Writing(engine) as uow:
        uow.rates.put([replace(RATES[0], usd_per_unit=Decimal("1.1"), source="file")])
        assert uow.rates.all()[0] == replace(RATES[0], usd_per_unit=Decimal("1.1"), source="file")


IMPORT = Import("I-1", "transactions", "bank ü.csv", "a" * 64, "b" * 64, NOON, None, 0, 0, 0, 0, 0)


def test_an_import_goes_on_where_it_stopped(engine: Engine) -> None:
    with Writing(engine) as uow:
        uow.imports.put(IMPORT)
        uow.imports.put(replace(IMPORT, chunks=3, rows_read=2**33))
        uow.imports.add_rejects(
            "I-1", [StoredReject(7, "amount", "x" * 500, "y" * 900), StoredReject(3, "f", "v", "r")]
        )
        uow.imports.add_rejects("I-1", [])
        uow.commit()
    with Reading(engine) as uow:
        assert uow.imports.unfinished("a" * 64, "b" * 64) == replace(IMPORT, chunks=3, rows_read=2**33)
        assert uow.imports.unfinished("a" * 64, "c" * 64) is None
        assert list(uow.imports.rejects("I-1")) == [
            StoredReject(3, "f", "v", "r"),
            StoredReject(7, "amount", "x" * 100, "y" * 400),
        ]
    with Writing(engine) as uow:
        uow.imports.put(replace(IMPORT, finished_at=NOON))
        assert uow.imports.unfinished("a" * 64, "b" * 64) is None
        assert uow.imports.get("I-1").finished_at == NOON
        assert [one.import_id for one in uow.imports.newest()] == ["I-1"]


def test_a_draw_and_its_outcomes_come_back(bank_engine: Engine) -> None:
    record = {"ü": [1, None, True, "x"], "seed": "0" * 64}
    stored = StoredDraw("Q-1", date(2026, 7, 1), date(2026, 7, 31), NOON, "mara", 1, "a" * 64, "0" * 64, record)
    with Writing(bank_engine) as uow:
        case = whole_life(uow, open_case(uow, alert(1)))
        uow.draws.insert(stored, [Pick(case.case_id, "SAR · High · ana", "f" * 64, 1)])
        uow.draws.insert(replace(stored, draw_id="Q-2", drawn_at=NOON + timedelta(days=1)), [])
        uow.commit()
    with Reading(bank_engine) as uow:
        assert uow.draws.get("Q-1") == stored
        assert [draw.draw_id for draw in uow.draws.all()] == ["Q-2", "Q-1"]
        assert uow.draws.waiting_for(case.case_id) == "Q-1"
        (pick,) = uow.draws.picks("Q-1")
        assert (pick.customer, pick.analyst, pick.outcome, pick.reviewed_at) == ("Customer 1", "Ana Lima", "", None)
        with pytest.raises(NoSuchDraw, match="“Q-3”"):
            uow.draws.get("Q-3")
    with Writing(bank_engine) as uow:
        uow.draws.set_outcome("Q-1", case.case_id, "Pass", "quinn", NOON)
        assert uow.draws.waiting_for(case.case_id) == ""
        (pick,) = uow.draws.picks("Q-1")
        assert (pick.outcome, pick.reviewer, pick.reviewed_at) == ("Pass", "quinn", NOON)


def test_the_population_is_what_closed_within_the_days(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = whole_life(uow, open_case(uow, alert(1)))
        open_case(uow, alert(2))
        uow.commit()
    assert case.closed_at is not None
    day = case.closed_at.date()
    member = Member(case.case_id, "SAR", "High", "ana", True)
    with Reading(bank_engine) as uow:
        assert uow.draws.population(day, day, 5) == (member,)
        assert uow.draws.population(day, day, 0) == (replace(member, new_analyst=False),)
        assert uow.draws.population(day - timedelta(days=9), day - timedelta(days=1), 5) == ()
        assert uow.draws.population(day + timedelta(days=1), day + timedelta(days=9), 5) == ()


def test_the_desks_own_events_are_found_by_their_kind_and_nobody_elses(bank_engine: Engine) -> None:
    with Writing(bank_engine) as uow:
        case = open_case(uow, alert(1))
        uow.ledger.append(note("on the case"), stream=case.case_id, user="ana", at=NOON)
        for text in ("first", "second", "third"):
            uow.ledger.append(note(text), stream=DESK, user="mara", at=NOON)
            uow.ledger.append(PersonAdded(user_id=text, role="Analyst", active=True), stream=DESK, user="mara", at=NOON)
        uow.commit()
    with Reading(bank_engine) as uow:
        assert [row.notes for row in uow.ledger.of_desk(("note_added",))] == ["first", "second", "third"]
        assert [row.notes for row in uow.ledger.of_desk(("note_added",), newest=2)] == ["second", "third"]
        assert [row.data["user_id"] for row in uow.ledger.of_desk(("person_added",), newest=1)] == ["third"]
        assert uow.ledger.of_desk(("case_opened",)) == ()
