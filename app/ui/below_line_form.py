"""Draw below a rule's line: the rule, the looser values of one to three bands, and how many to draw."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import streamlit as st

from app.ui import flash, formats, lab_form, session
from casedesk.domain.counts import counted
from casedesk.domain.people import Action, may
from casedesk.errors import CasedeskError
from casedesk.services import lab, line_tests
from casedesk.services.band_texts import read_band
from casedesk.services.line_tests import Asked

CHOSEN: Final = "line_test"
SCOPE: Final = "line_test_draw"
_RULE: Final = "line_rule"
_SIZE: Final = "line_size"
_LEVEL: Final = "line_level"
_BANDS: Final = ("line_band_1", "line_band_2", "line_band_3")
_OTHER: Final = "Another number"
_LEVELS: Final[dict[str, int]] = {"59, to rule out 5 %": 5, "149, to rule out 2 %": 2, "299, to rule out 1 %": 1}


def show() -> None:
    """Draw the form for those who may draw."""
    if not may(session.actor().role, Action.DRAW_LINE_TEST):
        return
    titles = {one.name: one.title for one in lab.RULES}
    with st.popover("New sample", icon=":material/casino:", type="tertiary"), st.container(width=430):
        flash.show(SCOPE, kept="What you chose is kept")
        st.selectbox("Rule", list(titles), key=_RULE, format_func=lambda name: titles[name], persist_state="session")
        rule = str(session.value(_RULE, lab.RULES[0].name))
        st.markdown(formats.small(f"In force: {formats.plain(_in_force(rule))}"))
        for number, name in enumerate(_BANDS, start=1):
            st.text_input(f"Band {number}", key=name, persist_state="session",
                          placeholder="count=4" if number == 1 else "looser still, or empty",
                          help="Looser values, name=value, more after commas; from the line outwards. Amounts in minor units.")  # fmt: skip
        st.selectbox("Customers to draw from each band", [*_LEVELS, _OTHER], key=_LEVEL, persist_state="session")
        if session.value(_LEVEL, "") == _OTHER:
            st.number_input("Number", min_value=1, max_value=100_000, value=25, step=1, key=_SIZE)
        st.markdown(formats.small("They become cases that look like any other. Do not tell who works them."))
        st.button("Draw below the line", key="line_draw", type="primary", on_click=_draw, args=(rule,))


def _in_force(rule: str) -> str:
    parameters = lab_form.parameters_of(rule)
    return ", ".join(f"{one.name} {_words(one.value)}" for one in parameters)


def _words(value: object) -> str:
    return "/".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)


def _draw(rule: str) -> None:
    desk = session.desk()
    session.flashes().pop(SCOPE, None)
    level = _LEVELS.get(str(session.value(_LEVEL, next(iter(_LEVELS)))))
    share = Fraction(level, 100) if level else None
    size = 0 if level else int(session.value(_SIZE, 25))
    try:
        texts = [text for name in _BANDS if (text := session.take(name).strip())]
        stored = line_tests.draw_line_test(
            look=desk.reading(), freeze=desk.writing(), uow=desk.writing(), actor=session.actor(), at=session.now(),
            base_currency=session.currency(), rule=rule,
            bands=[Asked(read_band(rule, text), size=size, none_found=share) for text in texts],
        )  # fmt: skip
    except CasedeskError as refusal:
        flash.refuse(SCOPE, refusal)
        return
    session.put(CHOSEN, stored.test_id)
    session.clear(*_BANDS)
    flash.say(
        f"{len(stored.record['picks']):,} of {counted(stored.population_size, 'episode')} drawn ({stored.test_id})."
    )
