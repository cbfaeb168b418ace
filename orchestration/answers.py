"""Answers about a published version, as records: definitions, values, trends, comparisons, changes of the index.

Only what is published is answered, nothing is worked out but sums that are exact; how a question comes is
`commands/mcp.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from transforms.nearest import meant
from transforms.vocabulary import SHOWN
from warehouse.quoting import literal
from warehouse.store import read_published

COMPANY = "company"
MOST_MONTHS = 120
_FIGURES = "period, basis, cut, segment, value, unit, ci_low, ci_high, n, status, definition_version"
_STATUS = (
    "status: ok; low_n: too few cases to rely on; suppressed, immature, no_data, not_applicable: there is no value. "
    "ci_low to ci_high is the 95 % interval; n counts cases. Shares are fractions."
)
Answer = dict[str, Any]


class CannotAnswer(Exception):
    """What is asked is not published, or would be no true figure; the message says why and what to ask instead."""


class Answers:
    """The published version of a file, read anew for every question, as it may be swapped between two."""

    def __init__(self, current: Path) -> None:
        self._current = current

    def about(self) -> Answer:
        """Version, as-of day, first and last month, cuts with their segments, frameworks."""
        (span,) = self._rows("SELECT max(as_of) AS as_of, min(period) AS first_month, max(period) AS last_month "
                             "FROM kpi.monthly")  # fmt: skip
        cuts = self._rows("SELECT cut, list(DISTINCT segment ORDER BY segment)[:200] AS segments FROM kpi.monthly "
                          "GROUP BY cut ORDER BY cut")  # fmt: skip
        frameworks = self._rows("SELECT DISTINCT framework, framework_version FROM index.scores ORDER BY ALL")
        return {**span, "cuts": cuts, "frameworks": frameworks, **self._source()}

    def list_kpis(self, search: str) -> Answer:
        """Code, title, unit and bases of the KPIs, of those whose code, title or definition has the text."""
        found = self._rows(
            "SELECT kpi, title, unit, bases, lacks FROM catalog.kpis WHERE contains(lower(concat_ws(' ', kpi, title, "
            f"definition)), {literal(search.lower())}) ORDER BY kpi"
        )
        return {"kpis": found, "note": "lacks: what was never recorded, so that there is no value."}

    def explain_kpi(self, kpi: str) -> Answer:
        """The whole definition of a KPI."""
        self._refuse_unknown(kpi)
        (found,) = self._rows(f"SELECT * EXCLUDE (example_rows) FROM catalog.kpis WHERE kpi = {literal(kpi)}")
        return {**found, **self._source()}

    def value(self, kpi: str, period: str, basis: str, cut: str, segments: Sequence[str]) -> Answer:
        """The record of a KPI; of several segments their records, and one value of all where it is exact."""
        month = self._month(kpi, period)
        rows = self._records(kpi, basis, cut, f"period = DATE '{month}' AND segment IN {_listed(segments)}")
        if missing := sorted(set(segments) - {row["segment"] for row in rows}):
            raise CannotAnswer(f"{kpi} has no record of {', '.join(missing)} in {month:%Y-%m}, cut {cut}")
        answer: Answer = {
            "records": rows,
            "definition": self._definition(kpi),
            "note": _STATUS,
            **self._source(),
        }
        if len(set(segments)) > 1:
            answer["together"] = self._together(kpi, rows)
        return answer

    def trend(self, kpi: str, basis: str, cut: str, segment: str, months: int) -> Answer:
        """The newest months of a series with the verdict of its control chart, oldest first."""
        self._refuse_unknown(kpi)
        rows = self._records(kpi, basis, cut, f"segment = {literal(segment)}")[-min(months, MOST_MONTHS) :]
        if not rows:
            raise CannotAnswer(f"{kpi} has no record of {segment}, cut {cut}")
        sentences = self._rows(
            f"SELECT period, sentence, is_signal, is_good FROM kpi.signals WHERE kpi = {literal(kpi)} AND "
            f"basis = {literal(rows[-1]['basis'])} AND cut = {literal(cut)} AND segment = {literal(segment)}"
        )
        by_month = {row.pop("period"): row for row in sentences}
        told = [{**row, **by_month.get(row["period"], {})} for row in rows]
        return {"months": told, "definition": self._definition(kpi), "note": _STATUS, **self._source()}

    def compare(self, kpi: str, period: str, basis: str, cut: str) -> Answer:
        """The segments of a cut side by side, and which differ from the others beyond chance."""
        month = self._month(kpi, period)
        rows = self._records(kpi, basis, cut, f"period = DATE '{month}'")
        if not rows:
            raise CannotAnswer(f"{kpi} has no records by {cut} in {month:%Y-%m}")
        positions = self._rows(
            f"SELECT segment, position FROM kpi.funnels WHERE kpi = {literal(kpi)} AND "
            f"basis = {literal(rows[0]['basis'])} AND cut = {literal(cut)} AND period = DATE '{month}'"
        )
        place = {row["segment"]: row["position"] for row in positions}
        told = [{**row, "among_segments": place.get(row["segment"])} for row in rows]
        note = f"{_STATUS} A difference within the limits of among_segments, or of overlapping intervals, is none."
        return {"segments": told, "definition": self._definition(kpi), "note": note, **self._source()}

    def explain_change(self, period: str, cut: str, segment: str) -> Answer:
        """What moved the index since the month before, KPI by KPI; the points sum to its change."""
        where = f"cut = {literal(cut)} AND segment = {literal(segment)}"
        month = _asked_month(period) or self._one(f"SELECT max(period) FROM marts.index_change WHERE {where}")
        rows = self._rows(
            f"SELECT * FROM marts.index_change WHERE {where} AND period = DATE '{month}' "
            "ORDER BY framework, framework_version, rank"
        ) if month else []  # fmt: skip
        if not rows:
            raise CannotAnswer(f"there is no change of the index of {segment}, cut {cut}, in that month")
        said = self._rows(
            "SELECT framework, framework_version, score, change_on_month, signal, signal_sentence "
            f"FROM marts.index_trend WHERE {where} AND level = 0 AND period = DATE '{month}'"
        )
        return {"index": said, "parts": rows, **self._source()}

    def _together(self, kpi: str, rows: Sequence[Answer]) -> Answer:
        """One value of several segments, from the sums of their cases; why there is none where it would be wrong."""
        (unit,) = self._rows(
            f"SELECT title, is_quotient, adds_up FROM catalog.units WHERE unit = {literal(rows[0]['unit'])}"
        )
        whole = [row["status"] in SHOWN for row in rows]
        if not unit["adds_up"]:
            why = (
                f"{kpi} is no sum and no quotient of counts that add up ({unit['title']}); an average of its values is "
                "not its value over all of these cases. Ask for a cut that has them as one segment."
            )
            return {"value": None, "why_not": why}
        if not all(whole):
            return {"value": None, "why_not": "one of the segments has no value"}
        if not unit["is_quotient"]:
            return {"value": sum(row["value"] for row in rows)}
        if any(row["numerator"] is None or row["denominator"] is None for row in rows):
            return {"value": None, "why_not": "the cases behind one of the values are not published"}
        numerator, denominator = (sum(row[name] for row in rows) for name in ("numerator", "denominator"))
        return {
            "value": numerator / denominator if denominator else None,
            "numerator": numerator,
            "denominator": denominator,
            "n": sum(row["n"] for row in rows),
        }

    def _records(self, kpi: str, basis: str, cut: str, where: str) -> list[Answer]:
        self._refuse_unknown(kpi)
        bases = self._rows(f"SELECT basis, count(value) AS n FROM kpi.monthly WHERE kpi = {literal(kpi)} "
                           "GROUP BY basis ORDER BY n DESC, basis")  # fmt: skip
        there = [row["basis"] for row in bases]
        if basis and basis not in there:
            raise CannotAnswer(f"{kpi} has no basis {basis}; it has {', '.join(there)}")
        if not there:
            raise CannotAnswer(f"{kpi} has no records")
        return self._rows(
            f"SELECT {_FIGURES}, numerator, denominator FROM kpi.monthly WHERE kpi = {literal(kpi)} AND "
            f"basis = {literal(basis or there[0])} AND cut = {literal(cut)} AND {where} ORDER BY period, segment"
        )

    def _month(self, kpi: str, period: str) -> date:
        """The month asked for, else the newest one in which the company has a value."""
        self._refuse_unknown(kpi)
        asked = _asked_month(period)
        of_company = f"kpi = {literal(kpi)} AND cut = 'company' AND value IS NOT NULL"
        found = asked or self._one(f"SELECT max(period) FROM kpi.monthly WHERE {of_company}")
        if found is None:
            raise CannotAnswer(f"{kpi} has no value in any month; explain_kpi says what it lacks")
        return date.fromisoformat(str(found))

    def _definition(self, kpi: str) -> Answer:
        (found,) = self._rows(
            "SELECT title, definition, formula, direction, minimum, definition_version FROM catalog.kpis "
            f"WHERE kpi = {literal(kpi)}"
        )
        return found

    def _refuse_unknown(self, kpi: str) -> None:
        known = [row["kpi"] for row in self._rows("SELECT kpi FROM catalog.kpis")]
        if kpi not in known:
            raise CannotAnswer(f"there is no KPI {kpi}{meant(kpi, known)}; list_kpis has all of them")

    def _source(self) -> Answer:
        return {"version": self._current.resolve().name}

    def _one(self, sql: str) -> Any:
        return read_published(self._current, sql).item()

    def _rows(self, sql: str) -> list[Answer]:
        return list(read_published(self._current, sql).iter_rows(named=True))


def _listed(segments: Sequence[str]) -> str:
    return f"({', '.join(literal(one) for one in segments)})"


def _asked_month(period: str) -> date | None:
    if not period:
        return None
    try:
        return datetime.strptime(period, "%Y-%m").date()
    except ValueError:
        raise CannotAnswer(f"{period} is no month; write it as 2025-12") from None
