"""What a run is started with, decided once: the project as read, the day up to which records count, the months.

The command line, the schedule, the sensor and whoever launches in the UI make one each; nothing after it reads the
project file or asks the clock which day it is. Cheap to import, like `project.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from orchestration.project import Project

SETTLE_SECONDS = 60
"""How long a file rests before a scheduled run reads it, where the project file does not say."""

WAIT_SECONDS = 1800
"""How long a scheduled run waits for one that somebody has started by hand."""

Months = tuple[date, date]


@dataclass(frozen=True)
class Launch:
    """One run to be: what of, as of which day, and with what leave."""

    project: Project
    as_of: date
    months: Months | None = None
    """The first and the last of the months to be made anew from what has landed; None for all, after landing."""
    accept: tuple[str, ...] = ()
    """Files that may take back more rows than their source's limit, and codes of definitions that may mean something
    else than when their version was published."""
    settle_seconds: int = 0
    """A file changed so short a time ago waits for the next run."""
    wait_seconds: int = 0
    """How long the run waits for another one that holds the warehouse."""
    log_file: str = ""
    """Where the run is logged, in place of what the project file says."""

    @property
    def resource_config(self) -> dict[str, Any]:
        """The launch as the warehouse resource's configuration, for a process that reads the project itself."""
        return {
            "as_of": self.as_of.isoformat(),
            "settle_seconds": self.settle_seconds,
            "accept": list(self.accept),
            "wait_seconds": self.wait_seconds,
            "log_file": self.log_file,
        }

    @property
    def month_tags(self) -> dict[str, str]:
        """The run tags by which Dagster is asked for the months."""
        from transforms.periods import months_until

        every = months_until(self.as_of, self.project.settings.months)
        first, last = self.months or (every[0], every[-1])
        return {
            "dagster/asset_partition_range_start": first.isoformat(),
            "dagster/asset_partition_range_end": last.isoformat(),
        }


def run_tags(launch: Launch) -> dict[str, str]:
    """What the UI shows of any run and finds it by: the as-of day, and the versions of code and frameworks."""
    frameworks = ", ".join(f"{one.code}@{one.version}" for one in launch.project.settings.frameworks)
    return {
        "policypulse/as_of": launch.as_of.isoformat(),
        "policypulse/release": version("policypulse"),
        "policypulse/frameworks": frameworks or "none",
    }


def by_hand(
    project: Project, as_of: date | None = None, months: Months | None = None, accept: Sequence[str] = ()
) -> Launch:
    """A launch by somebody who knows that the files are whole; as of the day asked for, else the project's."""
    return Launch(project, as_of or project.as_of(), months, tuple(accept), project.file.settle_seconds or 0)


def scheduled(project: Project, at: datetime | None = None) -> Launch:
    """The launch of a tick at `at`, by default now; a file may still be on its way, so it has to settle first."""
    asked = project.file.settle_seconds
    return Launch(
        project,
        project.as_of(at),
        settle_seconds=SETTLE_SECONDS if asked is None else asked,
        wait_seconds=WAIT_SECONDS,
    )


def configured(project: Project, config: Mapping[str, Any]) -> Launch:
    """The launch that a resource's configuration stands for; by hand where it says nothing, as from the UI."""
    as_of = date.fromisoformat(config["as_of"]) if config.get("as_of") else None
    launch = by_hand(project, as_of, accept=config.get("accept", ()))
    return replace(
        launch,
        settle_seconds=config.get("settle_seconds", launch.settle_seconds),
        wait_seconds=config.get("wait_seconds", 0),
        log_file=config.get("log_file", ""),
    )
