"""What of the project file a transform may ask: time zone, calendar, cuts, definition switches.

Plain pydantic models, cheap to import; nothing here reads a file or knows how numbers are computed.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from transforms.framework import Framework
from transforms.indicators import Indicator, IndicatorCode
from transforms.kpi_file import KpiChange, OwnKpi
from transforms.own_columns import Attributes, OwnFeed
from transforms.pack import Pack
from transforms.targets import Target
from transforms.text_extra import missing_packages
from transforms.vocabulary import CALENDAR_GRAINS, Grain

# The cuts that every fact has, but for `current_org_unit`: by default a policy belongs to the unit that issued it, and
# that one asks who looks after it now.
SHARED_CUTS = ("company", "org_unit", "current_org_unit", "region", "product_line", "channel", "age_band")
# What a unit of the organisation says of the cases that have it: its tier, and itself or the unit above it of a tier.
UNIT_CUTS = ("tier", "province", "city")
# Between the parts of a crossed cut in its name, and between those of its segments: `motor × north`.
CROSSED = " × "


def cut_name(cut: object) -> object:
    """The name of a cut: a column of facts, or several that are crossed.

    >>> cut_name(["product_line", "org_unit"])
    'product_line × org_unit'
    """
    if not isinstance(cut, list | tuple):
        return cut
    parts = [str(part) for part in cut]
    if len(parts) < 2 or len(set(parts)) < len(parts) or "company" in parts:
        raise ValueError(
            "write a crossed cut as two or more different columns, as in [product_line, org_unit]"
        )
    return CROSSED.join(parts)


Cut = Annotated[
    str,
    BeforeValidator(cut_name),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 2}]}
    ),
]
CUTS: tuple[Cut, ...] = ("company", "org_unit", "region", "product_line", "channel", "age_band")

PersistencyVariant = Literal[
    "default", "including_reinstated", "cn_annex_literal", "gross", "irdai_like", "in_force"
]

# What becomes of days up to the as-of day that neither the official calendar nor the calendar feed knows: the run
# stops, or Mondays to Fridays count as working days.
CalendarGaps = Literal["stop", "weekdays"]

WindowDays = Annotated[int, Field(ge=0, le=365)]


class PersistencySettings(BaseModel):
    """How k-month persistency is counted; `default` goes by premiums paid within grace."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variant: PersistencyVariant = Field(
        "default", description="Which policies count as kept; the dictionary says how each counts."
    )
    grace_days: int = Field(60, ge=0, le=365, description="Where the policy itself sets none.")
    increases: Literal["capped", "counted"] = Field(
        "capped", description="Premium above that at issue, of riders or indexation: up to it, or in full."
    )

    @property
    def name(self) -> str:
        """The rules in short, as they stand in a definition version."""
        grace = "" if self.grace_days == 60 or self.variant == "in_force" else f",grace {self.grace_days}"
        return self.variant + grace + ("" if self.increases == "capped" else ",increases counted")


class RenewalSettings(BaseModel):
    """When a policy of one year counts as renewed: if a new term starts so many days after expiry at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    window_days: WindowDays = Field(60, description="Of every product line that has none of its own.")
    window_days_of: dict[str, WindowDays] = Field({"motor": 30}, description="By product line.")

    @property
    def name(self) -> str:
        """The rules in short, as they stand in a definition version."""
        lines = [f"{line} {days}" for line, days in sorted(self.window_days_of.items())]
        return ",".join([str(self.window_days), *lines])


class StudySettings(BaseModel):
    """The experience study of `core.exposures`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    method: Literal["policy_year", "calendar_year"] = Field(
        "policy_year", description="Years by which the exposure of a policy is divided."
    )
    starts_on: date = Field(date(1900, 1, 1), description="First day of the study.")
    targets: tuple[str, ...] = Field(("surrender", "lapse"), description="Ways to end that are studied.")


