"""`init --from`: from nothing to a published number; on public sources, what is wrong is marked as unsure."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, policypulse, published

from orchestration.commands.added_feeds import CannotAdd
from orchestration.commands.first_mapping import added, feed_lines, proposed
from warehouse.landing.mapping import FeedSource

COMPLAINTS = "Ticket Number;Date Received;Date Closed;Result;LOB\n" + "".join(
    f"T{n};{1 + n % 28:02}.03.2025;{1 + n % 28:02}.04.2025;{'Justified' if n % 4 else 'Not justified'};Motor\n"
    for n in range(40)
)
CLAIMS = "赔案号,保单号,报案时间,核赔时间,支付时间,赔付结论,机构\n" + "".join(
    f"L{n},P{n},2025-03-{1 + n % 28:02} 09:00:00,2025-03-{1 + n % 28:02} 17:00:00,,"
    f"{'拒赔' if n % 2 else '正常赔付'},北京\n"
    for n in range(40)
)
STAFF = "emp,salary,hired\n1,100,2020-01-01\n"


def test_from_three_files_to_a_published_number(tmp_path: Path):
    files = {
        "log.csv": COMPLAINTS.encode(),
        "赔案.csv": CLAIMS.encode("gb18030"),
        "staff.csv": STAFF.encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    project = tmp_path / "project"
    started = policypulse("init", project, "--from", *(tmp_path / name for name in files))
    assert started.status == 0, started.text
    assert "staff.csv: looks like no feed" in started.text
    assert "policies would add" in started.text
    assert (project / "pseudonym.key").stat().st_mode & 0o077 == 0
    with (project / "policypulse.yml").open("a", encoding="utf-8") as file:
        file.write("pages: {written: false}\nonly: {tables: [kpi.monthly]}\n")
    assert policypulse("check", "--project", project).status == 0
    ran = policypulse("run", "--project", project)
    assert ran.status == 0, ran.text
    found = published(
        project,
        "SELECT kpi, numerator, denominator FROM kpi.monthly WHERE cut = 'company' AND numerator IS NOT NULL "
        "AND ((kpi, basis) = ('complaint_upheld_share', 'period') AND period = DATE '2025-04-01')",
    )
    assert found.rows() == [("complaint_upheld_share", 30, 40)]
    assert published(project, "SELECT count(*) FROM core.claims WHERE decided_on IS NOT NULL").item() == 40
    again = policypulse("init", project, "--from", tmp_path / "log.csv")
    assert (again.status, "it stays as it is" in again.text) == (2, True)


def test_map_shows_an_entry_and_writes_nothing(tmp_path: Path):
    (tmp_path / "log.csv").write_text(COMPLAINTS, encoding="utf-8")
    shown = policypulse("map", tmp_path / "log.csv", "--feed", "complaints", "--project", tmp_path)
    assert shown.status == 0
    (entry,) = yaml.safe_load(shown.text)["complaints"]
    assert entry["files"] == "log.csv"
    assert entry["columns"]["received_on"] == {"column": "Date Received", "format": "%d.%m.%Y"}
    refused = policypulse("map", tmp_path / "log.csv", "--feed", "complaint", "--project", tmp_path)
    assert (refused.status, "the feeds are" in refused.text) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv"]


HERS = """\
# Our project.
insurer: Example Life  # as in the register
feeds:
    # Claims first.
    claim_events:
        files: claims.csv
        columns:
            claim_id: nr
            event: what
            event_at: at
        # not used: colour
    # What comes last.
