"""What a framework says: the tree of an index from its root to KPI codes, and the rules of its scores.

Models that are cheap to import and their flattened view; reading and checking a file is `framework_file.py`,
computing a score is `evaluate.py`.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    Tag,
    model_validator,
)

from transforms.vocabulary import CALENDAR_GRAINS, Basis

if TYPE_CHECKING:
    from transforms.statistics.expert_weights import StatedWeights

Aggregation = Literal["arithmetic", "geometric", "harmonic"]
# By outranking segments get places among others, which is of use for the index alone.
NodeAggregation = Literal["arithmetic", "geometric", "harmonic", "outranking"]
Normalisation = Literal[
    "goalposts", "min_max", "z_score", "distance_to_target", "percentile_rank", "bands", "formula"
]
# What a leaf does where a month of a segment has too few cases: it is missing, takes more months up to that one, or is
# drawn towards the segments of its cut.
IfSmall = Literal["missing", "rolling_3", "rolling_6", "rolling_12", "shrunk"]


# Where the weights of the children of a node come from: experts (as written, points, pairwise judgements), nowhere
# (equal), or data of a base period (the rest).
WeightMethod = Literal["expert", "equal", "budget", "ahp", "entropy", "critic", "pca", "factor_loadings"]
# Those that need nothing that stands at the node.
LevelMethod = Literal["expert", "equal", "entropy", "critic", "pca", "factor_loadings"]
FROM_DATA: tuple[WeightMethod, ...] = ("entropy", "critic", "pca", "factor_loadings")


def _version_text(version: object) -> object:
    if isinstance(version, float):
        raise ValueError('a version with a point needs quotes, as in "1.10"')
    return str(version) if isinstance(version, int) else version


NodeCode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]
Version = Annotated[
    str, BeforeValidator(_version_text, json_schema_input_type=str | int), Field(pattern=r"^[A-Za-z0-9._-]+$")
]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Share100 = Annotated[float, Field(ge=0, le=100)]
Step = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Scale = Literal["log10", "ln"]
# What stands for a value that a segment lacks: nothing, or the mean of those there are, of its stratum or of all.
Fill = Literal["missing", "mean", "stratum_mean"]
FrameworkGrain = Literal["month", "quarter", "half_year", "year"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Goalposts(_Part):
    """Values of the KPI that score 0 and 100; `worst` above `best` says that lower is better."""

    worst: FiniteFloat = Field(description="Value that scores 0.", examples=[0.6])
    best: FiniteFloat = Field(description="Value that scores 100.", examples=[1])


class Bands(_Part):
    """Points for bands of the KPI's value, banded by ascending cut points; one more point than cuts.

    A value that equals a cut point gets the better of its two neighbours.
    """

    cut_points: list[FiniteFloat] = Field(
        min_length=1, description="Where the bands meet, ascending.", examples=[[0.7, 0.9]]
    )
    cut_points_of: dict[str, list[FiniteFloat]] = Field(
        default={}, description="By stratum, instead of the others."
    )
    points: list[Annotated[float, Field(ge=0, le=100)]] = Field(
        description="Score of each band, one more than cut points.", examples=[[0, 60, 100]]
    )


class Leaf(_Part):
    """A KPI in the tree, objective or perceived alike."""

    kpi: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        description="Code of the KPI.",
        examples=["complaint_on_time_share"],
    )
    title: str = Field(default="", description="What it is called in tables and on pages.")
    weight: Weight = Field(default=1.0, description="Relative to its siblings; 0 shows without counting.")
    basis: Basis = Field(default="cohort", description="Records of the KPI by receipt, by closing, or stock.")
    direction: Literal[1, -1] | None = Field(
        default=None, description="Default: the KPI's own.", examples=[-1]
    )
    normalisation: Normalisation = Field(
        default="goalposts", description="How a value becomes a score from 0 to 100."
    )
    goalposts: Goalposts | None = None
    target: FiniteFloat | None = Field(
        default=None, description="Value that scores 100, of distance_to_target.", examples=[0.95]
    )
    bands: Bands | None = None
    formula: str | None = Field(
        default=None,
        examples=["100 * ln(value / 20) / ln(4.25)"],
        description="Score of the `value`, as in 100 * ln(value / 20) / ln(4.25); brought to 0 to 100.",
    )
    scale: Scale | None = Field(
        default=None,
        description="Logarithm in which value, goalposts and target are taken.",
        examples=["log10"],
    )
    round_to: Step | None = Field(
        default=None,
        description="The score is rounded to multiples of it, halves up.",
        examples=[0.1],
    )
    if_suppressed: Share100 | None = Field(
        default=None,
        examples=[0],
        description="Score where the value is withheld, as one marked not to be used; else missing.",
    )
    minimum_denominator: float | None = Field(
        default=None,
        gt=0,
        examples=[30],
        description="Below it (denominator, or n where there is none) a record is missing.",
    )
    if_small: IfSmall = Field(
        default="missing",
        description="Where a segment has too few cases in a month: missing, or as many months up to it as it takes, "
        "3, 6 or 12, and so many at most; or shrunk towards the segments of its cut (empirical Bayes), which then "
        "holds for low_n as well.",
    )
    awaited: bool = Field(default=False, description="There is no such KPI yet: the leaf is missing.")
    note: str = Field(default="", description="Why it is so, for readers of the file.")

    @property
    def most_months(self) -> int:
        """The longest window that its KPI may be taken over."""
        return int(self.if_small.removeprefix("rolling_")) if self.if_small.startswith("rolling_") else 1


class Weights(_Part):
    """Where the weights of the children of a node come from; children of weight 0 stay out by every method."""

    method: WeightMethod = Field(
        description="expert: as written; equal; budget: points of experts; ahp: pairwise judgements; entropy, critic, "
        "pca, factor_loadings: data of the base period.",
        examples=["equal"],
    )
    points: dict[str, dict[NodeCode, Weight]] = Field(
        default={},
        description="Of budget: by expert, what each child gets; the mean of the shares counts.",
        examples=[{"claims": {"on_time": 60, "paid": 40}, "sales": {"on_time": 50, "paid": 50}}],
    )
    judgements: dict[NodeCode, dict[NodeCode, Annotated[float, Field(gt=0, allow_inf_nan=False)]]] = Field(
        default={},
        description="Of ahp: how many times as important as others a child is, each pair once; consistency ratio "
        "(Saaty 1980) at most 0.10.",
        examples=[{"on_time": {"paid": 3}}],
    )

    @model_validator(mode="after")
    def has_what_it_needs(self) -> Self:
        for name, method in (("points", "budget"), ("judgements", "ahp")):
            if getattr(self, name) and self.method != method:
                raise ValueError(f"{name} have no use with method {self.method}")
        return self


class Group(_Part):
    """An inner node: a weighted mean of its children."""

    title: str = Field(default="", description="What it is called in tables and on pages.")
    weight: Weight = Field(default=1.0, description="Relative to its siblings.")
    round_to: Step | None = Field(
        default=None,
        description="The score is rounded to multiples of it, halves up.",
        examples=[0.1],
    )
    aggregation: NodeAggregation | None = Field(
        default=None,
        description="Default: that of the node's level; outranking, of the index alone.",
        examples=["geometric"],
    )
    children: dict[
        NodeCode,
        Annotated[
            Annotated[Leaf, Tag("leaf")] | Annotated["Group", Tag("group")],
            Discriminator(lambda node: "group" if _has_children(node) else "leaf"),
        ],
    ] = Field(
        min_length=1,
        description="Nodes below it by their codes: with `children` of their own, or with a KPI.",
        examples=[{"on_time": {"kpi": "complaint_on_time_share", "goalposts": {"worst": 0.6, "best": 1}}}],
    )
    weights: Weights | None = Field(
        default=None, description="Where the weights of its children come from. Default: those of its level."
    )
    note: str = Field(default="", description="Why it is so, for readers of the file.")

    @property
    def written_weights(self) -> dict[str, float]:
        """The children's weights as they are written, relative to each other."""
        return {code: child.weight for code, child in self.children.items()}

    @property
    def weighed_children(self) -> list[str]:
        """The children that have a weight to be found."""
        return [code for code, weight in self.written_weights.items() if weight > 0]

    @model_validator(mode="after")
    def weights_can_be_found(self) -> Self:
        self.stated_weights()
        return self

    def stated_weights(self) -> "StatedWeights | None":
        """What its points or judgements make of its children, if it has any; ValueError if they are not enough."""
        children = self.weighed_children
        if self.weights is None or self.weights.method not in ("budget", "ahp") or not children:
            return None
        from transforms.statistics.expert_weights import weights_by_judgements, weights_by_points

        if self.weights.method == "budget":
            return weights_by_points(self.weights.points, children)
        return weights_by_judgements(self.weights.judgements, children)


