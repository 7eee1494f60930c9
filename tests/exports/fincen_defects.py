"""Changes to a clean SAR batch, each of which makes one defect, and the finding it gives."""

from __future__ import annotations

from datetime import date
from typing import Any

from lxml import etree

from tests.exports.fincen_batches import (
    Change,
    attribute,
    batch,
    both,
    drop,
    insert,
    put,
    rewrite,
    total,
)

TODAY = date(2026, 6, 1)
LEGAL_NAME = "PartyName[1]/RawEntityIndividualLastName"
SUSPICIOUS = "Activity[1]/SuspiciousActivity"
TIN = "{33}/PartyIdentification[1]/PartyIdentificationNumberText"
KIND = "SuspiciousActivity/SuspiciousActivityClassification"
STREET = "{33}/Address/RawStreetAddress1Text"


def changed(*changes: Change) -> bytes:
    made = batch()
    for change in changes:
        change(made)
    return made.content()


def _blocks(*sizes: int, first: int = 1) -> Change:
    more = "".join(
        f"<ActivityNarrativeInformation><ActivityNarrativeSequenceNumber>{first + i}</ActivityNarrativeSequenceNumber>"
        f"<ActivityNarrativeText>{'x' * size}</ActivityNarrativeText></ActivityNarrativeInformation>"
        for i, size in enumerate(sizes)
    )
    return both(
        insert("ActivityNarrativeInformation", more, after=True), drop("Activity[1]/ActivityNarrativeInformation[1]")
    )


def _second(path: str) -> Change:
    """Repeat an element."""

    def change(made: Any) -> None:
        found = made.find(path)
        copy = etree.fromstring(etree.tostring(found))
        found.addnext(copy)
        total(made)

    return change


def _untotalled(made: Any) -> None:
    """Take an amount away and leave the total as it is."""
    found = made.find("SuspiciousActivity/TotalSuspiciousAmountText")
    found.getparent().remove(found)


def _same_attachment(made: Any) -> None:
    """Let the second report name the first one's file."""
    copy = etree.fromstring(etree.tostring(made.find("ActivitySupportDocument")))
    made.find("Activity[2]/Party[1]").addprevious(copy)
    total(made)


def _before(path: str, other: str) -> Change:
    """Move an element before another."""
    return lambda made: made.find(other).addprevious(made.find(path))


_NEW_FLAG = "<{0}>Y</{0}>"


def flag(name: str, before: str) -> Change:
    return insert(before, _NEW_FLAG.format(name))


