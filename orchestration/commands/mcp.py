"""`policypulse mcp`: a read-only MCP server on the published version, over standard input and output.

Which questions there are and how they are put; the answers are of `orchestration/answers.py`.
"""

import json
from collections.abc import Callable
from typing import Any

from orchestration.answers import COMPANY, Answers, CannotAnswer
from orchestration.project import Project

INSTRUCTIONS = (
    "Figures of an insurer's service quality, as published. Use only what the tools answer; where they have no value, "
    "say so and why. Never average, add up or interpolate values yourself: medians, scores and rates of segments or "
    "months do not average to those of the whole. Give interval, n and status with every value."
)
MOST_CASES = 50


def server(project: Project) -> Any:
    """The server of a project's published version; raises ImportError without the extra `mcp`."""
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp_types import ToolAnnotations

    answers = Answers(project.current)
    made = MCPServer("policypulse", instructions=INSTRUCTIONS, log_level="ERROR")
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    def answered(ask: Callable[..., Any], *values: Any) -> str:
        try:
            return json.dumps(ask(*values), ensure_ascii=False, default=str)
        except (CannotAnswer, ValueError) as error:
            raise ToolError(str(error)) from None

    @made.tool(annotations=reads)
    def about() -> str:
        """What is published: version, as-of day, months, cuts and their segments, frameworks of the index."""
        return answered(answers.about)

    @made.tool(annotations=reads)
    def list_kpis(search: str = "") -> str:
        """The KPIs there are, or those with a text in code, title or definition."""
        return answered(answers.list_kpis, search)

    @made.tool(annotations=reads)
    def explain_kpi(kpi: str) -> str:
        """Definition, formula, source, example and needs of a KPI."""
        return answered(answers.explain_kpi, kpi)

    @made.tool(annotations=reads)
    def value(
        kpi: str,
        period: str = "",
        basis: str = "",
        cut: str = COMPANY,
        segments: tuple[str, ...] = (COMPANY,),
    ) -> str:
        """Value of a KPI in a month (YYYY-MM, else the newest) with interval, n, status and definition.

        Of several segments also their value together, if it is a sum or a quotient; else why there is none.
        """
        return answered(answers.value, kpi, period, basis, cut, segments)

    @made.tool(annotations=reads)
    def trend(kpi: str, basis: str = "", cut: str = COMPANY, segment: str = COMPANY, months: int = 24) -> str:
        """The newest months of a KPI, and which of them are signals rather than ordinary variation."""
        return answered(answers.trend, kpi, basis, cut, segment, months)

    @made.tool(annotations=reads)
    def compare(kpi: str, cut: str, period: str = "", basis: str = "") -> str:
        """The segments of a cut side by side in a month, and which differ from the others beyond chance."""
        return answered(answers.compare, kpi, period, basis, cut)

    @made.tool(annotations=reads)
    def explain_change(period: str = "", cut: str = COMPANY, segment: str = COMPANY) -> str:
        """What moved the index since the month before, KPI by KPI."""
        return answered(answers.explain_change, period, cut, segment)

    if project.file.pages.show_case_ids:

        @made.tool(annotations=reads)
        def cases(kpi: str, period: str, basis: str = "", cut: str = "org_unit", segment: str = "") -> str:
            """The first cases behind a KPI of a month (YYYY-MM), by their number, and what each adds."""
            return answered(_cases, project, kpi, period, basis, cut, segment)

    return made


def _cases(project: Project, kpi: str, period: str, basis: str, cut: str, segment: str) -> dict[str, Any]:
    from datetime import datetime

    from orchestration.commands.cases import cases_of
    from transforms.measures.cases import CASE_COLUMNS

    month = datetime.strptime(period, "%Y-%m").date()
    rows = cases_of(project, kpi, basis or None, month, {cut: segment} if segment else {})
    shown = rows.columns[: rows.columns.index(next(reversed(CASE_COLUMNS))) + 1]
    first = rows.select(shown).head(MOST_CASES)
    return {"cases": list(first.iter_rows(named=True)), "count": rows.height}
