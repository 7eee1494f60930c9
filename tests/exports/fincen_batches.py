"""A clean SAR batch to break: three reports, every part of the form, and ways to change one thing of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

NS = "www.fincen.gov/base"
Change = Callable[["Batch"], None]

_NARRATIVE = (
    "This initial report tells of cash deposits below the reporting threshold. N/A, NONE, UNKNOWN, OTHER, AKA and SAME AS "
    "ABOVE are words that the account's notes use; see attached table for each deposit. Mr. Doe deposited 9,500 dollars on "
    "four days at two branches, and told the teller that he wants no form to be filled in."
)


def _institution(code: str, name: str, tin: str, inside: str = "") -> str:
    return f"""
    <Party><ActivityPartyTypeCode>{code}</ActivityPartyTypeCode>{inside}
      <PrimaryRegulatorTypeCode>4</PrimaryRegulatorTypeCode>
      <PartyName><PartyNameTypeCode>L</PartyNameTypeCode><RawPartyFullName>{name}</RawPartyFullName></PartyName>
      {address()}
      <PartyIdentification><PartyIdentificationNumberText>{tin}</PartyIdentificationNumberText>
        <PartyIdentificationTypeCode>2</PartyIdentificationTypeCode></PartyIdentification>
      <OrganizationClassificationTypeSubtype><OrganizationTypeID>2</OrganizationTypeID>
      </OrganizationClassificationTypeSubtype>"""


def address(city: str = "Springfield", state: str = "IL", zip_code: str = "627010001", country: str = "US") -> str:
    return f"""<Address><RawCityText>{city}</RawCityText><RawCountryCodeText>{country}</RawCountryCodeText>
      <RawStateCodeText>{state}</RawStateCodeText><RawStreetAddress1Text>12 Brothers Lane</RawStreetAddress1Text>
      <RawZIPCode>{zip_code}</RawZIPCode></Address>"""


def filers() -> str:
    return f"""
    <Party><ActivityPartyTypeCode>35</ActivityPartyTypeCode>
      <PartyName><PartyNameTypeCode>L</PartyNameTypeCode><RawPartyFullName>First Bank</RawPartyFullName></PartyName>
      {address()}
      <PhoneNumber><PhoneNumberText>2175550100</PhoneNumberText></PhoneNumber>
      <PartyIdentification><PartyIdentificationNumberText>361234567</PartyIdentificationNumberText>
        <PartyIdentificationTypeCode>4</PartyIdentificationTypeCode></PartyIdentification>
      <PartyIdentification><PartyIdentificationNumberText>TBSATEST</PartyIdentificationNumberText>
        <PartyIdentificationTypeCode>28</PartyIdentificationTypeCode></PartyIdentification>
    </Party>
    <Party><ActivityPartyTypeCode>37</ActivityPartyTypeCode>
      <PartyName><PartyNameTypeCode>L</PartyNameTypeCode><RawPartyFullName>BSA Desk</RawPartyFullName></PartyName>
    </Party>
    {_institution("30", "First Bank", "361234567")}
    </Party>
    <Party><ActivityPartyTypeCode>8</ActivityPartyTypeCode>
      <PartyName><PartyNameTypeCode>L</PartyNameTypeCode><RawPartyFullName>Compliance Office</RawPartyFullName></PartyName>
      <PhoneNumber><PhoneNumberExtensionText>12</PhoneNumberExtensionText><PhoneNumberText>2175550101</PhoneNumberText></PhoneNumber>
    </Party>
    {_institution("34", "First Bank", "361234567", "<LossToFinancialAmountText>0</LossToFinancialAmountText>")}
      <PartyAssociation><Party><ActivityPartyTypeCode>46</ActivityPartyTypeCode>{address()}</Party></PartyAssociation>
    </Party>"""


PERSON = f"""
    <Party><ActivityPartyTypeCode>33</ActivityPartyTypeCode>
      <IndividualBirthDateText>19800200</IndividualBirthDateText>
      <MaleGenderIndicator>Y</MaleGenderIndicator>
      <PurchaserSenderIndicator>Y</PurchaserSenderIndicator>
      <PartyName><PartyNameTypeCode>L</PartyNameTypeCode><RawEntityIndividualLastName>Doe</RawEntityIndividualLastName>
        <RawIndividualFirstName>Zoë</RawIndividualFirstName></PartyName>
      <PartyName><PartyNameTypeCode>AKA</PartyNameTypeCode><RawPartyFullName>John Doe</RawPartyFullName></PartyName>
      {address()}
      <PhoneNumber><PhoneNumberText>2175550199</PhoneNumberText><PhoneNumberTypeCode>R</PhoneNumberTypeCode></PhoneNumber>
      <PartyIdentification><PartyIdentificationNumberText>321456789</PartyIdentificationNumberText>
        <PartyIdentificationTypeCode>1</PartyIdentificationTypeCode></PartyIdentification>
      <PartyIdentification><OtherIssuerCountryText>US</OtherIssuerCountryText><OtherIssuerStateText>IL</OtherIssuerStateText>
        <PartyIdentificationNumberText>D1234-5678</PartyIdentificationNumberText>
        <PartyIdentificationTypeCode>5</PartyIdentificationTypeCode></PartyIdentification>
      <PartyOccupationBusiness><OccupationBusinessText>Baker</OccupationBusinessText></PartyOccupationBusiness>
      <ElectronicAddress><ElectronicAddressText>none@doe.example</ElectronicAddressText>
        <ElectronicAddressTypeCode>E</ElectronicAddressTypeCode></ElectronicAddress>
      <PartyAssociation><ActionTakenDateText>20260301</ActionTakenDateText><EmployeeIndicator>Y</EmployeeIndicator>
        <SubjectRelationshipFinancialInstitutionTINText>361234567</SubjectRelationshipFinancialInstitutionTINText>
        <TerminatedIndicator>Y</TerminatedIndicator></PartyAssociation>
      <PartyAccountAssociation><PartyAccountAssociationTypeCode>7</PartyAccountAssociationTypeCode>
        <Party><ActivityPartyTypeCode>41</ActivityPartyTypeCode>
          <PartyIdentification><PartyIdentificationNumberText>361234567</PartyIdentificationNumberText>
            <PartyIdentificationTypeCode>4</PartyIdentificationTypeCode></PartyIdentification>
          <Account><AccountNumberText>4711</AccountNumberText>
            <PartyAccountAssociation><AccountClosedIndicator>Y</AccountClosedIndicator>
              <PartyAccountAssociationTypeCode>5</PartyAccountAssociationTypeCode></PartyAccountAssociation></Account>
        </Party></PartyAccountAssociation>
    </Party>"""

ENTITY = """
    <Party><ActivityPartyTypeCode>33</ActivityPartyTypeCode>
      <NoKnownAccountInvolvedIndicator>Y</NoKnownAccountInvolvedIndicator>
      <PartyAsEntityOrganizationIndicator>Y</PartyAsEntityOrganizationIndicator>
      <PartyName><PartyNameTypeCode>L</PartyNameTypeCode>
        <RawEntityIndividualLastName>Customers First GmbH</RawEntityIndividualLastName></PartyName>
      <Address><RawCityText>Köln</RawCityText><RawCountryCodeText>DE</RawCountryCodeText>
        <RawStreetAddress1Text>Domplatz 1</RawStreetAddress1Text></Address>
      <PartyIdentification><TINUnknownIndicator>Y</TINUnknownIndicator></PartyIdentification>
    </Party>"""

NOBODY = """
    <Party><ActivityPartyTypeCode>33</ActivityPartyTypeCode>
      <AllCriticalSubjectInformationUnavailableIndicator>Y</AllCriticalSubjectInformationUnavailableIndicator>
      <NoKnownAccountInvolvedIndicator>Y</NoKnownAccountInvolvedIndicator>
    </Party>"""


def report(kind: str, subjects: str, suspicious: str, *, prior: str = "", attachment: str = "", extra: str = "") -> str:
    kinds = "".join(f"<{name}>Y</{name}>" for name in kind.split())
    return f"""<Activity>{prior}<FilingDateText>20260401</FilingDateText>
    <ActivityAssociation>{kinds}</ActivityAssociation>{attachment}{filers()}{subjects}
    <SuspiciousActivity>{suspicious}</SuspiciousActivity>{extra}
    <ActivityNarrativeInformation><ActivityNarrativeSequenceNumber>1</ActivityNarrativeSequenceNumber>
      <ActivityNarrativeText>{_NARRATIVE}</ActivityNarrativeText></ActivityNarrativeInformation></Activity>"""


def classified(subtype: str = "114", kind: str = "1", other: str = "") -> str:
    return f"""<SuspiciousActivityClassification>{other}<SuspiciousActivitySubtypeID>{subtype}</SuspiciousActivitySubtypeID>
      <SuspiciousActivityTypeID>{kind}</SuspiciousActivityTypeID></SuspiciousActivityClassification>"""


_FIRST = report(
    "InitialReportIndicator JointReportIndicator",
    PERSON,
    f"""<SuspiciousActivityFromDateText>20260105</SuspiciousActivityFromDateText>
    <SuspiciousActivityToDateText>20260302</SuspiciousActivityToDateText>
    <TotalSuspiciousAmountText>38000</TotalSuspiciousAmountText>{classified()}{
        classified("1999", "1", "<OtherSuspiciousActivityTypeText>Asked about forms</OtherSuspiciousActivityTypeText>")
    }""",
    attachment="""<ActivitySupportDocument><OriginalAttachmentFileName>deposits 1.csv</OriginalAttachmentFileName>
    </ActivitySupportDocument>""",
    extra="""
    <ActivityIPAddress><ActivityIPAddressDateText>20260302</ActivityIPAddressDateText>
      <ActivityIPAddressTimeStampText>23:59:59</ActivityIPAddressTimeStampText><IPAddressText>2001:db8::1</IPAddressText>
    </ActivityIPAddress>
    <CyberEventIndicators><CyberEventIndicatorsTypeCode>999</CyberEventIndicatorsTypeCode>
      <CyberEventTypeOtherText>User agent</CyberEventTypeOtherText><EventValueText>curl</EventValueText></CyberEventIndicators>
    <Assets><AssetSubtypeID>39</AssetSubtypeID><AssetTypeID>6</AssetTypeID></Assets>
    <Assets><AssetSubtypeID>46</AssetSubtypeID><AssetTypeID>5</AssetTypeID></Assets>
    <AssetsAttribute><AssetAttributeDescriptionText>037833100</AssetAttributeDescriptionText>
      <AssetAttributeTypeID>1</AssetAttributeTypeID></AssetsAttribute>""",
)
_SECOND = report(
    "ContinuingActivityReportIndicator CorrectsAmendsPriorReportIndicator",
    ENTITY + NOBODY,
    f"""<CumulativeTotalViolationAmountText>90000</CumulativeTotalViolationAmountText>
    <SuspiciousActivityFromDateText>20260105</SuspiciousActivityFromDateText>
    <TotalSuspiciousAmountText>12500</TotalSuspiciousAmountText>{classified("10999", "10", "<OtherSuspiciousActivityTypeText>Straw buyer</OtherSuspiciousActivityTypeText>")}""",
    prior="<EFilingPriorDocumentNumber>00000000000000</EFilingPriorDocumentNumber>",
)
_THIRD = report(
    "InitialReportIndicator",
    ENTITY,
    f"""<AmountUnknownIndicator>Y</AmountUnknownIndicator>
    <SuspiciousActivityFromDateText>20260105</SuspiciousActivityFromDateText>{classified("1001", "10")}""",
)


@dataclass
class Batch:
    """A batch as a tree that a test may change before it becomes a file."""

    root: etree._Element
    _text: list[tuple[str, str]] = field(default_factory=list)

    def find(self, path: str) -> etree._Element:
        """Find an element: names without prefix, ``{33}`` for the first report's party of that code."""
        return self.root.xpath(expanded(path), namespaces={"fc2": NS})[0]

    def write(self, path: Path) -> Path:
        path.write_bytes(self.content())
        return path

    def content(self) -> bytes:
        content = etree.tostring(self.root, xml_declaration=True, encoding="UTF-8")
        for old, new in self._text:
            assert old.encode() in content, old
            content = content.replace(old.encode(), new.encode(), 1)
        return content


