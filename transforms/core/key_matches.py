"""core.key_matches: the joins between feeds and how many of their keys meet, with the likely reason where they do not.

The joins and the counting are `transforms/joins.py`; here is what the counts mean for this project.
"""

import polars as pl

from transforms.joins import joins
from transforms.model import transform
from transforms.settings import Settings

# Below it what a feed says of another's rows is not theirs: KPIs over the join would be about nothing.
MET_ENOUGH = 0.5
# Of the keys tried, so many have to meet in one form for it to be called the reason.
LIKELY = 0.5


@transform(
    writes="core.key_matches",
    reads={"matches": "staging.key_matches"},
    keys=(),
    grain=("from_feed", "from_column", "to_feed"),
    columns={
        "from_feed": (pl.String, "The feed whose rows name rows of another."),
        "from_column": (pl.String, "The column by which they do."),
        "to_feed": (pl.String, "The other feed."),
        "to_column": (pl.String, "The column that is named."),
        "n_rows": (pl.Int64, "Rows with a key, in all versions known on the as-of day."),
        "n_met": (pl.Int64, "Of these, rows whose key is in the other feed."),
        "n_orphans": (pl.Int64, "Of these, rows whose key is not."),
        "n_orphan_keys": (pl.Int64, "Different keys that are not in the other feed."),
        "met_share": (pl.Float64, "Share of the rows with a key that meet."),
        "orphan_share": (pl.Float64, "Share of them that do not."),
        "loses_rows": (
            pl.Boolean,
            "Whether rows that meet nothing are lost to KPIs; else only what the other feed adds, as a segment.",
        ),
        "is_broken": (pl.Boolean, "Under half meet and rows are lost: KPIs that need the feed have no_data."),
        "examples": (pl.String, "A few keys that meet nothing; of pseudonyms none."),
        "likely_reason": (pl.String, "In what the keys differ, where that is seen."),
        "warns_from_share": (pl.Float64, "Share of orphans from which a check warns."),
        "limit_share": (pl.Float64, "Share of orphans above which the project stops a run; empty: never."),
    },
)
def key_matches(matches: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per join between two feeds that were both delivered: how many rows of the one name a row of the other."""
    declared = pl.LazyFrame(
        [
            (j.feed, j.column, j.to_feed, j.loses_rows, j.warns_from, settings.keys.limit(j.feed, j.column))
            for j in joins(settings.own_feeds)
        ],
        schema={
            "from_feed": pl.String,
            "from_column": pl.String,
            "to_feed": pl.String,
            "loses_rows": pl.Boolean,
            "warns_from_share": pl.Float64,
            "limit_share": pl.Float64,
        },
        orient="row",
    )
    orphan_share = pl.col("n_orphans") / pl.col("n_rows")
    return matches.join(declared, on=["from_feed", "from_column", "to_feed"]).with_columns(
        n_met=pl.col("n_rows") - pl.col("n_orphans"),
        met_share=1 - orphan_share,
        orphan_share=orphan_share,
        is_broken=pl.col("loses_rows") & (1 - orphan_share < MET_ENOUGH),
        likely_reason=_likely_reason(),
    )


def _likely_reason() -> pl.Expr:
    """The form in which most of the tried keys meet, in words."""
    return pl.when(pl.col("n_met") >= LIKELY * pl.col("n_tried")).then(
        pl.format(
            "{}: {} of {} keys tried meet once these are set aside, as {}",
            "form",
            "n_met",
            "n_tried",
            "example",
        )
    )
