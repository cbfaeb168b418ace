"""The pages of a published version: every number is one of the published file, every link leads somewhere."""

import csv
import html
import os
import re
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, policypulse

from orchestration.pages.edition import Options
from orchestration.pages.site import FIRST, write_site
from orchestration.pages.small_cells import shown_counts
from orchestration.pages.words import FOLDER, flat, vocabulary
from transforms.kpi.registry import registry
from transforms.units import UNITS

# What the published file says in English already.
ONLY_ELSEWHERE = ("kpis.", "nodes.")


@pytest.fixture(scope="module")
def site(insurer: Path) -> Path:
    """The pages that were written when the insurer was published."""
    return insurer / "warehouse" / "current-site"


def pages(site: Path) -> list[Path]:
    return sorted(site.glob("*.html"))


def queries(page: str) -> dict[str, str]:
    """The queries of a page's tables, by the name of the table."""
    found = re.findall(r'<pre data-query="([^"]*)"><code>(.*?)</code></pre>', page, re.DOTALL)
    return {html.unescape(name): html.unescape(sql) for name, sql in found}


def numbers(page: str) -> set[float]:
    """The exact values behind all numbers of a page."""
    found = re.findall(r'<data value="([^"]*)">', page)
    return {float(number) for both in found for number in both.split()}


def test_every_number_is_one_of_the_query_beside_it(insurer: Path, site: Path) -> None:
    seen = 0
    path = (insurer / "warehouse" / "current.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as con:
        for file in pages(site):
            page = file.read_text(encoding="utf-8")
            published: set[float] = set()
            for name, sql in queries(page).items():
                rows = con.execute(sql).fetchall()
                published |= {float(v) for row in rows for v in row if isinstance(v, int | float)}
                data = site / "data" / f"{file.stem}-{name}.csv"
                assert len(list(csv.reader(data.open(encoding="utf-8")))) == len(rows) + 1, (file, name)
            told = numbers(page)
            seen += len(told)
            # What stands in a text and in no table is the heading of one: the counts of checks.
            assert told <= published, (file, told - published)
    assert seen > 1_000


def test_every_link_leads_to_a_page_or_file_of_the_site(site: Path) -> None:
    links = set()
    for file in pages(site):
        page = file.read_text(encoding="utf-8")
        assert "<script" not in page and "http-equiv" in page
        links |= {html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)}
    broken = [link for link in links if not link.startswith("#") and not (site / link).is_file()]
    assert not broken
    assert len([link for link in links if link.startswith("branch-")]) >= 4


def test_the_page_that_answers_a_question_is_two_clicks_away_at_most(site: Path) -> None:
    tutorial = ROOT / "docs" / "tutorials"
    text = (tutorial / "service_quality_manager.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\| .*\? \| `(.*\.html)` \|", text, re.MULTILINE)
    assert len(answers) == 9

    def linked(names: set[str]) -> set[str]:
        texts = [(site / name).read_text(encoding="utf-8") for name in names if name.endswith(".html")]
        return names | {link for text in texts for link in re.findall(r'href="([^"#]+\.html)"', text)}

    assert set(answers) <= linked(linked({FIRST}))
    pictures = re.findall(r"\]\((pages/.*\.png)\)", text)
    assert pictures and all((tutorial / picture).stat().st_size < 61_000 for picture in pictures)


def test_the_pages_are_rolled_back_and_deleted_with_their_version(insurer: Path, tmp_path: Path) -> None:
    from warehouse.folder import Folder
    from warehouse.publish import publish, roll_back, site_of, versions

    folder = Folder(tmp_path)
    duckdb.connect(str(folder.build)).close()

    def write(version: Path, into: Path) -> None:
        into.mkdir(parents=True)
        (into / FIRST).write_text(version.stem, encoding="utf-8")

    def fail(version: Path, into: Path) -> None:
        into.mkdir(parents=True)
        raise OSError(28, os.strerror(28))

    first = publish(folder, keep_versions=2, write_site=write)
    second = publish(folder, keep_versions=2, write_site=write)
    assert (folder.current_site / FIRST).read_text() == second.stem
    with pytest.raises(OSError, match="space"):
        publish(folder, keep_versions=2, write_site=fail)
    assert versions(folder) == [first, second] and folder.current.resolve() == second.resolve()
    roll_back(folder, None)
    assert (folder.current_site / FIRST).read_text() == first.stem
    for _ in range(2):
        publish(folder, keep_versions=1)
    assert not folder.current_site.exists() and not site_of(first).exists() and not site_of(second).exists()


def test_every_language_has_the_same_words_with_the_same_places() -> None:
    def places(words: dict[str, str]) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"{(\w+)}", text)) for key, text in words.items()}

    english = places(flat(vocabulary("en")))
    assert {f"{part}.{unit}" for part in ("units", "changes") for unit in UNITS} <= english.keys()
    languages = sorted(file.stem for file in FOLDER.glob("*.yml"))
    assert languages[:1] == ["en"]
    for language in languages[1:]:
        words = {
            k: v for k, v in places(flat(vocabulary(language))).items() if not k.startswith(ONLY_ELSEWHERE)
        }  # type: ignore[arg-type]
        # Months are numbers in some languages and names in others.
        assert words.keys() == english.keys() and all(
            set(words[k]) <= set(english[k]) | {"number"} for k in words
        )


