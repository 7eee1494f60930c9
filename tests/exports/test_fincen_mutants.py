"""Batches changed at random: whatever FinCEN's schema refuses, the linter refuses without it, and it never stumbles."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from casedesk.exports.fincen import linting
from tests.exports.fincen_batches import batch

MUTANTS = 200
TEXTS = (
    None, " ", "Y", "N", " Y", "1", "01", "+1", "9", "33", "46", "20260230", "20261301", "x" * 151, "x" * 4001, "a\tb", "a\nb",
    "12:00:00", "1" * 15, "1" * 16, "00000000000000", "1e5", "0", "US", "ZZZZ", "10999", "\u00a0a", "a  b",
)  # fmt: skip
ATTRIBUTES = (None, "", "1", "x", "-1", "1.5", " 7 ", "+9", "99999999999999999999", "0")
STRANGE = (
    "SeqNum",
    "foo",
    "{http://www.w3.org/2001/XMLSchema-instance}nil",
    "{http://www.w3.org/XML/1998/namespace}lang",
)


def _drop(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    above = at.getparent()
    if above is not None:
        above.remove(at)


def _double(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    if at.getparent() is not None:
        at.addnext(copy.deepcopy(at))


def _swap(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    after = at.getnext()
    if after is not None:
        at.addprevious(after)


def _write(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    leaf = next(element for element in at.iter() if not len(element))
    leaf.text = chance.choice(TEXTS)


def _renumber(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    for name in list(at.attrib)[:1]:
        value = chance.choice(ATTRIBUTES)
        if value is None:
            del at.attrib[name]
        else:
            at.set(name, value)


def _rename(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    if at.getparent() is not None:
        at.tag = chance.choice(names)


def _nest(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    at.append(etree.Element(chance.choice(names)))


def _decorate(at: etree._Element, chance: random.Random, names: list[str]) -> None:
    at.set(chance.choice(STRANGE), "5")


CHANGES: tuple[Callable[[etree._Element, random.Random, list[str]], None], ...] = (
    _drop, _double, _swap, _write, _write, _renumber, _rename, _nest, _decorate,
)  # fmt: skip


def _mutants() -> Iterator[bytes]:
    chance = random.Random(4)
    sound = batch().root
    names = sorted({str(element.tag) for element in sound.iter()})
    for _ in range(MUTANTS):
        mutant = copy.deepcopy(sound)
        for _ in range(chance.choice((1, 1, 2))):
            chance.choice(CHANGES)(chance.choice(list(mutant.iter())), chance, names)
        yield etree.tostring(mutant)


@pytest.mark.shared
def test_what_the_schema_refuses_is_an_error_here(shared: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared / "formats/fincen/EFL_SARXBatchSchema.xsd"))
    refused = 0
    for content in _mutants():
        root = etree.fromstring(content)
        if not schema.validate(root):
            refused += 1
            found = linting.lint(root, today=date(2026, 6, 1), narrative_cap=17_000)
            assert any(f.severity == "error" for f in found), schema.error_log
    assert refused > MUTANTS / 2


def test_no_mutant_makes_the_linter_stumble() -> None:
    for content in _mutants():
        for found in linting.lint(etree.fromstring(content), today=date(2026, 6, 1), narrative_cap=17_000):
            assert found.path.startswith("/fc2:EFilingBatchXML")
            assert found.sentence.endswith(".")
