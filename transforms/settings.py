"""What of the project file a transform may ask: time zone, calendar, cuts, definition switches.

Plain pydantic models, cheap to import; nothing here reads a file or knows how numbers are computed.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from transforms.index.framework import Framework

Cut = Literal["company", "org_unit", "region", "product_line", "channel", "age_band"]
CUTS: tuple[Cut, ...] = ("company", "org_unit", "region", "product_line", "channel", "age_band")

PersistencyVariant = Literal[
    "default", "including_reinstated", "cn_annex_literal", "gross", "irdai_like", "in_force"
]


class PersistencySettings(BaseModel):
    """How k-month persistency is counted; `default` goes by premiums paid within grace."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variant: PersistencyVariant = "default"
    grace_days: int = Field(60, ge=0, le=365, description="Where the policy itself sets none.")


class SurveySettings(BaseModel):
    """What the surveys of the project are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    audits: tuple[str, ...] = Field((), description="Mystery-shopping surveys, counted apart from customers.")


ClaimInstant = Literal[
    "loss_at", "reported_at", "registered_at", "contacted_at", "documents_requested_at", "documents_complete_at",
    "first_decided_at", "refusal_sent_at", "agreed_at", "payable_at", "prepaid_at", "paid_at", "closed_at",
]  # fmt: skip
ClaimScope = Literal[
    "claim_type", "product_line", "channel", "org_unit", "region", "age_band", "outcome",
    "is_small_claim", "is_fast_track", "is_investigated",
]  # fmt: skip


class Promise(BaseModel):
    """What the insurer promises of its claims: which, from when to when, within how long, and since when."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Part of the KPI's code.")
    title: str
    where: dict[ClaimScope, tuple[str | bool, ...]] = Field({}, description="Values of columns, any of each.")
    claimed_up_to: float | None = Field(None, description="Amount claimed, the limit included.")
    starts: ClaimInstant
    ends: ClaimInstant
    limit: float = Field(gt=0)
    unit: Literal["hours", "days", "working_days"]
    valid_from: date | None = None
    valid_to: date | None = None


class ClaimSettings(BaseModel):
    """How claims are counted where law or market leave a choice, and what is promised of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    excluded_rounds: Literal["first", "all"] = Field(
        "first", description="Which document requests stop the clock of Insurance Law of the PRC art. 23."
    )
    small_claim_limits: dict[str, float] = Field(
        {"motor": 5000, "medical": 3000}, description="Claimed amount up to which a kind of claim is small."
    )
    promises: tuple[Promise, ...] = ()

    @field_validator("promises")
    @classmethod
    def named_once(cls, promises: tuple[Promise, ...]) -> tuple[Promise, ...]:
        names = [promise.name for promise in promises]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"promises named twice: {', '.join(twice)}")
        return promises


class Settings(BaseModel):
    """The part of the project file that changes what a number means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    time_zone: str = "UTC"
    calendar: str = "CN"
    months: int = Field(36, ge=1, le=600, description="Months of KPIs up to the as-of month.")
    cuts: tuple[Cut, ...] = CUTS
    persistency: PersistencySettings = PersistencySettings()
    surveys: SurveySettings = SurveySettings()
    claims: ClaimSettings = ClaimSettings()
    frameworks: tuple[Framework, ...] = ()

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
