"""Severity from 0 to 100: how far above its threshold a reading stands."""

from __future__ import annotations


def excess(observed: int, limit: int) -> int:
    """Return by how many thousandths ``observed`` stands above ``limit``; 0 at the limit or below."""
    return max(0, observed * 1000 // limit - 1000)


def severity(start: int, above: int) -> int:
    """Turn an excess in thousandths into a severity.

    At the threshold it is ``start``; each further multiple of the threshold takes a share of what is left to 100
    (twice the threshold a half, three times two thirds, four times three quarters), so it never falls when a reading
    grows and reaches 100 only in the limit. Whole numbers only, so that two machines cannot differ in the last digit.
    """
    return start + (100 - start) * above // (above + 1000)
