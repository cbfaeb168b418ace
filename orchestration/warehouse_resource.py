"""The Dagster resource of a run: the locked, open warehouse and what the run computes.

Opened once a run and shared by its steps; the checks and the publication use the same connection.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field, PrivateAttr

from expectations.suites import Check, checks
from orchestration.build import Made, Run, make, open_session
from orchestration.catalogue_rows import catalogue_rows
from orchestration.fingerprint import (
    Published,
    damaged_state_set_aside,
    fingerprint,
    last_published,
    remember,
)
from orchestration.frame_cache import Frames
from orchestration.models import models
from orchestration.progress import tell
from orchestration.project import Project, read_project
from orchestration.project_check import redefinitions
from transforms.framework import Framework
from transforms.framework_versions import specification
from transforms.graph import downstream
from transforms.periods import months_until
from warehouse.catalogue import CHECKS, write_catalogue
from warehouse.contract import contracts
from warehouse.history import keep_frameworks, keep_history, published_frameworks, write_history
from warehouse.landing.errors import LandingError
from warehouse.landing.land import Load, land
from warehouse.landing.pseudonyms import PseudonymKey, read_key
from warehouse.landing.raw_tables import create_raw
from warehouse.landing.repeats import equal_rows
from warehouse.publish import publish
from warehouse.store import BuildDamaged, Folder, Store, locked

PROJECT_VARIABLE = "POLICYPULSE_PROJECT"


def project_folder() -> Path:
    """The folder of the project that this process serves."""
    return Path(os.environ.get(PROJECT_VARIABLE, "."))


class Blocked(Exception):
    """Publishing was refused; the message names the checks that failed or are missing."""


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The warehouse of the project, held for one run.

    `as_of` (YYYY-MM-DD) overrides the project file's day up to which records count.
    """

    as_of: str = ""
    settle_seconds: int = 0
    """A file changed so short a time ago waits for the next run; the project file may ask for more."""
    accept: list[str] = Field(default_factory=list)
    """Files that may take back more than their source's limit."""

    _project: Project = PrivateAttr()
    _store: Store = PrivateAttr()
    _run: Run = PrivateAttr()
    _is_open: bool = PrivateAttr(default=False)
    """Whether the session's views are those of the run and of what raw holds now."""
    _landed: bool = PrivateAttr(default=False)
    """Whether something has landed of which nothing was said yet."""
    _frames: Frames = PrivateAttr()
    _fingerprint: str = PrivateAttr()
    _made: set[str] = PrivateAttr()
    """Tables that this run has landed or made for all months."""
    _log: Any = PrivateAttr()
    _waits: bool = PrivateAttr(default=False)
    """Whether a file was left for the next run."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        """Lock and open the warehouse, and open the session's views."""
        self._project, self._log = read_project(project_folder()), context.log or dg.get_dagster_logger()
        as_of = self._project.as_of(date.fromisoformat(self.as_of) if self.as_of else None)
        months = months_until(as_of, self._project.settings.months)
        folder = Folder(self._project.warehouse)
        # Before landing, so that a file that comes while the run is under way is new to the next.
        self._fingerprint, self._made = fingerprint(self._project, as_of), set()
        with locked(folder), Store(folder, memory_limit_gib=self._project.file.memory_limit_gib) as store:
            self._store = store
            for notice in [*damaged_state_set_aside(self._project), *store.notices]:
                if context.log:
                    context.log.warning(notice)
                tell("noticed", "", notice)
            with self._telling_damage():
                self._frames = Frames(store, models(), self._project.settings)
                create_raw(store.con)
                self._refuse_redefined()
                self.focus(Run(as_of, self._project.settings, tuple(months), self._project.feeds))
            yield self

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        try:
            with self._store.damage_set_aside():
                yield
        except BuildDamaged as damage:
            tell("damaged", "", str(damage))
            raise

    def focus(self, run: Run) -> None:
        """Make `run` what the following tables are made for."""
        self._run, self._is_open = run, False

    def _open(self) -> None:
        if not self._is_open:
            open_session(self._store, self._run, models())
            self._is_open = True
            for feed, text in equal_rows(self._store.con) if self._landed else ():
                self._notice(feed, text)
            self._landed = False

    def only(self, months: Sequence[date]) -> None:
        """Restrict partitioned tables to `months`."""
        if tuple(months) != self._run.months:
            self.focus(replace(self._run, months=tuple(months)))

    def land(self, feeds: Iterable[str]) -> list[Load]:
        """Land the new files of the project's feeds."""
        sources = {feed: self._project.feeds.get(feed, ()) for feed in feeds}
        self._is_open = False
        loads: list[Load] = []
        try:
            with self._telling_damage():
                loads = land(
                    self._store.con,
                    sources,
                    folder=self._project.data,
                    time_zone=self._project.settings.time_zone,
                    pseudonym_key=self._pseudonym_key(),
                    on_notice=self._notice,
                    on_waiting=self._wait,
                    settle_seconds=max(self.settle_seconds, self._project.file.settle_seconds or 0),
                    accepted=self.accept,
                )
        except LandingError as error:
            loads = list(error.loads)
            raise
        finally:
            for load in loads:
                tell("landed", load.feed, load)
        self._made |= {f"raw.{feed}" for feed in feeds}
        self._landed = bool(loads)
        return loads

    def _notice(self, feed: str, text: str) -> None:
        self._log.warning(f"{feed}: {text}")
        tell("noticed", feed, f"{feed}: {text}")

    def _wait(self, feed: str, text: str) -> None:
        self._waits = True
        self._notice(feed, text)

    def _pseudonym_key(self) -> PseudonymKey | None:
        part, path = self._project.file.pseudonyms, self._project.key_file
        return read_key(path, part.key_id) if part and path else None

    def make(self, table: str) -> Made:
        """Make one table of the graph; its checks, and those of what is made from it, are to be done again."""
        graph = models()
        with self._telling_damage():
            self._open()
            self._forget_checks([table, *downstream(graph, table)])
            made = make(self._store, graph[table], self._run, graph, self._frames)
        if self._run.is_whole:
            self._made.add(table)
        tell("made", table, made)
        return made

    def check(self, tables: Iterable[str]) -> list[Any]:
        """Run the checks of some tables and keep what they found for the publication."""
        from expectations.run import run_checks

        self._open()
        wanted = set(tables)
        chosen = [check for check in checks() if check.table in wanted]
        if not chosen:
            return []
        with self._telling_damage():
            results = run_checks(self._store.con, chosen)
            self._keep(results)
        for result in results:
            tell("checked", result.check.table, result)
        return results

    def _keep(self, results: Sequence[Any]) -> None:
        rows = [
            (r.check.table, r.check.name, r.check.severity, r.passed, r.observed, r.unexpected_count,
             r.check.description)
            for r in results
        ]  # fmt: skip
        schema = {name: dtype for name, (dtype, _) in CHECKS.items()}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        tables = sorted({result.check.table for result in results})
        self._store.replace_rows("catalog.checks", frame, "table_name", tables)

    def publish(self) -> Path:
        """Publish the build if every blocking check of what it holds has passed since it was made."""
        self._open()
        self._refuse_unchecked()
        published_at = datetime.now(UTC)
        with self._telling_damage():
            changed = write_history(self._store, published_at)
            write_catalogue(self._store, catalogue_rows(self._store, self._run))
            self._store.checkpoint()
        version = publish(self._store.folder, keep_versions=self._project.file.keep_versions)
        keep_history(self._store, published_at)
        specifications = [(f.code, f.version, specification(f)) for f in self._run.settings.frameworks]
        keep_frameworks(self._store, specifications, published_at)
        remember(self._project, Published(self._published_fingerprint(), version.name))
        tell("published", version.name, {"path": version, "changed_records": changed})
        return version

    def _published_fingerprint(self) -> str:
        """That of this run if all of the build is of it, be it made now or by the last publication; else none."""
        tables = {table for table, node in models().items() if node.schema != "staging"}
        whole = tables | {f"raw.{feed}" for feed in contracts()} <= self._made
        last = last_published(self._project)
        if self._waits:
            return ""
        return self._fingerprint if whole or (last and last.fingerprint == self._fingerprint) else ""

    def rows(self, sql: str) -> pl.DataFrame:
        """The rows of a query on the build."""
        return self._store.query(sql)

    def columns(self, table: str) -> Mapping[str, str]:
        """Columns and types of a table or view."""
        self._open()
        return self._store.columns(table)

    @property
    def frameworks(self) -> tuple[Framework, ...]:
        """The frameworks that the index is computed by."""
        return self._run.settings.frameworks

    @property
    def months(self) -> tuple[date, ...]:
        """The months that partitioned tables are made for."""
        return self._run.months

    def _forget_checks(self, tables: Sequence[str]) -> None:
        if self._store.exists("catalog.checks"):
            self._store.con.execute(
                "DELETE FROM catalog.checks WHERE table_name IN (SELECT unnest(?))", [list(tables)]
            )

    def _refuse_redefined(self) -> None:
        """Two meanings under one version would be one series of scores that do not compare."""
        if wrong := redefinitions(self._project, published_frameworks(self._store)):
            raise Blocked("; ".join(wrong))

    def _refuse_unchecked(self) -> None:
        made = {table for table in models() if self._store.exists(table)} | {
            f"raw.{feed}" for feed in contracts()
        }
        blocking: list[Check] = [c for c in checks() if c.blocking and c.table in made]
        found = self._store.query("SELECT table_name, check_name, passed FROM catalog.checks")
        state = {(table, name): passed for table, name, passed in found.iter_rows()}
        failed = [c for c in blocking if state.get((c.table, c.name)) is False]
        missing = [c for c in blocking if (c.table, c.name) not in state]
        if failed or missing:
            names = [f"{c.table} {c.name} failed" for c in failed]
            stale = sorted({c.table for c in missing})
            names += [
                f"{table} has to be made and checked again: something it is made from has changed"
                for table in stale
            ]
            raise Blocked("; ".join(names))
