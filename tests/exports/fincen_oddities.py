"""Changes to a clean SAR batch that leave it legal, however odd."""

from __future__ import annotations

from tests.exports.fincen_batches import (
    Change,
    attribute,
    both,
    drop,
    insert,
    put,
    rewrite,
)
from tests.exports.fincen_defects import (
    _NEW_FLAG,
    STREET,
    _blocks,
)

ODDITIES: list[tuple[str, Change]] = [
    ("17,000 characters", _blocks(4000, 4000, 4000, 4000, 1000)),
    ("blocks that are not full", _blocks(10, 4000, 10)),
    ("a prior number of a correction", put("Activity[2]/EFilingPriorDocumentNumber", "31000055053784")),
    ("a correction that continues nothing", both(
        drop("Activity[2]/ActivityAssociation/ContinuingActivityReportIndicator"))),
    ("a production code", both(*(
        put(f"Activity[{n}]/{{35}}/PartyIdentification[2]/PartyIdentificationNumberText", "PBSA8180") for n in (1, 2, 3)))),
    ("names that hold barred letters", put("{30}/PartyName/RawPartyFullName", "Akamai Brothers & None-such Sameday Customers Bank")),
    ("a street of a date in Roman numerals", put(STREET, "Via XX Settembre 12")),
    ("a first name that is null", put("{33}/PartyName[1]/RawIndividualFirstName", "Null")),
    ("a surname of two letters", put("{33}/PartyName[1]/RawEntityIndividualLastName", "Na")),
    ("a DBA of databases", put("{33}/PartyOccupationBusiness/OccupationBusinessText", "Oracle DBA")),
    ("an apostrophe and an ampersand", put("{30}/PartyName/RawPartyFullName", "O'Neill & Söhne <Bank>")),
    ("a street of others", put(STREET, "1 The Other Side")),
    ("a surname of one letter", put("{33}/PartyName[1]/RawEntityIndividualLastName", "X")),
    ("a year of birth alone", put("{33}/IndividualBirthDateText", "19800000")),
    ("a birth on a leap day", put("{33}/IndividualBirthDateText", "20000229")),
    ("one day", put("SuspiciousActivity/SuspiciousActivityFromDateText", "20260302")),
    ("a filing today", put("FilingDateText", "20260601")),
    ("sequence numbers with gaps", lambda m: [e.set("SeqNum", str(10 * int(e.get("SeqNum", "0")))) for e in m.root.iter() if "SeqNum" in e.attrib] and None),
    ("a Canadian address", both(
        put("{33}/Address/RawCountryCodeText", "CA"), put("{33}/Address/RawStateCodeText", "ON"),
        put("{33}/Address/RawZIPCode", "K1A0B1"))),
    ("a Mexican address", both(
        put("{33}/Address/RawCountryCodeText", "MX"), put("{33}/Address/RawStateCodeText", "JAL"),
        put("{33}/Address/RawZIPCode", "44100"))),
    ("Puerto Rico as a state", put("{33}/Address/RawStateCodeText", "PR")),
    ("Puerto Rico as a country", both(
        put("{33}/Address/RawCountryCodeText", "PR"), put("{33}/Address/RawStateCodeText", "PR"),
        put("{33}/Address/RawZIPCode", "00901"))),
    ("a ZIP that begins with a zero", put("{33}/Address/RawZIPCode", "02134")),
    ("a foreign taxpayer", put("{33}/PartyIdentification[1]/PartyIdentificationTypeCode", "9")),
    ("an unknown address", both(
        drop("{33}/Address"), insert("{33}/PhoneNumber", "<Address>" + "".join(
            _NEW_FLAG.format(f"{n}UnknownIndicator") for n in ("City", "CountryCode", "StateCode", "StreetAddress", "ZIPCode")
        ) + "</Address>"))),
    ("a branch without an address", both(
        drop("{34}/PartyAssociation/Party/Address"),
        insert("{34}/PartyAssociation/Party/ActivityPartyTypeCode", "<Address/>", after=True))),
    ("comments and schema location", both(
        rewrite('xmlns:fc2="www.fincen.gov/base"',
                'xmlns:fc2="www.fincen.gov/base" xmlns:b="www.fincen.gov/base" '
                'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="www.fincen.gov/base x.xsd"'),
        rewrite("<fc2:FormTypeCode>", "<!-- AKA --><?x y?><fc2:FormTypeCode>"))),
    ("an amount of the largest size", both(
        put("SuspiciousActivity/TotalSuspiciousAmountText", "999999999999999"), attribute(".", "TotalAmount", "1000000000012499"))),
    ("an extension of the file in capitals", put("ActivitySupportDocument/OriginalAttachmentFileName", "DEPOSITS.CSV")),
    ("a narrative that mentions its attachment", put(
        "ActivityNarrativeInformation/ActivityNarrativeText",
        "John Doe deposited 9,500 dollars in cash on four days at two branches. " * 3 + "See attached table.")),
    ("an institution without TIN that says so", both(
        drop("{34}/PartyIdentification"),
        insert("{34}/OrganizationClassificationTypeSubtype",
               "<PartyIdentification><TINUnknownIndicator>Y</TINUnknownIndicator></PartyIdentification>"))),
    ("a securities firm", both(
        put("{30}/OrganizationClassificationTypeSubtype/OrganizationTypeID", "5"),
        insert("{30}/OrganizationClassificationTypeSubtype/OrganizationTypeID",
               "<OrganizationSubtypeID>535</OrganizationSubtypeID>"))),
]  # fmt: skip