DEFECTS: list[tuple[str, str, Change]] = [
    ("another prefix for the namespace", "SAR-0101", rewrite(
        '<fc2:FilingDateText>20260401</fc2:FilingDateText>',
        '<f:FilingDateText xmlns:f="www.fincen.gov/base">20260401</f:FilingDateText>')),
    ("the default namespace", "SAR-0101", rewrite(
        '<fc2:FilingDateText>20260401</fc2:FilingDateText>',
        '<FilingDateText xmlns="www.fincen.gov/base">20260401</FilingDateText>')),
    ("no namespace", "SAR-0102", rewrite(
        "<fc2:FilingDateText>20260401</fc2:FilingDateText>", "<FilingDateText>20260401</FilingDateText>")),
    ("another namespace", "SAR-0102", rewrite('xmlns:fc2="www.fincen.gov/base"', 'xmlns:fc2="http://www.fincen.gov/base"')),
    ("another form", "SAR-0103", put("Activity/../FormTypeCode", "SAR")),
    ("an encoding that is not UTF-8", "SAR-0104", both(
        rewrite("encoding='UTF-8'", "encoding='ISO-8859-1'"), rewrite("Zoë", "Zoe"))),
    ("an unknown element", "SAR-0105", insert("FilingDateText", "<FilingTime>10</FilingTime>")),
    ("an element in the wrong place", "SAR-0105", insert("{33}/PartyName[1]", "<RawCityText>Rome</RawCityText>")),
    ("the wrong order of values", "SAR-0106", _before("{33}/Address/RawZIPCode", "{33}/Address/RawCityText")),
    ("the wrong order of parts", "SAR-0106", _before("SuspiciousActivity", "{33}")),
    ("no filing date", "SAR-0107", drop("FilingDateText")),
    ("no classification", "SAR-0107", both(drop(f"{KIND}[1]"), drop(f"{KIND}[1]"))),
    ("no narrative", "SAR-0107", drop("ActivityNarrativeInformation")),
    ("no form type", "SAR-0107", drop("Activity/../FormTypeCode")),
    ("two attachments", "SAR-0108", _second("ActivitySupportDocument")),
    ("six blocks of narrative, the sixth so numbered", "SAR-0108", _blocks(9, 9, 9, 9, 9, 9)),
    ("six blocks of narrative", "SAR-0108", both(_blocks(9, 9, 9, 9, 9), _second("ActivityNarrativeInformation[5]"))),
    ("no PartyCount", "SAR-0109", attribute(".", "PartyCount", None)),
    ("no SeqNum", "SAR-0109", attribute("{33}", "SeqNum", None)),
    ("an attribute too many", "SAR-0110", attribute(".", "AccountCount", "1")),
    ("an attribute on a value", "SAR-0110", attribute("FilingDateText", "Zone", "UTC")),
    ("a SeqNum of letters", "SAR-0111", attribute("{33}", "SeqNum", "seven")),
    ("a TotalAmount of letters", "SAR-0111", attribute(".", "TotalAmount", "much")),
    ("text between elements", "SAR-0112", put("{33}", "and")),
    ("an element in a value", "SAR-0113", rewrite(
        ">20260401<", "><fc2:Day>20260401</fc2:Day><")),
    ("one report too many", "SAR-0201", attribute(".", "ActivityCount", "4")),
    ("all parties counted", "SAR-0202", attribute(".", "PartyCount", "19")),
    ("a total that is no sum", "SAR-0203", attribute(".", "TotalAmount", "50501")),
    ("a cumulative total", "SAR-0203", attribute(".", "TotalAmount", "128000")),
    ("attachments of activities not counted", "SAR-0204", attribute(".", "ActivityAttachmentCount", "0")),
    ("attachments not counted", "SAR-0205", attribute(".", "AttachmentCount", "2")),
    ("a total with cents", "SAR-0206", attribute(".", "TotalAmount", "50500.00")),
    ("a total with a comma", "SAR-0206", attribute(".", "TotalAmount", "50,500")),
    ("a SeqNum twice", "SAR-0210", lambda m: m.find("{33}").set("SeqNum", m.find("{34}").get("SeqNum"))),
    ("a SeqNum of zero", "SAR-0211", attribute("{33}", "SeqNum", "0")),
    ("a SeqNum that falls", "SAR-0212", attribute("ActivityAssociation", "SeqNum", "900")),
    ("a report twice", "SAR-0213", _second("Activity[3]")),
    ("a line feed", "SAR-0301", put(STREET, "12 Main\nLane")),
    ("a tab", "SAR-0301", put("{30}/PartyName/RawPartyFullName", "First\tBank")),
    ("a carriage return", "SAR-0301", rewrite("12 Brothers Lane", "12 Brothers&#13;Lane")),
    ("a line feed in the narrative", "SAR-0301", put("ActivityNarrativeInformation/ActivityNarrativeText", "Who.\nWhat.")),
    ("a space in front", "SAR-0302", put(STREET, " 12 Main Lane")),
    ("a space behind", "SAR-0302", put("{33}/Address/RawCityText", "Rome ")),
    ("a space behind the narrative", "SAR-0302", put("ActivityNarrativeInformation/ActivityNarrativeText", "Who and what. ")),
    ("a space around a code", "SAR-0302", put("{33}/PartyName[1]/PartyNameTypeCode", " L")),
    ("a space that nobody sees", "SAR-0302", put("{33}/Address/RawCityText", "\ufeffRome")),
    ("an empty indicator", "SAR-0303", put("ActivityAssociation/JointReportIndicator", None)),
    ("an empty text", "SAR-0303", insert("{33}/PartyName[1]/RawIndividualFirstName", "<RawIndividualMiddleName/>", after=True)),
    ("an empty code", "SAR-0304", put(f"{KIND}[1]/SuspiciousActivityTypeID", None)),
    ("an empty narrative", "SAR-0304", put("ActivityNarrativeInformation/ActivityNarrativeText", None)),
    ("a name too long", "SAR-0305", put("{30}/PartyName/RawPartyFullName", "A" * 151)),
    ("a block too long", "SAR-0305", put("ActivityNarrativeInformation/ActivityNarrativeText", "x" * 4001)),
    ("an amount of 16 digits", "SAR-0305", put("SuspiciousActivity/TotalSuspiciousAmountText", "1000000000000000")),
    ("an unknown party", "SAR-0306", put("{34}/ActivityPartyTypeCode", "36")),
    ("an unknown subtype", "SAR-0306", put(f"{KIND}[1]/SuspiciousActivitySubtypeID", "115")),
    ("an unknown regulator", "SAR-0306", put("{30}/PrimaryRegulatorTypeCode", "5")),
    ("a sixth block's number", "SAR-0306", put("ActivityNarrativeInformation/ActivityNarrativeSequenceNumber", "6")),
    ("an indicator that says no", "SAR-0307", put("ActivityAssociation/JointReportIndicator", "N")),
    ("an initial report that says no", "SAR-0307", put("ActivityAssociation/InitialReportIndicator", "N")),
    ("a kind of report that it is not", "SAR-0307", insert(
        "ActivityAssociation/InitialReportIndicator",
        "<CorrectsAmendsPriorReportIndicator>N</CorrectsAmendsPriorReportIndicator>")),
    ("AKA in a name", "SAR-0308", put("{30}/PartyName/RawPartyFullName", "First Bank AKA Firsty")),
    ("dba in a name", "SAR-0308", put("{33}/PartyName[1]/RawEntityIndividualLastName", "Doe d/b/a Bread")),
    ("f/k/a in a name", "SAR-0308", put("{33}/PartyName[1]/RawEntityIndividualLastName", "Doe f/k/a Roe")),
    ("a name that is none twice", "SAR-0308", put("{33}/PartyName[1]/RawEntityIndividualLastName", "None, none")),
    ("a number after unknown", "SAR-0308", put("{33}/PartyName[1]/RawEntityIndividualLastName", "UNKNOWN2")),
    ("an unknown street", "SAR-0308", put(STREET, "UNKNOWN")),
    ("a city that is the same", "SAR-0308", put("{33}/Address/RawCityText", "Same as above")),
    ("a name that is none", "SAR-0308", put("{33}/PartyName[1]/RawIndividualFirstName", "None")),
    ("an occupation not applicable", "SAR-0308", put("{33}/PartyOccupationBusiness/OccupationBusinessText", "N/A")),
    ("a name of XX", "SAR-0308", put("{33}/PartyName[1]/RawEntityIndividualLastName", "XX")),
    ("other that is other", "SAR-0308", put(f"{KIND}[2]/OtherSuspiciousActivityTypeText", "Other")),
    ("a pointer to the narrative", "SAR-0308", put(STREET, "See narrative")),
    ("an account that is unknown", "SAR-0308", put(
        "{33}/PartyAccountAssociation/Party/Account/AccountNumberText", "UNKNOWN")),
    ("a time of 24 hours", "SAR-0309", put("ActivityIPAddress/ActivityIPAddressTimeStampText", "24:00:00")),
    ("an industry by its name", "SAR-0310", insert(
        "{33}/PartyOccupationBusiness/OccupationBusinessText", "<NAICSCode>Baker</NAICSCode>")),
    ("an e-mail address without its sign", "SAR-0310", put("{33}/ElectronicAddress/ElectronicAddressText", "doe.example")),
    ("a date with hyphens", "SAR-0401", put("FilingDateText", "2026-04-01")),
    ("a date that ends early", "SAR-0401", put("SuspiciousActivity/SuspiciousActivityFromDateText", "202601")),
    ("30 February", "SAR-0402", put("SuspiciousActivity/SuspiciousActivityToDateText", "20260230")),
    ("a leap day without a leap year", "SAR-0402", put("SuspiciousActivity/SuspiciousActivityFromDateText", "20250229")),
    ("month 13", "SAR-0402", put("FilingDateText", "20261301")),
    ("an unknown day of filing", "SAR-0402", put("FilingDateText", "20260400")),
    ("an end before the beginning", "SAR-0403", put("SuspiciousActivity/SuspiciousActivityFromDateText", "20260303")),
    ("an activity after the filing", "SAR-0404", put("SuspiciousActivity/SuspiciousActivityToDateText", "20260402")),
    ("a birth after the filing", "SAR-0404", put("{33}/IndividualBirthDateText", "20260402")),
    ("a filing in the future", "SAR-0405", put("FilingDateText", "20260602")),
    ("a day of birth without its month", "SAR-0406", put("{33}/IndividualBirthDateText", "19800012")),
    ("no kind of report", "SAR-0501", drop("ActivityAssociation/InitialReportIndicator")),
    ("initial and correcting", "SAR-0502", both(
        flag("CorrectsAmendsPriorReportIndicator", "ActivityAssociation/InitialReportIndicator"),
        insert("FilingDateText", "<EFilingPriorDocumentNumber>31000055053784</EFilingPriorDocumentNumber>"))),
    ("initial and continuing", "SAR-0502", both(
        flag("ContinuingActivityReportIndicator", "ActivityAssociation/InitialReportIndicator"),
        insert("FilingDateText", "<EFilingPriorDocumentNumber>31000055053784</EFilingPriorDocumentNumber>"),
        insert("SuspiciousActivity/SuspiciousActivityFromDateText",
               "<CumulativeTotalViolationAmountText>99000</CumulativeTotalViolationAmountText>"))),
    ("initial and correcting nothing", "SAR-0502", flag(
        "CorrectsAmendsPriorReportIndicator", "ActivityAssociation/InitialReportIndicator")),
    ("continuing without a prior report", "SAR-0503", drop("Activity[2]/EFilingPriorDocumentNumber")),
    ("a prior number too short", "SAR-0504", put("Activity[2]/EFilingPriorDocumentNumber", "3100005505378")),
    ("a prior number of letters", "SAR-0504", put("Activity[2]/EFilingPriorDocumentNumber", "UNKNOWN")),
    ("initial with a prior number", "SAR-0505", insert(
        "FilingDateText", "<EFilingPriorDocumentNumber>00000000000000</EFilingPriorDocumentNumber>")),
    ("initial with a cumulative amount", "SAR-0506", insert(
        "SuspiciousActivity/SuspiciousActivityFromDateText",
        "<CumulativeTotalViolationAmountText>99000</CumulativeTotalViolationAmountText>")),
    ("a cumulative amount below the amount", "SAR-0507", put(
        "Activity[2]/SuspiciousActivity/CumulativeTotalViolationAmountText", "12499")),
    ("continuing without a cumulative amount", "SAR-0508", drop(
        "Activity[2]/SuspiciousActivity/CumulativeTotalViolationAmountText")),
    ("an amount with a comma", "SAR-0601", put("SuspiciousActivity/TotalSuspiciousAmountText", "38,000")),
    ("an amount with cents", "SAR-0601", put("SuspiciousActivity/TotalSuspiciousAmountText", "38000.00")),
    ("an amount with a leading zero", "SAR-0601", put("SuspiciousActivity/TotalSuspiciousAmountText", "038000")),
    ("an amount with a sign", "SAR-0601", put("SuspiciousActivity/TotalSuspiciousAmountText", "-38000")),
    ("an amount with commas and cents", "SAR-0601", put("SuspiciousActivity/TotalSuspiciousAmountText", "1,234,567,890,123.00")),
    ("a loss in dollars", "SAR-0601", put("{34}/LossToFinancialAmountText", "$5")),
    ("no amount", "SAR-0602", drop("SuspiciousActivity/TotalSuspiciousAmountText")),
    ("no amount, and a total as before", "SAR-0602", _untotalled),
    ("an amount that is unknown", "SAR-0603", flag(
        "AmountUnknownIndicator", "SuspiciousActivity/SuspiciousActivityFromDateText")),
    ("an amount where none is involved", "SAR-0603", flag(
        "NoAmountInvolvedIndicator", "SuspiciousActivity/SuspiciousActivityFromDateText")),
    ("unknown and none", "SAR-0604", flag(
        "NoAmountInvolvedIndicator", "Activity[3]/SuspiciousActivity/SuspiciousActivityFromDateText")),
    *[(f"no party {code}", "SAR-0701", drop(f"{{{code}}}")) for code in ("35", "37", "30", "8", "34", "33")],
    ("two transmitters", "SAR-0702", _second("{35}")),
    ("two filing institutions", "SAR-0702", _second("{30}")),
    ("a branch among the parties", "SAR-0703", _before("{34}/PartyAssociation/Party", "{33}")),
    ("a subject as a branch", "SAR-0703", put("{34}/PartyAssociation/Party/ActivityPartyTypeCode", "33")),
    ("another transmitter in the second report", "SAR-0705", put(
        "Activity[2]/{35}/PartyIdentification[2]/PartyIdentificationNumberText", "PBSA8180")),
    ("a gender of a bank", "SAR-0704", flag("FemaleGenderIndicator", "{30}/PrimaryRegulatorTypeCode")),
    ("no legal name", "SAR-0801", drop("{8}/PartyName")),
    ("only an alias", "SAR-0801", put("{37}/PartyName/PartyNameTypeCode", "AKA")),
    ("two legal names", "SAR-0802", put("{33}/PartyName[2]/PartyNameTypeCode", "L")),
    ("a name without text", "SAR-0803", drop("{37}/PartyName/RawPartyFullName")),
    ("a last name that is unknown", "SAR-0804", flag("EntityLastNameUnknownIndicator", "{33}/PartyName[1]/PartyNameTypeCode")),
    ("a first name that is unknown", "SAR-0804", flag("FirstNameUnknownIndicator", "{33}/PartyName[1]/PartyNameTypeCode")),
    ("no first name", "SAR-0805", drop("{33}/PartyName[1]/RawIndividualFirstName")),
    ("no last name", "SAR-0805", drop("{33}/PartyName[1]/RawEntityIndividualLastName")),
    ("an entity with a first name", "SAR-0806", insert(
        "Activity[2]/{33}/PartyName/RawEntityIndividualLastName",
        "<RawIndividualFirstName>Karl</RawIndividualFirstName>", after=True)),
    ("an entity with a date of birth", "SAR-0806", insert(
        "Activity[2]/{33}/NoKnownAccountInvolvedIndicator",
        "<IndividualBirthDateText>19800101</IndividualBirthDateText>")),
    ("an entity of unknown birth", "SAR-0809", flag("BirthDateUnknownIndicator", "Activity[2]/{33}/NoKnownAccountInvolvedIndicator")),
    ("an entity without a first name", "SAR-0809", flag("FirstNameUnknownIndicator", "Activity[2]/{33}/PartyName/PartyNameTypeCode")),
    ("a person's name in one field", "SAR-0805", both(
        put("{33}/PartyName[1]/RawEntityIndividualLastName", "Doe"),
        insert("{33}/PartyName[1]/RawIndividualFirstName", "<RawPartyFullName>Zoë Doe</RawPartyFullName>", after=True),
        drop("{33}/PartyName[1]/RawIndividualFirstName"))),
    ("a subject's name in one field", "SAR-0807", both(
        insert("Activity[2]/{33}/PartyName/RawEntityIndividualLastName", "<RawPartyFullName>Firm</RawPartyFullName>", after=True),
        drop("Activity[2]/{33}/PartyName/RawEntityIndividualLastName"))),
    ("a name though nothing is known", "SAR-0808", insert(
        "Activity[2]/Party[7]/NoKnownAccountInvolvedIndicator",
        "<PartyName><PartyNameTypeCode>L</PartyNameTypeCode>"
        "<RawEntityIndividualLastName>Doe</RawEntityIndividualLastName></PartyName>", after=True)),
    ("a country by its name", "SAR-0901", put("{33}/Address/RawCountryCodeText", "UK")),
    ("a country of three letters", "SAR-0901", put("{33}/Address/RawCountryCodeText", "USA")),
    ("a country in small letters", "SAR-0901", put("{33}/Address/RawCountryCodeText", "us")),
    ("a state of Germany", "SAR-0902", insert(
        "Activity[2]/{33}/Address/RawStreetAddress1Text", "<RawStateCodeText>NW</RawStateCodeText>")),
    ("a state that is none", "SAR-0903", put("{33}/Address/RawStateCodeText", "ZZ")),
    ("a state by its name", "SAR-0903", put("{33}/Address/RawStateCodeText", "Illinois")),
    ("a province of another country", "SAR-0903", put("{33}/Address/RawStateCodeText", "ON")),
    ("an issuing state that is none", "SAR-0903", put("{33}/PartyIdentification[2]/OtherIssuerStateText", "XQ")),
    ("no state", "SAR-0904", drop("{33}/Address/RawStateCodeText")),
    ("a ZIP of 4 digits", "SAR-0905", put("{33}/Address/RawZIPCode", "6270")),
    ("a ZIP of 6 digits", "SAR-0905", put("{33}/Address/RawZIPCode", "627010")),
    ("a ZIP of letters", "SAR-0905", put("{33}/Address/RawZIPCode", "ABCDE")),
    ("a ZIP of zeros", "SAR-0905", put("{33}/Address/RawZIPCode", "00000")),
    ("a ZIP of 9 characters with a hyphen", "SAR-0905", put("{33}/Address/RawZIPCode", "6270-0001")),
    ("a ZIP with its hyphen", "SAR-0905", put("{33}/Address/RawZIPCode", "62701-0001")),
    ("no ZIP", "SAR-0906", drop("{33}/Address/RawZIPCode")),
    ("a city that is unknown", "SAR-0907", flag("CityUnknownIndicator", "{33}/Address/RawCityText")),
    ("a ZIP that is unknown", "SAR-0907", insert("{33}/Address/RawZIPCode", _NEW_FLAG.format("ZIPCodeUnknownIndicator"), after=True)),
    ("no city", "SAR-0908", drop("{33}/Address/RawCityText")),
    ("no country", "SAR-0908", drop("Activity[2]/{33}/Address/RawCountryCodeText")),
    ("no address of the subject", "SAR-0909", drop("{33}/Address")),
    ("no address of the bank", "SAR-0910", drop("{30}/Address")),
    ("a city that the bank does not know", "SAR-0912", both(
        drop("{30}/Address/RawCityText"), flag("CityUnknownIndicator", "{30}/Address/RawCountryCodeText"))),
    ("a foreign ZIP with a hyphen", "SAR-0911", insert(
        "Activity[2]/{33}/Address/RawStreetAddress1Text", "<RawZIPCode>D-50667</RawZIPCode>", after=True)),
    ("a TIN with hyphens", "SAR-1001", put(TIN, "321-45-6789")),
    ("a TIN of 8 digits", "SAR-1001", put(TIN, "32145678")),
    ("a TIN longer than any number", "SAR-1001", put(TIN, "3" * 26)),
    ("a relationship's TIN of 8 digits", "SAR-1001", put(
        "{33}/PartyAssociation/SubjectRelationshipFinancialInstitutionTINText", "36123456")),
    ("a TIN of equal digits", "SAR-1002", put(TIN, "111111111")),
    ("a TIN that counts up", "SAR-1002", put(TIN, "123456789")),
    ("a number without type", "SAR-1003", drop("{33}/PartyIdentification[2]/PartyIdentificationTypeCode")),
    ("a type without number", "SAR-1004", drop("{33}/PartyIdentification[2]/PartyIdentificationNumberText")),
    ("a TIN that is unknown", "SAR-1007", insert(
        "{33}/PartyIdentification[1]/PartyIdentificationTypeCode", _NEW_FLAG.format("TINUnknownIndicator"), after=True)),
    ("no TIN", "SAR-1008", drop("{33}/PartyIdentification[1]")),
    ("no control code", "SAR-1009", drop("{35}/PartyIdentification[2]")),
    ("a control code too short", "SAR-1010", put("{35}/PartyIdentification[2]/PartyIdentificationNumberText", "PBSA818")),
    ("a test code misspelt", "SAR-1010", put("{35}/PartyIdentification[2]/PartyIdentificationNumberText", "TESTBSA1")),
    ("no transmitter's TIN", "SAR-1011", drop("{35}/PartyIdentification[1]")),
    ("an identification that is unknown", "SAR-1012", flag(
        "IdentificationPresentUnknownIndicator", "{33}/PartyIdentification[2]/OtherIssuerCountryText")),
    ("another bank's TIN", "SAR-1014", put(
        "{33}/PartyAssociation/SubjectRelationshipFinancialInstitutionTINText", "451234567")),
    ("an institution without TIN", "SAR-1015", drop("{34}/PartyIdentification")),
    ("a phone with hyphens", "SAR-1101", put("{35}/PhoneNumber/PhoneNumberText", "217-555-0100")),
    ("a phone with a plus", "SAR-1101", put("{33}/PhoneNumber/PhoneNumberText", "+12175550199")),
    ("a phone of 3 digits", "SAR-1101", put("{35}/PhoneNumber/PhoneNumberText", "555")),
    ("a phone written out", "SAR-1101", put("{35}/PhoneNumber/PhoneNumberText", "(217) 555-0100 ext. 5")),
    ("an extension of letters", "SAR-1102", put("{8}/PhoneNumber/PhoneNumberExtensionText", "x12")),
    ("an extension alone", "SAR-1103", drop("{8}/PhoneNumber/PhoneNumberText")),
    ("no phone", "SAR-1104", drop("{8}/PhoneNumber")),
    ("a subtype of another type", "SAR-1201", put(f"{KIND}[1]/SuspiciousActivityTypeID", "8")),
    ("a subtype of another institution", "SAR-1201", insert(
        "{30}/OrganizationClassificationTypeSubtype/OrganizationTypeID", "<OrganizationSubtypeID>528</OrganizationSubtypeID>")),
    ("a payment that is a product", "SAR-1201", put("Assets[1]/AssetTypeID", "5")),
    ("other without text", "SAR-1202", drop(f"{KIND}[2]/OtherSuspiciousActivityTypeText")),
    ("another identification without text", "SAR-1202", put("{33}/PartyIdentification[2]/PartyIdentificationTypeCode", "999")),
    ("another cyber event without text", "SAR-1202", drop("CyberEventIndicators/CyberEventTypeOtherText")),
    ("another institution without text", "SAR-1202", put("{30}/OrganizationClassificationTypeSubtype/OrganizationTypeID", "999")),
    ("another product without text", "SAR-1202", put("Assets[2]/AssetSubtypeID", "30")),
    ("another relationship without text", "SAR-1202", insert(
        "{33}/PartyAssociation/EmployeeIndicator", _NEW_FLAG.format("OtherRelationshipIndicator"), after=True)),
    ("text without other", "SAR-1203", insert(
        f"{KIND}[1]/SuspiciousActivitySubtypeID", "<OtherSuspiciousActivityTypeText>Forms</OtherSuspiciousActivityTypeText>")),
    ("text of an instrument without other", "SAR-1203", insert(
        "Assets[1]/AssetTypeID", "<OtherAssetSubtypeText>Scrip</OtherAssetSubtypeText>", after=True)),
    ("a subtype twice", "SAR-1204", _second(f"{KIND}[1]")),
    ("an instrument twice", "SAR-1204", _second("Assets[1]")),
    ("a casino of no kind", "SAR-1205", put("{30}/OrganizationClassificationTypeSubtype/OrganizationTypeID", "1")),
    ("an attribute without text", "SAR-1206", drop("AssetsAttribute/AssetAttributeDescriptionText")),
    ("a bank without regulator", "SAR-1207", drop("{30}/PrimaryRegulatorTypeCode")),
    ("two genders", "SAR-1301", flag("FemaleGenderIndicator", "{33}/IndividualBirthDateText")),
    ("an admission and none", "SAR-1301", both(
        flag("AdmissionConfessionNoIndicator", "{33}/IndividualBirthDateText"),
        flag("AdmissionConfessionYesIndicator", "{33}/IndividualBirthDateText"))),
    ("a birth that is unknown", "SAR-1302", flag("BirthDateUnknownIndicator", "{33}/IndividualBirthDateText")),
    ("no date of birth", "SAR-1303", drop("{33}/IndividualBirthDateText")),
    ("sender, and both", "SAR-1304", flag("BothPurchaserSenderPayeeReceiveIndicator", "{33}/IndividualBirthDateText")),
    ("no relationship, and one", "SAR-1401", insert(
        "{33}/PartyAssociation/EmployeeIndicator", _NEW_FLAG.format("NoRelationshipToInstitutionIndicator"), after=True)),
    ("ended and goes on", "SAR-1402", insert(
        "{33}/PartyAssociation/EmployeeIndicator", _NEW_FLAG.format("RelationshipContinuesIndicator"), after=True)),
    ("a day on which nothing ended", "SAR-1403", drop("{33}/PartyAssociation/TerminatedIndicator")),
    ("accounts and none", "SAR-1404", insert(
        "{33}/MaleGenderIndicator", _NEW_FLAG.format("NoKnownAccountInvolvedIndicator"), after=True)),
    ("accounts nor none", "SAR-1405", drop("{33}/PartyAccountAssociation")),
    ("an end without a day", "SAR-1406", drop("{33}/PartyAssociation/ActionTakenDateText")),
    ("a branch and none", "SAR-1407", flag("NoBranchActivityInvolvedIndicator", "{34}/PrimaryRegulatorTypeCode")),
    ("an account without number", "SAR-1408", drop("{33}/PartyAccountAssociation/Party/Account/AccountNumberText")),
    ("the links the wrong way", "SAR-1409", put("{33}/PartyAccountAssociation/PartyAccountAssociationTypeCode", "5")),
    ("a link that is closed", "SAR-1410", flag(
        "AccountClosedIndicator", "{33}/PartyAccountAssociation/PartyAccountAssociationTypeCode")),
    ("blocks from 2 on", "SAR-1501", _blocks(90, 90, first=2)),
    ("a gap between blocks", "SAR-1501", both(
        _blocks(90, 90), put("ActivityNarrativeInformation[2]/ActivityNarrativeSequenceNumber", "3"))),
    ("a block's number twice", "SAR-1501", both(
        _blocks(90, 90), put("ActivityNarrativeInformation[2]/ActivityNarrativeSequenceNumber", "1"))),
    ("17,001 characters", "SAR-1502", _blocks(4000, 4000, 4000, 4000, 1001)),
    ("see attached", "SAR-1503", put("ActivityNarrativeInformation/ActivityNarrativeText", "Please see attached.")),
    ("an attached spreadsheet", "SAR-1601", put("ActivitySupportDocument/OriginalAttachmentFileName", "deposits.xlsx")),
    ("an attachment in a folder", "SAR-1602", put("ActivitySupportDocument/OriginalAttachmentFileName", "../deposits.csv")),
    ("an attachment that another report has", "SAR-1604", _same_attachment),
    ("an address that is none", "SAR-1701", put("ActivityIPAddress/IPAddressText", "10.0.0.256")),
]  # fmt: skip