class ComplaintLimits(BaseModel):
    """Days in which a complaint must be decided and told, by class (CBIRC order 2020 no. 3, a copy)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    simple: int = Field(15, ge=1, description="Where the matter is clear.")
    complex: int = Field(30, ge=1, description="Where it has to be looked into.")
    special: int = Field(60, ge=1, description="Only with an extension approved and told in time.")


class ComplaintSettings(BaseModel):
    """How the time limit of a complaint runs and which contacts are one complaint."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    limit_days: ComplaintLimits = ComplaintLimits()
    unclassified: Literal["simple", "complex", "special"] | None = Field(
        None,
        description="Class of complaints that have none; without it they have no limit.",
        examples=["simple"],
    )
    counting: Literal["calendar", "business"] = Field(
        "calendar", description="Days in which limits are counted."
    )
    rolls_forward: bool = Field(True, description="A limit does not end on a rest day (Civil Code art. 203).")
    merging: Literal["marked", "same_matter"] = Field(
        "marked", description="same_matter: also contacts by customer and policy on a matter still open."
    )
    mis_selling: tuple[str, ...] = Field(
        (),
        description="Categories of complaints, as delivered, that are about how a policy was sold.",
        examples=[["sales"]],
    )
    loss_assessment: tuple[str, ...] = Field(
        (),
        description="Root causes of complaints, as delivered, that are about how a loss was assessed.",
        examples=[["loss_assessment"]],
    )

    @property
    def name(self) -> str:
        """The rules in short, as they stand in a definition version."""
        limits = self.limit_days
        words = [f"{limits.simple}/{limits.complex}/{limits.special}", self.counting, self.merging]
        return ",".join(
            [*words, "rolled" if self.rolls_forward else "unrolled", self.unclassified or "classed"]
        )

    @property
    def sales_name(self) -> str:
        """The categories of mis-selling in short, as they stand in a definition version."""
        return ",".join(sorted(self.mis_selling)) or "not said"

    @property
    def assessment_name(self) -> str:
        """The causes of disputes about losses in short, as they stand in a definition version."""
        return ",".join(sorted(self.loss_assessment)) or "not said"


class SurveySettings(BaseModel):
    """What the surveys of the project are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    audits: tuple[str, ...] = Field(
        (), description="Mystery-shopping surveys, counted apart from customers.", examples=[["mystery_2025"]]
    )
    screened: tuple[str, ...] = Field(
        (),
        description="Surveys screened for careless answers by who held them: flags leave nobody out.",
        examples=[["panel_2025"]],
    )


class TextSettings(BaseModel):
    """How good a machine has to read texts before what it reads is published."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    floor_macro_f1: float = Field(
        0.7, gt=0, le=1, description="Lower end of the interval of macro-F1 from which a model is published."
    )
    min_texts_per_class: int = Field(
        50, ge=10, description="Texts sorted by people that a class needs to be learned."
    )
    least_probability: float = Field(
        0.5, ge=0, lt=1, description="Certainty below which a model abstains rather than state a class."
    )