def _has_children(node: object) -> bool:
    return "children" in node if isinstance(node, Mapping) else isinstance(node, Group)


class RequiredGroup(_Part):
    """Leaves of which at least a share, by weight in the index, must be present."""

    leaves: list[NodeCode] = Field(min_length=1, description="Codes of leaves.", examples=[["on_time"]])
    minimum_share: Share = Field(description="Share of their weight that must be present.", examples=[0.5])


class Coverage(_Part):
    """When a node with missing children still has a score (shares of weight, compared to three decimals)."""

    parent: Share = Field(default=0.667, description="Least share of a node's weight that has a score.")
    index: Share = Field(default=0.75, description="The same of the index, counted over its leaves.")
    required_nodes: list[NodeCode] = Field(default=[], description="Nodes without which there is no index.")
    required_groups: dict[str, RequiredGroup] = Field(
        default={}, description="Groups of leaves of which a share must be present, by name."
    )


class GradeCap(_Part):
    """The best grade the index may have while a KPI, such as a statutory limit, is out of bounds."""

    kpi: str = Field(description="Code of the KPI.", examples=["complaint_on_time_share"])
    basis: Basis = Field(default="cohort", description="Records of the KPI by receipt, by closing, or stock.")
    awaited: bool = Field(default=False, description="There is no such KPI yet: the cap rests.")
    above: FiniteFloat | None = Field(default=None, description="It caps above this value.", examples=[30])
    below: FiniteFloat | None = Field(default=None, description="It caps below this value.", examples=[0.9])
    at_most: str = Field(description="The best grade then.", examples=["B"])


