"""A project of one feed, for tests of what its folder adds: a fact, a mart of it, and what is wrong with others."""

from pathlib import Path

from orchestration.project import Project, read_project

PROJECT = """
insurer: Example
index: {frameworks: []}
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}
"""
FACT = """\
/*
Complaints by telephone.
grain: complaint_id
owner: complaints
*/
SELECT
    complaint_id,  -- The complaint.
    received_on,  -- Day it came.
    org_unit  -- Responsible unit.
FROM core.complaints
WHERE channel = 'telephone'
"""
MART = """\
/*
Complaints by telephone, a branch.
grain: org_unit
owner: complaints
example:
    SELECT * FROM marts.calls ORDER BY calls DESC
*/
SELECT
    org_unit,  -- Responsible unit.
    count(*) AS calls  -- Complaints by telephone.
FROM core.calls
GROUP BY org_unit
"""


def project(folder: Path, files: dict[str, str]) -> Project:
    """A project of one feed with own files by their path."""
    feed = {"policypulse.yml": PROJECT, "c.csv": "id,day\n"}
    for name, text in {**feed, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_project(folder)
