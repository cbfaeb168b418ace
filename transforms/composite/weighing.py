"""What each method of weighting says of the children of a node, and the weights that a version is frozen with.

The arithmetic is `weighting_methods.py`. Methods that ask the data are given the mean scores of the segments of a cut
over a base period, or factor loadings of a survey; their weights are worked out once, for a version of a framework,
and then stay: what they would say later is for `index.weight_comparisons` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from transforms.composite.aggregate import Array
from transforms.composite.evaluate import evaluate
from transforms.composite.weighting_methods import critic, entropy, principal_components
from transforms.framework import Framework, Node, WeightBase, WeightMethod

# The tables that weights from data are worked out from: scores of segments, and factor loadings of surveys.
RECORDS, SURVEYS = ("kpi.monthly", "kpi.windows", "kpi.periodic"), ("core.survey_items", "core.survey_waves")
# Between fewer segments nothing can be told from chance.
FEWEST_SEGMENTS = 3
# Frozen weights are read by people.
_DIGITS = 6

WeighedStatus = Literal["ok", "not_given", "no_base", "too_few_segments", "nothing_varies", "no_loadings"]
REASONS: Mapping[WeighedStatus, str] = {
    "ok": "",
    "not_given": "the file states nothing for it",
    "no_base": "there are no scores of a cut to work them out from",
    "too_few_segments": f"fewer than {FEWEST_SEGMENTS} segments have scores of all children in the base period",
    "nothing_varies": "the segments do not differ",
    "no_loadings": "no survey of the base period gives factor weights for all children",
}


class UnknownWeights(Exception):
    """Weights cannot be worked out from data; the message says of which node, why, and what can be done."""


@dataclass(frozen=True)
class Evidence:
    """What data say: mean scores of nodes × segments over the base (NaN: none), factor weights by KPI."""

    scores: Array
    loadings: Mapping[str, float]


@dataclass(frozen=True)
class Weighed:
    """Weights of the children of a node by one method, summing to 1; none where `status` says why."""

    status: WeighedStatus
    weights: Mapping[str, float]
    standard_deviations: Mapping[str, float]
    consistency_ratio: float | None
    n_segments: int | None


def evidence(
    kpis: pl.LazyFrame, framework: Framework, base: WeightBase, loadings: Mapping[str, float]
) -> Evidence:
    """The mean score of every node in every segment of the base's cut, over the periods of the base.

    `kpis` are records as `evaluate` takes them; what is unknown is no segment. `loadings` are factor weights of KPIs.
    """
    # The base may lie before the months that the version itself is scored for.
    always = Framework.model_validate(
        framework.model_dump(exclude_unset=True, exclude={"valid_from", "valid_to"})
    )
    some = kpis.filter(
        pl.col("cut") == base.cut,
        pl.col("segment") != "unknown",
        pl.col("period").is_between(base.first, base.last),
    )
    found = evaluate(some, always)
    segments = found.units["segment"].unique().sort().to_list()
    means = np.full((len(framework.nodes), len(segments)), np.nan)
    for i, segment in enumerate(segments):
        own = found.score[:, (found.units["segment"] == segment).to_numpy()]
        present = ~np.isnan(own)
        n = present.sum(axis=1)
        np.divide(np.where(present, own, 0.0).sum(axis=1), n, out=means[:, i], where=n > 0)
    return Evidence(means, loadings)


def weighed(framework: Framework, node: Node, method: WeightMethod, known: Evidence | None) -> Weighed:
    """What a method says of the children of `node` that have a weight."""
    group = framework.groups[node.code]
    children = group.weighed_children
    if method == "expert":
        total = sum(group.written_weights.values())
        return _ok({code: group.written_weights[code] / total for code in children})
    if method == "equal" or len(children) == 1:
        return _ok(dict.fromkeys(children, 1 / len(children)))
    if method in ("budget", "ahp"):
        if group.weights is None or group.weights.method != method:
            return _none("not_given")
        stated = group.stated_weights()
        assert stated, "a method of experts has what they said"
        return Weighed("ok", stated.weights, stated.standard_deviations, stated.consistency_ratio, None)
    if known is None:
        return _none("no_base")
    if method == "factor_loadings":
        return _by_loadings(framework, children, known.loadings)
    return _by_scores(framework, children, method, known.scores)


def with_frozen_weights(framework: Framework, kpis: pl.LazyFrame, loadings: Mapping[str, float]) -> Framework:
    """The framework with the weights that its methods work out from the base, children before parents.

    Raises UnknownWeights where they cannot.
    """
    while framework.awaiting_weights:
        node = framework.awaiting_weights[0]
        base, weights = framework.weight_base, node.weights
        assert base and weights, "a file without a base is refused"
        found = weighed(framework, node, weights.method, evidence(kpis, framework, base, loadings))
        if found.status != "ok":
            raise UnknownWeights(
                f"{framework.code} version {framework.version}: {weights.method} gives the children of {node.code} no "
                f"weights from {base.cut}, {base.first} to {base.last}: {REASONS[found.status]}; "
                "name another weight_base or method in its file"
            )
        frozen = {code: round(weight, _DIGITS) for code, weight in found.weights.items()}
        framework = framework.with_weights(frozen)
    return framework


def _ok(weights: Mapping[str, float], n_segments: int | None = None) -> Weighed:
    return Weighed("ok", weights, {}, None, n_segments)


def _none(status: WeighedStatus, n_segments: int | None = None) -> Weighed:
    return Weighed(status, {}, {}, None, n_segments)


def _by_scores(framework: Framework, children: list[str], method: WeightMethod, scores: Array) -> Weighed:
    position = {node.code: i for i, node in enumerate(framework.nodes)}
    matrix = scores[[position[code] for code in children]].T
    matrix = matrix[~np.isnan(matrix).any(axis=1)]
    if len(matrix) < FEWEST_SEGMENTS:
        return _none("too_few_segments", len(matrix))
    if not np.ptp(matrix, axis=0).any():
        return _none("nothing_varies", len(matrix))
    if method == "entropy":
        weights = entropy(matrix, framework.floor)
    elif method == "critic":
        weights = critic(matrix)
    else:
        weights = principal_components(matrix).weights
    return _ok(dict(zip(children, weights.tolist(), strict=True)), len(matrix))


def _by_loadings(framework: Framework, children: list[str], loadings: Mapping[str, float]) -> Weighed:
    """Each child by the factor weights of the KPIs below it, all of which must have one."""
    below: dict[str, list[str]] = {}
    parents = {node.code: node.parent for node in framework.nodes}
    for node in framework.leaves:
        if node.leaf and node.written_weight > 0:
            above: str | None = node.code
            while above is not None:
                below.setdefault(above, []).append(node.leaf.kpi)
                above = parents[above]
    kpis = {code: below.get(code, []) for code in children}
    if not all(own and set(own) <= set(loadings) for own in kpis.values()):
        return _none("no_loadings")
    found = {code: sum(loadings[kpi] for kpi in own) for code, own in kpis.items()}
    total = sum(found.values())
    return _ok({code: weight / total for code, weight in found.items()})
