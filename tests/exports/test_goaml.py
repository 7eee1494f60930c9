"""goAML: both shapes pass the schema of a unit, what the form cannot say is refused, and nothing is lost or guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from casedesk.domain.money import Money
from casedesk.domain.reports.activity import Activity, Classification
from casedesk.domain.reports.parties import (
    Address,
    Gender,
    HeldAccount,
    Identification,
    IdentificationKind,
    Name,
    NameKind,
    OnlineAddress,
    Phone,
    PhoneKind,
    Subject,
)
from casedesk.domain.reports.report import Report
from casedesk.domain.transactions import Channel, Transaction
from casedesk.exports.goaml.elements import TooLong
from casedesk.exports.goaml.names import NoSuchLetters, written
from casedesk.exports.goaml.parties import Side
from casedesk.exports.goaml.profile import BadProfile, Profile, read_profile, shipped
from casedesk.exports.goaml.schema import BadSchema, NotValid, Schema, UnknownCodes
from casedesk.exports.goaml.writing import Entry, Kind, Movement, Unwritable, write
from tests.builders import NARRATIVE

AT = datetime(2026, 7, 1, 9, 30, 15, 123457, tzinfo=UTC)
OURS = """base = "ae-5.0.2"
[report]
rentity_id = 4711
reporting_user_code = "DESK-01"
currency = "USD"
[indicators]
always = ["ALP01"]
by_subtype = { "114" = ["ALP02", "ALP01"] }
"""

PERSON = Subject(
    names=(
        Name(last="Wójcik-Łęcki", first="Żaneta", middle="Q"),
        Name(kind=NameKind.AKA, last="Jane W."),
        Name(kind=NameKind.AKA, last="Zania"),
    ),
    born="1980-02-17",
    gender=Gender.FEMALE,
    addresses=(Address(street="1 Main St", city="Springfield", state="IL", postal_code="62701", country="US"),
               Address(country="US")),
    phones=(Phone(number="2175550100", kind=PhoneKind.MOBILE), Phone(number="2175550101", extension="12")),
    online=(OnlineAddress(text="jane@bank.example"), OnlineAddress(text="https://jane.example", url=True)),
    identifications=(
        Identification(kind=IdentificationKind.SSN, number="123456789"),
        Identification(kind=IdentificationKind.PASSPORT, number="P-77", country="PL"),
        Identification(kind=IdentificationKind.LICENCE, number="L-1", country="US", state="IL"),
        Identification(kind=IdentificationKind.ALIEN, number="AL-9", country="US"),
        Identification(kind=IdentificationKind.FOREIGN_TIN, number="PL-1", country="PL"),
    ),
    occupation="Baker",
    accounts=(HeldAccount(number="DDA-1"),),
)  # fmt: skip
ENTITY = Subject(
    entity=True,
    names=(Name(last="Müller & Søn GmbH"), Name(kind=NameKind.DBA, last="M+S")),
    addresses=(Address(street="1 Dock Rd", country="DE"),),
    identifications=(
        Identification(kind=IdentificationKind.OTHER, number="HRB 1", other="trade register", country="DE"),
        Identification(kind=IdentificationKind.EIN, number="361234567"),
    ),
    accounts=(HeldAccount(number="DDA-2"),),
)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    path = tmp_path / "ours.toml"
    path.write_text(OURS, encoding="utf-8")
    return read_profile(path)


@pytest.fixture(scope="session")
def schema(shared: Path) -> Schema:
    return Schema(next((shared / "formats" / "goaml").glob("*.xsd")))


def transaction(number: int, channel: Channel, from_account: str, to_account: str, **more: Any) -> Transaction:
    usd = Money(950_000 + number, "USD")
    return replace(
        Transaction(f"T-{number}", AT, from_account, to_account, usd, usd, usd.minor, channel, "US", "DE"), **more
    )


OWN = Side("DDA-1", "Żaneta Q Wójcik-Łęcki", "First", "US", "USD", PERSON)
FIRM = Side("DDA-2", "Müller & Søn GmbH", "First", "US", "USD", ENTITY)
OTHER = Side("X-1", "", "", "", "")


def movements() -> list[Movement]:
    euro = Money(880_050, "EUR")
    return [
        Movement(transaction(1, Channel.CASH, "", "DDA-1", branch="0127"), None, OWN),
        Movement(transaction(2, Channel.CASH, "DDA-2", ""), FIRM, None),
        Movement(
            transaction(3, Channel.WIRE, "DDA-1", "X-1", received=euro, reference="Invoice <7> & more"), OWN, OTHER
        ),
        Movement(transaction(4, Channel.ACH, "X-1", "DDA-2", amount=euro), OTHER, FIRM),
        Movement(transaction(5, Channel.INTERNAL, "DDA-1", "DDA-2"), OWN, FIRM),
    ]


def entry(*subjects: Subject, **more: Any) -> Entry:
    activity = Activity(
        first_on=date(2026, 6, 3), last_on=date(2026, 6, 5), classifications=(Classification(subtype="114"),)
    )
    report = Report(subjects=subjects or (PERSON, ENTITY), activity=activity)
    return replace(Entry("F-000001", report, NARRATIVE, movements(), AT, "USD"), **more)


def told(document: bytes, path: str) -> list[str]:
    found: Any = etree.fromstring(document).xpath(path)
    return [one.text for one in found]


@pytest.mark.parametrize("kind", list(Kind))
def test_both_shapes_are_valid_by_the_schema_of_the_unit(schema: Schema, profile: Profile, kind: Kind) -> None:
    schema.require_codes(profile)
    document = write(entry(), profile, kind)
    schema.require_valid(document)
    assert told(document, "/report/report_code") == [kind.value]
    assert told(document, "/report/reason") == [NARRATIVE]
    assert told(document, "/report/submission_date") == ["2026-07-01T09:30:15"]
    assert told(document, "//indicator") == ["ALP01", "ALP02"]
    assert write(entry(), profile, kind) == document


@pytest.mark.parametrize("kind", list(Kind))
def test_a_subject_of_whom_nothing_is_known_is_valid_too(schema: Schema, profile: Profile, kind: Kind) -> None:
    nobody = Subject(accounts=(HeldAccount(number="DDA-1"),))
    side = replace(OWN, holder="", bank="", country="", currency="", subject=nobody)
    document = write(entry(nobody, movements=[replace(movements()[0], receiver=side)]), profile, kind)
    schema.require_valid(document)
    assert told(document, "//first_name") == told(document, "//last_name") == ["UNKNOWN"]


def test_a_document_is_refused_with_the_schemas_own_words(schema: Schema, profile: Profile) -> None:
    document = write(entry(), profile, Kind.SAR).replace(b"<rentity_id>4711<", b"<rentity_id>none<")
    with pytest.raises(NotValid, match=r"The schema refuses the document\. Line 4: Element 'rentity_id'"):
        schema.require_valid(document)


def test_the_transactions_are_told_with_both_sides_and_cash_with_the_one_that_is_known(profile: Profile) -> None:
    document = write(entry(), profile, Kind.STR)
    assert told(document, "//transactionnumber") == ["T-1", "T-2", "T-3", "T-4", "T-5"]
    assert told(document, "//amount_local") == ["9500.01", "9500.02", "9500.03", "9500.04", "9500.05"]
    assert told(document, "//transaction[1]//party/role") == ["BNFCR"]
    assert told(document, "//transaction[2]//party/role") == ["RMITR"]
    assert told(document, "//transaction[1]/transaction_location") == ["0127"]
    assert told(document, "//transaction[3]/t_to//foreign_amount") == ["8800.50"]
    assert not told(document, "//transaction[3]/t_from//foreign_amount")
    assert told(document, "//transaction[3]/t_to/to_account/account_name") == ["UNKNOWN"]
    assert told(document, "//transaction[3]/transaction_description") == ["Invoice <7> & more"]
    assert told(document, "//transaction[4]/t_from/from_country") == ["US"]
    assert told(document, "//transaction[5]/t_from//signatory//last_name") == ["Wojcik-Lecki"]
    assert told(document, "//transaction[5]/t_to//t_entity/name") == ["Muller and Son GmbH"]


def test_a_counterparty_in_other_letters_is_named_as_known_beside_and_a_subject_by_the_form(
    schema: Schema, profile: Profile
) -> None:
    other = replace(OTHER, holder="Жук ООО")
    own = replace(OWN, holder="Жанета", subject=PERSON)
    (wire,) = [m for m in movements() if m.transaction.transaction_id == "T-3"]
    document = write(entry(movements=[replace(wire, sender=own, receiver=other)]), profile, Kind.STR)
    schema.require_valid(document)
    assert told(document, "//account_name") == ["Zaneta Q Wojcik-Lecki", "UNKNOWN"]
    assert told(document, "//from_account/comments | //to_account/comments") == [
        "Holder as known: Жанета", "Holder as known: Жук ООО"
    ]  # fmt: skip


def test_what_the_form_has_no_place_for_stands_in_the_comments(profile: Profile) -> None:
    document = write(entry(), profile, Kind.SAR)
    (person,) = told(document, "//person/comments")
    for words in ("Also known as Jane W.", "Also known as Zania", "alien registration AL-9 US"):
        assert words in person
    assert told(document, "//person/full_name_frn") == ["Żaneta Q Wójcik-Łęcki"]
    assert told(document, "//person/ssn") + told(document, "//person/tax_number") == ["123456789", "PL-1"]
    assert told(document, "//person/passport_number") + told(document, "//person/id_number") == ["P-77", "L-1"]
    assert told(document, "//entity/comments") == ["Name as known: Müller & Søn GmbH; Doing business as M+S"]
    partly = write(entry(PERSON.model_copy(update={"born": "1980-02"})), profile, Kind.SAR)
    assert told(partly, "//person/comments")[0].startswith("Born 1980-02;")
    assert not told(partly, "//birthdate")


@pytest.mark.parametrize(
    ("changed", "kind", "sentence"),
    [
        ({"base_currency": "EUR"}, Kind.STR, "The profile reports in USD, and the desk counts in EUR"),
        ({"narrative": "x" * 8001}, Kind.SAR, "has 8,001 characters, and the form has room for 8,000; shorten it"),
        ({"movements": []}, Kind.STR, "not one transaction in the evidence; write the report as SAR"),
        ({"report": Report()}, Kind.SAR, "names no subject"),
        (
            {"movements": [Movement(transaction(1, Channel.CARD, "DDA-1", "X-1"), OWN, OTHER)]}, Kind.STR,
            "no codes for transactions by CARD; add channels.CARD",
        ),
    ],
)  # fmt: skip
def test_what_the_form_cannot_say_is_refused(
    profile: Profile, changed: dict[str, Any], kind: Kind, sentence: str
) -> None:
    with pytest.raises(Unwritable, match=sentence):
        write(entry(**changed), profile, kind)


def test_a_text_is_refused_rather_than_cut(profile: Profile) -> None:
    long = PERSON.model_copy(update={"occupation": "Baker " * 50})
    with pytest.raises(TooLong, match="has 299 characters, and occupation has room for 255; shorten it in the form"):
        write(entry(long), profile, Kind.SAR)


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("Żaneta Wójcik", "Zaneta Wojcik"),
        ("Müller & Søn GmbH, Köln", "Muller and Son GmbH Koln"),
        ("O’Neill-Ødegård (Jr.)", "O'Neill-Odegard Jr."),
        ("Łukasz Þór ß", "Lukasz Thor ss"),
        ("ʿAbd al-Raḥmān", "Abd al-Rahman"),
        ("  a   b ", "a b"),
        ("«»", ""),
        ("", ""),
    ],
)
def test_a_name_loses_its_marks(name: str, latin: str) -> None:
    assert written(name, "[a-zA-Z0-9 .'-]*") == latin


@pytest.mark.parametrize("name", ["Жук", "東京", "Ali علي"])
def test_a_name_in_other_letters_is_left_to_the_analyst(name: str) -> None:
    with pytest.raises(NoSuchLetters, match=f"The name “{name}” has the letter"):
        written(name, "[a-zA-Z0-9 .'-]*")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("base = 'xx'", "There is no profile “xx”; the desk has ae-5.0.2."),
        ("base = '../ae'", "cannot be a base"),
        ("base = 'ours.toml'", "its own base"),
        ("[", "is no TOML"),
        ("base = 'ae-5.0.2'", "report.rentity_id: it is missing"),
        (OURS.replace("4711", "0"), "report.rentity_id"),
        (OURS.replace('always = ["ALP01"]', "always = []").replace("by_subtype", "#"), "indicators names none"),
        (OURS + "[report.colour]\nx = 1\n", "report.colour: there is no such field"),
        (OURS.replace('base = "ae-5.0.2"', 'base = "ae-5.0.2"\nnames = "["'), "names is no pattern"),
    ],
)
def test_a_wrong_profile_is_refused_by_its_fields(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadProfile) as refusal:
        read_profile(path)
    assert sentence in str(refusal.value)
    with pytest.raises(BadProfile, match="cannot be read"):
        read_profile(tmp_path / "gone.toml")


def test_a_base_beside_the_profile_and_a_path_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "group.toml").write_text(f'xsd = "unit.xsd"\n{OURS}', encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text('base = "group.toml"\n[report]\nrentity_id = 7\n', encoding="utf-8")
    found = read_profile(mine)
    assert (found.report.rentity_id, found.report.currency, found.xsd) == (7, "USD", str(tmp_path / "unit.xsd"))
    assert shipped() == ["ae-5.0.2"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('always = ["ALP01"]', 'always = ["NOPE"]', "indicators.always: “NOPE” is none of report_indicator_type"),
        ('currency = "USD"', 'currency = "XXQ"', "report.currency: “XXQ” is none of currency_type"),
        ("[indicators]", "[codes]\nsender = 'ME'\n[indicators]", "codes.sender: “ME” is none of party_role_type"),
        ("[indicators]", "[codes.phones]\nwork = ['BU', 'Z']\n[indicators]", "codes.phones.work: “Z” is none of"),
    ],
)
def test_a_code_that_the_schema_does_not_know_is_named(
    tmp_path: Path, schema: Schema, old: str, new: str, sentence: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(OURS.replace(old, new), encoding="utf-8")
    with pytest.raises(UnknownCodes) as refusal:
        schema.require_codes(read_profile(path))
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("content", ["", "<a/>", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>"])
def test_a_file_that_is_no_goaml_schema_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "unit.xsd"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadSchema):
        Schema(path)
