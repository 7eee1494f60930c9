"""The desk's own table of FinCEN's schema says what the schema says."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from casedesk.exports.fincen.schema import (
    CODES,
    FORM,
    MODELS,
    NAMESPACE,
    PARTIES,
    PATTERNS,
    ROOT,
    TOTALS,
    Child,
    length,
)

X = "{http://www.w3.org/2001/XMLSchema}"

#: Model to the model of each child that is described under another name.
RENAMED = {
    ("PartyAssociation", "Party"): "BranchParty",
    ("PartyAccountAssociation", "Party"): "AccountParty",
    ("Account", "PartyAccountAssociation"): "HeldAccount",
}


@pytest.fixture(scope="module")
def xsd(shared: Path) -> etree._Element:
    return etree.parse(shared / "formats/fincen/EFL_SARXBatchSchema.xsd").getroot()


def _named(xsd: etree._Element, kind: str, name: str | None) -> etree._Element:
    found = next((e for e in xsd.findall(X + kind) if e.get("name") == name), None)
    assert found is not None, name
    return found


def _sequence(xsd: etree._Element, holder: etree._Element) -> list[etree._Element]:
    extension = holder.find(f"{X}complexContent/{X}extension")
    if extension is None:
        return holder.findall(f"{X}sequence/{X}element")
    base = _sequence(xsd, _named(xsd, "complexType", extension.get("base")))
    return [*base, *extension.findall(f"{X}sequence/{X}element")]


def _attributes(xsd: etree._Element, holder: etree._Element) -> list[str | None]:
    extension = holder.find(f"{X}complexContent/{X}extension")
    if extension is not None:
        return _attributes(xsd, _named(xsd, "complexType", extension.get("base")))
    found = holder.findall(f"{X}attribute")
    assert {a.get("use") for a in found} == {"required"}
    return [a.get("name") for a in found]


def _compare(xsd: etree._Element, model: str, holder: etree._Element, seen: set[str]) -> None:
    seen.add(model)
    assert _attributes(xsd, holder) == (list(TOTALS) if model == ROOT else ["SeqNum"])
    wanted = _sequence(xsd, holder)
    assert list(MODELS[model]) == [e.get("name") or e.get("ref") for e in wanted]
    for element, child in zip(wanted, MODELS[model].values(), strict=True):
        most = element.get("maxOccurs", "1")
        assert child.least == int(element.get("minOccurs", "1")), (model, child)
        assert child.most == (None if most == "unbounded" else int(most)), (model, child)
        inner = element
        if element.get("ref"):
            inner = _named(xsd, "element", element.get("ref"))
        if inner.find(X + "complexType") is not None:
            _compare_child(xsd, model, child, inner.find(X + "complexType"), seen)
        elif any(e.get("name") == inner.get("type") for e in xsd.findall(X + "complexType")):
            _compare_child(xsd, model, child, _named(xsd, "complexType", inner.get("type")), seen)
        else:
            _compare_value(xsd, child, inner)


def _compare_child(
    xsd: etree._Element, model: str, child: Child, holder: etree._Element | None, seen: set[str]
) -> None:
    assert holder is not None
    assert child.kind == RENAMED.get((model, child.name), child.name)
    if child.kind not in seen:
        _compare(xsd, child.kind, holder, seen)


def _compare_value(xsd: etree._Element, child: Child, element: etree._Element) -> None:
    if child.kind == "form":
        assert element.get("fixed") == FORM
        return
    restriction = _named(xsd, "simpleType", element.get("type")).find(X + "restriction")
    assert restriction is not None
    codes = [e.get("value") for e in restriction.findall(X + "enumeration")]
    patterns = [e.get("value") or "" for e in restriction.findall(X + "pattern")]
    lengths = [int(e.get("value") or 0) for e in restriction.findall(X + "maxLength")]
    kind = child.kind
    if kind.startswith("code:"):
        assert list(CODES[kind.removeprefix("code:")]) == codes
    elif kind == "flag":
        assert codes == ["Y", ""]
    elif kind == "long14":
        assert [e.get("value") for e in restriction.findall(X + "totalDigits")] == ["14"]
    elif lengths:
        assert [length(kind)] == lengths
        assert patterns == ([r"\S+( +\S+)*|"] if kind.startswith("text") else [])
    else:
        assert [p.endswith("|") for p in patterns] == [kind.endswith("?")]
        assert _same_shape(kind.rstrip("?"), patterns[0].removesuffix("|"))


def _same_shape(kind: str, pattern: str) -> bool:
    import re

    theirs, ours = re.compile(pattern), PATTERNS[kind]
    samples = (
        [f"{h:02}:{m:02}:{s:02}" for h in range(30) for m in (0, 59, 60) for s in (0, 59, 60)]
        if kind == "time"
        else [f"{y}{m:02}{d:02}" for y in (1899, 1900, 2099, 2100) for m in range(20) for d in range(40)]
    )
    return all(bool(theirs.fullmatch(s)) == bool(ours.fullmatch(s)) for s in samples)


@pytest.mark.shared
def test_every_line_of_the_table_is_the_schemas(xsd: etree._Element) -> None:
    assert xsd.get("targetNamespace") == NAMESPACE
    seen: set[str] = set()
    root = _named(xsd, "element", ROOT).find(X + "complexType")
    assert root is not None
    _compare(xsd, ROOT, root, seen)
    assert seen == set(MODELS)


def test_every_party_has_a_name_for_sentences() -> None:
    assert set(PARTIES) == set(CODES["party"])
