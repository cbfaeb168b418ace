"""The tutorials do what they say: their files are written, their commands run, their queries have rows."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT, policypulse

TUTORIALS = ROOT / "docs" / "tutorials"
FENCED = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page: its language, the file that it is the content of, and its text."""

    language: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    found = [Block(*parts) for parts in FENCED.findall((TUTORIALS / page).read_text(encoding="utf-8"))]
    assert found, f"{page} has no blocks"
    return found


def test_the_road_of_the_data_engineer_can_be_walked(tmp_path: Path):
    """Files and commands in the order of the page; each command ends with status 0."""
    said = []
    for language, file, text in blocks("data_engineer.md"):
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            # The road leads by no page, and there are other tests of them.
            plain = "\npages: {written: false}\n" if file.endswith("policypulse.yml") else ""
            (tmp_path / file).write_text(text + plain, encoding="utf-8")
        elif language == "sh":
            for line in text.splitlines():
                name, *arguments = shlex.split(line)
                assert name == "policypulse"
                ended = policypulse(*arguments, folder=tmp_path)
                assert ended.status == 0, f"{line}\n{ended.text}"
                said.append((line, ended.text))
    runs = [text for line, text in said if line == "policypulse run --project north"]
    assert ["Nothing to do" in text for text in runs] == [False, False, True, False]
    (rejected,) = (
        text for line, text in said if line.startswith("policypulse rejects") and "--out" not in line
    )
    assert "not a date in format" in rejected


QUERIES = [
    pytest.param(block.text, id=f"{page} {number}")
    for page in ("analyst.md", "service_quality_manager.md")
    for number, block in enumerate(blocks(page), 1)
    if block.language == "sql"
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_of_a_tutorial_has_rows(rows, query: str):
    assert rows(query).height > 0


def test_the_analyst_finds_a_published_figure_in_the_facts(rows):
    (query,) = (block.text for block in blocks("analyst.md") if "'my own'" in block.text)
    (published,), (found,) = rows(query).select("value").rows()
    assert published == found
