"""The picture for the README: bars of wall seconds, with whiskers from the least to the greatest run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from benchmarks.results import Spread

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW, _BAR = 800, 236, 70, 64, 36, 20
_OURS, _OTHERS, _LIMIT = "#2563c9", "#9aa5b4", "#d99a2b"
_INK, _FAINT, _GRID = "#1f2933", "#5c6875", "#dfe4ea"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``kind`` is ``ours``, ``other`` or ``limit``."""

    label: str
    kind: str
    seconds: Spread


def draw(bars: Sequence[Bar], title: str, subtitle: str) -> str:
    """An SVG file's text; the fastest is on top."""
    ordered = sorted(bars, key=lambda bar: bar.seconds.middle)
    step = _step(max(bar.seconds.greatest for bar in ordered))
    ticks = ceil(max(bar.seconds.greatest for bar in ordered) / step)
    scale = (_WIDTH - _LEFT - _RIGHT) / (ticks * step)
    bottom = _TOP + _ROW * len(ordered) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{bottom + 34}" '
        f'viewBox="0 0 {_WIDTH} {bottom + 34}" font-family="Helvetica, Arial, sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" rx="6" fill="#fbfcfd"/>',
        _text(20, 28, title, size=17, weight="bold"),
        _text(20, 48, subtitle, size=12.5, fill=_FAINT),
    ]
    for tick in range(ticks + 1):
        x = _LEFT + tick * step * scale
        parts.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="{_GRID}"/>')
        name = f"{tick * step:g}" + (" s" if tick == ticks else "")
        parts.append(_text(x, bottom + 18, name, size=12, fill=_FAINT, anchor="middle"))
    for place, bar in enumerate(ordered):
        parts += _bar(bar, _TOP + _ROW * place + _ROW / 2, scale)
    return "\n".join([*parts, "</svg>", ""])


def _bar(bar: Bar, middle: float, scale: float) -> list[str]:
    colour = {"ours": _OURS, "limit": _LIMIT}.get(bar.kind, _OTHERS)
    end, least, greatest = (
        _LEFT + value * scale for value in (bar.seconds.middle, bar.seconds.least, bar.seconds.greatest)
    )
    return [
        _text(
            _LEFT - 12, middle + 4.5, bar.label, size=13.5, anchor="end", weight="bold" if bar.kind == "ours" else ""
        ),
        f'<rect x="{_LEFT}" y="{middle - _BAR / 2:.1f}" width="{end - _LEFT:.1f}" height="{_BAR}" rx="2" '
        f'fill="{colour}"/>',
        f'<path d="M{least:.1f} {middle:.1f}H{greatest:.1f}M{least:.1f} {middle - 4:.1f}v8M{greatest:.1f} '
        f'{middle - 4:.1f}v8" stroke="{_INK}" stroke-width="1.3" fill="none"/>',
        _text(max(greatest, end) + 8, middle + 4.5, f"{bar.seconds.middle:.1f} s", size=13),
    ]


def _text(
    x: float, y: float, text: str, *, size: float, fill: str = _INK, anchor: str = "start", weight: str = ""
) -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" fill="{fill}"{bold}>{escape(text)}</text>'


def _step(greatest: float) -> float:
    """A round distance of grid lines, of which there are at most eight."""
    step = 0.5
    for factor in (2, 2, 2.5) * 6:
        if greatest / step <= 8:
            break
        step *= factor
    return step
