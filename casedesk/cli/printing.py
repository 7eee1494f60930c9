"""Results on standard output, remarks on standard error, and nothing in either that could drive a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from casedesk.domain.moments import canonical


def emit(value: Any) -> None:
    """Print a result as JSON."""
    unicode_fits = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not unicode_fits, indent=2, default=_plain))


def emit_line(value: Any) -> None:
    """Print a result as JSON on one line, for output that has many of them."""
    unicode_fits = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(value, ensure_ascii=not unicode_fits, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return canonical(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def say(text: str = "") -> None:
    """Print a result as text."""
    print(harmless(text))


def remark(text: str) -> None:
    """Print what is not the result: progress, refusals."""
    print(harmless(text), file=sys.stderr, flush=True)


def harmless(text: str) -> str:
    """Write control characters out: a note or a name may hold an escape sequence that would drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in aligned columns; numbers to the right."""
    cells = [[harmless("" if cell is None else str(cell)).replace("\n", " ") for cell in row] for row in rows]
    if not cells:
        return
    numeric = [all(_number(row[i]) for row in cells) for i in range(len(header))]
    widths = [max(len(header[i]), *(len(row[i]) for row in cells)) for i in range(len(header))]
    for row in [list(header), *cells]:
        line = (c.rjust(w) if right else c.ljust(w) for c, w, right in zip(row, widths, numeric, strict=True))
        print("  ".join(line).rstrip())


def _number(text: str) -> bool:
    return bool(text) and text.replace(",", "").replace(".", "", 1).isdigit()
