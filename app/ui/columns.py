"""Columns of canvas tables, whose cells draw neither Markdown nor icons: chips for badges, and amounts."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from app.ui.formats import FILLS, Badge
from casedesk.domain.money import MINOR_DIGITS


def dark() -> bool:
    """Say whether the browser shows the dark theme."""
    return bool(st.context.theme.type == "dark")


def chips(label: str, badges: Iterable[Badge], width: int) -> ColumnConfig:
    """Build a column of chips. Every badge that occurs must be named, because a chip's colour goes with its text."""
    fills = {badge.chip: FILLS[badge.color][dark()] for badge in badges}
    return st.column_config.MultiselectColumn(
        label, width=width, options=list(fills) or ["–"], color=list(fills.values()) or ["gray"]
    )


def cells(badges: Iterable[Badge | None]) -> list[list[str]]:
    """Write the cells of a column of chips; None is an empty cell."""
    return [[badge.chip] if badge else [] for badge in badges]


def text(width: int, label: str | None = None, *, right: bool = False) -> ColumnConfig:
    """Build a column of text."""
    return st.column_config.TextColumn(label, width=width, alignment="right" if right else None)


def count(width: int, label: str | None = None) -> ColumnConfig:
    """Build a column of whole numbers with thousands commas."""
    return st.column_config.NumberColumn(label, width=width, format="%,d")


def amount(label: str, currency: str, width: int, help: str | None = None) -> ColumnConfig:
    """Build a column of amounts with the currency's decimals and thousands commas; ``help`` is shown on hover."""
    return st.column_config.NumberColumn(label, width=width, format=f"%,.{MINOR_DIGITS[currency]}f", help=help)
