"""How old the data of a feed is: by the newest day that its records speak of, whenever they were read.

The limit stands in the project file (`fresh_days`); who is told of it is the affair of checks and metrics.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from expectations.suites import QUERY_TYPE, Check
from orchestration.project import Project
from warehouse.contract import Contract, Contracts
from warehouse.store import Store

CHECK = "newest_record_is_fresh"


@dataclass(frozen=True)
class Age:
    """The newest day of a feed's records, and how many days it is before the as-of day."""

    newest_on: date
    days: int


def ages(store: Store, contracts: Contracts, as_of: date) -> Mapping[str, Age]:
    """The age of each feed in a session; of those without a required date, or without a row, none."""
    asked = {feed: sql for feed, contract in contracts.items() if (sql := _newest(contract))}
    found = {feed: store.query(sql).item() for feed, sql in asked.items()}
    return {feed: Age(day, (as_of - day).days) for feed, day in found.items() if day}


def freshness_checks(project: Project) -> Iterator[Check]:
    """A check for each feed whose newest record has to be of the last days."""
    for feed, days in project.file.fresh_days.items():
        contract = project.contracts.get(feed)
        newest = _newest(contract) if contract else None
        if newest:
            yield Check(
                table=f"raw.{feed}",
                name=CHECK,
                type=QUERY_TYPE,
                severity="warning",
                description=f"The newest record is more than {days} days older than the as-of day (fresh_days in the "
                "project file); a delivery may be missing, and figures of the last days are too low.",
                path=project.path,
                sql=f"SELECT newest_on, as_of - newest_on AS days_behind FROM ({newest}) newest, staging.as_of "
                f"WHERE newest_on IS NULL OR as_of - newest_on > {days}",
            )


def freshness_problems(project: Project) -> Iterator[tuple[str, str]]:
    """Key path and reason of limits for feeds that have no age."""
    for feed in project.file.fresh_days:
        if feed not in project.feeds:
            yield f"fresh_days.{feed}", f"feeds names no {feed}"
        elif feed in project.contracts and _day(project.contracts[feed]) is None:
            yield f"fresh_days.{feed}", f"no record of {feed} needs to have a date, so it has no age"


def _day(contract: Contract) -> str | None:
    dated = (name for name, c in contract.columns.items() if c.required and c.type in ("date", "timestamp"))
    return next(dated, None)


def _newest(contract: Contract) -> str | None:
    """A query for the newest day of a feed: one row; later days than the as-of day are left out, as mistakes are."""
    day = _day(contract)
    return day and (
        f"SELECT max({day})::DATE AS newest_on FROM raw.{contract.feed} "
        "SEMI JOIN (SELECT load_id FROM raw.loads WHERE in_force) loads ON load_id = _load_id "
        f"WHERE {day}::DATE <= (SELECT as_of FROM staging.as_of)"
    )
