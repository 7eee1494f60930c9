"""The thresholds of a rule as fields, and what was last asked to be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from app.ui import formats, session
from casedesk.domain.money import MINOR_DIGITS
from casedesk.services import lab
from casedesk.services.lab import Described, Moved

RULE: Final = "lab_rule"
ASKED: Final = "lab_asked"
MONEY: Final = "minor units of the base currency"


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule and the values to try it with, as pairs, so that it can be remembered by what it says."""

    rule: str
    pairs: tuple[tuple[str, Any], ...]

    def values(self) -> dict[str, Any]:
        """Return the values by parameter; a parameter that is a set takes a list of words."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self.pairs}


def asked() -> Asked | None:
    """Return what was last asked to be tried in this session."""
    found: Asked | None = session.value(ASKED, None)
    return found


def rule() -> str:
    """Return the rule chosen; at first the first one."""
    names = [one.name for one in lab.RULES]
    chosen = session.value(RULE, names[0])
    return chosen if chosen in names else names[0]


def show_buttons() -> None:
    """Draw what the form offers, for the title row."""
    parameters = parameters_of(rule())
    st.button("Back to the values in force", key="lab_reset", type="tertiary", on_click=_reset,
              args=(rule(), parameters))  # fmt: skip
    st.button("Try it", key="lab_try", type="primary", icon=":material/experiment:", shortcut="Ctrl+Enter",
              on_click=_ask, args=(rule(), parameters))  # fmt: skip


def show() -> None:
    """Draw the rule's name and its thresholds."""
    titles = {one.name: one.title for one in lab.RULES}
    with st.container(border=True, gap="xsmall"):
        st.selectbox("Rule", list(titles), key=RULE, format_func=lambda name: titles[name], persist_state="session")
        for parameter in parameters_of(rule()):
            _field(rule(), parameter)


def parameters_of(rule: str) -> tuple[Described, ...]:
    """Return the parameters of a rule as they are in force, read anew when something has happened on the desk."""
    desk, actor = session.desk(), session.actor()
    return session.memo(f"lab_rule_{rule}", lambda: lab.describe(look=desk.reading(), actor=actor, rule=rule))


def moved(one: Moved, currency: str) -> str:
    """Write ``count 5 → 8``; an amount in the base currency."""
    parameter = one.parameter
    before, after = (said(value, parameter.unit, currency) for value in (one.before, parameter.value))
    return f"{formats.parameter(parameter.name.removesuffix('_minor')).lower()} {before} → {after}"


def said(value: object, unit: str, currency: str) -> str:
    """Write a parameter's value; an amount in the base currency."""
    if value is None:
        return "off"
    return formats.money(int(str(value)), currency) if unit == MONEY else _words(value)


def _field(rule: str, parameter: Described) -> None:
    name = _key(rule, parameter)
    label = _label(parameter)
    gloss = f"{formats.plain(parameter.reason)} *{formats.plain(parameter.source)}*"
    if isinstance(parameter.value, int):
        scale = _scale(parameter)
        shared: dict[str, Any] = {"key": name, "help": gloss, "persist_state": "session"}
        if scale == 1:
            st.number_input(label, value=parameter.value, min_value=parameter.lowest, max_value=parameter.highest,
                            step=1, **shared)  # fmt: skip
        else:
            lowest = None if parameter.lowest is None else parameter.lowest / scale
            highest = None if parameter.highest is None else parameter.highest / scale
            st.number_input(label, value=parameter.value / scale, min_value=lowest, max_value=highest,
                            step=100.0, format="%.2f", **shared)  # fmt: skip
    else:
        st.text_input(label, value=_words(parameter.value), key=name, help=gloss, persist_state="session")


def _label(parameter: Described) -> str:
    """Write the name and, grey, its unit, unless the name says it already."""
    unit = session.currency() if parameter.unit == MONEY else parameter.unit
    words = formats.parameter(parameter.name.removesuffix("_minor").removesuffix(f"_{unit}"))
    return words if unit.casefold() in words.casefold() else f"{words} :gray[{formats.plain(unit)}]"


def _scale(parameter: Described) -> int:
    return int(10 ** MINOR_DIGITS[session.currency()]) if parameter.unit == MONEY else 1


def _words(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, (frozenset, set, list, tuple)) else str(value)


def _key(rule: str, parameter: Described) -> str:
    return session.key("lab", rule, parameter.name)


def _ask(rule: str, parameters: tuple[Described, ...]) -> None:
    session.put(ASKED, Asked(rule, tuple((one.name, _held(rule, one)) for one in parameters)))


def _held(rule: str, parameter: Described) -> Any:
    """Return what stands in a field, in the parameter's own unit; the value in force where it was never drawn."""
    held = session.value(_key(rule, parameter), None)
    if held is None:
        return tuple(sorted(parameter.value)) if isinstance(parameter.value, frozenset) else parameter.value
    if isinstance(parameter.value, int):
        return round(held * _scale(parameter))
    if isinstance(parameter.value, str):
        return str(held).strip()
    return tuple(word.strip() for word in _words(held).split(",") if word.strip())


def _reset(rule: str, parameters: tuple[Described, ...]) -> None:
    session.clear(*(_key(rule, parameter) for parameter in parameters))
