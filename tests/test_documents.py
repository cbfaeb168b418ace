"""What is written for people names files that are there, links that lead somewhere, and a KPI that runs."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType

import pytest
from conftest import ROOT
from typer.main import get_command

import tests.kpi.example_records as example_records
from orchestration.cli import app
from transforms.kpi import complaints_resolution
from transforms.measures.case_measures import Deadline
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/*/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md" and path.parent.name != "dictionary"
)
ROOMS = [*sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0].isalpha()), ".ci"]
QUOTED = re.compile(rf"`((?:{'|'.join(map(re.escape, ROOMS))})/[^` ]*)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
OF_A_PROJECT = (".duckdb", "warehouse/scratch", "current-site/index.html")


def named_paths(text: str) -> Iterator[str]:
    """Paths of ours that a page names; a word in angle brackets stands for any."""
    for path in QUOTED.findall(text):
        if not path.endswith(OF_A_PROJECT):
            yield re.sub(r"<\w+>", "*", path)


@pytest.mark.parametrize("page", PAGES)
def test_every_path_and_link_of_a_page_is_there(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    paths, links = list(named_paths(text)), LINK.findall(text)
    missing = [path for path in paths if not any(ROOT.glob(path.rstrip("/")))]
    missing += [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not missing


def test_the_pages_that_show_the_way_name_many_paths():
    for page in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        assert len(list(named_paths((ROOT / page).read_text(encoding="utf-8")))) > 15, page


def test_the_kpi_of_contributing_runs_as_written(monkeypatch: pytest.MonkeyPatch):
    (source,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    kpi = eval(source, {"Kpi": Kpi, "Deadline": Deadline, "Example": Example, "rows": rows})
    monkeypatch.setattr(complaints_resolution, "KPIS", (*complaints_resolution.KPIS, kpi))
    record = example_records.record_of(kpi.code, kpi.example)
    assert (record["value"], record["numerator"], record["denominator"]) == (0.5, 2, 4)
    assert (record["n"], record["n_undetermined"]) == (4, 1)


def test_the_readme_names_every_command():
    names = set(get_command(app).commands)  # those of `cli_upkeep.py` among them
    told = set(re.findall(r"^\| `policypulse (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))
    assert told == names


def test_the_way_of_a_number_is_the_one_that_is_gone():
    """Functions of the table in ARCHITECTURE.md are called in its order when the record of its KPI is made."""
    told = re.findall(
        r"^\| `(transforms/\S+\.py)` \| `([\w.]+)` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.M
    )
    assert len(told) > 10
    called: dict[tuple[str, str], None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.setdefault((frame.f_code.co_filename, frame.f_code.co_qualname))

    whole = example_records.KPIS["claim_decided_within_30_days_share"].example
    # Rows that stand for several cases go another way.
    each = replace(whole, rows=[{k: v for k, v in row.items() if k != "cases"} for row in whole.rows])
    sys.setprofile(note)
    try:
        example_records.record_of("claim_decided_within_30_days_share", each)
    finally:
        sys.setprofile(None)
    order = [(path.removeprefix(f"{ROOT}/"), name) for path, name in called]
    assert [stop for stop in order if stop in told] == told
