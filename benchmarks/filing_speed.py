"""How long a batch takes: a thousand reports to XML, and the linter over it, beside reading the same file only.

    python -m benchmarks.filing_speed [--reports 1000] [--narrative 5000] [--xsd EFL_SARXBatchSchema.xsd]

Seconds of this process's own work, so that a busy machine tells the same. Exits 1 when writing and linting together miss
the target.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from lxml import etree

from casedesk.domain.reports.activity import Activity, Classification, Product
from casedesk.domain.reports.institution import institution
from casedesk.domain.reports.parties import (
    Address,
    HeldAccount,
    Identification,
    IdentificationKind,
    Name,
    Relationship,
    RelationshipKind,
    Subject,
)
from casedesk.domain.reports.report import Report
from casedesk.exports.fincen import linting, reading
from casedesk.exports.fincen.writing import Entry, write
from tests.domain.test_reports import PROFILE

#: Seconds that writing and linting a thousand reports may take.
TARGET: Final = 20.0
_ON: Final = date(2026, 7, 1)
T = TypeVar("T")


def main() -> int:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=1000)
    parser.add_argument("--narrative", type=int, default=5000, help="characters of each narrative")
    parser.add_argument("--xsd", type=Path)
    given = parser.parse_args()
    narrative = "The customer deposited 9,500 dollars in cash at one of two branches on each of four days. "
    text = (narrative * (given.narrative // len(narrative) + 1))[: given.narrative].strip()
    entries = [Entry(f"F-{n:06}", report(n), text) for n in range(given.reports)]
    bank = institution(PROFILE)
    wrote, content = timed(lambda: write(entries, bank, _ON))
    parsed, root = timed(lambda: reading.parse(content, "batch.xml"))
    linted, found = timed(lambda: linting.lint(root, today=_ON, narrative_cap=20_000))
    assert not found, found[:3]
    print("| Measured | Figure | Baseline of the same run | Target |")
    print("|---|---|---|---|")
    print(
        f"| write {given.reports:,} reports, {len(content) / 2**20:.0f} MiB | {wrote:.1f} s | parse it: {parsed:.2f} s | |"
    )
    if given.xsd:
        schema = etree.XMLSchema(etree.parse(given.xsd))
        validated, valid = timed(lambda: schema.validate(root))
        assert valid
        print(f"| lint them | {linted:.1f} s | validate against the schema: {validated:.2f} s | |")
    else:
        print(f"| lint them | {linted:.1f} s | as above | |")
    print(f"| both | {wrote + linted:.1f} s | {(wrote + linted) / parsed:.0f} times parsing | {TARGET:g} s |")
    return int(wrote + linted > TARGET)


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


def report(n: int) -> Report:
    """Make a report of two subjects with three accounts each."""
    person = Subject(
        names=(Name(last=f"Doe {n}", first="Zoë"),),
        born="1980-02-17",
        addresses=(Address(street="1 Elm St", city="Springfield", state="IL", postal_code="62701", country="US"),),
        identifications=(Identification(kind=IdentificationKind.SSN, number=f"{321_000_000 + n}"),),
        occupation="Baker",
        relationships=(Relationship(kinds=(RelationshipKind.CUSTOMER,)),),
        accounts=tuple(HeldAccount(number=f"{n}-{k}") for k in range(3)),
    )
    return Report(
        subjects=(person, person),
        activity=Activity(
            amount=38_000 + n,
            first_on=date(2026, 5, 1),
            last_on=date(2026, 6, 1),
            classifications=(Classification(subtype="114"), Classification(subtype="812")),
            products=(Product(code="39"), Product(code="46")),
        ),
        branches=("B1",),
    )


if __name__ == "__main__":
    raise SystemExit(main())
