"""A list beside a form: one row is always chosen, by its tick or by a click anywhere in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.ui import session

_ROW = 31


def show(
    key: str, frame: pd.DataFrame, config: dict[str, ColumnConfig], ids: Sequence[str], alt: str, most: int = 16
) -> str:
    """Draw the list and return the id of the chosen row. The list must not be empty.

    :param ids: what each row stands for; the choice follows it when rows come and go above.
    """
    chosen_key = f"{key}_chosen"
    chosen = session.value(chosen_key, "")
    place = ids.index(chosen) if chosen in ids else 0
    session.put(chosen_key, ids[place])
    session.put(key, _selected(place))

    def select() -> None:
        found = session.value(key, _selected(place))["selection"]
        row = found["cells"][0][0] if found["cells"] else next(iter(found["rows"]), place)
        session.put(chosen_key, ids[min(row, len(ids) - 1)])

    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        row_height=_ROW,
        height=_ROW * min(len(ids), most) + 37,
        column_config=config,
        on_select=select,
        selection_mode=["single-row-required", "single-cell"],
        alt=alt,
    )
    return str(session.value(chosen_key, ids[0]))


def _selected(place: int) -> dict[str, Any]:
    return {"selection": {"rows": [place], "columns": [], "cells": []}}
