"""`policypulse check`: every fault of a project and of the first rows of its sources, all at once, and no landing."""

import sqlite3
from pathlib import Path

import pytest
from conftest import policypulse

from orchestration.commands.check import looked_over

FILES = {
    "codes.csv": "id,came,result\n1,2025-01-01,upheld\n2,2025-01-02,Z9\n3,2025-01-03,Z9\n",
    "days.csv": "id,came,result\n1,2025-01-01,upheld\n2,01.02.2025,upheld\n,2025-01-03,upheld\n",
    "lacks.csv": "id,day,result\n1,2025-01-01,upheld\n",
    "empty.csv": "",
    "quoted.csv": 'id,came,result\n1,2025-01-01,"up\nheld"\n',
    "good.csv": "id,came,result\n1,2025-01-01,upheld\n",
}
SOURCE = "    - {{files: {}, columns: {{complaint_id: id, received_on: came, outcome: result}}}}\n"
HEAD = "insurer: Example Life\ncalendar: XX\nfeeds:\n  complaints:\n"


def test_all_faults_are_told_at_once_with_their_place(tmp_path: Path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "gbk.csv").write_bytes("编号,日期\n1,2025-01-01\n".encode("gbk"))
    names = [*FILES, "gbk.csv", "absent.csv"]
    text = HEAD + "".join(map(SOURCE.format, names))
    (tmp_path / "policypulse.yml").write_text(text, encoding="utf-8")
    (tmp_path / "models" / "marts").mkdir(parents=True)
    (tmp_path / "models" / "marts" / "own.sql").write_text(
        "SELECT nothing FROM core.nowhere\n", encoding="utf-8"
    )
    told = policypulse("check", "--project", tmp_path)
    assert told.status == 2
    for fault in (
        *("calendar: ", "absent.csv", "own.sql"),
        "codes.csv: line 3: outcome: unknown code 'Z9' (2 rows of the first 3)",
        *("days.csv: line 3: received_on: not a date", "days.csv: line 4: complaint_id: blank"),
        *("lacks.csv", "empty.csv", "quoted.csv: line 2: outcome", "gbk.csv"),
    ):
        assert fault in told.text, (fault, told.text)
    assert "good.csv" not in told.text
    assert "Traceback" not in told.text
    assert not (tmp_path / "warehouse").exists()


def test_a_project_in_order_is_told_what_it_will_compute_and_what_the_rest_lacks(tmp_path: Path):
    rows = "".join(f"{n},2025-01-01,{'upheld' if n else 'Z9'}\n" for n in range(50))
    (tmp_path / "log.csv").write_text(f"id,came,result\n{rows}", encoding="utf-8")
    text = "insurer: Example Life\nfeeds:\n  complaints:\n" + SOURCE.format("log.csv")
    (tmp_path / "policypulse.yml").write_text(text, encoding="utf-8")
    told = policypulse("check", "--project", tmp_path)
    assert told.status == 0, told.text
    assert "line 2: outcome: unknown code 'Z9' (1 row of the first 50)" in told.text
    assert "KPIs can be computed" in told.text
    assert "no claim_events." in told.text


