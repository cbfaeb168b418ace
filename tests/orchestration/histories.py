"""Random histories of a small insurer: what lands, is corrected, withdrawn or changed, night after night.

What came of the nights is held to a rebuild of what has landed; which histories are tried is said by the tests.
"""

import csv
import gzip
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import yaml

from orchestration.launch import by_hand
from orchestration.models import models
from orchestration.project import Project, read_project
from orchestration.session import opened
from simulation.simulate import simulate
from warehouse.folder import Folder
from warehouse.landing.withdrawal import withdraw
from warehouse.store import Store

POLICIES, MONTHS = 200, 8
FACTS = 6
"""Of so many facts, and of what they are made from, is a history that is not of all tables."""
COMPUTED = ("core", "kpi", "index", "marts")
# By file of the simulated insurer: the column of its key, the column of the time that a record was made, its form.
RECORDED = {
    "claim_events": ("EVT_ID", "REC_TS", "%Y-%m-%d 12:00:00"),
    "policies": ("POL_NO", "UPD_TS", "%Y-%m-%d 12:00:00"),
    "premiums": ("policy_id", "recorded_at", "%Y-%m-%d 12:00:00"),
    "policy_events": ("EV_NO", "SYS_TS", "%d/%m/%Y 12:00:00"),
    "service_orders": ("ORDER_NO", "REC_TS", "%Y-%m-%d 12:00:00"),
    "applications": ("APP_NO", "REC_TS", "%Y-%m-%d 12:00:00"),
    "survey_invitations": ("invitation_id", "recorded_at", "%Y-%m-%d 12:00:00"),
    "audits": ("finding", "recorded_at", "%Y-%m-%d 12:00:00"),
}
SNAPSHOTS = ("org_units", "exposures", "survey_questions")
LEFT_OUT = ("texts", "contacts", "actions", "targets", "market_values")


class Crash(Exception):
    """The run was killed between two tables."""


