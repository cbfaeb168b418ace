"""The main charts, as Vega-Lite specifications that become inline SVG without a browser or a network.

What is drawn are the rows of a table that stands below the chart; small multiples are in `lines.py`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from markupsafe import Markup

from orchestration.pages.published import Table

Spec = dict[str, Any]
# Mid-tones that can be told apart, by colour-blind people too (Okabe and Ito), on a light and on a dark page.
BLUE, ORANGE, GREEN, GREY = "#3b82c4", "#d9730d", "#1f9d7a", "#8a8f98"
PALETTE = (BLUE, ORANGE, GREEN, "#b265b8", "#c2a500", GREY)
WIDTH = 640
# Its widths are known where the charts are laid out, and most systems have it or one like it.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


@dataclass(frozen=True)
class Figure:
    """A chart in words for those who do not see it, the chart itself, and its data."""

    title: str
    svg: Markup
    table: Table


def drawn(spec: Spec) -> Markup:
    """The SVG of a specification; its colours of text and lines are left to the page's style."""
    return Markup(_svg(json.dumps(spec, default=_plain, ensure_ascii=False)))


@cache
def _svg(spec: str) -> str:
    # Half a second to start, and only needed where there is something to draw.
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(spec, vl_version="5.20")
    # A group of marks that has none is announced and has nothing to say.
    svg = re.sub(r' role="graphics-symbol" aria-roledescription="[^"]*"/>', "/>", svg)
    return svg.replace('fill="white"', 'fill="none"', 1)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


def _base(rows: Sequence[Mapping[str, Any]], height: int) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": height,
        "background": None,
        "padding": {"left": 5, "right": 40, "top": 5, "bottom": 5},
        "data": {"values": list(rows)},
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {"grid": True, "domain": False, "labelFontSize": 12, "titleFontSize": 12, "ticks": False},
            "axisX": {"grid": False},
            "legend": {"orient": "top", "title": None, "labelFontSize": 12},
            "range": {"category": list(PALETTE)},
        },
    }


def _months(field: str = "period") -> Spec:
    return {
        "field": field,
        "type": "temporal",
        "title": None,
        "axis": {"format": "%Y-%m", "tickCount": 8, "labelOverlap": True},
    }


def _value(field: str, title: str, **more: Any) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False}, **more}


def trend(rows: Sequence[Mapping[str, Any]], title: str) -> Markup:
    """A series by month (`period`, `value`) within its limits (`lower`, `upper`, `centre`), signals filled."""
    spec = _base(rows, 220)
    spec["encoding"] = {"x": _months()}
    spec["layer"] = [
        {
            "mark": {"type": "area", "color": GREY, "opacity": 0.18, "interpolate": "step"},
            "encoding": {"y": _value("lower", title), "y2": {"field": "upper"}},
        },
        {
            "mark": {"type": "line", "color": GREY, "strokeDash": [4, 3], "interpolate": "step"},
            "encoding": {"y": _value("centre", title)},
        },
        {"mark": {"type": "line", "color": BLUE}, "encoding": {"y": _value("value", title)}},
        {
            "mark": {"type": "point", "filled": True, "size": 48, "opacity": 1},
            "encoding": {
                "y": _value("value", title),
                "color": {
                    "condition": [
                        {"test": "datum.is_signal && datum.is_good === false", "value": ORANGE},
                        {"test": "datum.is_signal", "value": GREEN},
                    ],
                    "value": BLUE,
                },
            },
        },
    ]
    return drawn(spec)


def series(rows: Sequence[Mapping[str, Any]], title: str) -> Markup:
    """Several series by month: `period`, `value`, and `name`, what each is called."""
    spec = _base(rows, 200)
    # In the order of the rows; a sorted field would be given a legend for its colours and one for its dashes.
    name = {"field": "name", "type": "nominal", "sort": None}
    spec["mark"] = {"type": "line", "point": True}
    spec["encoding"] = {"x": _months(), "y": _value("value", title), "color": name, "strokeDash": name}
    return drawn(spec)


def waterfall(rows: Sequence[Mapping[str, Any]], title: str) -> Markup:
    """Bars from `bar_from` to `bar_to`, one below the other, with `name` and `label`."""
    spec = _base([{**row, "up": row["bar_to"] >= row["bar_from"]} for row in rows], 26 * len(rows))
    names = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 330}}
    spec["encoding"] = {"y": names}
    spec["layer"] = [
        {
            "mark": {"type": "bar", "height": 16},
            "encoding": {
                "x": _value("bar_from", title),
                "x2": {"field": "bar_to"},
                "color": {
                    "field": "up",
                    "type": "nominal",
                    "legend": None,
                    "scale": {"domain": [True, False], "range": [GREEN, ORANGE]},
                },
            },
        },
        {
            "transform": [{"calculate": "max(datum.bar_from, datum.bar_to)", "as": "end"}],
            "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 12},
            "encoding": {"x": _value("end", title), "text": {"field": "label"}},
        },
    ]
    return drawn(spec)


def dots(rows: Sequence[Mapping[str, Any]], title: str, company: float | None) -> Markup:
    """A dot for each `name` at `value` with its interval `low` to `high`, and a line where the company stands."""
    spec = _base(rows, max(60, 20 * len(rows)))
    names = {"field": "name", "type": "nominal", "sort": None, "title": None}
    spec["layer"] = [
        {
            "mark": {"type": "rule", "color": GREY, "strokeWidth": 2},
            "encoding": {"y": names, "x": _value("low", title), "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "color": BLUE, "opacity": 1},
            "encoding": {"y": names, "x": _value("value", title)},
        },
    ]
    if company is not None:
        spec["layer"].append(
            {
                "data": {"values": [{"company": company}]},
                "mark": {"type": "rule", "color": ORANGE, "strokeDash": [4, 3]},
                "encoding": {"x": _value("company", title)},
            }
        )
    return drawn(spec)


def funnel(rows: Sequence[Mapping[str, Any]], title: str, size: str) -> Markup:
    """Segments by `denominator` and `value`, among the limits that differ with size."""
    spec = _base(sorted(rows, key=lambda row: row["denominator"]), 220)
    x = {"field": "denominator", "type": "quantitative", "title": size, "scale": {"zero": False}}

    def limit(field: str, dash: Sequence[int]) -> Spec:
        return {
            "mark": {"type": "line", "color": GREY, "strokeDash": list(dash)},
            "encoding": {"x": x, "y": _value(field, title)},
        }

    spec["layer"] = [
        *(limit(field, (2, 3)) for field in ("lower_95", "upper_95")),
        *(limit(field, (6, 3)) for field in ("lower_998", "upper_998")),
        limit("target", ()),
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {
                "x": x,
                "y": _value("value", title),
                "color": {
                    "condition": [
                        {"test": "datum.position !== 'within' && datum.is_good === false", "value": ORANGE},
                        {"test": "datum.position !== 'within'", "value": GREEN},
                    ],
                    "value": BLUE,
                },
            },
        },
        {
            "transform": [{"filter": "datum.position !== 'within'"}],
            "mark": {"type": "text", "dy": -9, "fontSize": 11},
            "encoding": {"x": x, "y": _value("value", title), "text": {"field": "name"}},
        },
    ]
    return drawn(spec)
