"""`index.weight_comparisons`: what each method of weighting would say, beside the weights that are in force.

The methods are in `transforms/composite/weighing.py`. Empty unless the project asks for `robustness`, or a framework
for weights by a method.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import get_args

import polars as pl

from transforms.composite.columns import VERSION, VERSION_COLUMNS
from transforms.composite.leaf_scores import with_windows
from transforms.composite.survey_loadings import dimension_loadings
from transforms.composite.weighing import Evidence, Weighed, evidence, weighed
from transforms.framework import Framework, WeightBase, WeightMethod
from transforms.kpi.surveys import DIMENSION_OF
from transforms.model import Columns, transform
from transforms.settings import Settings, asks_for_draws

METHODS: tuple[WeightMethod, ...] = get_args(WeightMethod)
# Where a framework names no base: the newest year.
_BASE_MONTHS = 12

WEIGHT_COMPARISONS: Columns = {
    **VERSION_COLUMNS,
    "node": (pl.String, "Node of the framework's tree below the index."),
    "parent": (pl.String, "Node above."),
    "level": (pl.Int32, "Depth in the tree: 1 is right below the index."),
    "kpi": (
        pl.String,
        "KPI of a leaf; null for inner nodes, whose weights are those of all leaves below them.",
    ),
    "method": (
        pl.String,
        "expert: as written; equal; budget: points; ahp: pairwise judgements; entropy, critic, pca, factor_loadings.",
    ),
    "weight": (pl.Float64, "Weight within the parent by the method; null where it says nothing (status)."),
    "index_weight": (
        pl.Float64,
        "Weight in the index if every node were weighed by the method, and as in force where it says nothing.",
    ),
    "weight_in_force": (pl.Float64, "Weight within the parent that the index is computed with."),
    "is_in_force": (pl.Boolean, "Whether the weights of the version come from this method at this parent."),
    "standard_deviation": (pl.Float64, "Of budget: how far the experts' shares lie apart (n − 1)."),
    "consistency_ratio": (
        pl.Float64,
        "Of ahp: that of the judgements (Saaty 1980); at most 0.10 is accepted.",
    ),
    "n_segments": (pl.Int64, "Of entropy, critic and pca: segments with scores of all siblings."),
    "base_cut": (pl.String, "Cut whose segments the data are of."),
    "base_first": (pl.Date, "First day of the base period."),
    "base_last": (pl.Date, "Last day of the base period."),
    "status": (
        pl.String,
        "ok, or why the method says nothing: not_given (nothing in the file), no_base, too_few_segments, "
        "nothing_varies, no_loadings.",
    ),
}


def asks_for_methods(settings: Settings) -> bool:
    """Whether the project asks what other methods would say, or takes weights from one."""
    own = (node.weights for framework in settings.frameworks for node in framework.nodes)
    return asks_for_draws(settings) or any(weights and weights.method != "expert" for weights in own)


@transform(
    writes="index.weight_comparisons",
    reads={
        "kpi_monthly": "kpi.monthly",
        "kpi_windows": "kpi.windows",
        "kpi_periodic": "kpi.periodic",
        "survey_items": "core.survey_items",
        "survey_waves": "core.survey_waves",
    },
    keys=(),
    grain=(*VERSION, "node", "method"),
    columns=WEIGHT_COMPARISONS,
    asked_for=asks_for_methods,
)
def weight_comparisons(
    kpi_monthly: pl.LazyFrame,
    kpi_windows: pl.LazyFrame,
    kpi_periodic: pl.LazyFrame,
    survey_items: pl.LazyFrame,
    survey_waves: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per framework, node below the index and method: the weight that the method would give it, and why none.

    Data are those of the framework's `weight_base`, or else of the newest twelve months of the project's first cut.
    Weights in force that came from data stay as they were published; here is what the data say now.
    """
    kpis = with_windows(kpi_monthly, kpi_windows, kpi_periodic)
    items, waves = survey_items.collect(), survey_waves.collect()
    schema = {name: dtype for name, (dtype, _) in WEIGHT_COMPARISONS.items()}
    rows: list[Mapping[str, object]] = []
    if kpis.limit(1).collect().is_empty():
        return pl.LazyFrame(schema=schema)
    for framework in settings.frameworks:
        base = framework.weight_base or _newest_year(settings, as_of)
        known = None
        if base:
            loadings = dimension_loadings(items, waves, DIMENSION_OF, base.first, base.last)
            known = evidence(kpis, framework, base, loadings)
        for method in METHODS:
            rows += _rows(framework, method, known, base)
    return pl.LazyFrame(rows, schema=schema)


def _newest_year(settings: Settings, as_of: date) -> WeightBase | None:
    """The twelve months up to that of the as-of day, of the first cut that divides the company."""
    cuts = [cut for cut in settings.cuts if cut != "company"]
    first = pl.select(pl.lit(as_of).dt.month_start().dt.offset_by(f"-{_BASE_MONTHS - 1}mo")).item()
    return WeightBase(cut=cuts[0], first=first, last=as_of) if cuts else None


def _rows(
    framework: Framework, method: WeightMethod, known: Evidence | None, base: WeightBase | None
) -> Iterator[Mapping[str, object]]:
    found = {node.code: weighed(framework, node, method, known) for node in framework.nodes if node.children}
    nodes = {node.code: node for node in framework.nodes}
    in_index = {"index": 1.0}
    for node in framework.nodes[1:]:
        assert node.parent, "only the index has none"
        said, above = found[node.parent], nodes[node.parent].weights
        weight = said.weights.get(node.code, 0.0) if said.status == "ok" else None
        in_index[node.code] = in_index[node.parent] * (node.weight if weight is None else weight)
        yield {
            "framework": framework.code,
            "framework_version": framework.version,
            "node": node.code,
            "parent": node.parent,
            "level": node.level,
            "kpi": node.leaf.kpi if node.leaf else None,
            "method": method,
            "weight": weight,
            "index_weight": in_index[node.code],
            "weight_in_force": node.weight,
            "is_in_force": above is not None and above.method == method,
            **_how(said, node.code),
            "base_cut": base.cut if base else None,
            "base_first": base.first if base else None,
            "base_last": base.last if base else None,
        }


def _how(said: Weighed, child: str) -> Mapping[str, object]:
    return {
        "standard_deviation": said.standard_deviations.get(child),
        "consistency_ratio": said.consistency_ratio,
        "n_segments": said.n_segments,
        "status": said.status,
    }
