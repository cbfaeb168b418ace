"""Does a questionnaire measure what it says: Cronbach's alpha, factors and their weights.

Takes respondents × items arrays of turned scores; which items belong together is the questionnaire's
business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special

from transforms.exactness import steady_sum, steady_variance
from transforms.statistics.intervals import LEVEL

Matrix = NDArray[np.float64]

# Below these a factor solution is not worth weights (Kaiser 1974; OECD/JRC Handbook 2008, step 6).
MINIMUM_KMO = 0.6
MINIMUM_RESPONDENTS, RESPONDENTS_PER_ITEM = 100, 5
# Sums of a few answers are exact to this many decimals; their last digits depend on the order.
_EXACT_DECIMALS = 9
MINIMUM_FACTOR_VARIANCE, MINIMUM_CUMULATED_VARIANCE = 0.10, 0.60


@dataclass(frozen=True)
class Factorability:
    """Sampling adequacy (Kaiser–Meyer–Olkin), overall and per item, and Bartlett's test of sphericity."""

    kmo: float
    msa: Matrix
    chi_square: float
    p_value: float


@dataclass(frozen=True)
class FactorWeights:
    """Weights of the items from rotated loadings; None where `refused` says why there are none."""

    weights: Matrix | None
    loadings: Matrix | None
    factor: NDArray[np.intp] | None
    eigenvalues: Matrix | None
    refused: str | None


def complete_rows(items: ArrayLike) -> Matrix:
    """The respondents who answered every item (listwise), as an n × k array."""
    matrix = np.atleast_2d(np.asarray(items, dtype=float))
    complete: Matrix = matrix[~np.isnan(matrix).any(axis=1)]
    return complete


def feldt_interval(
    alpha: ArrayLike, n: ArrayLike, k: ArrayLike, *, level: float = LEVEL
) -> tuple[Matrix, Matrix]:
    """Interval of alpha for n respondents and k items by the F distribution (Feldt 1965).

    >>> [round(float(limit), 3) for limit in feldt_interval(0.9588, n=8, k=4)]
    [0.878, 0.991]
    """
    alpha, n, k = np.asarray(alpha, float), np.asarray(n, float), np.asarray(k, float)
    tail = (1 - level) / 2
    return (
        1 - (1 - alpha) * special.fdtri(n - 1, (n - 1) * (k - 1), 1 - tail),
        1 - (1 - alpha) * special.fdtri(n - 1, (n - 1) * (k - 1), tail),
    )


