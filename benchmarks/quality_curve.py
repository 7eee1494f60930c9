"""Draw precision against recall as an SVG, with nothing but text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.quality_measures import Point

_SIDE, _MARGIN, _GAP = 300, 48, 40
_INK: Final = ("#1f5fa8", "#b3541e", "#2f7d3b")
_MARKS: Final = ("circle", "square", "diamond")


def draw(panels: Mapping[str, Mapping[str, Sequence[Point]]], baselines: Mapping[str, tuple[float, float]]) -> str:
    """Return one panel for each world: a line for each kind of threshold, and the baseline (precision, recall) as a cross.

    Recall runs to the right and precision upwards, both from 0 to 1.
    """
    width = len(panels) * (_SIDE + _MARGIN) + _GAP
    height = _SIDE + 2 * _MARGIN + 22 * 4
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12" role="img">',
        "<title>Precision and recall of accounts over thresholds</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    names = list(next(iter(panels.values())))
    for number, (world, lines) in enumerate(panels.items()):
        left = _MARGIN + number * (_SIDE + _MARGIN)
        parts += _frame(left, world)
        for place, points in enumerate(lines.values()):
            parts += _line(left, points, place)
        parts += _cross(left, *baselines[world])
    for place, name in enumerate([*names, "measured baseline"]):
        y = _SIDE + 2 * _MARGIN + 14 + 22 * place
        cross = place == len(names)
        parts += _cross_at(_MARGIN + 6, y - 4) if cross else [_mark(_MARGIN + 6, y - 4, place)]
        parts.append(f'<text x="{_MARGIN + 22}" y="{y}" fill="#222222">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _frame(left: int, world: str) -> list[str]:
    top = _MARGIN
    parts = [f'<text x="{left}" y="{top - 14}" font-weight="bold" fill="#222222">{world}</text>']
    for step in range(6):
        x, y = _place(left, step / 5, step / 5)
        parts += [
            f'<path d="M{x:.1f} {top}V{top + _SIDE}M{left} {y:.1f}H{left + _SIDE}" stroke="#dddddd" fill="none"/>',
            f'<text x="{x:.1f}" y="{top + _SIDE + 16}" text-anchor="middle" fill="#444444">{step / 5:.1f}</text>',
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#444444">{step / 5:.1f}</text>',
        ]
    parts += [
        f'<text x="{left + _SIDE // 2}" y="{top + _SIDE + 34}" text-anchor="middle" fill="#222222">recall</text>',
        f'<text x="{left + 6}" y="{top + 14}" fill="#222222">precision</text>',
    ]
    return parts


def _line(left: int, points: Sequence[Point], place: int) -> list[str]:
    spots = [_place(left, point.recall, point.precision) for point in points if point.selected]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    ink = _INK[place % len(_INK)]
    return [
        f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="1.5"/>',
        *(_mark(x, y, place) for x, y in spots),
    ]


def _mark(x: float, y: float, place: int) -> str:
    """Lines differ in the shape of their marks, too: colour alone is not for everybody."""
    ink, kind = _INK[place % len(_INK)], _MARKS[place % len(_MARKS)]
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{ink}"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if kind == "diamond" else ""
    return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{ink}"{turn}/>'


def _cross(left: int, precision: float, recall: float) -> list[str]:
    return _cross_at(*_place(left, recall, precision))


def _cross_at(x: float, y: float) -> list[str]:
    return [
        f'<path d="M{x - 6:.1f} {y - 6:.1f}l12 12M{x - 6:.1f} {y + 6:.1f}l12 -12" stroke="#b00020" stroke-width="2.5"/>'
    ]


def _place(left: int, recall: float, precision: float) -> tuple[float, float]:
    return left + recall * _SIDE, _MARGIN + (1 - precision) * _SIDE