def test_every_measure_has_a_chinese_name() -> None:
    named = flat(vocabulary("zh"))
    assert not [kpi.code for kpi in registry() if f"kpis.{kpi.code}" not in named]


def test_hostile_names_are_shown_as_text(insurer: Path, tmp_path: Path) -> None:
    hostile = '=HYPERLINK("x")<script>alert(1)</script>'
    copy = tmp_path / "20250101T000000000000Z.duckdb"
    copy.write_bytes((insurer / "warehouse" / "current.duckdb").resolve().read_bytes())
    with duckdb.connect(str(copy)) as con:
        for table in ("kpi.monthly", "kpi.signals", "kpi.funnels", "marts.kpi_trend", "marts.kpi_latest"):
            con.execute(f"UPDATE {table} SET segment = ? WHERE segment = 'B001'", [hostile])
        con.execute("UPDATE marts.branch_ranking SET org_unit = ? WHERE org_unit = 'B001'", [hostile])
        con.execute("UPDATE marts.actions SET title = ?", [hostile])
        con.execute("UPDATE kpi.titles SET title = ? WHERE kpi = 'claim_paid_share'", [hostile])
    write_site(copy, tmp_path / "site", "en", Options(hostile, fewest_cases=5, show_case_ids=False))
    for file in pages(tmp_path / "site"):
        assert "<script" not in file.read_text(encoding="utf-8")
    ranking = next((tmp_path / "site" / "data").glob("branches-ranking-*.csv")).read_text(encoding="utf-8")
    assert "'=HYPERLINK" in ranking


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_neither_small_cells_are_shown_nor_those_from_which_one_follows(
    insurer: Path, tmp_path: Path
) -> None:
    fewest, data = 40, tmp_path / "site" / "data"
    write_site(
        (insurer / "warehouse" / "current.duckdb").resolve(), tmp_path / "site", "en",
        Options("Example", fewest_cases=fewest, show_case_ids=False),
    )  # fmt: skip
    for row in [r for file in data.glob("*.csv") for r in rows_of(file) if r.get("n") and r.get("value")]:
        assert int(row["n"]) >= fewest, row
    for name in ("received_count", "open_claims", "answers_count", "waiting_count", "static_count"):
        told = [r[name] for file in data.glob("*.csv") for r in rows_of(file) if r.get(name)]
        assert all(int(count) >= fewest for count in told), name
    # Of the parts of a cut, two are left out or none; else the one would be the company less the others.
    path = str((insurer / "warehouse" / "current.duckdb").resolve())
    with duckdb.connect(path, read_only=True) as con:
        newest = con.sql(
            "SELECT kpi, basis, segment, n, CAST(period AS VARCHAR) FROM kpi.monthly"
            " WHERE n > 0 AND cut = 'product_line' AND period = (SELECT max(period) FROM kpi.monthly)"
        ).fetchall()
    cells: dict[tuple[str, str, str], dict[str, int]] = {}
    for kpi, basis, segment, n, month in newest:
        cells.setdefault((kpi, basis, month), {})[segment] = n
    hidden = 0
    for (kpi, basis, month), segments in cells.items():
        rows = rows_of(data / f"kpi-{kpi}-segments.csv")
        shown = {
            r["segment"]
            for r in rows
            if (r["cut"], r["basis"], r["period"]) == ("product_line", basis, month)
        }
        left_out = segments.keys() - shown
        assert len(left_out) != 1 or len(segments) == 1 or min(segments.values()) >= fewest, (
            kpi,
            segments,
            shown,
        )
        hidden += len(left_out)
    assert hidden


def test_the_smallest_of_the_others_is_left_out_with_a_single_small_cell() -> None:
    def shown(*counts: int) -> list[int | None]:
        values = ", ".join(f"({key}, {count})" for key, count in enumerate(counts))
        rows = f"SELECT * FROM (VALUES {values}) AS t (key, n)"
        sql = shown_counts(rows, "n", ("n",), key="key").format(fewest=5)
        return [n for _, n in duckdb.sql(f"FROM ({sql}) ORDER BY key").fetchall()]

    assert shown(20, 3, 9, 30) == [20, None, None, 30]
    assert shown(20, 3, 4, 30) == [20, None, None, 30]
    assert shown(20, 7, 9, 30) == [20, 7, 9, 30]
    assert shown(3) == [None]


def test_report_refuses_a_folder_that_holds_something_else(insurer: Path, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    refused = policypulse("report", "--project", insurer, "--out", tmp_path)
    assert refused.status != 0 and "something else" in refused.text
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "mine"
    written = policypulse("report", "--project", insurer, "--out", tmp_path / "site")
    assert written.status == 0 and (tmp_path / "site" / FIRST).is_file()
