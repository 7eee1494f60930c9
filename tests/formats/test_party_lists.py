from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from casedesk.domain.listed import Listed, PartyKind
from casedesk.errors import Invalid
from casedesk.formats.party_lists import read_party_list

HEAD = "kind,party,reason\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "listed.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_list_is_read_with_its_digest_and_each_party_once(tmp_path: Path) -> None:
    text = "\ufeffKind, Reason ,party\naccount,mule,A-1\nCustomer,prior report,CU-7\n\naccount,again, A-1\n"
    found = read_party_list(written(tmp_path, text))
    assert found.entries == (
        Listed(PartyKind.ACCOUNT, "A-1", "mule"),
        Listed(PartyKind.CUSTOMER, "CU-7", "prior report"),
    )
    assert found.named(PartyKind.CUSTOMER) == {"CU-7"}
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind,party\naccount,A-1\n", "lacks the column reason of a list of parties"),
        (HEAD, "lists nobody"),
        (HEAD + "wallet,0xA,seen\n", "Row 2 of listed.csv, kind: “wallet” is neither account nor customer."),
        (HEAD + "account,A-1,seen\naccount,,seen\n", "Row 3 of listed.csv, party: it is blank"),
        (HEAD + "account,A-1,\n", "Row 2 of listed.csv, reason: it is blank"),
        (HEAD + "account,A-1\n", "Row 2 of listed.csv, row: it has 2 columns where the header has 3."),
        (HEAD.encode() + b"account,A-1,caf\xe9\n", "UTF-8"),
        (b"%PDF-1.7\n", "a PDF's signature"),
    ],
)
def test_a_broken_list_is_refused_whole_with_row_field_and_fix(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_party_list(written(tmp_path, text))
    assert said in str(refused.value)
