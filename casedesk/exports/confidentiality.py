"""The line that everything carries which leaves the desk and may tell of a report.

It is the same whatever was decided: a line that stood on reports alone would tell of them.
"""

from __future__ import annotations

from typing import Final

LINE: Final = (
    "Confidential. Nobody may be told that a suspicious activity report was made or considered, least of all those it is "
    "about: 31 USC 5318(g)(2), 31 CFR 1020.320(e). Keep this from everybody without need to know."
)
#: The same for the head of a page.
SHORT: Final = "Confidential: 31 USC 5318(g)(2), 31 CFR 1020.320(e)"
