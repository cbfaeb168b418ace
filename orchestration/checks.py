"""Every check on a project's tables: the installation's, its own, the grain of own tables, the age of feeds.

What a check is and how its file reads is `expectations/suites.py`; own files come as texts (`own_files.py`).
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from expectations.suites import (
    BATCH,
    GRAIN_CHECK,
    Check,
    SuiteError,
    audit_checks,
    grain_check,
    in_order,
    names_taken,
    suite_checks,
)
from expectations.suites import checks as installed_checks
from orchestration.data_age import freshness_checks
from orchestration.models import asked_models, models
from orchestration.own_contracts import own_contracts
from orchestration.own_files import NONE, OwnFile, OwnFileError, OwnFiles
from orchestration.project import Project
from transforms.nearest import meant
from transforms.written_yaml import YamlError, line_of, read_yaml


@lru_cache(maxsize=2)
def checks(own: OwnFiles = NONE) -> tuple[Check, ...]:
    """All checks of a project, by table, ours before its own.

    Raises OwnFileError for everything that is wrong with own files, but for what only the tables' columns tell
    (`empty_warehouse.py`), and ModelError where the models are.
    """
    if not own:
        return installed_checks()
    graph = models(own)
    tables = [
        *(f"raw.{feed}" for feed in own_contracts(own.contracts).contracts),
        *(name for name in graph if not name.startswith("staging.")),
    ]
    found: list[Check] = []
    problems: list[str] = []
    for file in (*own.suites, *own.audits):
        try:
            made = _checks_of(file, tables)
        except YamlError as error:
            problems.append(
                f"{file.path}:{error.line or 1}: {': '.join(filter(None, [error.path, error.reason]))}"
            )
        except SuiteError as error:
            problems += _told(error, own)
        else:
            problems += _on_unknown_tables(made, file, tables)
            found += made
    problems += [text for error in names_taken([*installed_checks(), *found]) for text in _told(error, own)]
    if problems:
        raise OwnFileError(*problems)
    checked = {check.table for check in found if check.name == GRAIN_CHECK}
    found += [
        grain_check(node.name, node.grain, node.path)
        for node in graph.values()
        if own.has(node.path) and node.schema != "staging" and node.name not in checked
    ]
    return in_order([*installed_checks(), *found])


def asked_checks(project: Project) -> tuple[Check, ...]:
    """The checks that a project asks for: of feeds and of tables it makes, by such tables."""
    made, every = asked_models(project), models(project.own)
    left_out = every.keys() - made.keys()
    every_check = in_order([*checks(project.own), *freshness_checks(project)])
    return tuple(check for check in every_check if not left_out & tables_of(check))


def tables_of(check: Check) -> set[str]:
    """The table that a check is of, and those that stand in its own query."""
    return {check.table, *re.findall(r"\b[a-z]+\.[a-z]\w*", check.sql or "")}


def _checks_of(file: OwnFile, tables: list[str]) -> list[Check]:
    if file.path.suffix == ".sql":
        return audit_checks(file.text, file.path, tables)
    return suite_checks(read_yaml(file.text)[0], file.path)


def line_of_key(file: OwnFile, key: str) -> int:
    """The line on which a suite or an audit has a key, or a check of this name; 1 where it has not."""
    if file.path.suffix == ".sql":
        header = rf"\s*{re.escape(key)}:"
        return next((n for n, line in enumerate(file.text.splitlines(), 1) if re.match(header, line)), 1)
    content, node = read_yaml(file.text)
    if "." not in key and isinstance(content, dict):
        names = [entry.get("name") for entry in content.get("expectations") or () if isinstance(entry, dict)]
        # Of two checks of one name the later one is wrong.
        key = f"expectations.{len(names) - 1 - names[::-1].index(key)}.name" if key in names else key
    return line_of(node, key.split(".")) or 1


def line_in(file: OwnFile, check: Check, line_of_query: int) -> int:
    """The line of the file on which a line of its check's query stands, `{batch}` put in."""
    wanted = (check.sql or "").splitlines()[line_of_query - 1].strip()
    begin = line_of_key(file, check.name)
    for number, line in enumerate(file.text.splitlines(), 1):
        if number >= begin and wanted in line.replace(BATCH, check.table):
            return number
    return begin


def _told(error: SuiteError, own: OwnFiles) -> Iterator[str]:
    file = next(file for file in own if file.path == error.path)
    for key, reason in error.problems:
        yield f"{error.path}:{line_of_key(file, key)}: {': '.join(filter(None, [key, reason]))}"


def _on_unknown_tables(made: list[Check], file: OwnFile, tables: list[str]) -> Iterator[str]:
    for table in dict.fromkeys(check.table for check in made):
        if table not in tables:
            line = line_of_key(file, "tables")
            yield f"{file.path}:{line}: there is no table {table} to check{meant(table, tables)}"
