from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from casedesk.domain.listed import Listed, PartyKind
from casedesk.errors import Invalid
from casedesk.formats.ofac_lists import read_list
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
        (HEAD + "ship,0xA,seen\n", "Row 2 of listed.csv, kind: “ship” is none of account, customer, wallet and name."),
        (HEAD + "account,A-1,seen\naccount,,seen\n", "Row 3 of listed.csv, party: it is blank"),
        (HEAD + "account,A-1,\n", "Row 2 of listed.csv, reason: it is blank"),
        (HEAD + "account,A-1\n", "Row 2 of listed.csv, row: it has 2 columns where the header has 3;"),
        (HEAD + f"account,{'A' * 65},seen\n", "Row 2 of listed.csv, party: it has 65 characters, and 64 are the most"),
        (HEAD + "name,Kim\x1b[2J,seen\n", "Row 2 of listed.csv, party: it holds a control character"),
        (HEAD + 'account,A-1,"seen\n' + "x" * 140_000, "look for a quotation mark that is never closed"),
        (HEAD.encode() + b"account,A-1,caf\xe9\n", "UTF-8"),
        (b"%PDF-1.7\n", "a PDF's signature"),
    ],
)
def test_a_broken_list_is_refused_whole_with_row_field_and_fix(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_party_list(written(tmp_path, text))
    assert said in str(refused.value)


SDN = '17,"LAVROV, Sergey","individual","UKRAINE",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 21 Mar 1950; {}."\r\n\x1a'
ALT = '17,1,"aka","LAWROW, Sergej",-0- \r\n\x1a'
WALLETS = "Digital Currency Address - XBT 12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h; alt. Digital Currency Address - ETH 0x7F367cC41522cE07553e823bf3be79A889DEbe1B"


def test_the_files_of_ofac_give_names_with_their_other_names_and_wallets(tmp_path: Path) -> None:
    sdn, alt = tmp_path / "sdn.csv", tmp_path / "alt.csv"
    sdn.write_bytes(SDN.format(WALLETS).encode())
    alt.write_bytes(ALT.encode())
    found, form = read_list(sdn, alt)
    assert form == "OFAC SDN"
    assert [(one.kind, one.party, one.ref, one.about) for one in found.entries] == [
        (PartyKind.NAME, "LAVROV, Sergey", "17", "individual"),
        (PartyKind.WALLET, "12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h", "17", "individual"),
        (PartyKind.WALLET, "0x7F367cC41522cE07553e823bf3be79A889DEbe1B", "17", "individual"),
        (PartyKind.NAME, "LAWROW, Sergej", "17", "individual"),
    ]
    assert found.sha256 == hashlib.sha256(sdn.read_bytes() + alt.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("sdn", "alt", "said"),
    [
        (SDN.replace(',"UKRAINE"', ""), ALT, "Row 1 of sdn.csv, row: it has 11 columns where OFAC's file has 12"),
        (SDN.replace('"LAVROV, Sergey"', "-0- "), ALT, "Row 1 of sdn.csv, name: it is blank"),
        (SDN[:-1] + SDN, ALT, "Row 2 of sdn.csv, number: 17 stands there twice"),
        (SDN[:-1] + SDN.replace("17,", "x,"), ALT, "Row 2 of sdn.csv, number: “x” is no number"),
        (SDN, ALT.replace("17,", "18,"), "Row 1 of alt.csv, number: 18 is the number of no party in the other file"),
        (
            SDN,
            ALT.replace("LAWROW", "LAWROW" * 80),
            "Row 1 of alt.csv, name: it has 488 characters, and 400 are the most",
        ),
        (ALT, None, "give it with --alt beside the one of parties"),
        (HEAD + "account,A-1,seen\n", ALT, "has other names for OFAC's list, and this is none of it"),
    ],
)
def test_broken_files_of_ofac_are_refused_whole(tmp_path: Path, sdn: str, alt: str | None, said: str) -> None:
    (tmp_path / "sdn.csv").write_text(sdn, encoding="utf-8")
    (tmp_path / "alt.csv").write_text(alt or "", encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_list(tmp_path / "sdn.csv", tmp_path / "alt.csv" if alt else None)
    assert said in str(refused.value)


@pytest.mark.shared
def test_the_list_of_2021_is_read_whole(shared: Path) -> None:
    found, form = read_list(shared / "data/ofac_sdn_2021.csv", shared / "data/ofac_alt_2021.csv")
    assert form == "OFAC SDN"
    assert (len(found.named(PartyKind.WALLET)), len({one.ref for one in found.entries})) == (79, 8_976)
