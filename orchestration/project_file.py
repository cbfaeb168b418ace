"""What a project file may hold, key by key: every setting with its meaning, its default and an example.

How a file is read, and what a project is made of, is in project.py.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from orchestration.engine import Engine
from orchestration.pages.words import Language
from transforms.indicators import Indicator, IndicatorCode
from transforms.kpi_file import KpiChange
from transforms.settings import (
    CUTS,
    CalendarGaps,
    ClaimSettings,
    ComplaintSettings,
    Cut,
    KeySettings,
    OnlySettings,
    PersistencySettings,
    RenewalSettings,
    RobustnessSettings,
    ServiceSettings,
    StudySettings,
    SurveySettings,
    TextSettings,
)
from transforms.targets import Target
from transforms.vocabulary import CALENDAR_GRAINS, Grain
from warehouse.landing.mapping import Comments, FeedSource
from warehouse.modes import Readers
from warehouse.privacy_settings import PublicPart, Retention

if TYPE_CHECKING:
    from warehouse.landing.pseudonyms import PseudonymKey

DEFAULT_SCHEDULE = "0 2 * * *"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(sources: Any) -> Any:
    return [sources] if isinstance(sources, dict) else sources


Sources = Annotated[
    tuple[FeedSource, ...],
    BeforeValidator(_listed, json_schema_input_type=FeedSource | tuple[FeedSource, ...]),
]


class Pseudonyms(_Part):
    """The key under which identifiers of people become pseudonyms; it lies outside the warehouse."""

    key_file: str = Field(
        "",
        description="File with 64 hexadecimal digits of random, for its owner only, relative to the project folder; "
        "`policypulse keys new` writes one.",
        examples=["pseudonym.key"],
    )
    key_env: str = Field(
        "",
        description="In place of `key_file`: environment variable with the digits.",
        examples=["POLICYPULSE_KEY"],
    )
    key_id: str = Field(
        "k1", description="Name of the key, kept with what it made; a new key gets a new name."
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.key_env) == bool(self.key_file):
            raise ValueError("write key_file, or key_env, the name of an environment variable, one of both")
        return self

    def key(self, folder: Path) -> "PseudonymKey":
        """The key itself, of a project in that folder; raises FileNotFoundError or ValueError."""
        from warehouse.landing.keys import key_in_environment, key_in_file

        if self.key_env:
            return key_in_environment(self.key_env, self.key_id)
        return key_in_file(folder / self.key_file, self.key_id)


class IndexPart(_Part):
    """Which frameworks the index is computed by: names of shipped ones or paths of the project's own."""

    frameworks: tuple[str, ...] = Field(
        ("life_default",), description="Shipped frameworks by name, own ones by the path of their file."
    )


class PagesPart(_Part):
    """The pages that are written beside every published version."""

    written: bool = Field(
        True, description="Whether they are written; `policypulse report` writes them at any time."
    )
    language: Language = Field("en", description="Language of the pages: en or zh.")
    fewest_cases: int = Field(
        5,
        ge=1,
        description="Figures that stand for fewer cases are not shown on pages; the published file has them.",
    )
    show_case_ids: bool = Field(
        False, description="Whether pages list single cases by their number; else `policypulse cases` does."
    )


Event = Literal["run_failed", "publication_blocked", "check_warned", "new_signal", "month_ready"]


class Receiver(_Part):
    """Where messages go: an address in the form of Apprise, which holds a password and so stands elsewhere."""

    url_env: str = Field(
        "", description="Environment variable with the address.", examples=["POLICYPULSE_MAIL"]
    )
    url_file: str = Field(
        "",
        description="File with the address, relative to the project folder, for its owner only.",
        examples=["teams.url"],
    )

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.url_env) == bool(self.url_file):
            raise ValueError("write url_env, the name of an environment variable, or url_file, one of both")
        return self

    @property
    def name(self) -> str:
        """What it is called where it is told of, which gives no secret away."""
        return self.url_env or self.url_file


class NotifyPart(_Part):
    """Who is told by mail or chat of what became of a run: one message a run, with the extra `notify`."""

    to: tuple[Receiver, ...] = Field(min_length=1, description="Who is told.")
    events: tuple[Event, ...] = Field(
        get_args(Event),
        description="What is worth a message: run_failed, publication_blocked, check_warned, new_signal, month_ready.",
    )


class MonitoringPart(_Part):
    """What a run writes for those who watch over it; nothing of it is about people."""

    log_file: str = Field(
        "",
        description="File, relative to the project folder, to which every run appends what it does, a JSON object a "
        "line.",
        examples=["logs/policypulse.jsonl"],
    )
    metrics_file: str = Field(
        "",
        description="File for Prometheus' node exporter, ending in .prom, relative to the project folder; without it "
        "metrics.prom in the warehouse.",
        examples=["/var/lib/node_exporter/policypulse.prom"],
    )


