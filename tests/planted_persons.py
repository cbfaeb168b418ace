"""A small insurer in whose files persons are planted wherever one can stand, and the search for them.

Every contract is delivered, so that a personal column of a new feed is planted without a line here.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl
import yaml

from warehouse.contract import Contract, contracts
from warehouse.landing.keys import create_key_file

GOOD_ROWS = 6
OWN_FEED = """\
feed: visits
description: Visits, one row each.
key: [visit_id]
columns:
  visit_id: {type: text, required: true, description: The visit.}
  visited_on: {type: date, required: true, description: Day of it.}
  guest_id: {type: text, personal: id, description: Who came.}
  born_on: {type: date, personal: date, description: Born on.}
  said: {type: text, personal: text, description: What was said.}
"""
PROJECT = """\
insurer: Test
time_zone: Asia/Shanghai
as_of: 2025-06-30
months: 6
index: {frameworks: []}
pseudonyms: {key_file: key}
texts: {}
only: {kpis: [complaint_on_time_share], tables: [core.policies, core.complaints, core.texts]}
"""


@dataclass
class Planted:
    """What was planted, by the kind of place; each of these texts is a person's and no other's."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    count: int = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    def note(self, place: str, *texts: str) -> None:
        self.texts.setdefault(place, []).extend(texts)

    def identifier(self, place: str) -> str:
        """The number of a customer, agent or other person, as a system of the insurer has it."""
        made = f"KD{self.number():06}Q"
        self.note(place, made)
        return made

    def birthday(self, place: str) -> str:
        number = self.number()
        made = f"19{50 + number % 50}-{1 + number % 12:02}-{11 + number % 17}"
        self.note(place, made)
        return made

    def resident(self, place: str) -> str:
        """The number of an identity card."""
        made = f"1101051949123{self.number():05}"
        self.note(place, made)
        return made

    def phone(self, place: str) -> str:
        made = f"1391{self.number():07}"
        self.note(place, made)
        return made

    def name(self, place: str) -> str:
        made = f"Li{chr(97 + self.number() % 26)}{self.count}ming"
        self.note(place, made)
        return made

    def words(self, place: str) -> str:
        """A text in which somebody tells who they are."""
        number = self.number()
        phone, card, mail = f"1382{number:07}", f"44030619880715{number:04}", f"liwei{number}@example.com"
        name = f"邓丽{chr(0x4E00 + 37 * number)}"
        self.note(place, phone, card, mail, name)
        return f"我叫{name}，电话 {phone}，身份证 {card}，邮箱 {mail}，请回电"


def delivered(folder: Path) -> tuple[Planted, dict[str, bytes]]:
    """Write the project and its good files; returns what was planted, and the content of files that are refused.

    Among these is a project file of which a query stumbles over a person.
    """
    planted = Planted()
    (folder / "contracts").mkdir(parents=True)
    (folder / "contracts" / "visits.yml").write_text(OWN_FEED, encoding="utf-8")
    create_key_file(folder / "key")
    own = Contract.model_validate(yaml.safe_load(OWN_FEED))
    feeds: dict[str, list[dict[str, object]]] = {}
    for place, contract in enumerate([*contracts().values(), own]):
        form = ("csv", "ndjson", "parquet", "xlsx")[place % 4] if contract.feed != "complaints" else "csv"
        rows = [_row(contract, number, planted) for number in range(GOOD_ROWS)]
        name = f"{contract.feed}.{form}"
        _write(folder / name, rows, form)
        columns = {name: name for name in rows[0] if name in contract.columns}
        feeds[contract.feed] = [
            {"files": f"{contract.feed}*.{form}*", "columns": columns, "max_reject_share": 0.9}
        ]
    _plant_mistakes(folder, feeds, planted)
    text = PROJECT + yaml.safe_dump({"feeds": feeds}, allow_unicode=True)
    (folder / "policypulse.yml").write_text(text, encoding="utf-8")
    stumbling = {"query": "SELECT CAST(who AS INTEGER)::VARCHAR AS id, day FROM log"}
    feeds["complaints"].append(
        {
            "database": {"connection": "duckdb:///core_system.duckdb", **stumbling},
            "columns": {"complaint_id": "id", "received_on": "day"},
        }
    )
    wrong = (PROJECT + yaml.safe_dump({"feeds": feeds}, allow_unicode=True)).encode()
    return planted, {**_refused(planted, contracts()["complaints"]), "policypulse.yml": wrong}