def expanded(path: str) -> str:
    first = path if path == "." or re.match(r"Activity[\[/]", path) else f"Activity[1]/{path}"
    named = re.sub(r"\{(\d+)\}", r"Party[ActivityPartyTypeCode='\1']", first)
    return re.sub(r"(?<![\w:'@])([A-Z]\w+)(?![\w'(])", r"fc2:\1", named)


def batch(*reports: str) -> Batch:
    """Make a batch of reports with right totals and sequence numbers; by default of three that have no fault."""
    inside = "".join(reports or (_FIRST, _SECOND, _THIRD))
    xml = f"<EFilingBatchXML xmlns='{NS}'><FormTypeCode>SARX</FormTypeCode>{inside}</EFilingBatchXML>"
    parser = etree.XMLParser(remove_blank_text=True)
    bare = etree.fromstring(re.sub(r">\s+<", "><", xml), parser)
    root = etree.Element(f"{{{NS}}}EFilingBatchXML", nsmap={"fc2": NS})
    _copy(bare, root)
    made = Batch(root)
    total(made)
    return made


def _copy(source: etree._Element, target: etree._Element) -> None:
    target.text = source.text
    for each in source:
        _copy(each, etree.SubElement(target, each.tag))


def total(made: Batch) -> None:
    """Set totals and sequence numbers anew."""
    root = made.root

    def every(path: str) -> list[etree._Element]:
        return root.findall(path, {"fc2": NS})

    amounts = [e.text or "" for e in every(".//fc2:TotalSuspiciousAmountText")]
    attachments = str(len(every(".//fc2:ActivitySupportDocument")))
    root.set("TotalAmount", str(sum(int(a) for a in amounts if a.isdigit())))
    root.set("PartyCount", str(sum(e.text == "33" for e in every("fc2:Activity/fc2:Party/fc2:ActivityPartyTypeCode"))))
    root.set("ActivityCount", str(len(every("fc2:Activity"))))
    root.set("ActivityAttachmentCount", attachments)
    root.set("AttachmentCount", attachments)
    number = 0
    for element in root.iter():
        if (element is not root and len(element)) or etree.QName(element).localname in _CONTAINERS:
            number += 1
            element.set("SeqNum", str(number))


