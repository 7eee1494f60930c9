"""The reliability plot of a model's card as SVG: what was said against what came true."""

from __future__ import annotations

from typing import Any, Final

_SIZE, _EDGE = 320, 40


def draw(bins: list[dict[str, Any]], title: str) -> bytes:
    """Return the plot; the area of a point tells how many payments it stands for."""
    most = max((one["count"] for one in bins), default=1)
    points = "\n".join(
        f'<circle cx="{_x(one["said"])}" cy="{_y(one["true"])}" r="{3 + 7 * (one["count"] / most) ** 0.5:.1f}" fill="#1f6feb" '
        f'fill-opacity="0.7"><title>said {one["said"]:.3f}, true {one["true"]:.3f}, {one["count"]:,} payments</title></circle>'
        for one in bins
    )
    way = " ".join(f"{_x(one['said'])},{_y(one['true'])}" for one in bins)
    ticks = "\n".join(
        f'<text x="{_x(part)}" y="{_SIZE + _EDGE + 16}" text-anchor="middle">{part:g}</text>'
        f'<text x="{_EDGE - 8}" y="{_y(part)}" text-anchor="end" dominant-baseline="middle">{part:g}</text>'
        for part in _TICKS
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{_SIZE + 2 * _EDGE}" height="{_SIZE + 2 * _EDGE + 24}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="{_EDGE}" y="22" font-size="14">{title}</text>
<rect x="{_EDGE}" y="{_EDGE}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#999"/>
<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999" stroke-dasharray="4"/>
<polyline points="{way}" fill="none" stroke="#1f6feb"/>
{points}
{ticks}
<text x="{_EDGE + _SIZE / 2:g}" y="{_SIZE + _EDGE + 36}" text-anchor="middle">said: mean probability of the bin</text>
<text transform="translate(12 {_EDGE + _SIZE / 2:g}) rotate(-90)" text-anchor="middle">true: labelled share</text>
</svg>
""".encode()


_TICKS: Final = (0, 0.25, 0.5, 0.75, 1)


def _x(part: float) -> str:
    return f"{_EDGE + _SIZE * part:.1f}"


def _y(part: float) -> str:
    return f"{_EDGE + _SIZE * (1 - part):.1f}"
