"""The session of a run: the locked, open warehouse, and what its steps do to it for the run's day and months.

Opened once a run and shared by its steps; the checks and the publication use the same connection. Dagster hands it to
the assets (`definitions.py`); what may be published is `publication_rules.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.build import Made, Run, make_empty, open_session
from orchestration.catalogue_rows import catalogue_rows
from orchestration.check_memory import CheckMemory
from orchestration.checks import asked_checks
from orchestration.data_age import Age, ages
from orchestration.fingerprint import (
    Published,
    damaged_state_set_aside,
    fingerprint,
    last_published,
    remember,
)
from orchestration.frame_cache import Frames
from orchestration.frozen_weights import newly_weighed, with_weights
from orchestration.launch import Launch
from orchestration.lineage import Lineage
from orchestration.models import asked_models, models
from orchestration.progress import tell
from orchestration.project import Project
from orchestration.publication_rules import Blocked, published_fingerprint, reasons_not_to_publish
from orchestration.redefinitions import Redefinition, redefinitions_kept, refusals
from orchestration.remaking import Remade, Remaking
from orchestration.spark import Spark
from transforms.framework import Framework
from transforms.framework_versions import specification, with_published_weights
from transforms.graph import Node, downstream
from transforms.kpi_file import own_kpi_rows
from transforms.lineage import Sources
from transforms.periods import months_until
from warehouse.catalogue import CHECKS, write_catalogue
from warehouse.folder import Folder, locked
from warehouse.history import (
    FRAMEWORKS,
    LEDGERS,
    OWN_KPIS,
    keep_history,
    keep_specifications,
    make_up_history,
    next_instant,
    published_specifications,
    write_history,
)
from warehouse.landing.errors import LandingError
from warehouse.landing.land import land
from warehouse.landing.loads import Load
from warehouse.landing.pseudonyms import PseudonymKey
from warehouse.landing.raw_tables import create_raw
from warehouse.landing.repeats import equal_rows
from warehouse.landing.retention import expire
from warehouse.publish import publish
from warehouse.refused import DiskRefuses, refusals_told
from warehouse.store import BuildDamaged, Store

Warn = Callable[[str], None]
# Schemas whose tables are made by a model each; a table of a model that is gone would be published as if it held.
MADE_SCHEMAS = ("core", "kpi", "index", "marts")
NAMED = 5
"""So many tables are named, of more the number is."""


@contextmanager
def opened(launch: Launch, warn: Warn) -> Iterator["Session"]:
    """Lock and open the warehouse of a launch; `warn` is told what a user should know."""
    folder = Folder(launch.project.warehouse)
    file = launch.project.file
    with locked(folder, launch.wait_seconds, partial(_waiting, warn)):
        # Before landing, so that a file that comes while the run is under way is new to the next.
        state = fingerprint(launch.project, launch.as_of)
        with refusals_told():
            opening = Store(folder, memory_limit_gib=file.memory_limit_gib, readers=file.readers)
        with opening as store:
            session = Session(launch, store, state, warn)
            try:
                session.prepare()
                yield session
            finally:
                session.close()


class Session:
    """The warehouse of the project, held for one run."""

    def __init__(self, launch: Launch, store: Store, state: str, warn: Warn) -> None:
        self._launch, self._project, self._store, self._warn = launch, launch.project, store, warn
        self._fingerprint = state
        settings = self._project.settings
        months = tuple(months_until(launch.as_of, settings.months))
        self._run = Run(launch.as_of, settings, months, self._project.feeds, self._project.contracts)
        self._models = models(self._project.own)  # of all tables, among them those that are left empty
        self._graph, self._checks = asked_models(self._project), asked_checks(self._project)
        file = self._project.file
        self._spark = None if file.engine == "local" else Spark(file.engine, self._project.warehouse)
        self._frames = Frames(store, self._graph, settings, file.memory_limit_gib, self._spark)
        self._remaking = Remaking(store, self._graph, self._frames)
        self._lineage = Lineage(store)
        self._check_memory = CheckMemory(store, self._project.contracts)
        self._views_hold = False  # whether the session's views are those of the run and of what raw holds now
        self._landed = False  # whether something has landed of which nothing was said yet
        self._waits = False  # whether a file was left for the next run
        self.redefined: list[Redefinition] = []
        """Definitions that mean something else than when their version was published, which the launch accepts."""
        self.remade: dict[str, Remade] = {}
        """What has been done to make each table."""
        self._made: set[str] = set()  # tables that this run has landed or made for all months

    def close(self) -> None:
        """Leave nothing with others."""
        if self._spark:
            self._spark.close()

    def prepare(self) -> None:
        """Say what was found damaged, make the landing zone if it is not there, refuse what must not be computed."""
        for notice in [*damaged_state_set_aside(self._project), *self._store.notices]:
            self._say(notice)
        with self._telling_damage():
            try:
                create_raw(self._store.con, self._project.contracts)
            except ValueError as error:
                raise Blocked(str(error)) from None
            if made_up := make_up_history(self._store):
                self._say(made_up)
            known = published_specifications(self._store, FRAMEWORKS)
            self._refuse_redefined()
        frameworks = with_published_weights(self._run.settings.frameworks, known)
        self._run = replace(
            self._run, settings=self._run.settings.model_copy(update={"frameworks": frameworks})
        )

    def _say(self, text: str) -> None:
        self._warn(text)
        tell("noticed", "", text)

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        try:
            with refusals_told(), self._store.damage_set_aside():
                yield
        except BuildDamaged as damage:
            tell("damaged", "", str(damage))
            raise

    def only(self, months: Sequence[date]) -> None:
        """Make tables that are made by month for `months` alone."""
        if tuple(months) != self._run.months:
            self._run, self._views_hold = replace(self._run, months=tuple(months)), False

    def _open_views(self) -> None:
        if not self._views_hold:
            open_session(self._store, self._run, self._models)
            self._remaking.look_again()
            self._views_hold = True
            for feed, text in equal_rows(self._store.con) if self._landed else ():
                self._notice(feed, text)
            self._landed = False

    def land(self, feeds: Iterable[str]) -> list[Load]:
        """Land the new files of the project's feeds."""
        sources = {feed: self._project.feeds.get(feed, ()) for feed in feeds}
        self._views_hold = False
        loads: list[Load] = []
        try:
            with self._telling_damage():
                for feed, text in expire(self._store.con, self._project.file.retention, datetime.now(UTC)):
                    self._notice(feed, text)
                loads = land(
                    self._store.con,
                    sources,
                    folder=self._project.data,
                    time_zone=self._project.settings.time_zone,
                    contracts=self._project.contracts,
                    pseudonym_key=self._pseudonym_key(),
                    on_notice=self._notice,
                    on_waiting=self._wait,
                    settle_seconds=self._launch.settle_seconds,
                    accepted=self._launch.accept,
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
        self._warn(f"{feed}: {text}")
        tell("noticed", feed, f"{feed}: {text}")

    def _wait(self, feed: str, text: str) -> None:
        self._waits = True
        self._notice(feed, text)

    def _pseudonym_key(self) -> PseudonymKey | None:
        part = self._project.file.pseudonyms
        return part.key(self._project.folder) if part else None

    def make(self, table: str) -> Made:
        """Make one table of the graph; its checks, and those of what is made from it, are to be done again."""
        with self._telling_damage():
            self._open_views()
            if self._graph[table].schema == "index":
                self._weigh()
            self._forget_checks([table, *downstream(self._graph, table)])
            remade = self._remaking.make(self._graph[table], self._run)
        self.remade[table] = remade
        if self._run.is_whole:
            self._made.add(table)
        tell("made", table, remade.made)
        return remade.made

    def _weigh(self) -> None:
        """Work out, and tell, the weights that frameworks take from data and have not been published with."""
        if not any(node.schema == "index" for node in self._graph.values()):
            return
        weighed = with_weights(self._run.settings, self._project.file.index.frameworks, self._frames.read)
        for text in newly_weighed(self._run.settings, weighed):
            self._say(text)
        self._run = replace(self._run, settings=weighed)

    def check(self, tables: Iterable[str]) -> list[Any]:
        """Run the checks of some tables and keep what they found for the publication."""
        from expectations.run import run_checks

        wanted = set(tables)
        chosen = [check for check in self._checks if check.table in wanted]
        if not chosen:
            return []
        with self._telling_damage():
            self._open_views()
            known = self._check_memory.outcomes(chosen)
            found = run_checks(self._store.con, [check for check in chosen if check not in known])
            known |= {result.check: result for result in found}
            results = [known[check] for check in chosen]
            if found:
                self._check_memory.keep(results)
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
        for text in self.made_whole():
            self._warn(text)
            tell("noticed", "", text)
        with self._telling_damage():
            self._open_views()
            self._refuse_unchecked()
            self._weigh()
            published_at = next_instant(self._store)
            kept = {*self._models, *(ledger.history for ledger in LEDGERS)}
            self._forget_checks(self._store.drop_all_but(kept, MADE_SCHEMAS))
            for name, node in self._models.items():
                if name not in self._graph and node.schema != "staging":
                    make_empty(self._store, node)
            changed = write_history(self._store, published_at)
            write_catalogue(
                self._store,
                catalogue_rows(self._store, self._run, self._models, self._project.own, self._lineage),
            )
            self._lineage.keep()
            self._store.compact()
            version = publish(
                self._store.folder,
                keep_versions=self._project.file.keep_versions,
                readers=self._project.file.readers,
                write_site=partial(_write_site, self._project) if self._project.file.pages.written else None,
            )
        self._note_publication(version, published_at)
        tell("published", version.name, {"path": version, "changed_records": changed})
        return version

    def _note_publication(self, version: Path, published_at: datetime) -> None:
        """Note what readers see now; they see it even where that fails."""
        settings = self._run.settings
        frameworks = [(f.code, f.version, specification(f)) for f in settings.frameworks]
        try:
            with refusals_told():
                keep_history(self._store, published_at)
                keep_specifications(self._store, FRAMEWORKS, frameworks, published_at)
                keep_specifications(self._store, OWN_KPIS, own_kpi_rows(settings.own_kpis), published_at)
                remember(self._project, Published(self._published_fingerprint(), version.name))
        except DiskRefuses as refusal:
            self._say(
                f"{version.name} is published but could not be noted, which the next run makes up for: {refusal}"
            )

    def _published_fingerprint(self) -> str:
        every = {table for table, node in self._graph.items() if node.schema != "staging"}
        every |= {f"raw.{feed}" for feed in self._project.contracts}
        last = last_published(self._project)
        return published_fingerprint(
            self._fingerprint,
            last.fingerprint if last else "",
            made_whole=every <= self._made,
            files_wait=self._waits,
        )

    def rows(self, sql: str) -> pl.DataFrame:
        """The rows of a query on the build."""
        with self._telling_damage():
            return self._store.query(sql)

    def data_ages(self) -> Mapping[str, Age]:
        """How old the records of each feed are."""
        with self._telling_damage():
            self._open_views()
            return ages(self._store, self._run.contracts, self._run.as_of)

    def columns(self, table: str) -> Mapping[str, str]:
        """Columns and types of a table or view."""
        with self._telling_damage():
            self._open_views()
            return self._store.columns(table)

    def sources(self, node: Node) -> list[Sources]:
        """Rows of (table, column, source table, source column) of a table that has been made."""
        with self._telling_damage():
            return self._lineage.of(node)

    @property
    def frameworks(self) -> tuple[Framework, ...]:
        """The frameworks that the index is computed by."""
        return self._run.settings.frameworks

    def made_whole(self) -> list[str]:
        """Which tables were made whole though they were there, and why, in one line; none if there are none."""
        told: dict[str, list[str]] = {}
        for table, remade in self.remade.items():
            if remade.is_told:
                told.setdefault(remade.why_whole, []).append(table)
        parts = [
            f"{', '.join(names) if len(names) <= NAMED else f'{len(names)} tables'} ({why})"
            for why, names in told.items()
        ]
        return [f"Made whole, not by what changed: {'; '.join(parts)}"] if parts else []

    @property
    def tables(self) -> list[str]:
        """The tables that are made, each after those it reads."""
        return [name for name, node in self._graph.items() if node.schema != "staging"]

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
        """Two meanings under one version would be one series of values that do not compare, unless somebody says so."""
        self.redefined = redefinitions_kept(self._project, self._store)
        if wrong := refusals(self.redefined, self._launch.accept):
            raise Blocked("; ".join(wrong))
        for one in self.redefined:
            self._say(f"{one.told}; accepted")

    def _refuse_unchecked(self) -> None:
        built = {table for table in self._graph if self._store.exists(table)}
        built |= {f"raw.{feed}" for feed in self._project.contracts}
        found = self._store.query("SELECT table_name, check_name, passed FROM catalog.checks")
        outcomes = {(table, name): passed for table, name, passed in found.iter_rows()}
        if reasons := list(reasons_not_to_publish(self._checks, built, outcomes)):
            raise Blocked("; ".join(reasons))


def _waiting(warn: Warn, holder: str) -> None:
    text = f"another run holds the warehouse ({holder}); waiting for it to end"
    warn(text)
    tell("waiting", "", text)


def _write_site(project: Project, version: Path, folder: Path) -> None:
    # The templates and charts cost half a second to import, which only a run that publishes should pay.
    from orchestration.pages.site import options, write_site

    write_site(version, folder, project.file.pages.language, options(project))