_CONTAINERS = ("Address", "PartyName", "PartyIdentification", "PhoneNumber", "ActivityAssociation", "Account")


def put(path: str, value: str | None) -> Change:
    """Set a text."""

    def change(made: Batch) -> None:
        made.find(path).text = value

    return change


def drop(path: str) -> Change:
    """Take an element away."""

    def change(made: Batch) -> None:
        found = made.find(path)
        above = found.getparent()
        assert above is not None
        above.remove(found)
        total(made)

    return change


def attribute(path: str, name: str, value: str | None) -> Change:
    """Set an attribute, or take it away."""

    def change(made: Batch) -> None:
        found = made.find(path)
        if value is None:
            del found.attrib[name]
        else:
            found.set(name, value)

    return change


def insert(path: str, xml: str, *, after: bool = False, inside: int | None = None) -> Change:
    """Put elements before (or after, or into) the element at a path."""

    def change(made: Batch) -> None:
        prefixed = re.sub(r"<(/?)(?=[A-Z])", r"<\1fc2:", xml)
        wrapped = f"<fc2:w xmlns:fc2='{NS}'>{prefixed}</fc2:w>"
        found = made.find(path)
        new = list(etree.fromstring(wrapped))
        if inside is not None:
            for place, each in enumerate(new):
                found.insert(inside + place, each)
        else:
            for each in new if not after else reversed(new):
                found.addnext(each) if after else found.addprevious(each)
        etree.cleanup_namespaces(made.root, keep_ns_prefixes=["fc2"])
        total(made)

    return change


def rewrite(old: str, new: str) -> Change:
    """Change the file's text, once, after everything else."""

    def change(made: Batch) -> None:
        made._text.append((old, new))

    return change


def both(*changes: Change) -> Change:
    """Make several changes for one defect."""

    def change(made: Batch) -> None:
        for each in changes:
            each(made)

    return change
