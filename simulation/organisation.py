"""The organisation: head office, provinces and branches, and each branch's latent quality month by month.

What quality does to claims, complaints and answers is stated in `hazards.py` and applied in their modules.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import Window, month_label
from simulation.hazards import QUALITY

REGIONS = ("North", "East", "South", "West", "Central")
BRANCHES_A_PROVINCE = 5


@dataclass(frozen=True)
class Organisation:
    """Branches with their region and share of business; quality by branch and month from the run-in on."""

    codes: list[str]
    region: NDArray[np.int64]
    share: NDArray[np.float64]
    quality: NDArray[np.float64]
    base_quality: NDArray[np.float64]
    changed_branch: int
    changed_month: int

    @property
    def tiers(self) -> list[str]:
        """Every third branch is one of a county, the others are of cities."""
        return ["county" if number % 3 == 2 else "city" for number in range(len(self.codes))]

    def truth(self, window: Window) -> dict:
        observed = self.quality[:, -window.months :]
        return {
            "branches": len(self.codes),
            "base_quality": {
                code: round(float(q), 6) for code, q in zip(self.codes, self.base_quality, strict=True)
            },
            "quality_by_month": {
                code: [round(float(q), 6) for q in row]
                for code, row in zip(self.codes, observed, strict=True)
            },
            "process_change": {
                "org_unit": self.codes[self.changed_branch],
                "from_month": month_label(self.changed_month),
                "quality": QUALITY.change,
            },
        }


def branch_count(policies: int) -> int:
    """Branches of an insurer of a size: 4 at 20,000 policies, 9 at 50,000, 120 at a million."""
    return int(np.clip(round(4 * (policies / 20_000) ** 0.87), 4, 120))


def organisation(window: Window, count: int, rng: np.random.Generator) -> Organisation:
    base = rng.permutation(np.linspace(-QUALITY.spread, QUALITY.spread, count))
    months = np.arange(window.run_in_month, window.last_month + 1)
    changed_month = window.first_month + round(window.months * 0.6)
    changed_branch = int(np.argsort(base)[count // 2])
    drift = QUALITY.trend_per_month * (months - months.mean())
    quality = base[:, None] + drift + rng.normal(0, QUALITY.month_sd, (count, len(months)))
    quality[changed_branch, months >= changed_month] += QUALITY.change
    share = rng.uniform(0.95, 1.05, count)
    regions = int(np.clip(count // 2, 2, len(REGIONS)))
    return Organisation(
        codes=[f"B{number:03d}" for number in range(1, count + 1)],
        region=np.arange(count) % regions,
        share=share / share.sum(),
        quality=quality,
        base_quality=base,
        changed_branch=changed_branch,
        changed_month=changed_month,
    )


def org_units(org: Organisation) -> pl.DataFrame:
    """The feed of units: head office, provinces of a region, city branches."""
    region_names = [REGIONS[region] for region in org.region]
    rank = np.array([np.sum(org.region[:branch] == org.region[branch]) for branch in range(len(org.codes))])
    provinces = [
        f"{name[0]}{number // BRANCHES_A_PROVINCE + 1:02d}"
        for name, number in zip(region_names, rank, strict=True)
    ]
    of_province = dict(zip(provinces, region_names, strict=True))
    rows = [("HO", "Head office", None, None, "head_office")]
    rows += [
        (code, f"{region} province {code[1:]}", "HO", region, "province")
        for code, region in of_province.items()
    ]
    rows += [
        (code, f"Branch {code[1:]}", province, region, tier)
        for code, province, region, tier in zip(org.codes, provinces, region_names, org.tiers, strict=True)
    ]
    columns = ["org_unit", "name", "parent", "region", "tier"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row").with_columns(
        valid_from=pl.lit("2010-01-01").str.to_date(), valid_to=pl.lit(None, dtype=pl.Date)
    )
