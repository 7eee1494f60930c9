"""The list of specially designated nationals as OFAC publishes it: SDN.CSV and, beside it, ALT.CSV with other names.

Both are headerless, “-0-” stands for nothing, and a DOS end-of-file mark ends them. Columns of SDN: number, name, type, programs,
title, call sign, vessel type, tonnage, gross tonnage, flag, owner, remarks; of ALT: number in SDN, own number, kind, name, remarks
(OFAC, “SDN data file specifications”). Digital currency addresses stand in the remarks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from casedesk.domain.listed import MOST_REASON, Listed, PartyKind, PartyList
from casedesk.formats.party_lists import BadListRow, EmptyList, checked, read_party_list, rows_of

_NULL: Final = "-0-"
_SDN_COLUMNS, _ALT_COLUMNS = 12, 5
_REMARKS: Final = 11
#: Type of an entry that is neither a person nor a thing: OFAC leaves the column empty for those.
_ENTITY: Final = "entity"
_ADDRESS: Final = re.compile(r"Digital Currency Address - \S+ ([0-9A-Za-z:]{20,128})(?=[;.\s]|$)")
_FIELDS: Final = {"party": "name", "reason": "programs"}


def read_list(path: Path, alt: Path | None = None) -> tuple[PartyList, str]:
    """Read a list in whichever of the two forms it is, all or nothing; return it and what form it has.

    :param alt: ALT.CSV, beside a list of OFAC's.
    :raises Invalid: naming file, row, field and fix.
    """
    _, rows = rows_of(path)
    first = rows[0] if rows else []
    if len(first) < _ALT_COLUMNS or not _is_number(first):
        if alt is not None:
            raise BadListRow(path, 1, "row", f"{alt.name} has other names for OFAC's list, and this is none of it.")
        return read_party_list(path), "CSV"
    if len(first) == _ALT_COLUMNS:
        raise BadListRow(
            path, 1, "row", "this is OFAC's file of other names; give it with --alt beside the one of parties."
        )
    return read_ofac(path, alt), "OFAC SDN"


def read_ofac(sdn: Path, alt: Path | None = None) -> PartyList:
    """Read SDN.CSV, with the other names of ALT.CSV where it is given.

    :raises BadListRow: naming file, row, field and fix.
    :raises EmptyList: if there is no row.
    """
    content, rows = rows_of(sdn)
    digest = hashlib.sha256(content)
    parties: dict[str, Listed] = {}
    found: list[Listed] = []
    for number, row in _filled(sdn, rows, _SDN_COLUMNS):
        party = _party(sdn, number, row)
        if party.ref in parties:
            raise BadListRow(sdn, number, "number", f"{party.ref} stands there twice; take a fresh copy of the file.")
        parties[party.ref] = party
        found += [party, *_wallets(party, row[_REMARKS])]
    if not found:
        raise EmptyList(sdn)
    if alt is not None:
        others, rows = rows_of(alt)
        digest.update(others)
        found += [_other(alt, number, row, parties) for number, row in _filled(alt, rows, _ALT_COLUMNS)]
    distinct = {(one.kind, one.party, one.ref): one for one in reversed(found)}
    return PartyList(tuple(reversed(distinct.values())), digest.hexdigest())


def _filled(path: Path, rows: Sequence[Sequence[str]], columns: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, each with its number."""
    for number, row in enumerate(rows, 1):
        if not any(value.strip() for value in row):
            continue
        if len(row) != columns:
            why = f"it has {len(row)} columns where OFAC's file has {columns}; take a fresh copy of the file."
            raise BadListRow(path, number, "row", why)
        if not _is_number(row):
            raise BadListRow(
                path, number, "number", f"“{row[0].strip()[:40]}” is no number; take a fresh copy of the file."
            )
        yield number, ["" if value.strip() == _NULL else value.strip() for value in row]


def _is_number(row: Sequence[str]) -> bool:
    return bool(row) and row[0].strip().isascii() and row[0].strip().isdigit()


def _party(path: Path, number: int, row: Sequence[str]) -> Listed:
    reason = (row[3] or "no program named")[:MOST_REASON]
    return checked(path, number, Listed(PartyKind.NAME, row[1], reason, row[0], (row[2] or _ENTITY)[:40]), _FIELDS)


def _wallets(party: Listed, remarks: str) -> list[Listed]:
    return [
        Listed(PartyKind.WALLET, address, party.reason, party.ref, party.about) for address in _ADDRESS.findall(remarks)
    ]


def _other(path: Path, number: int, row: Sequence[str], parties: dict[str, Listed]) -> Listed:
    party = parties.get(row[0])
    if party is None:
        why = f"{row[0]} is the number of no party in the other file; take both files of the same day."
        raise BadListRow(path, number, "number", why)
    return checked(path, number, Listed(PartyKind.NAME, row[3], party.reason, party.ref, party.about), _FIELDS)
