"""ISO 20022: statements and transfers of any version, safely; entries refused one by one."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats import Mapping, open_source
from tests.formats.messages import OTHER, OWN, detail, entry, statement, transfer, transfers
from tests.formats.reading import read

JULY = 1_782_864_000_000_000  # 2026-07-01T00:00:00Z
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def file(text: str, name: str = "message.xml") -> Path:
        (tmp_path / name).write_bytes(text.encode())
        return tmp_path / name

    return file


@pytest.mark.parametrize("version", ["02", "08", "13"])
@pytest.mark.parametrize("prefix", ["", "ns2"])
def test_a_statement_of_any_version_is_read(save: Save, rates: RateTable, version: str, prefix: str) -> None:
    shape = "02" if version == "02" else "08"
    into = entry(detail(shape), version=shape)
    out = entry(detail(shape, role="Cdtr"), way="DBIT", ref="R2", version=shape, amount="7")
    path = save(statement(into, out, version=version, prefix=prefix))
    source = open_source(path, rates=rates)
    assert (source.kind, source.format, source.total_rows_hint) == ("transactions", "camt.053", 2)
    [first, second], rejects, accounts = read(path, rates)
    assert rejects == []
    assert re.fullmatch("CA[0-9a-f]{24}-1", first.pop("transaction_id"))
    assert first == {
        "booked_at": JULY, "from_account": OTHER, "to_account": OWN, "amount_minor": 10_050, "currency": "EUR",
        "received_minor": 10_050, "received_currency": "EUR", "base_minor": first["base_minor"], "channel": "ACH",
        "from_country": "FR", "to_country": "DE", "branch": "", "reference": "rent June",
    }  # fmt: skip
    assert (second["from_account"], second["to_account"], second["amount_minor"]) == (OWN, OTHER, 700)
    assert (second["from_country"], second["to_country"]) == ("DE", "FR")
    assert {a.account_id: a.bank for a in accounts} == {OWN: "", OTHER: ""}


def test_an_account_without_an_iban_is_keyed_by_bank_and_number(save: Save, rates: RateTable) -> None:
    number = "<Id><Othr><Id>0042</Id></Othr></Id>"
    own = f"{number}<Svcr><FinInstnId><BIC>CHASUS33</BIC></FinInstnId></Svcr>"
    [row], _, accounts = read(save(statement(entry(), account=own)), rates)
    assert (row["from_account"], row["to_account"], row["to_country"]) == ("", "CHASUS33/0042", "US")
    assert [(a.account_id, a.bank) for a in accounts] == [("CHASUS33/0042", "CHASUS33")]
    [row], _, _ = read(save(statement(entry(), account=number)), rates)
    assert (row["to_account"], row["to_country"]) == ("0042", "")


def test_an_entry_of_several_transactions_is_a_row_for_each(save: Save, rates: RateTable) -> None:
    for version in ("02", "08"):
        parts = detail(version, amount="60.25", end="E1") + detail(version, amount="40.25", end="E2", account=OWN)
        path = save(statement(entry(parts, version=version), entry(detail(version), version=version), version=version))
        rows, rejects, _ = read(path, rates)
        assert rejects == []
        assert [(r["amount_minor"], r["from_account"]) for r in rows] == [(6_025, OTHER), (4_025, OWN), (10_050, OTHER)]


@pytest.mark.parametrize("second", ["40.26", "", "forty"])
def test_transactions_that_do_not_add_up_leave_the_entry_whole(save: Save, rates: RateTable, second: str) -> None:
    [row], rejects, _ = read(save(statement(entry(detail(amount="60.25") + detail(amount=second)))), rates)
    assert (rejects, row["amount_minor"], row["from_account"]) == ([], 10_050, "")


def test_a_reversal_names_the_party_of_what_it_takes_back(save: Save, rates: RateTable) -> None:
    back = entry(detail(role="Dbtr"), way="DBIT", reversal=True)
    [row], _, _ = read(save(statement(back)), rates)
    assert (row["from_account"], row["to_account"]) == (OWN, OTHER)


@pytest.mark.parametrize(
    ("family", "sub", "channel"),
    [
        ("RCDT", "XBCT", "WIRE"), ("ICDT", "SALA", "ACH"), ("RDDT", "ESDD", "ACH"), ("IRCT", "ESCT", "ACH"),
        ("CCRD", "POSD", "CARD"), ("CCRD", "CWDL", "CASH"), ("CNTR", "CDPT", "CASH"), ("RCHQ", "CCHQ", "CHEQUE"),
        ("MCOP", "FEES", "OTHER"),
    ],
)  # fmt: skip
def test_the_channel_is_told_by_the_bank_transaction_code(
    save: Save, rates: RateTable, family: str, sub: str, channel: str
) -> None:
    [row], _, _ = read(save(statement(entry(detail(), family=family, sub=sub))), rates)
    assert row["channel"] == channel
    if channel == "CASH":  # paid in where the account is kept, by nobody with an account
        assert (row["from_account"], row["from_country"]) == ("", "DE")


@pytest.mark.parametrize(
    ("day", "micros"),
    [
        ("<BookgDt><DtTm>2026-07-01T09:30:00+02:00</DtTm></BookgDt>", JULY + 27_000_000_000),
        ("<BookgDt><Dt>2026-07-01+02:00</Dt></BookgDt>", JULY - 7_200_000_000),
        ("<BookgDt><Dt>2026-07-01Z</Dt></BookgDt>", JULY),
        ("<ValDt><Dt>2026-07-01</Dt></ValDt>", JULY),
    ],
)
def test_a_booking_day_may_have_a_time_or_a_zone(save: Save, rates: RateTable, day: str, micros: int) -> None:
    [row], _, _ = read(save(statement(entry(day=day))), rates)
    assert row["booked_at"] == micros


def test_a_booking_day_is_read_in_the_zone_that_is_given(save: Save, rates: RateTable) -> None:
    [row], _, _ = read(save(statement(entry())), rates, zone="Europe/Berlin")
    assert row["booked_at"] == JULY - 7_200_000_000


BAD = [
    (entry(status="PDNG"), "status", "PDNG", "not booked yet"),
    (entry(way="BOTH"), "direction", "BOTH", "CdtDbtInd is CRDT or DBIT"),
    (entry(day=""), "booked_at", "", "not a date and time"),
    (entry(day="<BookgDt><Dt>2026-02-30</Dt></BookgDt>"), "booked_at", "2026-02-30", "no such day"),
    (entry(amount="x"), "amount", "x", "not a number"),
    (entry(amount="-1"), "amount", "-1", "negative"),
    (entry(amount="1.005"), "amount", "1.005", "more than the 2 decimals of EUR"),
    (entry(currency=""), "currency", "", "ISO 4217"),
    (entry(detail(account="9" * 65)), "from_account", "9" * 65, "longer than 64"),
]


@pytest.mark.parametrize(("bad", "field", "value", "words"), BAD)
def test_a_bad_entry_is_rejected_between_good_ones(
    save: Save, rates: RateTable, bad: str, field: str, value: str, words: str
) -> None:
    rows, [reject], _ = read(save(statement(entry(), bad, entry(ref="R3"))), rates)
    assert len(rows) == 2
    assert (reject.row_number, reject.field, reject.value) == (2, field, value)
    assert words in reject.reason


def test_a_statement_that_does_not_say_whose_it_is_gives_no_rows(save: Save, rates: RateTable) -> None:
    rows, rejects, _ = read(save(statement(entry(), entry(), account="")), rates)
    assert rows == []
    assert [(r.row_number, r.field) for r in rejects] == [(1, "account"), (2, "account")]
    assert "neither an IBAN nor another account number" in rejects[0].reason


def test_a_long_remittance_is_cut_and_its_line_breaks_are_spaces(save: Save, rates: RateTable) -> None:
    for letter, kept in (("x", 140), ("\U0001f3e6", 70)):
        long = detail().replace("rent\n  June", letter * 200)
        [row], rejects, _ = read(save(statement(entry(long))), rates)
        assert (rejects, row["reference"]) == ([], letter * kept)


def test_equal_entries_are_told_apart_by_the_bank_s_reference(save: Save, rates: RateTable) -> None:
    first = save(statement(entry(detail(), ref="R1"), entry(detail(), ref="R2"), entry(detail(), ref="R2")))
    ids = [r["transaction_id"] for r in read(first, rates)[0]]
    assert [i[-2:] for i in ids] == ["-1", "-1", "-2"]
    # A statement of the next day that begins with an entry of this one gives that entry the same id.
    later = save(statement(entry(detail(), ref="R2"), entry(detail(), ref="R9")), "later.xml")
    assert [r["transaction_id"] in ids for r in read(later, rates)[0]] == [True, False]


def test_chunks_of_any_size_give_the_same_rows(save: Save, rates: RateTable) -> None:
    parts = detail(amount="60.25") + detail(amount="40.25")
    path = save(statement(entry(parts), entry(way="x"), entry(parts), entry(status="INFO"), entry(detail())))
    whole = read(path, rates)
    assert (len(whole[0]), len(whole[1])) == (5, 2)
    for size in (1, 2, 3):
        assert read(path, rates, chunk_rows=size)[:2] == whole[:2]
        late = read(path, rates, chunk_rows=size, start_chunk=1)[0]
        assert late == whole[0][-len(late) :]
        assert 0 < len(late) < 5


def test_many_entries_are_read_without_holding_them(save: Save, rates: RateTable) -> None:
    path = save(statement(*(entry(ref=f"R{n}") for n in range(21_000))))
    batches = list(open_source(path, rates=rates).batches())
    assert [b.read for b in batches] == [21_000]
    packed = path.with_suffix(".xml.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert len(read(packed, rates)[0]) == 21_000


@pytest.mark.parametrize("version", ["02", "08"])
def test_transfers_of_any_version_are_read(save: Save, rates: RateTable, version: str) -> None:
    path = save(transfers(transfer(version=version), version=version))
    source = open_source(path, rates=rates)
    assert (source.kind, source.format, source.total_rows_hint) == ("transactions", "pacs.008", 1)
    [row], rejects, _ = read(path, rates, format="pacs.008")
    assert rejects == []
    assert re.fullmatch("PC[0-9a-f]{24}-1", row.pop("transaction_id"))
    assert row == {
        "booked_at": JULY, "from_account": OWN, "to_account": OTHER, "amount_minor": 10_050, "currency": "EUR",
        "received_minor": 10_050, "received_currency": "EUR", "base_minor": row["base_minor"], "channel": "WIRE",
        "from_country": "DE", "to_country": "FR", "branch": "", "reference": "rent June",
    }  # fmt: skip


def test_what_was_instructed_left_and_what_was_settled_arrived(save: Save, rates: RateTable) -> None:
    [row], _, _ = read(save(transfers(transfer(instructed='<InstdAmt Ccy="USD">110.00</InstdAmt>'))), rates)
    assert (row["amount_minor"], row["currency"], row["base_minor"]) == (11_000, "USD", 11_000)
    assert (row["received_minor"], row["received_currency"]) == (10_050, "EUR")


@pytest.mark.parametrize(
    ("changes", "method", "channel"),
    [
        ({}, "CLRG", "WIRE"),
        ({"level": "SEPA"}, "CLRG", "ACH"),
        ({"payee": f"<Id><IBAN>{OWN}</IBAN></Id>", "payee_bank": "BYLADEM1001"}, "CLRG", "ACH"),
        ({"payee": f"<Id><IBAN>{OWN}</IBAN></Id>", "payee_bank": "BYLADEM1001"}, "COVE", "WIRE"),
    ],
)
def test_a_transfer_across_borders_or_by_correspondents_is_a_wire(
    save: Save, rates: RateTable, changes: dict[str, str], method: str, channel: str
) -> None:
    [row], _, _ = read(save(transfers(transfer(**changes), method=method)), rates)
    assert row["channel"] == channel


@pytest.mark.parametrize(
    ("times", "micros"),
    [
        (
            "<IntrBkSttlmDt>2026-07-01</IntrBkSttlmDt><AccptncDtTm>2026-07-01T08:00:00Z</AccptncDtTm>",
            JULY + 28_800_000_000,
        ),
        ("<SttlmTmIndctn><DbtDtTm>2026-07-01T09:00:00Z</DbtDtTm></SttlmTmIndctn>", JULY + 32_400_000_000),
        ("", JULY - 7_200_000_000),
    ],
)
def test_a_transfer_is_booked_at_the_best_time_it_tells(save: Save, rates: RateTable, times: str, micros: int) -> None:
    [row], _, _ = read(save(transfers(transfer(times=times))), rates)
    assert row["booked_at"] == micros


def test_bad_transfers_are_rejected_by_number(save: Save, rates: RateTable) -> None:
    path = save(transfers(transfer(), transfer(settled=""), transfer(payee="", end="E3")))
    rows, rejects, _ = read(path, rates)
    assert [(r["to_account"]) for r in rows] == [OTHER, ""]
    assert [(r.row_number, r.field) for r in rejects] == [(2, "currency")]


ENTITY = '<!DOCTYPE Document [<!ENTITY x "{}">]>'


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/evil.dtd">',
        ENTITY.format("rent"),
        '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE Document [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
        "<!DOCTYPE Document>",
    ],
)
def test_a_document_type_is_refused_before_it_is_followed(save: Save, rates: RateTable, declaration: str) -> None:
    text = statement(entry(detail().replace("rent", "&x;"))).replace("\n", f"\n{declaration}\n", 1)
    with pytest.raises(Invalid, match="document type declaration, which can make a reader open other files"):
        open_source(save(text), rates=rates)
    with pytest.raises(Invalid, match="document type declaration"):
        open_source(save(text.partition("\n")[2]), rates=rates)  # without an XML declaration before it


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (statement(entry())[:-20], "is not well-formed XML"),
        (statement(entry()).replace("</Acct>", ""), "mismatched tag"),
        (statement(entry(detail().replace("rent", "&x;"))), "undefined entity"),
        (statement(entry()).replace("UTF-8", "EBCDIC-XYZ"), "is not well-formed XML"),
        (statement(entry()).replace("<Id>S1</Id>", "<Id>" * 120 + "</Id>" * 120), "nested more than 100 deep"),
        (statement().replace("BkToCstmrStmt", "BkToCstmrAcctRpt").replace("camt.053", "camt.052"),
         "neither a camt.053 .* its root element is “Document” of “urn:iso:std:iso:20022:tech:xsd:camt.052.001.08”"),
        ("<a/>", "root element is “a” of no namespace"),
    ],
)  # fmt: skip
def test_xml_that_is_no_message_is_refused_whole(save: Save, rates: RateTable, text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        open_source(save(text), rates=rates)


def test_a_message_whose_bytes_are_not_of_its_encoding_is_refused(tmp_path: Path, rates: RateTable) -> None:
    text = statement(entry(detail().replace("rent", "Zürich")))
    latin = text.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    (tmp_path / "good.xml").write_bytes(latin)
    assert read(tmp_path / "good.xml", rates)[0][0]["reference"] == "Zürich June"
    (tmp_path / "bad.xml").write_bytes(text.encode("latin-1"))
    with pytest.raises(Invalid, match="is not well-formed XML: not well-formed \\(invalid token\\)"):
        open_source(tmp_path / "bad.xml", rates=rates)


def test_options_that_a_message_has_no_use_for_are_refused(save: Save, rates: RateTable) -> None:
    path = save(statement(entry()))
    with pytest.raises(Invalid, match="is a camt.053 message, not pacs.008; leave --format out"):
        open_source(path, rates=rates, format="pacs.008")
    with pytest.raises(Invalid, match="--map and --set are for files of columns"):
        open_source(path, rates=rates, mapping=Mapping.parse(sets=["currency=EUR"]))
    with pytest.raises(Invalid, match="has times of its own"):
        open_source(path, rates=rates, start="2026-01-01T00:00:00Z")
    (path.parent / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Invalid, match=r"t.csv is CSV; camt.053 is an XML message"):
        open_source(path.parent / "t.csv", rates=rates, format="camt.053")


def test_a_damaged_archive_of_a_message_is_refused(save: Save, rates: RateTable, tmp_path: Path) -> None:
    packed = gzip.compress(statement(*(entry(ref=str(n)) for n in range(3_000))).encode())
    (tmp_path / "s.xml.gz").write_bytes(packed[:-9])
    with pytest.raises(Invalid, match="damaged"):
        open_source(tmp_path / "s.xml.gz", rates=rates)
