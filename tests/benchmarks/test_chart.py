from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.chart import Bar, draw
from benchmarks.results import Spread

SVG = "{http://www.w3.org/2000/svg}"


def bars_of(svg: str) -> list[float]:
    _background, *bars = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    return [float(bar.attrib["width"]) for bar in bars]


def texts_of(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_bars_are_as_long_as_they_took_and_the_fastest_is_on_top() -> None:
    bars = [Bar("slow", "other", Spread(8, 10, 12)), Bar("fast", "ours", Spread(4, 5, 6))]
    svg = draw(bars, "Title", "350 MB & more")
    fast, slow = bars_of(svg)
    assert slow == pytest.approx(2 * fast, abs=0.2)
    texts = texts_of(svg)
    assert texts.index("fast") < texts.index("slow")
    assert {"350 MB & more", "5.0 s", "10.0 s"} <= set(texts)


@pytest.mark.parametrize("greatest", [0.4, 3.0, 8.1, 25.0, 700.0])
def test_whiskers_end_within_the_scale(greatest: float) -> None:
    svg = draw([Bar("it", "limit", Spread(greatest / 4, greatest / 2, greatest))], "T", "S")
    *grid, whisker = [path.attrib["d"] for path in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    ends_at = float(whisker.partition("H")[2].partition("M")[0])
    assert 2 <= len(grid) <= 9
    assert ends_at <= float(grid[-1][1:].split()[0])
