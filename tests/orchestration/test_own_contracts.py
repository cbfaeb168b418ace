"""Feeds and columns that contracts of a project add: they land, are carried, or are refused with the line."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from own_project import PROJECT, project

from orchestration.build import Run, make, open_session
from orchestration.commands.first_mapping import proposed
from orchestration.models import models
from orchestration.project import ProjectError, read_project, verify
from orchestration.project_check import problems
from transforms.kpi.declared_needs import declared_needs
from transforms.kpi.registry import registry
from warehouse.folder import Folder
from warehouse.landing.land import land
from warehouse.landing.pseudonyms import PseudonymKey
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

VISITS = """\
feed: visits
description: Visits to brokers, one row each.
key: [visit_id]
columns:
  visit_id: {type: text, description: The visit.}
  visited_on: {type: date, required: true, description: Day of it.}
  claim_id: {type: text, description: The claim it was about.}
  customer_id: {type: text, personal: id, description: The customer it was about.}
  purpose:
    type: code
    description: Why it was made.
    codes: {training: In products., review: Of the year.}
"""
SEVERITY = """\
extends: complaints
columns:
  severity:
    type: code
    description: How grave it is.
    codes: {high: For the board., low: For the desk.}
  hours: {type: number, description: Hours spent on it.}
"""
TEAM = """\
extends: claim_events
columns:
  team: {type: text, description: Team that handles it.}
"""
FEEDS = """\
insurer: Example
as_of: 2025-06-30
months: 3
cuts: [company, severity, team]
index: {frameworks: []}
pseudonyms: {key_file: key}
feeds:
  visits: {files: v.csv, columns: {visit_id: nr, visited_on: day, claim_id: claim, customer_id: who, purpose: why}}
  complaints: {files: c.csv, columns: {complaint_id: nr, received_on: day, severity: sev, hours: h}}
  claim_events:
    files: e.csv
    columns: {claim_id: nr, event: what, event_at: at, team: team}
