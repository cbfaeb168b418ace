"""Small charts of a series within its limits, drawn as plain SVG: a sparkline, one of many small multiples.

There are hundreds of them on a site, so they cost next to nothing; the main charts are in `charts.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True)
class Size:
    """Width and height in pixels, and the room left at the edges."""

    width: int
    height: int
    margin: int = 4


SPARK, MULTIPLE, WHOLE = Size(120, 32), Size(260, 90), Size(680, 200)


def line(rows: Sequence[Mapping[str, Any]], size: Size) -> Markup:
    """A series (`value`, in order of time) within `lower` and `upper` about `centre`, where they are known.

    A month without a value breaks the line; one in which an action was done (`is_action`) is marked. Signals are
    filled dots: class `bad`, `good` or `neutral`.
    """
    levels = [row[name] for row in rows for name in ("value", "lower", "upper") if row.get(name) is not None]
    if not levels:
        return Markup("")
    low, high = min(levels), max(levels)
    span = (high - low) or 1.0
    step = (size.width - 2 * size.margin) / max(1, len(rows) - 1)

    def x(i: int) -> str:
        return f"{size.margin + i * step:.1f}"

    def y(value: float) -> str:
        return f"{size.height - size.margin - (value - low) / span * (size.height - 2 * size.margin):.1f}"

    def path(name: str) -> str:
        parts, pen_up = [], True
        for i, row in enumerate(rows):
            value = row.get(name)
            if value is not None:
                parts.append(f"{'M' if pen_up else 'L'}{x(i)},{y(value)}")
            pen_up = value is None
        return "".join(parts)

    limits = "".join(
        f'<path class="{kind}" d="{path(name)}"/>'
        for name, kind in (("lower", "limit"), ("upper", "limit"), ("centre", "centre"))
        if path(name)
    )
    done = "".join(
        f'<path class="action" d="M{x(i)},0V{size.height}"/>'
        for i, row in enumerate(rows)
        if row.get("is_action")
    )
    dots = "".join(
        f'<circle class="{_judged(row)}" cx="{x(i)}" cy="{y(row["value"])}" r="3"/>'
        for i, row in enumerate(rows)
        if row["value"] is not None and (row.get("is_signal") or i == len(rows) - 1)
    )
    return Markup(
        f'<svg class="line" viewBox="0 0 {size.width} {size.height}" width="{size.width}" height="{size.height}" '
        f'aria-hidden="true">{done}{limits}<path class="value" d="{path("value")}"/>{dots}</svg>'
    )


def _judged(row: Mapping[str, Any]) -> str:
    if not row.get("is_signal"):
        return "usual"
    return {True: "good", False: "bad", None: "neutral"}[row.get("is_good")]
