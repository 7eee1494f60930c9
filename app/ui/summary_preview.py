"""The summary of a case as it will be downloaded, set in the desk's own type."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd
import streamlit as st

_CELL: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"^\|(\s*:?-+:?\s*\|)+$")


def show(markdown: str) -> None:
    """Draw the Markdown: headings one size smaller, tables as the desk's tables. The words are those of the file."""
    for block in markdown.strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("|") and len(lines) > 1 and _RULE.match(lines[1]):
            _table(lines)
        else:
            st.markdown(re.sub(r"^##? ", lambda found: "#### " if len(found[0]) > 2 else "## ", block))


def _table(lines: list[str]) -> None:
    head, rule, *rows = lines
    names = _cells(head)
    cells = [(_cells(row) + [""] * len(names))[: len(names)] for row in rows]
    if any(names):
        frame = pd.DataFrame(cells, columns=names)
        figures = [name for name, mark in zip(names, _cells(rule), strict=True) if mark.endswith(":")]
        written: dict[Any, Any] = {name: _as_written(frame, name) for name in figures}
        st.table(frame.style.format(written), hide_index=True, border="horizontal")
    else:
        gray = [[f":gray[{name}]", *rest] for name, *rest in cells]
        st.table(pd.DataFrame(gray), hide_index=True, hide_header=True, border="horizontal")


def _as_written(frame: pd.DataFrame, name: str) -> str:
    """Make a column of figures numbers, because only those are aligned to the right; return how they were written."""
    decimals = max((len(cell.partition(".")[2]) for cell in frame[name]), default=0)
    frame[name] = pd.to_numeric(frame[name].str.replace(",", ""), errors="coerce")
    return f"{{:,.{decimals}f}}"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line.strip())[1:-1]]