"""
FILES = {
    "policypulse.yml": FEEDS,
    "contracts/visits.yml": VISITS,
    "contracts/severity.yml": SEVERITY,
    "contracts/team.yml": TEAM,
    "v.csv": "nr,day,claim,who,why\nV1,2025-05-02,K1,C1,training\nV2,2025-05-03,K9,C2,review\nV3,soon,K1,C1,review\n",
    "c.csv": "nr,day,sev,h\nT1,2025-05-02,high,1.5\nT2,2025-05-03,,2\n",
    "e.csv": "nr,what,at,team\nK1,reported,2025-05-02 09:00,A\nK1,decided,2025-05-09 09:00,B\nK1,paid,2025-05-10,\n",
    "key": sha256(b"of a test").hexdigest(),
}


def test_they_land_are_joined_and_carried_by_the_facts_of_their_subject(tmp_path: Path) -> None:
    files = {**FILES, "policypulse.yml": FEEDS.replace("v.csv,", "v.csv, max_reject_share: 0.5,")}
    found = project(tmp_path, files)
    (tmp_path / "key").chmod(0o600)
    verify(found)
    assert problems(found) == []
    graph = models(found.own)
    run = Run(date(2025, 6, 30), found.settings, (date(2025, 5, 1),), found.feeds, found.contracts)
    with Store(Folder(tmp_path / "warehouse")) as store:
        create_raw(store.con, found.contracts)
        key = PseudonymKey("k1", b"0" * 32)
        land(
            *(store.con, found.feeds),
            contracts=found.contracts,
            folder=tmp_path,
            time_zone="UTC",
            pseudonym_key=key,
        )
        open_session(store, run, graph)
        visits = store.read("staging.visits").sort("visit_id")
        assert visits["purpose"].to_list() == ["training", "review"]
        assert visits["customer_id"].str.len_chars().min() > 20, "a pseudonym"
        rejects = store.query("SELECT feed, line, column_name FROM raw.rejects").rows()
        assert rejects == [("visits", 4, "visited_on")]
        for table in ("core.complaints", "core.claims", "core.key_matches"):
            make(store, graph[table], run, graph)
        of_complaints = store.read("core.complaints").sort("complaint_id")
        assert of_complaints.select("severity", "hours").rows() == [("high", 1.5), (None, 2.0)]
        # Of the events of a claim the last that says it counts.
        assert store.read("core.claims").select("claim_id", "team").rows() == [("K1", "B")]
        joined = store.query("SELECT to_feed, n_orphans FROM core.key_matches WHERE from_feed = 'visits'")
        assert joined.rows() == [("claim_events", 1)]
        assert store.columns("core.complaints").keys() >= {"severity", "hours"}


def test_the_facts_say_what_they_carry_and_what_it_needs(tmp_path: Path) -> None:
    found = project(tmp_path, FILES)
    graph = models(found.own)
    carried = {table for table, node in graph.items() if "team" in node.columns and node.schema == "core"}
    assert carried >= {"core.claims", "core.claim_promises"} and "core.complaints" not in carried
    kpis = {kpi.code: kpi for kpi in registry(found.settings)}
    needs = declared_needs(found.settings)
    assert needs.schemas["core.complaints"]["hours"] == pl.Float64
    assert str(needs._column("core.complaints", "severity")) == "complaints.severity"
    assert kpis.keys() == {kpi.code for kpi in registry()}
    bare = project(tmp_path / "bare", {"policypulse.yml": PROJECT})
    assert "severity" not in models(bare.own)["core.complaints"].columns


def test_a_file_is_proposed_as_an_own_feed_also_before_there_is_a_project_file(tmp_path: Path) -> None:
    project(tmp_path, {**FILES, "v.csv": "visit,visited on,claim\nV1,2025-05-02,K1\nV2,2025-05-03,K2\n"})
    (tmp_path / "policypulse.yml").unlink()
    ((_, _, sources),) = proposed([tmp_path / "v.csv"], tmp_path)
    assert [source.feed for source in sources] == ["visits"]
    assert {column.target for column in sources[0].columns} >= {"visited_on", "claim_id"}


V, S = "contracts/visits.yml", "contracts/severity.yml"
# What is written wrong: the file, what stands there and what for it, the line and key told and what is said.
WRONG = {
    "no YAML": (V, "key: [visit_id]", "key: [visit_id", 4, "", "not YAML"),
    "no mapping": (V, VISITS, "- a\n", 1, "", "write a contract"),
    "a key that stands twice": (V, "key: [visit_id]", "key: [visit_id]\nkey: [a]", 4, "key", "stands twice"),
    "a column that stands twice": (
        *(V, "  claim_id:", "  visited_on:", 7, "columns.visited_on", "stands twice"),
    ),
    "an unknown key": (V, "key: [", "keyfrom: [a]\nkey: [", 3, "keyfrom", "did you mean key_from?"),
    "an unknown key of a column": (
        *(V, "required:", "requred:", 6, "columns.visited_on.requred", "mean required?"),
    ),
    "no description": (
        *(V, "description: Visits to brokers, one row each.\n", "", 1, "description", "is required"),
    ),
    "an empty description": (
        *(V, "description: Day of it.", "description: ' '", 6, "visited_on.description", "at least 1"),
    ),
    "a column without description": (
        *(V, ", description: The visit.", "", 5, "columns.visit_id.description", "required"),
    ),
    "a bad type": (V, "type: date", "type: day", 6, "columns.visited_on.type", "'date'"),
    "a column of a type alone": (
        *(V, "{type: text, description: The visit.}", "text", 5, "columns.visit_id", "type and desc"),
    ),
    "codes of a text": (V, "type: code", "type: text", 9, "columns.purpose", "lists its codes"),
    "a code column without codes": (
        *(V, "    codes: {training: In products., review: Of the year.}\n", "", 9, "purpose", "lists"),
    ),
    "no key": (V, "key: [visit_id]\n", "", 1, "key", "is required"),
    "an empty key": (V, "key: [visit_id]", "key: []", 3, "key", "at least 1"),
    "a key that is no list": (V, "key: [visit_id]", "key: visit_id", 3, "key", "write a list"),
    "a key not among the columns": (
        *(V, "key: [visit_id]", "key: [visit]", 3, "key", "visit is not among its columns"),
    ),
    "a name with capitals": (V, "visited_on:", "VisitedOn:", 6, "columns.VisitedOn", "small letters"),
    "another name than the file's": (
        *(V, "feed: visits", "feed: broker_visits", 1, "feed", "call it broker_visits.yml"),
    ),
    "a feed of ours": (
        *("contracts/policies.yml", VISITS, VISITS.replace("visits", "policies"), 1, "feed", "extends: pol"),
    ),
    "a table of ours": (
        *("contracts/renewals.yml", VISITS, VISITS.replace("visits", "renewals"), 1, "feed", "another name"),
    ),
    "a book of the landing": (
        *("contracts/loads.yml", VISITS, VISITS.replace("visits", "loads"), 1, "feed", "another name"),
    ),
    "a person in the clear": (V, " personal: id,", "", 8, "columns.customer_id", "write `personal: id`"),
    "a personal number": (
        *(V, "{type: text, personal: id", "{type: integer, personal: id", 8, "customer_id", "for texts"),
    ),
    "a key of ours of another type": (
        *(V, "claim_id: {type: text", "claim_id: {type: integer", 7, "columns.claim_id.type", "a text"),
    ),
    "a precision of nothing": (
        *(V, "required: true", "precision_of: at", 6, "visited_on.precision_of", "no timestamp"),
    ),
    "an unknown feed to extend": (
        *(S, "extends: complaints", "extends: complaint", 1, "extends", "mean complaints?"),
    ),
    "a feed and an extension": (
        *(S, "extends: complaints", "extends: complaints\nfeed: a", 1, "extends", "keep one"),
    ),
    "a column that exists": (S, "severity:", "outcome:", 3, "columns.outcome", "has this column already"),
    "a column of the fact": (S, "severity:", "due_on:", 3, "columns.due_on", "core.complaints has a column"),
    "a required further column": (
        *(S, "type: number", "required: true, type: number", 7, "columns.hours.required", "cannot be"),
    ),
    "no columns": (S, SEVERITY, "extends: complaints\n", 1, "columns", "is required"),
    "no text": (V, VISITS.encode(), b"feed: caf\xe9\n", 1, "", "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_own_contracts_are_refused_with_file_line_and_key(tmp_path: Path, wrong: str) -> None:
    name, old, new, line, key, reason = WRONG[wrong]
    text = {V: VISITS, S: SEVERITY}.get(name, VISITS)
    project(tmp_path, {})
    path = tmp_path / name
    path.parent.mkdir()
    if isinstance(new, bytes):
        path.write_bytes(new)
    else:
        assert old in text
        path.write_text(text.replace(old, new, 1) if text != old else new, encoding="utf-8")
    told = told_of(tmp_path)
    assert len(told) == 1, told
    assert f"{path.name}:{line}: " in told[0] or wrong == "no text"
    assert key in told[0] and reason in told[0], told[0]


def told_of(folder: Path) -> list[str]:
    """What is wrong with a project, whether it is told while reading it or by `check`."""
    try:
        return problems(read_project(folder))
    except ProjectError as error:
        return [line.strip() for line in str(error).splitlines()[1:]]


def test_all_wrong_contracts_are_told_at_once(tmp_path: Path) -> None:
    files = {V: VISITS.replace("type: date", "type: day"), S: SEVERITY.replace("number", "numbr")}
    with pytest.raises(ProjectError) as raised:
        project(tmp_path, files)
    assert [name in str(raised.value) for name in ("visits.yml:6", "severity.yml:7")] == [True, True]
