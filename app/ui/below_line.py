"""Samples below a rule's line: which is shown, what its bands came to beside the rule in force, and how to draw one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from app.ui import below_line_form, empty, failures, formats, session
from casedesk.domain.counts import counted
from casedesk.domain.intervals import Proportion
from casedesk.domain.line_yields import WHY_APART, BandYield, LineReport
from casedesk.domain.moments import parse
from casedesk.errors import CasedeskError
from casedesk.services import line_test_checks, line_tests

TITLE: Final = "Below the line"


def show() -> None:
    """Draw the samples: a list to choose from, and the yields of the chosen one."""
    desk, actor = session.desk(), session.actor()
    tests = session.memo("line_tests", lambda: line_tests.all_tests(uow=desk.reading(), actor=actor))
    ids = [test.test_id for test in tests]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            chosen = _choose(ids)
        below_line_form.show()
    if not chosen:
        empty.show(
            "Nothing was drawn below a line yet",
            "A sample takes episodes that looser values of a rule would find in addition; they are worked as cases like any other.",
        )
        return
    try:
        report = session.memo(
            f"yield_{chosen}", lambda: line_tests.report(uow=desk.reading(), actor=actor, test_id=chosen)
        )
    except CasedeskError as refusal:
        failures.show(refusal)
        return
    _facts(report)
    _yields(report)
    _enough(report.bands, report.test.base_currency)
    _apart(report.bands)


def _choose(ids: Sequence[str]) -> str:
    """Draw the list where there is a choice, and whether the chosen sample can be drawn again; return its id."""
    if not ids:
        return ""
    held = session.value(below_line_form.CHOSEN, ids[0])
    chosen = str(held if held in ids else ids[0])
    if len(ids) > 1:
        chosen = st.selectbox("Sample", ids, key=below_line_form.CHOSEN, label_visibility="collapsed", width=150,
                              persist_state="session")  # fmt: skip
    desk, actor = session.desk(), session.actor()
    again = session.memo(
        f"relined_{chosen}", lambda: line_test_checks.redraw(look=desk.reading(), actor=actor, test_id=chosen)
    )
    if again.agrees:
        st.badge("Re-drawn: same picks", icon=":material/verified:", color="green",
                 help="Drawn again from its record just now; populations, sizes, seed and picks agree with the ledger.")  # fmt: skip
    else:
        st.badge("Re-drawn: other picks", icon=":material/gpp_bad:", color="red",
                 help=formats.plain(" ".join(again.problems)))  # fmt: skip
    return chosen


def _facts(report: LineReport) -> None:
    test = report.test
    who = formats.plain(session.names().get(report.drawn_by, report.drawn_by))
    period = f"{formats.day(parse(test.period_from))} – {formats.day(parse(test.period_to))}"
    st.markdown(f"**{formats.plain(formats.rule(test.rule))}, below its line** :gray[{test.test_id}]")
    st.markdown(
        formats.small(
            f"Drawn {formats.day(parse(report.drawn_at))} by {who} · {counted(test.transactions, 'transaction')}, {period} · data "
            f"`{test.data_fingerprint[:16]}…` · seed drawn after the populations were committed"
        )
    )


def _yields(report: LineReport) -> None:
    above, test = report.above, report.test
    rows: list[tuple[str, ...]] = [
        ("**In force**", f"{above.alerts:,}", "", "", f"{above.productive.of:,}",
         f"{above.cases - above.productive.of:,}", *_share(above.productive)),
        *((_title(band, test.base_currency), f"{band.population:,}", f"{band.customers:,}",
           f"{band.drawn:,}", f"{band.closed:,}", f"{band.open:,}", *_share(band.productive)) for band in report.bands),
    ]  # fmt: skip
    names = ["Band", "Episodes", "Customers", "Drawn", "Judged", "Open", "Filed", "95 % interval"]
    st.table(pd.DataFrame(rows, columns=names), hide_index=True, border="horizontal", alt="Yield of each band")
    st.markdown(
        formats.small(
            "Judged are closed cases that hold one drawn episode and nothing else. The interval of the filed share is exact "
            "(Clopper and Pearson). In force: alerts of the rule as it was, and their cases."
        )
    )


def _share(found: Proportion) -> tuple[str, str]:
    if found.share is None:
        return "", "nothing judged"
    return f"{found.hits:,} · {found.share * 100:.1f} %", f"{found.low * 100:.1f} to {found.high * 100:.1f} %"


def _enough(bands: Sequence[BandYield], currency: str) -> None:
    st.markdown("**Enough for “none found”?** :gray[cases that must be judged without a report]")
    names = ["Band", *(f"Fewer than {one.percent} % ({one.needed})" for one in bands[0].none_found)]
    rows = [(_title(band, currency), *_levels(band)) for band in bands]
    st.table(pd.DataFrame(rows, columns=names), hide_index=True, border="horizontal", alt="Enough for none found")


def _levels(band: BandYield) -> list[str]:
    if band.whole:
        return ["all were judged"] * len(band.none_found)
    if band.sars:
        return [f"{band.sars:,} found"] * len(band.none_found)
    return [":material/check: Yes" if one.enough else f"{one.needed - band.closed:,} more" for one in band.none_found]


def _apart(bands: Sequence[BandYield]) -> None:
    for band in bands:
        if band.apart:
            reasons = "; ".join(f"{n:,} {WHY_APART[why]}" for why, n in sorted(band.apart.items()))
            ended = f"{band.apart_closed:,} closed, {band.apart_sars:,} filed"
            st.markdown(formats.small(f"Band {band.number}, counted apart: {reasons}. Of them {ended}."))
        if band.hidden:
            hidden = f"{counted(band.hidden, 'more episode is', 'more episodes are')} hidden by suppressions and not drawn from"
            st.markdown(formats.small(f"Band {band.number}: {hidden}."))


def _title(band: BandYield, currency: str) -> str:
    """Write the number and the values that were moved; amounts in the base currency."""
    words = [
        f"{name.removesuffix('_minor').replace('_', ' ')} "
        f"{formats.money(value, currency) if name.endswith('_minor') else _words(value)}"
        for name, value in sorted(band.moved.items())
    ]
    return f"**{band.number}** {formats.plain(', '.join(words))}"


def _words(value: object) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)