def _row(contract: Contract, number: int, planted: Planted) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, column in contract.columns.items():
        where = f"{contract.feed}.{name}"
        if column.personal == "id":
            row[name] = planted.identifier(where)
        elif column.personal == "date":
            row[name] = planted.birthday(where)
        elif column.personal == "text":
            row[name] = planted.words(where)
        elif name in contract.key or column.required:
            row[name] = _harmless(column.type, column.codes, name, number)
        elif name in ("policy_id", "claim_id", "complaint_id", "org_unit"):
            row[name] = f"{name[:2]}-{number}"
        elif contract.feed == "complaints":
            row[name] = None
    # What no contract knows, and no mapping names.
    row["NAME"] = f"Zhang{planted.number():04}Sanfeng"
    planted.note("column that is not mapped", str(row["NAME"]))
    return row


def _harmless(kind: str, codes: object, name: str, number: int) -> str:
    if codes and isinstance(codes, dict):
        return next(iter(codes))
    match kind:
        case "date":
            return f"2025-03-{1 + number:02}"
        case "period":
            return f"2025-0{1 + number}"
        case "timestamp":
            return f"2025-03-{1 + number:02} 10:00:00"
        case "integer" if name == "year":
            return "2025"
        case "integer" | "number" | "money":
            return str(1 + number)
        case "boolean":
            return "true"
    return f"{name[:2]}-{number}"


def _write(path: Path, rows: list[dict[str, object]], form: str) -> None:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    match form:
        case "csv":
            frame.write_csv(path)
        case "ndjson":
            path.write_text(
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
            )
        case "parquet":
            frame.write_parquet(path)
        case "xlsx":
            frame.write_excel(path)


def _plant_mistakes(folder: Path, feeds: dict[str, list[dict[str, object]]], planted: Planted) -> None:
    """Rows and files that are read and have something wrong with them."""
    complaints = folder / "complaints.csv"
    header = complaints.read_text(encoding="utf-8").splitlines()[0].split(",")
    lines = []

    def line(place: str, **cells: str) -> list[str]:
        row = (
            dict.fromkeys(header, "")
            | {"complaint_id": f"X{len(lines)}", "received_on": "2025-03-01"}
            | cells
        )
        lines.append(",".join(f'"{row[name]}"' if "," in row[name] else row[name] for name in header))
        return lines

    for form in ("identifier", "resident", "phone", "words"):
        for column in ("received_on", "outcome", "appraisal_days", "via_regulator"):
            place = f"{form} shifted into {column}"
            line(place, **{column: getattr(planted, form)(place)})
    line("id of a rejected row", received_on="no day", customer_id=planted.identifier("id of a rejected row"))
    line("text of a rejected row", received_on="no day", comment=planted.words("text of a rejected row"))
    line(
        "unmapped column of a rejected row",
        received_on="no day",
        NAME=planted.phone("unmapped column of a rejected row"),
    )
    whole = line(
        "row moved by a column",
        customer_id=planted.identifier("row moved by a column"),
        comment=planted.words("row moved by a column"),
    )[-1]
    lines[-1] = "," + whole.rpartition(",")[0]
    lines.append(
        ",".join(
            [
                "Y1",
                planted.identifier("line with too few columns"),
                planted.phone("line with too few columns"),
            ]
        )
    )
    lines.append(whole.replace("X", "Z") + "," + planted.phone("line with too many columns"))
    lines.append(f'Y2,"2025-03-01"{planted.phone("text behind a quote")},' + "," * (len(header) - 3))
    lines.append(",".join(["Y3", planted.words("line in another encoding")]))
    with complaints.open("ab") as file:
        for text in lines:
            file.write((text + "\n").encode("gbk" if text.startswith("Y3") else "utf-8"))
    broken = folder / "policies.ndjson"
    if not broken.exists():
        broken = next(path for path in folder.glob("*.ndjson"))
    with broken.open("a", encoding="utf-8") as file:
        file.write(
            f'{{"a": "{planted.phone("line that is no JSON")}", "b": {planted.identifier("line that is no JSON")}\n'
        )
    _plant_sources(folder, feeds, planted)