months: 12
"""


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (HERS, HERS),
        (HERS.replace("months: 12\n", ""), HERS.replace("months: 12\n", "")),
        ("insurer: A\nfeeds: {}  # none yet\nmonths: 12\n", "insurer: A\nfeeds:  # none yet\nmonths: 12\n"),
        ("insurer: A\n", "insurer: A\n"),
    ],
    ids=["amid", "last", "none", "absent"],
)
def test_map_adds_a_feed_and_keeps_every_line_of_hers(tmp_path: Path, before: str, kept: str):
    (tmp_path / "policypulse.yml").write_text(before, encoding="utf-8")
    (tmp_path / "log.csv").write_text(COMPLAINTS, encoding="utf-8")
    found = proposed([tmp_path / "log.csv"], tmp_path)
    added(tmp_path, found)
    after = (tmp_path / "policypulse.yml").read_text(encoding="utf-8")
    lines = iter(after.splitlines())
    assert all(line in lines for line in kept.splitlines()), after
    content, hers = yaml.safe_load(after), yaml.safe_load(before)
    new = yaml.safe_load("feeds:\n" + "\n".join(feed_lines(found)))["feeds"]
    assert content == {**hers, "feeds": {**(hers.get("feeds") or {}), **new}}
    with pytest.raises(CannotAdd, match=r"line \d+: feeds.complaints is mapped already"):
        added(tmp_path, found)
    assert (tmp_path / "policypulse.yml").read_text(encoding="utf-8") == after


# Files in the style of core systems, survey tools and workflow logs, and what is right of them.
STYLES = {
    "master.csv": (
        "POLNO,CLIENTNO,ISSDATE,SUMASS,BRCD\n", "{n:08},{n:06},202501{d:02},50000,00{d}\n",
        {"policy_id": "POLNO", "customer_id": "CLIENTNO", "issued_on": "ISSDATE", "sum_assured": "SUMASS",
         "org_unit": "BRCD"},
    ),
    "wide.csv": (
        "id,date,gender,Q1,Q2,Q3,Q4\n", "{n},2025-01-{d:02},M,{s},{t},{s},{s}\n",
        {"response_id": "id", "answered_on": "date"},
    ),
    "nps_survey.csv": (
        "Respondent,SubmitDate,NPS\n", "R{n},2025-01-{d:02},{s}\n",
        {"response_id": "Respondent", "answered_on": "SubmitDate", "score": "NPS"},
    ),
    "log.csv": (
        "claim_ref,step_name,step_time,user\n", "C{n},Lodged,2025-01-{d:02}T09:30:00Z,u{s}\n",
        {"claim_id": "claim_ref", "event": "step_name", "event_at": "step_time"},
    ),
    "exits.csv": (
        "Contract No,Movement Date,Reason for Exit\n", "K{n},{d:02}.03.2025,Surrender\n",
        {"policy_id": "Contract No", "effective_on": "Movement Date", "event": "Reason for Exit"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STYLES)
def test_columns_are_found_in_the_styles_of_many_systems(tmp_path: Path, name: str):
    head, row, right = STYLES[name]
    rows = "".join(row.format(n=n, d=1 + n % 28, s=1 + n % 7, t=1 + n % 6) for n in range(40))
    (tmp_path / name).write_text(head + rows, encoding="utf-8")
    ((_, _, sources),) = proposed([tmp_path / name], tmp_path)
    found = {one.target: one.origin["column"] for one in sources[0].columns if "column" in one.origin}
    assert found == right
    assert not sources[0].missing


QUESTION = re.compile(r"\d+(-\d+)?[.]")
# Of 13, 14, 15 and 163 columns.
SOURCES = [
    ("texas_complaints", "complaints", "complaints_texas/tx_complaints_complaint_level.parquet", 2),
    ("expense_claims", "claim_events", "claims_bpi2020/bpi2020_domestic.parquet", 1),
    ("us_whole_life", "policies", "policies_us_term_life/uslapseagent.csv", 2),
    ("kservqual", "survey_answers", "survey_kservqual/kiosk_raw_cp949.csv", 1),
]


def by_hand(example: str, feed: str, name: str) -> FeedSource:
    project = yaml.safe_load((ROOT / "examples" / example / "policypulse.yml").read_text(encoding="utf-8"))
    listed = project["feeds"][feed]
    sources = map(FeedSource.model_validate, [listed] if isinstance(listed, dict) else listed)
    return next(source for source in sources if source.files[0].endswith(name))


@pytest.mark.parametrize(("example", "feed", "name", "most_wrong"), SOURCES)
def test_of_public_sources_most_columns_are_right_and_wrong_ones_unsure(
    shared, tmp_path, example, feed, name, most_wrong
):
    path = shared / "data" / name
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    ((looked_at, _, sources),) = proposed([path], tmp_path)
    source = sources[0]
    assert source.feed == feed
    mapping = by_hand(example, feed, name)
    cells = {one.column for one in mapping.wide.cells.values()} if mapping.wide else set()
    asked = {c: target for target, origin in mapping.columns.items() if (c := origin.column)}
    ours = {one.origin["column"]: one for one in source.columns if "column" in one.origin}
    side_by_side = {cell.origin["column"] for cell in source.wide.cells} if source.wide else set()

    def told(header: str) -> str | None:
        stars = [c for c in [*asked, *cells] if c and "*" in c and fnmatchcase(header, c)]
        mapped = header if header in {*asked, *cells} else next(iter(stars), None)
        return "cell" if mapped in cells else asked.get(mapped) if mapped else None

    wrong = []
    for column in looked_at.columns:
        proposal = ours.get(column.name)
        is_cell = column.name in side_by_side
        mine = "cell" if is_cell else proposal.target if proposal else None
        # The example leaves out other parts of the questionnaire, whose ratings are answers all the same.
        if mine != told(column.name) and not (is_cell and QUESTION.match(column.name)):
            wrong.append(column.name)
            assert is_cell or proposal is None or not proposal.is_sure, (column.name, mine)
    print(
        f"{name}: {1 - len(wrong) / len(looked_at.columns):.0%} of {len(looked_at.columns)}, wrong: {wrong}"
    )
    assert len(wrong) <= most_wrong