@dataclass
class History:
    """One insurer and the nights that it has had."""

    folder: Path
    seed: int
    every_table: bool
    as_of: date = date(2025, 10, 14)
    done: list[str] = field(default_factory=list)
    by_what_changed: Counter[str] = field(default_factory=Counter)
    """How many times a table was made by what had changed."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        simulate(self.folder, policies=POLICIES, months=MONTHS, seed=self.seed % 5 + 1)
        content = _simplified(self._content())
        if not self.every_table:
            facts = [name for name in models() if name.startswith("core.")]
            content["only"] = {"tables": self.chance.sample(facts, FACTS)}
            content["index"] = {"frameworks": []}
        self._write(content)
        self.deliver("calendar", [{"date": "2025-03-12", "is_workday": "false"}])

    def live(self, steps: int) -> None:
        """Begin with a run, and let so many things happen, a run after each."""
        self.night()
        for _ in range(steps):
            step = self.chance.choice(STEPS)
            self.done.append(step.__name__.lstrip("_"))
            step(self)
            if step is not _crash:
                self.night()

    def night(self, stop_after: int | None = None) -> None:
        """Land what is new, and make every table; or be killed after so many."""
        project = read_project(self.folder)
        with opened(by_hand(project, self.as_of), lambda told: None) as session:
            session.land(project.contracts)
            for number, table in enumerate(session.tables):
                if number == stop_after:
                    return
                session.make(table)
                self.by_what_changed[table] += session.remade[table].rows_changed is not None

    def differences(self) -> tuple[list[str], list[str]]:
        """The tables that a rebuild of what has landed makes otherwise, and all that are compared."""
        nights, rebuilt = self.folder / "warehouse", self.folder / "nights"
        nights.rename(rebuilt)
        nights.mkdir()
        shutil.copy(rebuilt / "raw.duckdb", nights)
        try:
            self.night()
            return _differing(rebuilt / "build.duckdb", nights / "build.duckdb")
        finally:
            shutil.rmtree(nights)
            rebuilt.rename(nights)

    def project(self) -> Project:
        """The project as it is now."""
        return read_project(self.folder)

    def change(self, change: Callable[[dict], object]) -> None:
        """Change the project file."""
        content = self._content()
        change(content)
        self._write(content)

    def deliver(self, feed: str, rows: list[dict[str, str]]) -> None:
        """Put a file of rows beside those of a feed."""
        number = len(list((self.folder / "feeds").iterdir()))
        _write_csv(self.folder / "feeds" / f"{feed}_{number:04}.csv", rows)

    def rows(self, feed: str) -> list[dict[str, str]]:
        """Rows of all files of a feed."""
        return [row for path in sorted((self.folder / "feeds").glob(f"{feed}*")) for row in _read_csv(path)]

    def some(self, rows: list[dict[str, str]], most: int) -> list[dict[str, str]]:
        """A few rows, copied."""
        return [dict(row) for row in self.chance.sample(rows, min(len(rows), self.chance.randint(1, most)))]

    def recorded(self, feed: str, row: dict[str, str]) -> dict[str, str]:
        """The row as recorded on the as-of day, or a few days about it."""
        _, column, form = RECORDED[feed]
        day = self.as_of + timedelta(days=self.chance.choice([-3, 0, 0, 0, 1]))
        return {**row, column: day.strftime(form)}

    def _content(self) -> dict:
        return yaml.safe_load((self.folder / "policypulse.yml").read_text(encoding="utf-8"))

    def _write(self, content: dict) -> None:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        (self.folder / "policypulse.yml").write_text(text, encoding="utf-8")


def _simplified(content: dict) -> dict:
    """The project without what costs time and is of no kind of its own, and open for files to come."""
    feeds = {feed: sources for feed, sources in content["feeds"].items() if feed not in LEFT_OUT}
    for feed, sources in feeds.items():
        for source in sources:
            kind = "csv*" if feed in (*RECORDED, *SNAPSHOTS) else "*"
            source |= {"files": f"feeds/{feed}*.{kind}", "max_shrink_share": 1, "max_reject_share": 1}
            if feed in SNAPSHOTS:
                source["delivery"] = "snapshot"
    feeds["calendar"] = [
        {
            "files": "feeds/calendar*.csv",
            "columns": {"date": "date", "is_workday": "is_workday"},
        }
    ]
    content["feeds"] = feeds
    for part in ("texts", "robustness", "packs"):
        content.pop(part, None)
    content["pages"] = {"written": False}
    content["grains"] = ["quarter"]
    content["index"] = {"frameworks": ["example_life.yml"]}
    content["cuts"] = ["company", "org_unit", "channel"]
    return content


def _read_csv(path: Path) -> list[dict[str, str]]:
    opened_as = gzip.open if path.suffix == ".gz" else open
    with opened_as(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _differing(one: Path, other: Path) -> tuple[list[str], list[str]]:
    with duckdb.connect() as con:
        for name, path in (("one", one), ("other", other)):
            con.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        tables = con.execute(
            "SELECT DISTINCT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN (SELECT unnest(?))"
            " AND table_name NOT LIKE '%history%' ORDER BY ALL",
            [list(COMPUTED)],
        ).fetchall()
        names = [f"{schema}.{table}" for schema, table in tables]
        return [name for name in names if _differs(con, name)], names


def _differs(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    ways = (("one", "other"), ("other", "one"))
    return any(
        con.execute(f"SELECT 1 FROM (FROM {a}.{table} EXCEPT ALL FROM {b}.{table}) LIMIT 1").fetchall()
        for a, b in ways
    )


def _correct(history: History) -> None:
    """Some records get the values of others in a column or two."""
    for feed in history.chance.sample(sorted(RECORDED), 2):
        rows = history.rows(feed)
        key, recorded, _ = RECORDED[feed]
        corrected = history.some(rows, 5)
        for row in corrected:
            for column in history.chance.sample([name for name in row if name not in (key, recorded)], 2):
                row[column] = history.chance.choice(rows)[column]
        history.deliver(feed, [history.recorded(feed, row) for row in corrected])


def _come(history: History) -> None:
    """Records that nobody knew, of things long past too."""
    for feed in history.chance.sample(sorted(RECORDED), 2):
        key = RECORDED[feed][0]
        come = [
            {**row, key: f"{row[key]}N{history.chance.randrange(100)}"}
            for row in history.some(history.rows(feed), 6)
        ]
        history.deliver(feed, [history.recorded(feed, row) for row in come])


def _next_day(history: History) -> None:
    history.as_of += timedelta(days=1)


def _next_weeks(history: History) -> None:
    history.as_of += timedelta(days=history.chance.randint(2, 45))


def _next_year(history: History) -> None:
    """The next day but a few is New Year's."""
    history.as_of = max(history.as_of, date(2025, 12, 30)) + timedelta(days=history.chance.randint(1, 3))


def _day_before(history: History) -> None:
    history.as_of -= timedelta(days=history.chance.randint(1, 20))