def alpha_by_group(items: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Alpha with Feldt's interval of every group: alpha, alpha_low, alpha_high, spearman_brown, n, n_items.

    `items` has a row an answer: columns `by`, respondent, item, value. Complete respondents only; NULL where
    there are under two items or respondents or nobody differs. `spearman_brown` is that of two items.

    >>> answers = pl.LazyFrame(
    ...     {"dimension": "empathy", "respondent": [1, 1, 2, 2, 3, 3], "item": ["a", "b"] * 3,
    ...      "value": [1.0, 2, 3, 3, 5, 4]}
    ... )
    >>> round(alpha_by_group(answers, ["dimension"]).collect()["alpha"].item(), 3)
    0.889
    """
    answered = items.filter(pl.col("value").is_not_null())
    asked = answered.group_by(by).agg(n_items=pl.col("item").n_unique().cast(pl.Int64))
    complete = answered.join(asked, on=list(by)).filter(pl.len().over(*by, "respondent") == pl.col("n_items"))
    spread = (
        complete.group_by(*by, "item")
        .agg(variance=steady_variance(pl.col("value")))
        .group_by(by)
        .agg(steady_sum(pl.col("variance")), deviations=pl.col("variance").sqrt().product())
    )
    sums = complete.group_by(*by, "respondent").agg(pl.col("value").sum().round(_EXACT_DECIMALS))
    totals = sums.group_by(by).agg(total=steady_variance(pl.col("value")), n=pl.len().cast(pl.Int64))
    k = pl.col("n_items")
    raw = k / (k - 1) * (1 - pl.col("variance") / pl.col("total"))
    defined = (k > 1) & (pl.col("n") > 1) & (pl.col("total") > 0)
    correlation = (pl.col("total") - pl.col("variance")) / 2 / pl.col("deviations")
    pair = defined & (k == 2) & (pl.col("deviations") > 0)
    return (
        asked.join(totals, on=list(by), how="left")
        .join(spread, on=list(by), how="left")
        .with_columns(
            pl.col("n").fill_null(0),
            alpha=pl.when(defined).then(raw),
            spearman_brown=pl.when(pair).then(2 * correlation / (1 + correlation)),
        )
        .select(*by, "alpha", *_feldt_columns(), "spearman_brown", "n", "n_items")
    )


def _feldt_columns() -> list[pl.Expr]:
    arguments = pl.struct("alpha", "n", "n_items")

    def bound(side: int) -> pl.Expr:
        def interval(rows: pl.Series) -> pl.Series:
            columns = [
                rows.struct.field(name).cast(pl.Float64).to_numpy() for name in ("alpha", "n", "n_items")
            ]
            return pl.Series(feldt_interval(*columns)[side]).fill_nan(None)

        return arguments.map_batches(interval, return_dtype=pl.Float64)

    return [bound(0).alias("alpha_low"), bound(1).alias("alpha_high")]


def factorability(items: ArrayLike) -> Factorability:
    """KMO = Σr² / (Σr² + Σp²) with partial correlations p from the inverse (Kaiser 1974); Bartlett (1951).

    Raises numpy's LinAlgError where an item repeats others exactly or does not vary.
    """
    matrix = complete_rows(items)
    n, k = matrix.shape
    correlation = _correlation(matrix)
    if np.isnan(correlation).any() or np.linalg.cond(correlation) > 1e12:
        raise np.linalg.LinAlgError("an item repeats others exactly or does not vary")
    inverse = np.linalg.inv(correlation)
    scale = np.sqrt(np.diag(inverse))
    partial = -inverse / np.outer(scale, scale)
    r2, p2 = correlation**2, partial**2
    np.fill_diagonal(r2, 0)
    np.fill_diagonal(p2, 0)
    chi_square = -(n - 1 - (2 * k + 5) / 6) * np.linalg.slogdet(correlation)[1]
    freedom = k * (k - 1) // 2
    return Factorability(
        kmo=float(r2.sum() / (r2.sum() + p2.sum())),
        msa=r2.sum(axis=0) / (r2.sum(axis=0) + p2.sum(axis=0)),
        chi_square=float(chi_square),
        p_value=float(special.chdtrc(freedom, chi_square)),
    )


def factor_weights(items: ArrayLike) -> FactorWeights:
    """Item weights w ∝ l²max from varimax-rotated principal components (OECD/JRC Handbook 2008, step 6).

    Kept are components with an eigenvalue over 1 and 10 % of the variance, which together must explain 60 %.
    Refused under KMO 0.6 or max(100, 5 per item) complete respondents. Such weights reward redundancy, not
    importance: an option, never a default.
    """
    matrix = complete_rows(items)
    n, k = matrix.shape
    needed = max(MINIMUM_RESPONDENTS, RESPONDENTS_PER_ITEM * k)
    if n < needed:
        return _refuse(f"{n} complete respondents; {needed} are needed for {k} items")
    try:
        kmo = factorability(matrix).kmo
    except np.linalg.LinAlgError as error:
        return _refuse(str(error))
    if kmo < MINIMUM_KMO:
        return _refuse(f"sampling adequacy (KMO) is {kmo:.2f}; {MINIMUM_KMO} is needed")
    values, vectors = np.linalg.eigh(_correlation(matrix))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = (values > 1) & (values / k >= MINIMUM_FACTOR_VARIANCE)
    explained = values[kept].sum() / k
    if explained < MINIMUM_CUMULATED_VARIANCE:
        return _refuse(f"the factors explain {explained:.0%} of the variance; 60% are needed", values)
    loadings = varimax(vectors[:, kept] * np.sqrt(values[kept]))
    loadings = loadings * np.where(loadings.sum(axis=0) < 0, -1, 1)
    strongest = (loadings**2).max(axis=1)
    return FactorWeights(strongest / strongest.sum(), loadings, (loadings**2).argmax(axis=1), values, None)


def varimax(loadings: ArrayLike, *, max_rounds: int = 500, tolerance: float = 1e-10) -> Matrix:
    """Loadings rotated to simple structure (Kaiser 1958, with Kaiser's normalisation of the rows)."""
    matrix = np.asarray(loadings, dtype=float)
    rows, factors = matrix.shape
    if factors < 2:
        return matrix
    communality = np.sqrt((matrix**2).sum(axis=1, keepdims=True))
    normal = matrix / np.where(communality > 0, communality, 1)
    rotation, criterion = np.eye(factors), 0.0
    for _ in range(max_rounds):
        rotated = normal @ rotation
        gradient = normal.T @ (rotated**3 - rotated * (rotated**2).sum(axis=0) / rows)
        left, singular, right = np.linalg.svd(gradient)
        rotation = left @ right
        if singular.sum() <= criterion * (1 + tolerance):
            break
        criterion = singular.sum()
    simple: Matrix = (normal @ rotation) * communality
    return simple


def _correlation(matrix: Matrix) -> Matrix:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.atleast_2d(np.corrcoef(matrix, rowvar=False))


def _refuse(reason: str, eigenvalues: Matrix | None = None) -> FactorWeights:
    return FactorWeights(None, None, None, eigenvalues, reason)
