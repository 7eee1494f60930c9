"""Files of other people, read through ``--map``, ``--set`` and ``--map-value``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.domain.rates import RateTable
from casedesk.domain.transactions import Channel
from casedesk.errors import Invalid
from casedesk.formats import Mapping, open_source
from casedesk.formats.presets import CHANNEL_WORDS, channel_named
from tests.formats.reading import read

MAPS = ["when=booked_at", "value=amount", "sender=from_account", "receiver=to_account", "type=channel"]
HEADER = "when,value,sender,receiver,type,from,extra"


def row(when: str = "2024-07-01 09:30:00", value: str = "12.5", type: str = "wire", origin: str = "GB") -> str:
    return f"{when},{value},S1,R1,{type},{origin},ignored"


def test_columns_constants_and_words_make_a_transaction(write: Callable[..., Path], rates: RateTable) -> None:
    mapping = Mapping.parse([*MAPS, "from=from_country"], ["currency=USD"], ["type:Sweep=INTERNAL", "from:Albion=GB"])
    path = write(row(type="sweep"), row(type="trade_payment", origin="Albion"), row(origin="germany"), header=HEADER)
    good, rejects, _ = read(path, rates, mapping=mapping, zone="UTC")
    assert rejects == []
    assert [(r["channel"], r["from_country"], r["currency"], r["amount_minor"]) for r in good] == [
        ("INTERNAL", "GB", "USD", 1250),
        ("WIRE", "GB", "USD", 1250),
        ("WIRE", "DE", "USD", 1250),
    ]
    assert all(r["transaction_id"].startswith("TX") and r["to_country"] == "" for r in good)


def test_an_unknown_channel_word_is_rejected_with_the_way_to_translate_it(
    write: Callable[..., Path], rates: RateTable
) -> None:
    mapping = Mapping.parse(MAPS, ["currency=USD"])
    _, [reject], _ = read(write(row(type="barter"), header=HEADER), rates, mapping=mapping, zone="UTC")
    assert (reject.field, reject.value) == ("channel", "barter")
    assert "--map-value column:word=CHANNEL, one of CASH, ACH" in reject.reason
    translated = Mapping.parse(MAPS, ["currency=USD"], ["type:barter=OTHER"])
    good, _, _ = read(write(row(type="Barter"), header=HEADER), rates, mapping=translated, zone="UTC")
    assert good[0]["channel"] == "OTHER"


@pytest.mark.parametrize(
    ("word", "channel"),
    [("withdrawal", "CASH"), ("Cash-Deposit", "CASH"), ("Credit Card", "CARD"), ("Cheque", "CHEQUE"), ("OTHER", "OTHER"),
     ("Reinvestment", "INTERNAL"), ("trade_payment", "WIRE"), ("other", None), ("", None), ("Bitcoin", "CRYPTO")],
)  # fmt: skip
def test_usual_words_name_a_channel(word: str, channel: str | None) -> None:
    assert channel_named(word) == channel


def test_no_usual_word_means_other() -> None:
    assert set(CHANNEL_WORDS.values()) == {c.value for c in Channel} - {"OTHER"}


def test_excess_decimals_are_rounded_and_counted_or_rejected_on_request(
    write: Callable[..., Path], rates: RateTable
) -> None:
    path = write(row(value="1817.2406581933205"), row(value="0.125"), row(value="1.10"), header=HEADER)
    mapping = Mapping.parse(MAPS, ["currency=USD"])
    [batch] = open_source(path, rates=rates, mapping=mapping, zone="UTC").batches()
    assert [r[4] for r in batch.rows()] == [181_724, 12, 110]  # type: ignore[attr-defined]
    assert batch.rounded == 2  # type: ignore[attr-defined]
    exact = Mapping.parse(MAPS, ["currency=USD"], round_amounts=False)
    good, rejects, _ = read(path, rates, mapping=exact, zone="UTC")
    assert (len(good), [r.field for r in rejects]) == (1, ["amount", "amount"])


def test_a_time_without_a_zone_says_how_to_give_one(write: Callable[..., Path], rates: RateTable) -> None:
    _, [reject], _ = read(write(row(), header=HEADER), rates, mapping=Mapping.parse(MAPS, ["currency=USD"]))
    assert reject.field == "booked_at"
    assert "--zone UTC" in reject.reason


def test_a_derived_id_is_that_of_the_row_at_every_import(write: Callable[..., Path], rates: RateTable) -> None:
    path, mapping = write(row(), row(), header=HEADER), Mapping.parse(MAPS, ["currency=USD"])
    first = [r["transaction_id"] for r in read(path, rates, mapping=mapping, zone="UTC")[0]]
    assert first == [r["transaction_id"] for r in read(path, rates, mapping=mapping, zone="UTC", chunk_rows=1)[0]]
    assert len(set(first)) == 2


@pytest.mark.parametrize(
    ("maps", "sets", "values", "words"),
    [
        (["amount"], [], [], "“--map amount” is not understood; write --map column=field"),
        (["value=price"], [], [], "names the field “price”.*choose one of transaction_id"),
        (["a=amount", "b=amount"], [], [], "gives the field “amount” a second source"),
        (["a=amount"], ["amount=5"], [], "gives the field “amount” a second source"),
        ([], ["currency="], [], "“--set currency=” is not understood"),
        (["t=channel"], [], ["t=CASH"], "write --map-value column:word=value"),
        (["t=channel"], [], ["u:x=CASH"], "names the column “u”, which no --map option uses"),
    ],
)
def test_an_option_that_cannot_be_followed_is_refused(
    maps: list[str], sets: list[str], values: list[str], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        Mapping.parse(maps, sets, values)


def test_a_mapping_to_a_column_that_is_not_there_is_refused(write: Callable[..., Path], rates: RateTable) -> None:
    with pytest.raises(Invalid, match=r"lacks the column worth.*Correct “--map worth=amount”"):
        open_source(write(row(), header=HEADER), rates=rates, mapping=Mapping.parse(["worth=amount"]))


def test_a_mapping_that_leaves_needed_fields_open_names_them_all(write: Callable[..., Path], rates: RateTable) -> None:
    mapping = Mapping.parse(["when=booked_at"], ["channel=WIRE"])
    with pytest.raises(Invalid, match="lacks the columns amount, currency, from_account, to_account"):
        open_source(write(row(), header=HEADER), rates=rates, mapping=mapping)