class Hysteresis(_Part):
    """A grade moves once the score is past the cut by more than the margin for so many periods."""

    margin_points: float = Field(default=1.0, ge=0, description="Points past the cut.")
    periods: int = Field(default=2, ge=1, le=12, description="Periods in a row.")


class Grades(_Part):
    """The scale's grades from best to worst, each with its lowest score."""

    scale: dict[str, float] = Field(
        min_length=2,
        description="Lowest score of each grade, the best first and the last 0.",
        examples=[{"A": 80, "B": 60, "C": 0}],
    )
    cap: GradeCap | None = None
    hysteresis: Hysteresis = Hysteresis()


class Treatment(_Part):
    """How outliers are treated before segments are compared: winsorised, and if that fails by logarithm (COINr)."""

    most_points: int = Field(default=5, ge=0, description="Values that may be pulled in, of one KPI.")
    skew_limit: float = Field(default=2.0, gt=0, description="Skew beyond which values are treated.")
    kurtosis_limit: float = Field(default=3.5, gt=0, description="The same of kurtosis; both must be passed.")


class Comparison(_Part):
    """The two nodes that measure one dimension from facts and as customers see it."""

    objective: NodeCode = Field(description="Node of facts.", examples=["claims"])
    perceived: NodeCode = Field(description="Node of answers.", examples=["claims_perceived"])


class WeightBase(_Part):
    """The scores from which weights are worked out: means of the segments of a cut over a period that is named."""

    cut: str = Field(default="org_unit", description="Whose segments are compared.")
    first: date = Field(description="First day of the months that count.", examples=["2024-01-01"])
    last: date = Field(description="Their last day.", examples=["2024-12-31"])