FRAMEWORK = """\
code: house
version: 1
title: House
source: House rules
index:
  title: House
  children:
    on_time: {title: On time, kpi: complaint_on_time_share, goalposts: {worst: 0, best: 1}}
    calls: {title: Calls, kpi: calls_share, goalposts: {worst: 0, best: 1}}
"""
KPI = """\
calls_share:
  title: Calls
  fact: core.complaints
  measure: {share: {of: channel = 'phone'}}
  placed_by: {cohort: received_on}
  direction: 1
  source: House rules
  example: {rows: [{received_on: 2025-01-01, channel: phone}, {received_on: 2025-01-02, channel: web}], value: 0.5}
"""
PUBLISHED = """\
insurer: Example Life
as_of: 2025-03-31
months: 1
grains: []
cuts: [company]
index: {frameworks: [house.yml]}
only: {tables: [index.scores]}
pages: {written: false}
feeds: {complaints: {files: good.csv, columns: {complaint_id: id, received_on: came, outcome: result}}}
"""
# A fault of each kind, in the file that it is in, and what is told of it, with the line.
PLANTED = {
    "policypulse.yml": """\
insurer: Example Life
as_of: 2025-03-31
monhts: 3
months: 3
cuts: [company, brunch]
index:
  frameworks: [house.yml]
pseudonyms: {key_file: absent.key}
packs: [own_pack]
feeds:
  complaints:
    - {files: good.csv, columns: {complaint_id: id, received_on: came, outcome: result}}
    - {files: days.csv, columns: {complaint_id: id, received_on: came, outcome: result}}
    - {files: lacks.csv, columns: {complaint_id: id, received_on: came, outcome: result}}
    - {files: good.csv, columns: {complaint_id: id, received_on: came, outcom: result}}
  claim_events:
    - files: absent_*.csv
      columns: {claim_id: id, event: what, event_at: at}
  policies:
    - database: {connection: "postgresql://user:secret@127.0.0.1:9/core", query: select * from policies}
      columns: {policy_id: id, issued_on: issued}
    - database: {connection: "sqlite:///core.db", query: select * from policies order by id}
      columns: {policy_id: id, issued_on: isued}
""",
    "house.yml": FRAMEWORK.replace("worst: 0, best: 1}}\n    calls", "worst: 0.5, best: 1}}\n    calls"),
    "kpis/calls.yml": KPI.replace("channel = 'phone'}", "chanel = 'phone'}")
    + KPI.replace("calls_", "visits_").replace("fact:", "fakt:"),
    "models/core/calls.sql": """\
/*
Calls.
grain: complaint_id
owner: us
*/
SELECT complaint_id -- Id.
FROM core.complaint
""",
    "models/marts/odd.sql": """\
/*
Odd.
grain: n
owner: us
example:
    SELECT * FROM marts.odd
*/
SELECT nothing AS n -- N.
FROM core.complaints
""",
    "expectations/core/complaints.yml": """\
expectations:
  - name: known
    description: Known.
    severity: fatal
    type: expect_column_values_to_not_be_null
    kwargs: {column: org_unit}
""",
    "audits/none.sql": "/*\nNone.\nseverity: critical\ntables: core.complaints\n*/\nSELECT nobody\nFROM {batch}\n",
    "indicators/wrong.yml": "a: [\n",
}
TOLD = [
    "policypulse.yml:3: monhts: there is no such key; did you mean months?",
    "policypulse.yml:5: cuts: brunch: no fact",
    "policypulse.yml:7: index.frameworks.0: house.yml: house was published as version 1",
    "policypulse.yml:8: pseudonyms.key_file: ",
    "policypulse.yml:9: packs.0: 'own_pack' is neither a file",
    "policypulse.yml:13: feeds.complaints[1]: days.csv: line 3: received_on: not a date",
    "policypulse.yml:13: feeds.complaints[1]: days.csv: line 4: complaint_id: blank key",
    "policypulse.yml:14: feeds.complaints[2].columns.received_on: lacks.csv: has no column 'came'",
    "policypulse.yml:15: feeds.complaints[3].columns.outcom: complaints has no column 'outcom'",
    "policypulse.yml:17: feeds.claim_events[0].files: no file in",
    (
        "policypulse.yml:20: feeds.policies[0]: postgresql://127.0.0.1:9/core: no database answers at 127.0.0.1:9"
    ),
    "policypulse.yml:23: feeds.policies[1].columns.issued_on: sqlite:///core.db: has no column 'isued'",
    "kpis/calls.yml:4: calls_share.measure.share.of: ",
    "kpis/calls.yml:1: calls_share.version: was published as version 1",
    "kpis/calls.yml:9: visits_share.fact: is required",
    "kpis/calls.yml:11: visits_share.fakt: there is no such key",
    "models/core/calls.sql:7: core.calls reads core.complaint, which is neither a feed",
    "models/marts/odd.sql:8: ",
    "expectations/core/complaints.yml:4: expectations.0.severity: ",
    "audits/none.sql:6: none: ",
    "indicators/wrong.yml: line 2: this is not YAML",
]


@pytest.fixture
def published_before(tmp_path: Path) -> Path:
    """A project that has published an index by its own framework."""
    files = {**FILES, "policypulse.yml": PUBLISHED, "house.yml": FRAMEWORK, "kpis/calls.yml": KPI}
    _write(tmp_path, files)
    ran = policypulse("run", "--project", tmp_path)
    assert ran.status == 0, ran.text
    return tmp_path


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _all_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_faults_of_every_kind_are_told_in_one_go_each_once_and_nothing_is_written(published_before: Path):
    folder = published_before
    _write(folder, PLANTED)
    with sqlite3.connect(folder / "core.db") as core:
        core.execute("CREATE TABLE policies (id TEXT, issued TEXT)")
    before = _all_of(folder)
    told = policypulse("check", "--project", folder)
    assert told.status == 2
    lines = [line.removeprefix(f"{folder}/") for line in told.text.splitlines()]
    missed = [fault for fault in TOLD if sum(line.startswith(fault) for line in lines) != 1]
    assert missed == [], told.text
    assert len(lines) == len(TOLD), told.text
    assert "secret" not in told.text
    assert _all_of(folder) == before


def test_a_project_file_that_is_no_yaml_hides_no_other_file(tmp_path: Path):
    broken = {name: text for name, text in PLANTED.items() if name.startswith(("kpis", "models"))}
    _write(tmp_path, {**FILES, **broken, "policypulse.yml": "insurer: [\n"})
    lines = [line.removeprefix(f"{tmp_path}/") for line in looked_over(tmp_path).faults]
    told = [fault for fault in TOLD if fault.startswith(("kpis", "models")) and "published" not in fault]
    expected = ["policypulse.yml: line 2: this is not YAML", *told]
    assert [fault for fault in expected if not any(line.startswith(fault) for line in lines)] == []
    assert len(lines) == len(expected), lines
