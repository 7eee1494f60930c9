"""Bound figures: told from their transactions, found stale when these change, and what a reader would ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.narrative import FIGURES, BadFigure, Evidence, Piece, StaleFigure, render, require_fresh, template
from casedesk.domain.narrative_remarks import Remark, draft, remarks
from casedesk.exports.verifier import verify

ONE, TWO = "A-000000000001", "A-0000000000AB"
START = datetime(2026, 6, 30, 23, 59, tzinfo=UTC)


def piece(n: int, minor: int, direction: str = "in", other: str = "") -> Piece:
    account = "K-1/1" if direction else ""
    return Piece(f"t{n}", START + timedelta(minutes=n), minor, direction, account, other)


PIECES = (
    piece(0, 7_000_00), piece(1, 8_500_50), piece(2, 15_000_00, "out", "X-9"), piece(3, 99, "out", "X-1"), piece(4, 5, ""),
)  # fmt: skip
EVIDENCE = Evidence(
    {one.transaction_id: one for one in PIECES}, {ONE: ("t0", "t1", "t2"), TWO: ("t2", "t3", "t4")}, "USD"
)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("sum:case", "USD 30,501.54"),
        ("sum:case/in", "USD 15,500.50"),
        (f"sum:{ONE}", "USD 30,500.50"),
        (f"sum:{ONE}/out", "USD 15,000.00"),
        ("count:case", "5"),
        (f"count:{TWO}/out", "2"),
        ("largest:case", "USD 15,000.00"),
        ("smallest:case", "USD 0.05"),
        ("first:case", "30 June 2026"),
        ("last:case", "1 July 2026"),
        ("parties:case", "X-1 and X-9"),
        ("parties:case/in", "nobody but cash"),
        ("accounts:case", "K-1/1"),
    ],
)
def test_a_figure_is_told_from_its_transactions(token: str, said: str) -> None:
    rendered = render(f"In all {{{{ {token} }}}}.", EVIDENCE)
    assert rendered.text == f"In all {said}."
    (bound,) = rendered.figures
    assert rendered.text[bound.start : bound.start + bound.length] == said
    assert f"{bound.figure}:{bound.selection}" == token


def test_what_is_recorded_names_the_transactions_of_each_selection() -> None:
    record = render(f"{{{{sum:{ONE}}}}} and {{{{count:case/out}}}} and {{{{count:{ONE}}}}}", EVIDENCE).record()
    assert record["selections"] == {ONE: ["t0", "t1", "t2"], "case/out": ["t2", "t3"]}
    assert (record["currency"], record["digits"], record["accounts"]) == ("USD", 2, ["K-1/1"])
    assert [one[:2] for one in record["figures"]] == [["sum", ONE], ["count", "case/out"], ["count", ONE]]
    assert render("Nothing is bound here.", EVIDENCE).record() == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{total:case}}", "“{{total:case}}” is no figure; write one of sum, count"),
        ("{{sum}}", "is no figure"),
        ("{{sum:all}}", "is no figure"),
        ("{{sum:case/up}}", "is no figure"),
        ("{{}}", "is no figure"),
        ("{{sum:A-00000000000F}}", "The case has no alert “A-00000000000F”; write case, or one of its alerts: A-0"),
    ],
)
def test_a_binding_that_cannot_be_told_is_named(text: str, said: str) -> None:
    with pytest.raises(BadFigure) as refused:
        render(f"Before {text} after", EVIDENCE)
    assert said in str(refused.value)


def test_a_selection_without_a_transaction_is_named() -> None:
    only_in = Evidence({"t0": PIECES[0]}, {ONE: ("t0",)}, "USD")
    with pytest.raises(BadFigure, match="“case/out” selects no transaction"):
        render("{{sum:case/out}}", only_in)


@given(st.lists(st.sampled_from([f"{{{{{name}:case}}}}" for name in FIGURES] + ["a", "ß", " ", "\n", "{", "}}", "🏦"])))
def test_what_was_typed_comes_back_from_what_was_recorded(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        rendered = render(text, EVIDENCE)
    except BadFigure:
        return
    assert template(rendered.text, rendered.record()) == text
    require_fresh(rendered.text, rendered.record(), EVIDENCE)


def test_a_figure_goes_stale_when_its_evidence_grows() -> None:
    rendered = render("In all {{sum:case}}, of which {{count:case}}.", EVIDENCE)
    more = Evidence(
        {**EVIDENCE.pieces, "t9": piece(9, 1_00)}, {**EVIDENCE.alerts, TWO: (*EVIDENCE.alerts[TWO], "t9")}, "USD"
    )
    with pytest.raises(
        StaleFigure, match=r"“USD 30,501\.54” \(total, case\) went stale: the evidence gives “USD 30,502\.54” now"
    ):
        require_fresh(rendered.text, rendered.record(), more)
    less = Evidence(EVIDENCE.pieces, {ONE: ("t0",)}, "USD")
    of_two = render(f"{{{{sum:{TWO}}}}}", EVIDENCE)
    with pytest.raises(StaleFigure, match="has lost its evidence. The case has no alert"):
        require_fresh(of_two.text, of_two.record(), less)


def test_a_text_that_says_another_figure_is_refused() -> None:
    rendered = render("In all {{sum:case}}.", EVIDENCE)
    with pytest.raises(StaleFigure):
        require_fresh(rendered.text.replace("30,501.54", "30,501.55"), rendered.record(), EVIDENCE)


amounts = st.integers(0, 10**13)


@given(st.lists(st.tuples(amounts, st.sampled_from(["in", "out", ""]), st.sampled_from(["", "X", "Y"])), min_size=1, max_size=8),
       st.sampled_from(["USD", "JPY", "KWD"]), st.sampled_from(sorted(FIGURES)))  # fmt: skip
def test_the_desk_and_the_packet_s_verifier_tell_every_figure_alike(
    rows: list[tuple[int, str, str]], currency: str, figure: str
) -> None:
    pieces = [
        piece(n * 700, minor, direction, other if direction else "") for n, (minor, direction, other) in enumerate(rows)
    ]
    evidence = Evidence(
        {one.transaction_id: one for one in pieces}, {ONE: tuple(p.transaction_id for p in pieces)}, currency
    )
    rendered = render(f"{{{{{figure}:case}}}}", evidence)
    transactions = [
        {
            "transaction_id": one.transaction_id,
            "booked_at": one.booked_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "base_minor": one.base_minor,
            "from_account": {"out": one.account, "in": one.other, "": "S"}[one.direction],
            "to_account": {"out": one.other, "in": one.account, "": "T"}[one.direction],
        }
        for one in pieces
    ]
    record = rendered.record()
    told = verify.figure(figure, transactions, record["accounts"], record["currency"], record["digits"])
    assert told == rendered.text


GOOD = (
    "Kim Roe made {{count:case/in}} cash deposits at one branch between {{first:case}} and {{last:case}}, together "
    "{{sum:case/in}}, each below 10,000.00 as if to avoid a report."
)


def asked(text: str, *, blocks: bool = False) -> tuple[Remark, ...]:
    return remarks(
        render(text, EVIDENCE), EVIDENCE, names=("Kim Roe", "K-1", "K-1/1"), known={10_000_00}, blocks=blocks
    )


def test_a_narrative_that_answers_everything_is_asked_nothing() -> None:
    assert asked(GOOD) == ()


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (" In all 104,500.", "104,500"),
        (" In all 12.34.", "12.34"),
        (" In all USD 1,234,567.89.", "1,234,567.89"),
        (" On 31 June 2026.", "31 June 2026"),
        (" On 5 May 2026.", "5 May 2026"),
        (" On 2026-07-02.", "2026-07-02"),
    ],
)
def test_a_figure_that_nothing_bears_out_is_pointed_out(more: str, what: str) -> None:
    (remark,) = asked(GOOD + more)
    assert (remark.what, remark.blocks) == (what, False)
    assert what in remark.sentence


@pytest.mark.parametrize(
    "more", [" Of 7,000.00 and 8,500.50.", " About 15,500 came in.", " In 2026.", " Call 555-0199.", " On 30 June 2026.",
             " On 2026-07-01.", " Case C-26-00042, 12 payments."]
)  # fmt: skip
def test_a_figure_that_the_evidence_bears_out_needs_no_binding(more: str) -> None:
    assert asked(GOOD + more) == ()


def test_the_policy_may_block_what_nothing_bears_out() -> None:
    assert [one.blocks for one in asked(GOOD + " In all 104,500.", blocks=True)] == [True]


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        (GOOD.replace("Kim Roe", "Somebody"), {"who"}),
        (GOOD.replace("between {{first:case}} and {{last:case}}", "within days"), {"when"}),
        ("Kim Roe did something on 1 July 2026", {"what", "where", "why", "how"}),
    ],
)
def test_a_question_that_stays_open_is_asked(text: str, open_: set[str]) -> None:
    assert {one.what for one in asked(text)} == open_


def test_a_draft_is_bound_and_leaves_the_rest_to_the_analyst() -> None:
    text = draft("Kim Roe", "K-1", [(ONE, "Structuring", "s"), (TWO, "Fan-out", "s")])
    rendered = render(text, EVIDENCE)
    assert "for suspected fan-out and structuring: 5 transactions with a total of USD 30,501.54" in rendered.text
    assert "structuring: 3 transactions over USD 30,500.50 on account K-1/1 (alert A-000000000001)" in rendered.text
    assert "[" in rendered.text
    assert "{{" not in rendered.text
    assert draft("Kim Roe", "K-1", [(ONE, "Structuring", "s"), (TWO, "Fan-out", "s")]) == text


def test_a_piece_between_others_belongs_to_no_side() -> None:
    assert replace(PIECES[4], direction="") == PIECES[4]
    assert render("{{count:case/in}}{{count:case/out}}", EVIDENCE).text == "22"