@dataclass(frozen=True)
class Node:
    """One node of the flattened tree; `weight` within its parent, `overall_weight` within the index.

    `weights` says where those of its children come from, `written_weight` what the file gives it among its siblings.
    """

    code: str
    title: str
    parent: str | None
    level: int
    weight: float
    overall_weight: float
    aggregation: NodeAggregation | None
    leaf: Leaf | None
    children: tuple[str, ...]
    round_to: float | None = None
    weights: Weights | None = None
    written_weight: float = 1.0


class Framework(_Part):
    """One version of one index; scores compare only within it (OECD/JRC Handbook 2008)."""

    code: NodeCode = Field(
        description="Its name in tables, the same in all versions.", examples=["our_index"]
    )
    version: Version = Field(
        description="Another one for other weights, goalposts or rules, since published scores are kept under it.",
        examples=[1],
    )
    title: str = Field(
        min_length=1, description="What it is called on pages.", examples=["Our service index"]
    )
    parent: str | None = Field(
        default=None,
        description="Framework to inherit from: code, or code@version.",
        examples=["life_default"],
    )
    source: str = Field(default="", description="Where it is from.")
    note: str = Field(default="", description="Why it is so, for readers of the file.")
    valid_from: date | None = Field(
        default=None, description="First day on which it is in force.", examples=["2025-01-01"]
    )
    valid_to: date | None = Field(
        default=None, description="Last day on which it is in force.", examples=["2025-12-31"]
    )
    grain: FrameworkGrain = Field(
        default="month",
        description="Length of the periods that are scored; their records are of kpi.periodic.",
    )
    strata: dict[str, list[str]] = Field(
        default={}, description="Segments that are of one kind, by its name."
    )
    fill: Fill = Field(default="missing", description="What stands for a value that a segment lacks.")
    treatment: Treatment | None = Field(default=None, description="Of outliers; without it they stay.")
    backcast_months: int = Field(default=24, ge=0, description="Months scored before valid_from.")
    floor: float = Field(default=1.0, gt=0, le=50, description="Least score in a geometric or harmonic mean.")
    aggregation_by_level: list[NodeAggregation] = Field(default=[], description="From the index down.")
    weights_by_level: list[LevelMethod] = Field(
        default=[],
        description="Where weights come from, from the children of the index down; default expert.",
    )
    weight_base: WeightBase | None = Field(default=None, description="Of weights that come from data.")
    frozen_weights: dict[NodeCode, Weight] = Field(
        default={},
        description="Weights that were worked out from the base, by node. A run works them out once and keeps them "
        "with the version that it publishes.",
        examples=[{"on_time": 0.6, "paid": 0.4}],
    )
    coverage: Coverage = Coverage()
    grades: Grades | None = None
    dimensions: dict[str, Comparison] = Field(
        default={}, description="Pairs of nodes whose gap is shown, by dimension."
    )
    index: Group

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The tree flattened, parents before children, from the index (level 0) down."""
        return tuple(self._walk("index", self.index, None, 0, 1.0, 1.0))

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """The nodes that are KPIs."""
        return tuple(node for node in self.nodes if node.leaf)

    @property
    def kpis(self) -> frozenset[str]:
        """The KPIs whose records it looks at."""
        cap = self.grades.cap if self.grades else None
        return frozenset({node.leaf.kpi for node in self.leaves if node.leaf} | ({cap.kpi} if cap else set()))

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The inner nodes as they are written, by code, from the index down."""
        return dict(self._groups("index", self.index))

    @property
    def awaiting_weights(self) -> list[Node]:
        """The nodes whose children's weights have yet to be worked out from data, the deepest first."""
        found = [
            node
            for node in self.nodes
            if node.weights
            and node.weights.method in FROM_DATA
            and self._frozen(self.groups[node.code]) is None
        ]
        return sorted(found, key=lambda node: -node.level)

    def with_weights(self, frozen: Mapping[str, float]) -> "Framework":
        """The framework with these weights of nodes beside those that are frozen already."""
        said = self.model_dump(exclude_unset=True)
        return Framework.model_validate({**said, "frozen_weights": {**self.frozen_weights, **frozen}})

    @property
    def months(self) -> int:
        """Months of the periods that are scored."""
        return 1 if self.grain == "month" else CALENDAR_GRAINS[self.grain]

    @property
    def shrinks(self) -> bool:
        """Whether small segments of any leaf are drawn towards those of their cut."""
        return any(node.leaf and node.leaf.if_small == "shrunk" for node in self.leaves)

    @property
    def ranks_segments(self) -> bool:
        """Whether the index is a place among the segments of a cut, which neither months nor the company have."""
        return self.nodes[0].aggregation == "outranking"

    @property
    def is_drawn_by_cases(self) -> bool:
        """Whether scores follow from the cases of one month by goalposts and bands alone."""
        leaves = [node.leaf for node in self.leaves if node.leaf]
        plain = all(leaf.normalisation in ("goalposts", "bands") and not leaf.scale for leaf in leaves)
        banded = any(leaf.bands and leaf.bands.cut_points_of for leaf in leaves)
        rounded = any(node.round_to for node in self.nodes)
        withheld = any(leaf.if_suppressed is not None for leaf in leaves)
        filled = self.fill != "missing" or self.treatment is not None
        return (
            self.grain == "month"
            and plain
            and not (banded or rounded or withheld or filled or self.ranks_segments)
        )

    def _walk(
        self, code: str, node: Group | Leaf, parent: str | None, level: int, weight: float, overall: float
    ) -> Iterator[Node]:
        children = node.children if isinstance(node, Group) else {}
        how = self._aggregation(node, level) if isinstance(node, Group) else None
        weights = self._weights(node, level) if isinstance(node, Group) else None
        leaf = node if isinstance(node, Leaf) else None
        yield Node(
            code,
            node.title or code,
            parent,
            level,
            weight,
            overall,
            how,
            leaf,
            tuple(children),
            node.round_to,
            weights,
            node.weight,
        )
        relative = self._relative_weights(node, weights) if isinstance(node, Group) and weights else {}
        total = math.fsum(relative.values())
        for child_code, child in children.items():
            share = relative[child_code] / total if total else 0.0
            yield from self._walk(child_code, child, code, level + 1, share, overall * share)

    def _groups(self, code: str, group: Group) -> Iterator[tuple[str, Group]]:
        yield code, group
        for child_code, child in group.children.items():
            if isinstance(child, Group):
                yield from self._groups(child_code, child)

    def _weights(self, group: Group, level: int) -> Weights:
        by_level = self.weights_by_level
        return group.weights or Weights(method=by_level[level] if level < len(by_level) else "expert")

    def _relative_weights(self, group: Group, weights: Weights) -> dict[str, float]:
        """Weights of the children relative to each other; even where they have yet to be worked out from data."""
        if weights.method == "expert":
            return group.written_weights
        found: Mapping[str, float] = dict.fromkeys(group.weighed_children, 1.0)
        if weights.method in FROM_DATA:
            found = self._frozen(group) or found
        elif stated := group.stated_weights():
            found = stated.weights
        return {code: found.get(code, 0.0) for code in group.children}

    def _frozen(self, group: Group) -> dict[str, float] | None:
        """Weights of the children that were worked out before; None if one is missing. A single child needs none."""
        children = group.weighed_children
        if len(children) == 1:
            return {children[0]: 1.0}
        found = {code: self.frozen_weights[code] for code in children if code in self.frozen_weights}
        return found if len(found) == len(children) and any(found.values()) else None

    def _aggregation(self, group: Group, level: int) -> NodeAggregation:
        by_level = self.aggregation_by_level
        return group.aggregation or (by_level[level] if level < len(by_level) else "arithmetic")


def windows_asked(frameworks: Collection[Framework]) -> dict[tuple[str, str], int]:
    """The longest window in months that any framework may take each KPI (code, basis) over, where longer than one."""
    found: dict[tuple[str, str], int] = {}
    for node in (node for framework in frameworks for node in framework.leaves):
        if node.leaf and node.leaf.most_months > 1:
            key = (node.leaf.kpi, node.leaf.basis)
            found[key] = max(found.get(key, 1), node.leaf.most_months)
    return found
