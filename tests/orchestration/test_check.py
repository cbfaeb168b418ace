"""`policypulse check`: every fault of a project and of the first rows of its files, all at once, and no landing."""

from pathlib import Path

from conftest import policypulse

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
