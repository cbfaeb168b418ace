"""Applications and answers on the stages of the journey that the simulated insurer has none of, and the true KPIs."""

import numpy as np
import polars as pl

from simulation.distributions import rounded_mean
from tests.core.order_frames import APPLICATION
from tests.kpi.drawn_books import (
    COMPLETE,
    SETTINGS,
    Book,
    Floats,
    cells,
    completed,
    dates,
    days_in,
    instants,
    repeated,
)
from transforms.core.applications import applications
from transforms.kpi.surveys import STAGES

# Of the policies that the system accepted alone; rescinded after so many days at most, each day as likely.
RESCINDED_SHARE, LAST_DAY = 0.08, 730
DECIDED_BY_SYSTEM_SHARE = 0.7
PERCEPTION_MEAN = {stage: 4.4 + 0.2 * place for place, stage in enumerate(STAGES)}
PERSON_SD, ITEM_SD, ITEMS = 0.8, 1.1, 4


def drawn_stages(branches: int, per_cell: float, seed: int) -> Book:
    """core.survey_stage_scores of people who answer four items on every stage of the journey."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    about = pl.DataFrame(
        {
            "response_id": np.arange(count),
            "org_unit": pl.Series(branch).cast(pl.String),
            "answered_on": dates(np.floor(days_in(month, rng))),
        }
    ).with_columns(is_audit=False, is_valid=True)
    person = rng.normal(0, PERSON_SD, (count, 1))
    scores = pl.concat(
        about.with_columns(stage=pl.lit(stage), perception_score=pl.Series(_score(mean, person, rng)))
        for stage, mean in PERCEPTION_MEAN.items()
    )
    spread = float(np.hypot(PERSON_SD, ITEM_SD))
    truth = {
        f"perceived_{stage}_score": (float(rounded_mean(np.array([mean]), spread, 1, 7)[0]) - 1) / 6 * 100
        for stage, mean in PERCEPTION_MEAN.items()
    }
    return Book({"core.survey_stage_scores": scores.lazy()}, truth)


def _score(mean: float, person: Floats, rng: np.random.Generator) -> Floats:
    """Of each person, from 0 to 100, the mean of answers from 1 to 7."""
    answers = np.clip(np.rint(mean + person + rng.normal(0, ITEM_SD, (len(person), ITEMS))), 1, 7)
    score: Floats = (answers.mean(axis=1) - 1) / 6 * 100
    return score


def drawn_applications(branches: int, per_cell: float, seed: int) -> Book:
    """core.applications through what is staged: all accepted and issued within a day, some rescinded later."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    started = np.floor(days_in(month, rng)) + 0.3
    rescinded = rng.random(count) < RESCINDED_SHARE
    day = np.floor(started) + rng.integers(1, LAST_DAY + 1, count)
    staged = completed(
        {
            "application_id": pl.Series(np.arange(count)).cast(pl.String),
            "org_unit": pl.Series(branch).cast(pl.String),
            "started_at": instants(started),
            "submitted_at": instants(started + 0.1),
            "decided_at": instants(started + 0.2),
            "issued_at": instants(started + 0.3),
            **{
                f"{moment}_is_day": repeated(False, count)
                for moment in ("started", "submitted", "decided", "issued")
            },
            "actor": pl.Series(np.where(rng.random(count) < DECIDED_BY_SYSTEM_SHARE, "auto", "person")),
            "decision": repeated("accepted", count),
            "rescinded_on": pl.select(pl.when(pl.Series(rescinded)).then(dates(day))).to_series(),
        },
        APPLICATION,
    )
    facts = applications(applications=staged.lazy(), as_of=COMPLETE, settings=SETTINGS).collect()
    truth = {"application_decided_by_system_rescinded_share": RESCINDED_SHARE * 365 / LAST_DAY}
    return Book({"core.applications": facts.lazy()}, truth)