class ProjectFile(_Part):
    """The keys of `policypulse.yml`."""

    insurer: str = Field(description="Name of the insurer, as reports show it.", examples=["Example Life"])
    time_zone: str = Field("UTC", description="In which business days are counted; of naive timestamps too.")
    calendar: str = Field(
        "CN", description="Working calendar, as in CN, FR or GB-ENG; the feed calendar wins over it."
    )
    calendar_gaps: CalendarGaps = Field(
        "stop",
        description="Days up to the as-of day that neither calendar knows: they stop the run, or Mondays to "
        "Fridays count.",
    )
    as_of: date | None = Field(
        None, description="Day up to which records count; without it, yesterday.", examples=["2025-12-31"]
    )
    warehouse: str = Field("warehouse", description="Folder of the databases and published versions.")
    data: str | None = Field(
        None,
        description="Folder that the feeds' files are relative to; without it, this one.",
        examples=["/srv/extracts"],
    )
    readers: Readers = Field(
        "group",
        description="Which accounts of the machine may read what is published; all else in the warehouse is its "
        "owner's.",
    )
    keep_versions: int = Field(5, ge=1, description="Published versions kept for a way back.")
    keep_runs: int = Field(
        30, ge=1, description="Runs that the Dagster UI still shows; each takes about 9 MB."
    )
    months: int = Field(36, ge=1, le=600, description="Months of KPIs up to the as-of month.")
    grains: tuple[Grain, ...] = Field(
        tuple(CALENDAR_GRAINS),
        description="Longer periods, counted anew from the facts; rolling_12 costs as much as all else.",
    )
    cuts: tuple[Cut, ...] = Field(
        CUTS,
        description="What the company is divided by: text columns of facts, or several crossed, as in "
        "[product_line, org_unit]; and of the unit of a case tier, province and city.",
        examples=[["company", "org_unit", "claim_type", ["product_line", "org_unit"]]],
    )
    max_segments: int = Field(
        2_000, ge=1, le=50_000, description="The most segments a cut may have; with more the run stops."
    )
    schedule: str = Field(
        DEFAULT_SCHEDULE,
        description="When the schedule runs, as in cron, in the time zone of the project; once written, it is on.",
    )
    watch_files: bool = Field(
        False,
        description="Whether new files start a run by themselves, without somebody switching on the sensor new_files.",
    )
    settle_seconds: int | None = Field(
        None,
        ge=0,
        le=604_800,
        description="A file changed so short a time ago waits; without it 60 for schedule and sensor, 0 by hand.",
        examples=[60],
    )
    fresh_days: dict[str, Annotated[int, Field(ge=0)]] = Field(
        {},
        description="By feed, how many days its newest record may be older than the as-of day; with more a check "
        "warns.",
        examples=[{"complaints": 3}],
    )
    memory_limit_gib: int | None = Field(
        None,
        ge=1,
        description="Memory that a run is to do with: facts too large for it are made a part of their keys at a time. "
        "Without it they are made whole, and DuckDB takes up to four fifths of the machine's.",
        examples=[8],
    )
    engine: Engine = Field(
        "local",
        description="Where large facts are made: here, or by the workers of a Spark server, which this names.",
        examples=[{"spark": "sc://spark.example.org:15002", "buckets": 256, "exchange": "/mnt/exchange"}],
    )
    pseudonyms: Pseudonyms | None = None
    comments: Comments = Field(
        "masked",
        description="What is kept of comments and other texts: masked, without numbers, addresses and names of people "
        "as far as they are found; drop, nothing; keep, all as it was written.",
    )
    retention: Retention = Retention()
    public: PublicPart = PublicPart()
    persistency: PersistencySettings = PersistencySettings()
    renewal: RenewalSettings = RenewalSettings()
    exposure_study: StudySettings | None = None
    customer_journeys: bool = Field(
        False, description="Make core.customer_journeys, what each customer went through step by step."
    )
    complaints: ComplaintSettings = ComplaintSettings()
    surveys: SurveySettings = SurveySettings()
    texts: TextSettings | None = None
    claims: ClaimSettings = ClaimSettings()
    service: ServiceSettings = ServiceSettings()
    keys: KeySettings = KeySettings()
    indicators: dict[IndicatorCode, Indicator] = Field(
        {},
        description="Indicators whose values the feed indicator_values brings, by code; files `indicators/*.yml` "
        "hold more.",
    )
    index: IndexPart = IndexPart()
    robustness: RobustnessSettings | None = None
    pages: PagesPart = PagesPart()
    notify: NotifyPart | None = None
    monitoring: MonitoringPart = MonitoringPart()
    kpis: dict[str, KpiChange] = Field(
        {},
        description="What is changed in our KPIs, or left out, by code; your own stand in kpis/*.yml.",
        examples=[{"claim_open_count": {"minimum": 5}}],
    )
    only: OnlySettings = OnlySettings()
    targets: tuple[Target, ...] = Field(
        (),
        description="Values of KPIs that are aimed at; the feed targets can bring them too.",
        examples=[[{"kpi": "complaint_on_time_share", "year": 2025, "target": 0.95, "corridor": 0.02}]],
    )
    transforms: str = Field(
        "",
        description="Python module of your environment whose @transform functions join the graph.",
        examples=["insurer_tables"],
    )
    packs: tuple[str, ...] = Field(
        (),
        description="Regulators' packs: shipped ones or paths of your own.",
        examples=[["cn_insurance_law"]],
    )

    @model_validator(mode="before")
    @classmethod
    def _market_is_delivered(cls, content: object) -> object:
        if isinstance(content, dict) and "market" in content:
            raise ValueError(
                "market: is a feed now; deliver market_values with the columns period, product_line (or none), "
                "complaints and premium_income: one row with your two numbers, such as 2025,1500,100000000000, does"
            )
        return content

    feeds: dict[str, Sources] = Field(
        min_length=1,
        description="Where each feed comes from, one source or several; what is left out makes its KPIs "
        "not_applicable.",
        examples=[
            {"complaints": {"files": "feeds/complaints_*.csv", "columns": {"complaint_id": "COMPLAINT_NO"}}}
        ],
    )
