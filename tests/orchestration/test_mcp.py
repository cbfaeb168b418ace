"""Questions in words: a real client asks the server over standard input and output, and gets what is published."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from conftest import ROOT, published
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

SHARE, MEDIAN = "claim_decided_within_30_days_share", "claim_report_to_decision_days_median"
Question = tuple[str, dict[str, Any]]


def asked(project: Path, *questions: Question) -> tuple[set[str], list[Any]]:
    """The tools there are and the answer to each question, the text of an error where it was refused."""

    async def session() -> tuple[set[str], list[Any]]:
        command = [
            sys.executable,
            "-c",
            "from orchestration.cli import main; main()",
            "mcp",
            "--project",
            str(project),
        ]
        server = StdioServerParameters(command=command[0], args=command[1:], cwd=ROOT)
        async with stdio_client(server) as streams, ClientSession(*streams) as client:
            await client.initialize()
            tools = {tool.name for tool in (await client.list_tools()).tools}
            return tools, [_answer(await client.call_tool(name, values)) for name, values in questions]

    return anyio.run(session)


def _answer(result: Any) -> Any:
    text = result.content[0].text
    return text if result.is_error else json.loads(text)


def test_answers_are_what_is_published_and_nothing_is_made_up(insurer: Path):
    branches = published(
        insurer,
        f"SELECT segment, numerator, denominator FROM kpi.monthly WHERE kpi = '{SHARE}' AND basis = 'period' AND "
        "cut = 'org_unit' AND period = DATE '2025-10-01' AND value IS NOT NULL AND segment <> 'unknown' "
        "ORDER BY denominator DESC, segment LIMIT 2",
    )
    two: Sequence[str] = branches["segment"].to_list()
    of_two = {"period": "2025-10", "basis": "period", "cut": "org_unit", "segments": two}
    tools, (about, kpis, definition, value, median, trend, compared, moved, unknown, no_month, nowhere) = (
        asked(
            insurer,
            ("about", {}),
            ("list_kpis", {"search": "Decided within"}),
            ("explain_kpi", {"kpi": SHARE}),
            ("value", {"kpi": SHARE, **of_two}),
            ("value", {"kpi": MEDIAN, **of_two}),
            ("trend", {"kpi": SHARE, "months": 6}),
            ("compare", {"kpi": SHARE, "cut": "org_unit", "period": "2025-10", "basis": "period"}),
            ("explain_change", {}),
            ("value", {"kpi": SHARE[:-1]}),
            ("value", {"kpi": SHARE, "period": "October"}),
            ("value", {"kpi": SHARE, "cut": "org_unit", "segments": ["B' OR true --"]}),
        )
    )
    assert tools == {"about", "list_kpis", "explain_kpi", "value", "trend", "compare", "explain_change"}
    assert about["version"] == (insurer / "warehouse" / "current.duckdb").resolve().name
    assert SHARE in {kpi["kpi"] for kpi in kpis["kpis"]}
    assert definition["formula"]
    assert {"value", "ci_low", "ci_high", "n", "status", "definition_version"} <= value["records"][0].keys()
    assert value["together"]["value"] == branches["numerator"].sum() / branches["denominator"].sum()
    assert value["definition"]["definition"]
    assert len(median["records"]) == 2
    assert median["together"]["value"] is None
    assert "no sum and no quotient" in median["together"]["why_not"]
    assert len(trend["months"]) == 6
    assert set(two) <= {row["segment"] for row in compared["segments"]}
    parts = [row for row in moved["parts"] if row["framework"] == "example_life"]
    (index,) = {row["index_after"] - row["index_before"] for row in parts}
    assert sum(row["contribution_points"] for row in parts) == pytest.approx(index, abs=1e-9)
    assert f"there is no KPI {SHARE[:-1]}" in unknown
    assert "write it as 2025-12" in no_month
    assert "has no record of B' OR true --" in nowhere


def test_cases_are_told_only_where_the_project_file_says_so(insurer: Path, tmp_path: Path):
    for entry in insurer.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    text = (insurer / "policypulse.yml").read_text(encoding="utf-8")
    (tmp_path / "policypulse.yml").unlink()
    (tmp_path / "policypulse.yml").write_text(f"{text}\npages: {{show_case_ids: true}}\n", encoding="utf-8")
    tools, (cases,) = asked(tmp_path, ("cases", {"kpi": SHARE, "period": "2025-10", "basis": "period"}))
    assert "cases" in tools
    assert cases["count"] >= len(cases["cases"]) > 0
    assert {"claim_id", "case_value"} <= cases["cases"][0].keys()
    assert "customer_id" not in cases["cases"][0]
