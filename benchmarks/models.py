"""The SQL that both peers run: which models there are, in which order, and how each is stored.

The statements themselves are in `sql/`; running them is `bare_duckdb.py` for one peer and dbt for the other.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SQL = Path(__file__).with_name("sql")

# How SQL and project files name the files of a feed: claim_events_*.csv, policies.csv*, premiums.csv.
FEED_FILES = re.compile(r"feeds/([a-z_]+?)(?:_\*)?\.(csv|ndjson|parquet)\*?")

Storage = Literal["table", "passing", "view"]


@dataclass(frozen=True)
class Model:
    """One SELECT; `passing` is a table that only later models read, and that is no part of the result."""

    schema: str
    name: str
    storage: Storage

    @property
    def sql(self) -> str:
        """The SELECT as written."""
        return (SQL / self.schema / f"{self.name}.sql").read_text(encoding="utf-8")


# A model that is read once is a view, so that nothing is stored in vain.
MODELS = (
    Model("staging", "run", "passing"),
    Model("staging", "periods", "passing"),
    Model("staging", "org_units", "passing"),
    Model("staging", "policies_delivered", "passing"),
    Model("staging", "policies", "passing"),
    Model("staging", "policy_events_delivered", "passing"),
    Model("staging", "policy_events", "passing"),
    Model("staging", "premiums_delivered", "passing"),
    Model("staging", "premiums", "view"),
    Model("staging", "claim_events_delivered", "passing"),
    Model("staging", "claim_events", "passing"),
    Model("staging", "complaints_delivered", "passing"),
    Model("staging", "complaints", "view"),
    Model("staging", "exposures", "view"),
    Model("staging", "survey_questions", "passing"),
    Model("staging", "survey_answers_delivered", "passing"),
    Model("staging", "survey_answers", "passing"),
    Model("staging", "scored_answers", "view"),
    Model("staging", "survey_items", "passing"),
    Model("core", "exposure_months", "table"),
    Model("core", "policies", "table"),
    Model("core", "claims", "table"),
    Model("core", "complaints", "table"),
    Model("core", "persistency", "table"),
    Model("core", "survey_responses", "table"),
    Model("core", "survey_scores", "table"),
    Model("core", "survey_stage_scores", "table"),
    Model("measured", "segments", "passing"),
    Model("measured", "definitions", "passing"),
    Model("measured", "stocks", "passing"),
    Model("measured", "claims", "passing"),
    Model("measured", "complaints", "passing"),
    Model("measured", "policies", "passing"),
    Model("measured", "surveys", "passing"),
    Model("kpi", "monthly", "table"),
)
