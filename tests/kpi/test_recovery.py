"""Recovery on the simulated insurer: complaints and policies come out as the hazards they were drawn from."""

import math
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from orchestration.build import Run, make, open_session
from orchestration.models import models
from orchestration.project import read_project
from simulation.hazards import COMPLAINTS, POLICIES
from simulation.simulate import simulate
from transforms.periods import months_until
from warehouse.folder import Folder
from warehouse.landing.keys import key_in_file
from warehouse.landing.land import land
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

FEEDS = ("complaints", "policies", "premiums", "policy_events", "exposures", "org_units")
MONTHS = 24
# A correct measure fails a bound of four standard errors once in 16,000 draws.
SIGMAS = 4.0


@pytest.fixture(scope="module")
def insurer(tmp_path_factory: pytest.TempPathFactory):
    """The tables of complaints and policies, and all their KPIs, by name; and the truth."""
    folder: Path = tmp_path_factory.mktemp("insurer")
    truth = simulate(folder, policies=8000, months=MONTHS, seed=5)
    project = read_project(folder)
    as_of = project.as_of()
    run = Run(as_of, project.settings, tuple(months_until(as_of, MONTHS)))
    with Store(Folder(folder / "warehouse")) as store:
        create_raw(store.con)
        part = project.file.pseudonyms
        land(
            store.con,
            {feed: project.feeds[feed] for feed in FEEDS},
            folder=project.data,
            time_zone=project.settings.time_zone,
            pseudonym_key=key_in_file(project.key_file, part.key_id),
        )
        graph = models()
        open_session(store, run, graph)
        for node in graph.values():
            if node.schema == "core" or node.name == "kpi.monthly":
                make(store, node, run, graph)
        tables = {
            name: store.read(name) for name in graph if name.startswith("core.") or name == "kpi.monthly"
        }
    return tables, truth, as_of


def pooled(insurer, code: str, basis: str = "cohort") -> tuple[float, float]:
    """Numerator and denominator of the company over all months that are mature."""
    found = insurer[0]["kpi.monthly"].filter(
        (pl.col("kpi") == code)
        & (pl.col("basis") == basis)
        & (pl.col("cut") == "company")
        & pl.col("status").is_in(["ok", "low_n"])
    )
    return found["numerator"].sum(), found["denominator"].sum()


UPHELD = COMPLAINTS.upheld_share + COMPLAINTS.partly_upheld_share
LATE_BACK = POLICIES.reinstatement_delay_days
WITHIN_180 = POLICIES.reinstatement_share * (180 - LATE_BACK[0] + 1) / (LATE_BACK[1] - LATE_BACK[0] + 1)


@pytest.mark.parametrize(
    ("code", "basis", "share"),
    [
        ("complaint_withdrawn_share", "cohort", COMPLAINTS.withdrawn_share),
        ("complaint_upheld_share", "cohort", UPHELD),
        ("complaint_fully_upheld_share", "cohort", COMPLAINTS.upheld_share),
        ("complaint_half_credit_upheld_share", "cohort", UPHELD - COMPLAINTS.partly_upheld_share / 2),
        ("complaint_escalated_within_180_days_share", "cohort", COMPLAINTS.escalated_share),
        ("free_look_cancelled_share", "cohort", POLICIES.free_look_share),
        ("renewal_policy_share", "cohort", POLICIES.renewal_share),
        ("lapse_reinstated_within_180_days_share", "cohort", WITHIN_180),
    ],
)
def test_shares_come_out_as_drawn(insurer, code, basis, share):
    good, n = pooled(insurer, code, basis)
    assert n > 100
    assert good / n == pytest.approx(share, abs=SIGMAS * math.sqrt(share * (1 - share) / n))


def test_repeats_and_renewals_are_those_that_happened(insurer):
    """Rejected rows break a few pairs, and two complaints of one matter can meet by chance."""
    tables, truth, _ = insurer
    repeated = tables["core.complaint_repeats"].filter(pl.col("closed_to_repeat_days") <= 90).height
    assert repeated == pytest.approx(truth["realised"]["complaints_repeated"], rel=0.25)
    renewed = tables["core.renewals"]["renewed"].sum()
    assert renewed == pytest.approx(truth["realised"]["one_year_policies_renewed"], rel=0.05)


def test_due_days_and_limits(insurer):
    tables, _, as_of = insurer
    complaints = tables["core.complaints"]
    assert complaints["due_on"].null_count() == 0
    assert set(complaints["limit_days"]) == {15, 30, 60}
    longest = timedelta(60 + 10 + 11)
    assert ((complaints["due_on"] - complaints["received_on"]) <= longest).all()
    assert complaints["received_on"].max() <= as_of


def test_exposures_are_the_time_in_force(insurer):
    """Days of central exposure are the days from issue to the end of each policy, or to the as-of day."""
    tables, _, as_of = insurer
    length = (pl.col("ends_on") - pl.col("starts_on")).dt.total_days() + 1
    days = tables["core.exposures"].select((pl.col("central_exposure") * length).sum()).item()
    in_force = tables["core.policies"].filter(pl.col("issued_on") < as_of)
    last = pl.col("ended_on").fill_null(as_of)
    assert days == pytest.approx(
        in_force.select(((last - pl.col("issued_on")).dt.total_days() + 1).sum()).item(), abs=1e-3
    )
    surrenders = (in_force["end_event"] == "surrender").sum()
    lapses = (in_force["end_event"] == "lapse").sum()
    assert tables["core.exposures"]["claims"].sum() == surrenders + lapses