class RobustnessSettings(BaseModel):
    """How often the index is drawn anew to see what its method and its data leave open."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    draws: int = Field(10_000, ge=100, le=1_000_000, description="Draws of the choices of method.")
    bootstrap_draws: int = Field(2_000, ge=100, le=100_000, description="Draws of the KPIs' sampling noise.")
    sobol_points: int = Field(1_024, ge=64, le=65_536, description="Base points; a power of two.")
    seed: int = Field(42, ge=0, description="The same seed gives the same draws.")

    @field_validator("sobol_points")
    @classmethod
    def power_of_two(cls, points: int) -> int:
        if points & (points - 1):
            raise ValueError(f"write a power of two, such as 1024, for balanced points; not {points}")
        return points


ClaimInstant = Literal[
    "loss_at", "reported_at", "registered_at", "assigned_at", "contacted_at", "documents_requested_at",
    "documents_complete_at", "assessed_at", "first_decided_at", "refusal_sent_at", "agreed_at", "payable_at",
    "prepaid_at", "paid_at", "closed_at",
]  # fmt: skip
ClaimScope = Literal[
    "claim_type", "product_line", "channel", "service_channel", "org_unit", "region", "age_band", "customer_segment",
    "outcome", "is_small_claim", "is_fast_track", "is_green_channel", "is_direct_pay", "is_investigated",
]  # fmt: skip


class Promise(BaseModel):
    """What the insurer promises of its claims: which, from when to when, within how long, and since when."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Part of the KPI's code.", examples=["small_motor_paid"]
    )
    title: str = Field(description="As reports show it.", examples=["Small motor claims paid in a day"])
    where: dict[ClaimScope, tuple[str | bool, ...]] = Field(
        {}, description="Values of columns, any of each.", examples=[{"product_line": ["motor"]}]
    )
    claimed_up_to: float | None = Field(
        None, description="Amount claimed, the limit included.", examples=[5000]
    )
    starts: ClaimInstant = Field(description="From when the time runs.", examples=["documents_complete_at"])
    ends: ClaimInstant = Field(description="What has to have happened by then.", examples=["paid_at"])
    limit: float = Field(gt=0, description="How long it may take.", examples=[1])
    unit: Literal["hours", "days", "working_days"] = Field(
        description="What the limit is counted in.", examples=["working_days"]
    )
    valid_from: date | None = Field(
        None, description="First day of claims it holds for.", examples=["2025-01-01"]
    )
    valid_to: date | None = Field(
        None, description="Last day of claims it holds for.", examples=["2025-12-31"]
    )


class ClaimSettings(BaseModel):
    """How claims are counted where law or market leave a choice, and what is promised of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    excluded_rounds: Literal["first", "all"] = Field(
        "first", description="Which document requests stop the clock of Insurance Law of the PRC art. 23."
    )
    second_decision: Literal["review", "spell"] = Field(
        "review",
        description="What grants after a refusal without a reopening between: a review of it, or a spell of its own.",
    )
    small_claim_limits: dict[str, float] = Field(
        {"motor": 5000, "medical": 3000}, description="Claimed amount up to which a kind of claim is small."
    )
    promises: tuple[Promise, ...] = Field((), description="What is promised; each is a KPI.")

    @property
    def small_name(self) -> str:
        """Which claims are small, as it stands in a definition version."""
        return ",".join(f"{kind} {amount:g}" for kind, amount in sorted(self.small_claim_limits.items()))

    @field_validator("promises")
    @classmethod
    def named_once(cls, promises: tuple[Promise, ...]) -> tuple[Promise, ...]:
        names = [promise.name for promise in promises]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"promises named twice: {', '.join(twice)}")
        return promises


class ServiceSettings(BaseModel):
    """Limits of what is owed to a policy after its issue."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    delivery_days: int = Field(
        15, ge=1, le=365, description="Days after issue in which a policy is delivered."
    )
    delivery_counting: Literal["calendar", "business"] = Field(
        "calendar", description="Days in which that limit is counted."
    )
    free_look_days: int = Field(
        15,
        ge=0,
        le=365,
        description="Free look in which a buyer is called back, where the policy itself says none.",
    )

    @property
    def delivery_name(self) -> str:
        """The limit of delivery in short, as it stands in a definition version."""
        ours = self.delivery_days == 15 and self.delivery_counting == "calendar"
        return "" if ours else f"{self.delivery_days} {self.delivery_counting} days"

    @property
    def free_look_name(self) -> str:
        """The free look in short, as it stands in a definition version."""
        return "" if self.free_look_days == 15 else f"free look {self.free_look_days}"


OrphanShare = Annotated[float, Field(ge=0, le=1)]


class KeySettings(BaseModel):
    """How many rows of a feed may name rows of another feed that are not there, before a run stops."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    max_orphan_share: OrphanShare | None = Field(
        None, description="Of every join; without it none stops.", examples=[0.2]
    )
    max_orphan_share_of: dict[str, OrphanShare] = Field(
        {}, description="By join.", examples=[{"premiums.policy_id": 0.05}]
    )

    def limit(self, feed: str, column: str) -> float | None:
        """The share of a feed's rows above which the run stops; None: it never does."""
        return self.max_orphan_share_of.get(f"{feed}.{column}", self.max_orphan_share)


