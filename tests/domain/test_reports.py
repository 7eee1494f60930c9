"""The report of a case: what it holds, how it is read and digested, and what the desk fills in by itself."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from casedesk.detection.rules import RULES
from casedesk.domain.money import Money
from casedesk.domain.reports import codes, prefill
from casedesk.domain.reports.activity import Activity
from casedesk.domain.reports.institution import BadInstitution, institution
from casedesk.domain.reports.parties import Name, Role, Subject
from casedesk.domain.reports.report import BadReport, Report, canonical, digest, read
from casedesk.domain.transactions import Channel, Customer, CustomerKind, Transaction
from casedesk.exports.fincen.schema import CODES

PROFILE: dict[str, Any] = {
    "test": False,
    "transmitter": {
        "name": "First Bank",
        "address": {"street": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701"},
        "phone": "2175550100",
        "tin": "361234567",
        "control_code": "PABCD123",
        "contact": "BSA Desk",
    },
    "filer": {
        "name": "First Bank",
        "address": {"street": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701"},
        "tin": "361234567",
        "kinds": [{"type": "2"}],
        "regulator": "4",
        "branches": [
            {"code": "B1", "address": {"street": "2 Oak St", "city": "Peoria", "state": "IL", "postal_code": "61602"}}
        ],
    },
    "contact": {"name": "Compliance Office", "phone": "2175550101"},
}


def moved(number: int, channel: Channel, *, into: bool, cents: int, branch: str = "") -> Transaction:
    money = Money(cents, "USD")
    sides = ("", "A-1") if into else ("A-1", "X-9")
    return Transaction(
        f"T-{number}", datetime(2026, 6, number, 12, tzinfo=UTC), *sides, money, money, cents, channel, branch=branch
    )


def test_the_same_report_has_the_same_digest_however_it_was_written() -> None:
    report = Report(subjects=(Subject(names=(Name(last="Doe\u0308", first=" Zoe "),)),), activity=Activity(amount=5))
    again = read(canonical(report))
    assert again == report
    assert canonical(report) == '{"activity":{"amount":5},"subjects":[{"names":[{"first":"Zoe","last":"Doë"}]}]}'
    assert digest(canonical(again)) == digest(canonical(report))
    assert digest(canonical(Report(joint=True))) != digest(canonical(Report()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"subjects":[{"gender":"m"}]}', "subjects.1.gender: input should be"),
        ('{"activity":{"amount":-5}}', "activity.amount: input should be greater than or equal to 0, got “-5”."),
        ('{"colour":1}', "colour: there is no such field, got “1”."),
        ('{"note":"a\\u0000b"}', "note: it holds the character U+0000, which XML cannot hold; remove it"),
        ('{"note":"a\\u0001b"}', "note: it holds the character U+0001, which XML cannot hold; remove it"),
        ("[", "This is no report in JSON"),
    ],
)
def test_what_is_no_report_is_refused_by_field(text: str, said: str) -> None:
    with pytest.raises(BadReport, match=re.escape(said)):
        read(text)


def test_the_forms_codes_are_those_that_the_linter_knows() -> None:
    pairs = {
        "activity": codes.ACTIVITY_TYPES,
        "activity-subtype": codes.ACTIVITY_SUBTYPES,
        "asset-subtype": codes.PRODUCTS,
        "attribute": codes.ATTRIBUTES,
        "cyber": codes.CYBER_INDICATORS,
        "regulator": codes.REGULATORS,
        "organization": codes.INSTITUTION_TYPES,
        "organization-subtype": codes.INSTITUTION_SUBTYPES,
    }
    assert {name: set(CODES[name]) for name in pairs} == {name: set(known) for name, known in pairs.items()}
    assert codes.activity_title("10999") == "Mortgage Fraud: Other"
    assert {codes.type_of(one) for one in codes.ACTIVITY_SUBTYPES} == set(codes.ACTIVITY_TYPES)


def test_every_rule_suggests_an_activity_that_the_form_has() -> None:
    assert prefill.SUBTYPES.keys() == {rule.name for rule in RULES}
    assert {one for found in prefill.SUBTYPES.values() for one in found} <= codes.ACTIVITY_SUBTYPES.keys()


def test_a_draft_holds_what_the_desk_knows_and_guesses_nothing() -> None:
    customer = Customer("CU-1", "Ana Maria Silva", CustomerKind.PERSON, "BR", occupation="Baker")
    evidence = [
        moved(3, Channel.CASH, into=True, cents=950_001, branch="B1"),
        moved(5, Channel.WIRE, into=False, cents=900_000, branch="ATM"),
    ]
    report = prefill.first_draft(
        customer, ["A-1", "A-2"], evidence, ["structuring", "pass_through"], "USD", branches=["B1", "B2"]
    )
    subject = report.subjects[0]
    assert subject.names == (Name(first="Ana", middle="Maria", last="Silva"),)
    assert [account.number for account in subject.accounts] == ["A-1"]
    assert subject.role is Role.BOTH
    assert (subject.born, subject.identifications, subject.addresses[0].street) == ("", (), "")
    activity = report.activity
    assert activity.amount == 18_501  # USD 18,500.01, rounded up
    assert (str(activity.first_on), str(activity.last_on)) == ("2026-06-03", "2026-06-05")
    assert [one.subtype for one in activity.classifications] == ["114", "821", "925"]
    assert [one.code for one in activity.products] == ["33", "39", "46"]
    assert report.branches == ("B1",)
    assert report.initial


@pytest.mark.parametrize(
    ("written", "split"),
    [
        ("Silva, Ana Maria", Name(first="Ana", middle="Maria", last="Silva")),
        ("Zoe Doe", Name(first="Zoe", last="Doe")),
        ("Madonna", Name(last="Madonna")),
        ("李 小龙", Name(first="李", last="小龙")),
        ("Doe,", Name(last="Doe,")),
    ],
)
def test_a_persons_name_is_split_where_it_is_written_so(written: str, split: Name) -> None:
    customer = Customer("CU-1", written, CustomerKind.PERSON, "US")
    assert prefill.first_draft(customer, [], [], [], "USD").subjects[0].names == (split,)


def test_amounts_in_another_currency_are_left_to_the_analyst() -> None:
    customer = Customer("CU-1", "Alder Ltd", CustomerKind.BUSINESS, "GB", segment="retailer")
    report = prefill.first_draft(customer, ["A-1"], [moved(3, Channel.CASH, into=True, cents=5)], ["fan_in"], "EUR")
    assert report.activity.amount is None
    assert (report.subjects[0].entity, report.subjects[0].names[0].last) == (True, "Alder Ltd")
    assert report.subjects[0].occupation == "retailer"


def test_a_draft_continues_an_earlier_report_and_a_correction_names_the_one_it_corrects() -> None:
    customer = Customer("CU-1", "Alder Ltd", CustomerKind.BUSINESS, "US")
    earlier = prefill.Earlier("C-1", "31000055053784", 40_000)
    report = prefill.first_draft(customer, [], [moved(3, Channel.CASH, into=True, cents=500)], [], "USD", earlier)
    assert (report.continuing, report.prior_bsa_id, report.activity.cumulative) == (True, "31000055053784", 40_005)
    mended = prefill.corrected(report, "31000055053799")
    assert (mended.corrects, mended.continuing, mended.prior_bsa_id) == (True, True, "31000055053799")
    assert prefill.corrected(report, "") == report


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("transmitter.tin", "36-1234567", "transmitter.tin: expected 9 digits, got “36-1234567”."),
        (
            "transmitter.control_code",
            "TBSA",
            "transmitter.control_code: expected P and seven capital letters or digits",
        ),
        ("filer.address.state", "", "filer.address: an address in US needs state and postal_code."),
        ("filer.address.country", "XX", "filer.address: “XX” is no country of ISO 3166-1."),
        ("filer.kinds", [{"type": "5"}], "filer.kinds.1: type 5 needs a subtype."),
        ("filer.kinds", [{"type": "999"}], "filer.kinds.1: other is for what is “other”, and is needed there."),
        ("filer.kinds", [{"type": "1", "subtype": "503"}], "filer.kinds.1: subtype “503” is none of type 1."),
        ("filer.regulator", "5", "filer: regulator “5” is none of 9, 1, 2"),
        ("contact.fax", "1", "contact.fax: there is no such field, got “1”."),
        ("contact.phone", "+1 217", "contact.phone: expected 7 to 16 digits and nothing else, got “+1 217”."),
    ],
)
def test_a_wrong_field_of_the_profile_is_named(path: str, value: object, said: str) -> None:
    values = copy.deepcopy(PROFILE)
    *parents, last = path.split(".")
    inside = values
    for step in parents:
        inside = inside[step]
    inside[last] = value
    with pytest.raises(BadInstitution) as refused:
        institution(values)
    assert str(refused.value).startswith(said)


def test_every_wrong_field_of_the_profile_is_named() -> None:
    with pytest.raises(BadInstitution) as refused:
        institution(
            {"transmitter": {**PROFILE["transmitter"], "phone": "1", "tin": "2"}, "contact": PROFILE["contact"]}
        )
    assert [word for word in ("transmitter.phone", "transmitter.tin", "filer: it is missing") if word in str(refused.value)] == [
        "transmitter.phone", "transmitter.tin", "filer: it is missing",
    ]  # fmt: skip


def test_a_test_transmits_under_the_code_for_tests() -> None:
    assert institution(PROFILE).control_code == "PABCD123"
    assert institution({**PROFILE, "test": True}).control_code == "TBSATEST"
    assert not institution(PROFILE).is_test
    assert institution({**PROFILE, "test": True}).is_test
