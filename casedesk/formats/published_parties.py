"""Accounts files of published data sets: one row is an account and its holder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from casedesk.domain.transactions import CustomerKind
from casedesk.formats.headers import MissingColumns, position_of
from casedesk.formats.parties import Translate


@dataclass(frozen=True, slots=True)
class PartyPreset:
    """One published layout of accounts; ``labels`` are read for evaluation only."""

    name: str
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    customer: Translate
    account: Translate

    def positions(self, path: Path, header: Sequence[str]) -> dict[str, int]:
        """Find the columns in a file's header.

        :raises MissingColumns: naming every one that is not there.
        :raises RepeatedColumn: if one is there twice.
        """
        found = {name: at for name in self.columns if (at := position_of(path, header, name)) is not None}
        missing = [name for name in self.columns if name not in found]
        if missing:
            raise MissingColumns(path, f"the accounts of {self.name}", missing, header, "Add them.")
        return found

    def fits(self, header: Sequence[str]) -> bool:
        """Tell whether a header has all columns."""
        return {name.casefold() for name in self.columns} <= {name.casefold() for name in header}


def _gentex_customer(row: Mapping[str, str]) -> Mapping[str, str]:
    customer = row["CUSTOMER_ID"].strip()
    return {"customer_id": customer, "name": customer and f"Customer {customer}", "kind": CustomerKind.PERSON.value}


def _gentex_account(row: Mapping[str, str]) -> Mapping[str, str]:
    account, bank, customer = (row[name].strip() for name in ("ACCOUNT_ID", "BANK_ID", "CUSTOMER_ID"))
    holder = customer and f"Customer {customer}"
    return {"account_id": account and f"{bank}/{account}", "customer_id": customer, "holder": holder, "bank": bank}


def _amlsim_customer(row: Mapping[str, str]) -> Mapping[str, str]:
    node = row["nodeid"].strip()
    return {
        "customer_id": node and f"H-{node}",
        "name": node and f"Holder of {node}",
        "kind": CustomerKind.UNKNOWN.value,
    }


def _amlsim_account(row: Mapping[str, str]) -> Mapping[str, str]:
    node = row["nodeid"].strip()
    return {"account_id": node, "customer_id": node and f"H-{node}", "holder": node and f"Holder of {node}"}


#: AMLGentex's bank customers are people; age, city, salary and opening balance are left alone.
AMLGENTEX_ACCOUNTS: Final = PartyPreset(
    "amlgentex", ("ACCOUNT_ID", "CUSTOMER_ID", "BANK_ID"), ("IS_SAR",), _gentex_customer, _gentex_account
)

#: AMLSim's list of nodes says nothing but labels; it makes accounts known that took part in no transaction.
AMLSIM_NODES: Final = PartyPreset("amlsim", ("nodeid",), ("isFraud", "fraudStep"), _amlsim_customer, _amlsim_account)


def parties_recognised(header: Sequence[str]) -> PartyPreset | None:
    """Find the layout of an accounts file; a node list is only known by its labels, as it has no other columns."""
    if AMLGENTEX_ACCOUNTS.fits(header):
        return AMLGENTEX_ACCOUNTS
    return AMLSIM_NODES if {"nodeid", "isfraud"} <= {name.casefold() for name in header} else None
