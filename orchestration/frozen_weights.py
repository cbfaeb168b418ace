"""When weights of a framework come from data: worked out once, for a version that was not published yet.

How is `transforms/composite/weighing.py`; here they are asked of the tables of a build, between the KPIs and the index.
"""

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from transforms.composite.leaf_scores import with_windows
from transforms.composite.survey_loadings import dimension_loadings
from transforms.composite.weighing import RECORDS, SURVEYS, UnknownWeights, with_frozen_weights
from transforms.framework import Framework
from transforms.kpi.surveys import DIMENSION_OF
from transforms.settings import Settings

Read = Callable[[str], pl.DataFrame]


def with_weights(settings: Settings, files: Sequence[str], read: Read) -> Settings:
    """The settings with the weights of every framework known; `read` gives the rows of a table.

    Raises UnknownWeights where the data give none, with the framework's file of `files`.
    """
    if not any(framework.awaiting_weights for framework in settings.frameworks):
        return settings
    kpis = with_windows(*(read(table).lazy() for table in RECORDS))
    items, waves = (read(table) for table in SURVEYS)
    found = []
    for framework, file in zip(settings.frameworks, files, strict=True):
        base = framework.weight_base
        if framework.awaiting_weights and base:
            loadings = dimension_loadings(items, waves, DIMENSION_OF, base.first, base.last)
            try:
                framework = with_frozen_weights(framework, kpis, loadings)
            except UnknownWeights as reason:
                raise UnknownWeights(f"{file}: {reason}") from None
        found.append(framework)
    return settings.model_copy(update={"frameworks": tuple(found)})


def newly_weighed(before: Settings, after: Settings) -> Iterator[str]:
    """What to tell of weights that were worked out, a line a node whose children they are of."""
    for framework, weighed in zip(before.frameworks, after.frameworks, strict=True):
        for node in framework.awaiting_weights:
            yield f"{weighed.code} version {weighed.version}: {_told(weighed, node.code)}"


def _told(framework: Framework, code: str) -> str:
    base, node = framework.weight_base, next(node for node in framework.nodes if node.code == code)
    assert base and node.weights, "only weights from data are worked out"
    children = framework.groups[code].weighed_children
    weights = ", ".join(f"{child} {framework.frozen_weights[child]:.3f}" for child in children)
    return (
        f"weights of {code} by {node.weights.method} from {base.cut}, {base.first} to {base.last}: {weights}; "
        "they stay as long as the version does (index.weight_comparisons)"
    )