class OnlySettings(BaseModel):
    """What alone a project asks for; what is made of nothing that is asked for is published empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kpis: tuple[str, ...] = Field(
        (),
        description="Codes of our KPIs that are computed, your own besides; left out, all are.",
        examples=[["claim_open_count", "complaints_received_count"]],
    )
    tables: tuple[str, ...] = Field(
        ("*",),
        description="Tables or patterns: made are these, your own, and what they are made from.",
        examples=[["kpi.monthly", "marts.kpi_*"]],
    )


class Settings(BaseModel):
    """The part of the project file that changes what a number means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    time_zone: str = "UTC"
    calendar: str = "CN"
    calendar_gaps: CalendarGaps = "stop"
    months: int = Field(36, ge=1, le=600, description="Months of KPIs up to the as-of month.")
    grains: tuple[Grain, ...] = tuple(CALENDAR_GRAINS)
    cuts: tuple[Cut, ...] = CUTS
    max_segments: int = Field(2_000, ge=1, le=50_000)
    persistency: PersistencySettings = PersistencySettings()
    renewal: RenewalSettings = RenewalSettings()
    exposure_study: StudySettings | None = None
    customer_journeys: bool = Field(False, description="Make core.customer_journeys; left out, it is empty.")
    complaints: ComplaintSettings = ComplaintSettings()
    surveys: SurveySettings = SurveySettings()
    texts: TextSettings | None = Field(None, description="Left out: no text is read; empty tables.")
    keys: KeySettings = KeySettings()
    robustness: RobustnessSettings | None = Field(None, description="Left out: no draws, empty tables.")
    claims: ClaimSettings = ClaimSettings()
    service: ServiceSettings = ServiceSettings()
    indicators: dict[IndicatorCode, Indicator] = {}
    frameworks: tuple[Framework, ...] = ()
    packs: tuple[Pack, ...] = ()
    kpis: dict[str, KpiChange] = Field({}, description="What the project changes in our KPIs, by code.")
    only: OnlySettings = OnlySettings()
    own_kpis: tuple[OwnKpi, ...] = ()
    targets: tuple[Target, ...] = ()
    own_feeds: tuple[OwnFeed, ...] = Field((), description="Feeds that contracts of the project add.")
    attributes: tuple[Attributes, ...] = Field((), description="Columns that they add to feeds of ours.")

    def __hash__(self) -> int:
        """By some of the parts; of others that have no hash, equality tells."""
        return hash((self.time_zone, self.calendar, self.months, self.grains, self.cuts, self.only))

    @field_validator("time_zone")
    @classmethod
    def known_time_zone(cls, name: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(name)
        except Exception:
            raise ValueError(f"unknown time zone {name!r}; write it as in Europe/Berlin") from None
        return name

    @field_validator("cuts")
    @classmethod
    def company_first(cls, cuts: tuple[Cut, ...]) -> tuple[Cut, ...]:
        return ("company", *(cut for cut in dict.fromkeys(cuts) if cut != "company"))

    @model_validator(mode="after")
    def known_joins(self) -> "Settings":
        """Refuse limits of joins that there are none of."""
        shares = self.keys.max_orphan_share_of
        if not shares:
            return self
        from transforms.joins import joins

        known = sorted({f"{join.feed}.{join.column}" for join in joins(self.own_feeds)})
        if unknown := sorted(set(shares) - set(known)):
            raise ValueError(
                f"keys.max_orphan_share_of: no join goes by {', '.join(unknown)}; those that do are {', '.join(known)}"
            )
        return self


def asks_for_draws(settings: Settings) -> bool:
    """Whether the project asks how far the index is a matter of method and of noise."""
    return settings.robustness is not None


def asks_for_texts(settings: Settings) -> bool:
    """Whether the project asks to have texts read, and what reads them is installed."""
    return settings.texts is not None and not missing_packages()
