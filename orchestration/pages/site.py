"""Writes the site of a published version into a folder: all pages, and a file of data for each table on them.

Called when a version is published and by `policypulse report`; which pages there are is said here, what is on each
in the module of its name.
"""

import base64
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.pages.branch import branch_pages
from orchestration.pages.cells import Cells
from orchestration.pages.dictionary import dictionary
from orchestration.pages.did_it_help import did_it_help
from orchestration.pages.edition import Edition, Options
from orchestration.pages.measure import measure_list, measure_pages
from orchestration.pages.page import Page
from orchestration.pages.published import Table, opened
from orchestration.pages.trust import trust
from orchestration.pages.what_moved import what_moved
from orchestration.pages.what_next import what_next
from orchestration.pages.where_we_stand import where_we_stand
from orchestration.pages.which_branches import which_branches
from orchestration.pages.words import Language, Words
from orchestration.project import Project
from warehouse.csv_text import as_csv

HERE = Path(__file__).parent
DATA = "data"
FIRST = "index.html"
GENERATOR = '<meta name="generator" content="policypulse">'
# What a spreadsheet would take for a formula.


class NotOurs(Exception):
    """Nothing was written: the folder holds something else."""


def options(project: Project) -> Options:
    """What the pages of a project show, as its file says."""
    asked = project.file.pages
    codes = tuple(framework.code for framework in project.settings.frameworks)
    return Options(project.file.insurer, asked.fewest_cases, asked.show_case_ids, codes)


def write_site(version: Path, folder: Path, language: Language, options: Options) -> int:
    """Write the pages of the published file `version` into `folder`, which it replaces; returns how many there are.

    They need no server, no network and no script: `index.html` is opened from the file system.
    """
    if folder.exists() and any(folder.iterdir()) and not _is_ours(folder):
        raise NotOurs(f"{folder} holds something else than pages; name a folder that is new or empty")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / DATA).mkdir(parents=True)
    count = 0
    with opened(version) as published:
        edition = Edition(published, Words(language), options)
        environment = _environment(edition)
        for page in _pages(edition):
            html = environment.get_template(page.template).render(page=page, **page.content)
            (partial / page.address).write_text(html, encoding="utf-8")
            for table in page.tables:
                (partial / data_address(page, table)).write_text(as_csv(table.frame), encoding="utf-8")
            count += 1
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return count


def _is_ours(folder: Path) -> bool:
    first = folder / FIRST
    return first.is_file() and GENERATOR in first.read_text(encoding="utf-8")


def _pages(edition: Edition) -> Iterator[Page]:
    yield where_we_stand(edition)
    yield what_moved(edition)
    yield which_branches(edition)
    yield what_next(edition)
    yield did_it_help(edition)
    yield trust(edition)
    yield dictionary(edition)
    yield measure_list(edition)
    yield from branch_pages(edition)
    yield from measure_pages(edition)


def data_address(page: Page, table: Table) -> str:
    """Where the rows of a table on a page lie, from the folder of the site."""
    return f"{DATA}/{page.address.removesuffix('.html')}-{table.name}.csv"


def _environment(edition: Edition) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (HERE / "templates" / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals |= {
        "edition": edition,
        "say": edition.words.say,
        "cells": Cells(edition),
        "data_address": data_address,
        "generator": Markup(GENERATOR),
        "style": Markup(style),
        # A page from a file has no origin that a policy could name; its only style is named by its digest.
        "policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
    }
    return environment
