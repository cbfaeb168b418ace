"""What of the project file a transform may ask: time zone, calendar, cuts, definition switches.

Plain pydantic models, cheap to import; nothing here reads a file or knows how numbers are computed.
"""

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


class Settings(BaseModel):
    """The part of the project file that changes what a number means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    time_zone: str = "UTC"
    calendar: str = "CN"
    months: int = Field(36, ge=1, le=600, description="Months of KPIs up to the as-of month.")
    cuts: tuple[Cut, ...] = CUTS
    persistency: PersistencySettings = PersistencySettings()
    surveys: SurveySettings = SurveySettings()
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