def _new_unit(history: History) -> None:
    """A unit opens and takes over some policies."""
    path = history.folder / "feeds" / "org_units.csv"
    units = _read_csv(path)
    unit = {**units[-1], "org_unit": f"B9{history.chance.randrange(100)}", "name": "New"}
    _write_csv(path, [*units, unit])
    moved = history.some(history.rows("policies"), 8)
    history.deliver(
        "policies", [history.recorded("policies", {**row, "BRANCH": unit["org_unit"]}) for row in moved]
    )


def _other_region(history: History) -> None:
    path = history.folder / "feeds" / "org_units.csv"
    units = _read_csv(path)
    history.chance.choice(units)["region"] = history.chance.choice(["North", "South", "Far away"])
    _write_csv(path, units)


def _gone_from_snapshot(history: History) -> None:
    """Rows of a whole state are not in its next delivery."""
    path = history.folder / "feeds" / f"{history.chance.choice(SNAPSHOTS)}.csv"
    rows = _read_csv(path)
    gone = history.chance.sample(range(len(rows)), 2)
    _write_csv(path, [row for number, row in enumerate(rows) if number not in gone])


def _reopen(history: History) -> None:
    """Claims that were closed are opened again, and paid."""
    closed = [row for row in history.rows("claim_events") if row["EVT"] == "CLO"]
    opened_again = []
    for row in history.some(closed, 3):
        number = history.chance.randrange(1000)
        at = f"{history.as_of} 09:00:00"
        opened_again += [
            {**row, "EVT": kind, "EVT_ID": f"{kind}{number}", "TS": at} for kind in ("REO", "PAY")
        ]
    history.deliver("claim_events", [history.recorded("claim_events", row) for row in opened_again])


def _map_again(history: History) -> None:
    """The project reads its files otherwise."""
    column, codes = history.chance.choice(
        [("outcome", {"column": "RESULT", "codes": {"F": "paid_full", "P": "paid_full", "R": "rejected", "Z": "zero"}}),
         ("claim_type", {"constant": "accident"}), ("handler_id", "BRANCH"), ("service_channel", "TYPE")]
    )  # fmt: skip
    history.change(lambda content: content["feeds"]["claim_events"][0]["columns"].update({column: codes}))


def _other_settings(history: History) -> None:
    settings = history.chance.choice(
        [
            {"persistency": {"variant": "in_force"}},
            {"complaints": {"mis_selling": ["claims"]}},
            {"exposure_study": {"method": "calendar_year", "targets": ["lapse"]}},
            {"customer_journeys": False},
            {"months": 6},
            {"cuts": ["company", "org_unit"]},
        ]
    )
    history.change(lambda content: content.update(settings))


def _other_framework(history: History) -> None:
    """The framework gets another version with other goalposts."""
    path = history.folder / "example_life.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["version"] = int(content["version"]) + 1
    content["title"] = f"Version {content['version']}"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _days_off(history: History) -> None:
    """The calendar feed says that some days are no working days."""
    days = [history.as_of - timedelta(days=history.chance.randint(0, 200)) for _ in range(3)]
    rows = [{"date": str(day), "is_workday": "false"} for day in sorted(set(days))]
    history.deliver("calendar", rows)


def _withdraw(history: History) -> None:
    """The last file that landed is taken back."""
    with Store(Folder(history.folder / "warehouse")) as store:
        found = store.query("SELECT file FROM raw.loads WHERE rows_landed > 0 ORDER BY load_id DESC LIMIT 3")
        if found.height:
            withdraw(store.con, history.chance.choice(found["file"].to_list()), "a trial")


def _months_again(history: History) -> None:
    """Tables made by month are made anew for some months."""
    project = history.project()
    with opened(by_hand(project, history.as_of), lambda told: None) as session:
        session.only(session.months[-3:-1])
        for table in [name for name in session.tables if name in ("kpi.monthly", "index.scores")]:
            session.make(table)


def _crash(history: History) -> None:
    """Files land, and the run is killed between two tables."""
    _correct(history)
    history.night(stop_after=history.chance.randrange(60))


STEPS = (
    _correct, _correct, _come, _come, _next_day, _next_day, _next_day, _next_weeks, _next_year, _day_before, _new_unit,
    _other_region, _gone_from_snapshot, _reopen, _map_again, _other_settings, _other_framework, _days_off, _withdraw,
    _months_again, _crash, _crash,
)  # fmt: skip
