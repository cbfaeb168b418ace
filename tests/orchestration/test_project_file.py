"""A project file that cannot be used is told in one line a fault, with its key path and line."""

from pathlib import Path

import pytest

from orchestration.project import FILE_NAME, ProjectError, read_project, verify

PROJECT = """\
insurer: Test
feeds:
  complaints:
    files: c.csv
    columns:
      complaint_id: ID
      received_on: DAY
      outcome: {column: O, codes: {010: upheld, 2.50: withdrawn}}
      org_unit: {constant: 0123}
"""


def refusal(folder: Path, content: bytes) -> list[str]:
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(ProjectError) as raised:
        verify(read_project(folder))
    first, *lines = str(raised.value).splitlines()
    assert first == f"{folder / FILE_NAME} cannot be used:"
    return [line.strip() for line in lines]


def test_codes_and_constants_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(PROJECT.encode("utf-8-sig"))
    project = read_project(tmp_path)
    verify(project)
    columns = project.feeds["complaints"][0].columns
    assert columns["outcome"].codes == {"010": "upheld", "2.50": "withdrawn"}
    assert columns["org_unit"].constant == "0123"


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("insurer: Test", "insurer: Test\nmonth: 3", "line 2: month: there is no such key"),
        ("upheld,", "won,", "line 8: feeds.complaints[0].columns.outcome.codes.010: unknown code 'won'"),
        ("files:", "wrong: x\n    files:", "line 4: feeds.complaints.wrong: there is no such key"),
        ("      received_on", "      complaint_id: NO\n      received_on",
         "line 7: feeds.complaints.columns.complaint_id: stands twice"),
        ("insurer: Test", "insurer: [", "line 3: this is not YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, PROJECT.replace(right, wrong, 1).encode())
    assert line.startswith(told)


def test_another_encoding_is_told(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, PROJECT.replace("Test", "平安").encode("gbk"))
    assert line == "line 1: this is not UTF-8, it looks like gb18030; save the file as UTF-8"