def _plant_sources(folder: Path, feeds: dict[str, list[dict[str, object]]], planted: Planted) -> None:
    """Persons in names of files and sheets, in packed files, behind expressions, in a database."""
    rows = [{"ID": "F1", "DAY": "2025-03-01", "WHO": planted.identifier("packed file")}]
    with gzip.open(folder / f"more_{planted.phone('name of a file')}.csv.gz", "wt", encoding="utf-8") as file:
        file.write(pl.DataFrame(rows).write_csv())
    columns = {"complaint_id": "ID", "received_on": "DAY", "customer_id": "WHO"}
    feeds["complaints"].append({"files": "more_*.csv.gz", "columns": columns})
    sheet = planted.phone("name of a sheet")
    pl.DataFrame([{**rows[0], "ID": "F2", "WHO": planted.identifier("sheet")}]).write_excel(
        folder / "sheet.xlsx", worksheet=sheet
    )
    feeds["complaints"].append({"files": "sheet.xlsx", "columns": columns})
    expression = [
        {"ID": "F3", "DAY": "2025-03-01", "WHO": planted.identifier("expression")},
        {"ID": "F4", "DAY": "2025-03-01", "WHO": planted.words("expression that fails")},
    ]
    pl.DataFrame(expression).write_csv(folder / "expression.csv")
    feeds["complaints"].append(
        {
            "files": "expression.csv",
            "max_reject_share": 1,
            "columns": {
                **columns,
                "customer_id": {"sql": "upper(trim(WHO))"},
                "appraisal_days": {"sql": "CASE WHEN ID = 'F4' THEN CAST(WHO AS INTEGER) END"},
            },
        }
    )
    with duckdb.connect(str(folder / "core_system.duckdb")) as con:
        con.execute(
            "CREATE TABLE log AS SELECT 'D1' AS id, DATE '2025-03-01' AS day, ? AS who, ? AS said",
            [planted.identifier("database"), planted.words("database")],
        )
    feeds["complaints"].append(
        {
            "database": {"connection": "duckdb:///core_system.duckdb", "query": "SELECT * FROM log"},
            "columns": {"complaint_id": "id", "received_on": "day", "customer_id": "who", "comment": "said"},
        }
    )
    skipped = [{**rows[0], "ID": "F5", "WHO": planted.identifier("row that is left out"), "KIND": "TEST"}]
    pl.DataFrame(skipped).write_csv(folder / "skipped.csv")
    feeds["complaints"].append({"files": "skipped.csv", "columns": columns, "where": "KIND <> 'TEST'"})


def _refused(planted: Planted, contract: Contract) -> dict[str, bytes]:
    """Files of complaints that are refused as a whole."""
    header = ",".join(contract.columns)
    fields = len(contract.columns)

    def moved(place: str, many: int) -> str:
        return "".join(
            f",,{planted.identifier(place)},{planted.words(place).replace(',', ';')}"
            + "," * (fields - 4)
            + "\n"
            for _ in range(many)
        )

    without_header = ",".join(
        ["K1", planted.identifier("first line of a file without a header"), "2025-03-01"]
    )
    names = "".join(f"{number},{planted.name('name in a file without a header')},open\n" for number in "123")
    named = header.replace("received_on", planted.phone("header"))
    cut = gzip.compress((header + "\n" + moved("packed file that breaks off", 30)).encode())
    return {
        "complaints_rejected.csv": (header + "\n" + moved("file with too many rejects", 12)).encode(),
        "complaints_headless.csv": (without_header + "\n" + without_header + "\n").encode(),
        "complaints_of_names.csv": names.encode(),
        "complaints_named.csv": (named + "\n" + moved("file with a person for a column", 2)).encode(),
        "complaints_cut.csv.gz": cut[: len(cut) // 2],
        "complaints_quote.csv": (
            header + '\nK9,"' + planted.words("quote that is not closed") + "\nK8,\n"
        ).encode(),
        "complaints_sheet.xlsx": b"PK" + planted.words("file that is no workbook").encode(),
        "complaints_binary.csv": (header + "\n").encode()
        + b"\x00\xff"
        + planted.words("binary file").encode("utf-16"),
    }


def found(planted: Planted, files: Iterator[Path], spoken: dict[str, str]) -> dict[str, set[str]]:
    """Where which planted text stands readable: in bytes of files, in cells of databases, in what was said."""
    wanted = {text: place for place, texts in planted.texts.items() for text in texts}
    hits: dict[str, set[str]] = {}
    for path in files:
        content = path.read_bytes()
        names = str(path)
        for text, place in wanted.items():
            if any(text.encode(code) in content for code in ("utf-8", "utf-16-le", "gbk")) or text in names:
                hits.setdefault(place, set()).add(path.name)
        for cells in _cells(path):
            for text, place in wanted.items():
                if text in cells:
                    hits.setdefault(place, set()).add(f"{path.name}: a cell")
    for name, said in spoken.items():
        for text, place in wanted.items():
            if text in said:
                hits.setdefault(place, set()).add(name)
    return hits


def _cells(path: Path) -> Iterator[str]:
    """All that stands in the tables of a database, whose files are compressed, one text a table."""
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in tables:
                rows = con.sql(f'SELECT t::VARCHAR FROM "{schema}"."{table}" t').fetchall()
                yield "\n".join(row for (row,) in rows)
    elif path.suffix == ".db":
        with closing(sqlite3.connect(path)) as con:
            yield "\n".join(con.iterdump())
