"""Which branches: the newest ranking in three groups, and funnels of the KPIs that set branches apart."""

from dataclasses import dataclass

from orchestration.pages.charts import Figure, dots, funnel
from orchestration.pages.edition import BRANCHES, Edition, FrameworkShown
from orchestration.pages.numbers import in_shown_unit
from orchestration.pages.page import Page
from orchestration.pages.published import Column, Row, Table
from orchestration.pages.small_cells import shown_records

ADDRESS = "branches.html"
MOST_FUNNELS = 4
MOST_DOTS = 60
RANKING = """
    SELECT ranking.org_unit, ranking.ranked_by, ranking.rank, ranking.score, ranking.score_low, ranking.score_high,
        ranking.rank_low, ranking.rank_high, ranking.grade, ranking.change_points, ranking.signal,
        ranking.n_kpis_above_others, ranking.n_kpis_below_others, ranking.reason, company.score AS company_score,
        CASE
            WHEN ranking.ranked_by <> 'index' OR ranking.score IS NULL THEN 'unscored'
            WHEN ranking.score_low > company.score OR (ranking.score_low IS NULL
                AND ranking.n_kpis_above_others > 0 AND ranking.n_kpis_below_others = 0) THEN 'above'
            WHEN ranking.score_high < company.score OR (ranking.score_low IS NULL
                AND ranking.n_kpis_below_others > 0 AND ranking.n_kpis_above_others = 0) THEN 'below'
            ELSE 'within'
        END AS standing
    FROM marts.branch_ranking AS ranking
    LEFT JOIN index.scores AS company
        ON company.framework = ranking.framework AND company.framework_version = ranking.framework_version
        AND company.period = ranking.period AND company.cut = 'company' AND company.level = 0
    WHERE ranking.framework = {framework} AND ranking.framework_version = {version} AND ranking.period = {month}
    ORDER BY ranking.ranked_by <> 'index', ranking.rank, ranking.org_unit
"""
APART = """
    SELECT kpi, basis, definitions.unit, count(*) FILTER (position <> 'within' AND NOT is_good) AS worse_count,
        count(*) FILTER (position <> 'within') AS outside_count
    FROM kpi.funnels LEFT JOIN catalog.kpis AS definitions USING (kpi)
    WHERE cut = {cut} AND period = {month} AND segment <> 'unknown'
    GROUP BY kpi, basis, definitions.unit
    HAVING outside_count > 0
    ORDER BY worse_count DESC, outside_count DESC, kpi, basis
"""
FUNNEL = f"""
    WITH shown AS ({shown_records("kpi = {kpi} AND basis = {basis} AND cut = {cut} AND period = {month}")})
    SELECT segment AS org_unit, funnels.denominator, funnels.value, unit, target, lower_95, upper_95, lower_998,
        upper_998, position, is_good
    FROM kpi.funnels AS funnels
    INNER JOIN shown USING (kpi, basis, cut, segment, period)
    LEFT JOIN catalog.kpis AS definitions USING (kpi)
    WHERE shown.is_shown AND segment <> 'unknown'
    ORDER BY funnels.denominator, segment
"""
RANKING_COLUMNS = [
    Column("org_unit", "branch"), Column("standing", words="standings"), Column("ranked_by", "part"),
    Column("rank", "number", "count"), Column("score", "number", "score_0_100"),
    Column("score_low", "interval_of_score"), Column("grade"), Column("change_points", "points", "score_0_100"),
    Column("n_kpis_below_others", "number", "count"), Column("reason"),
]  # fmt: skip
FUNNEL_COLUMNS = [
    Column("org_unit", "branch"), Column("value", "number", unit_from="unit"),
    Column("denominator", "number", "number"), Column("lower_998", "number", unit_from="unit"),
    Column("upper_998", "number", unit_from="unit"), Column("position", words="positions"),
]  # fmt: skip
APART_COLUMNS = [
    Column("kpi", "kpi"), Column("worse_count", "number", "count"), Column("outside_count", "number", "count")
]  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    """The branches by one framework: the table, the chart, and those of each group."""

    framework: FrameworkShown
    figure: Figure
    groups: dict[str, list[Row]]


def which_branches(edition: Edition) -> Page:
    """The page of branches."""
    rankings = [_ranking(edition, framework) for framework in edition.frameworks]
    apart = edition.published.table("apart", APART, APART_COLUMNS, cut=BRANCHES, month=edition.month)
    funnels = [_funnel(edition, row) for row in apart.rows()[:MOST_FUNNELS]]
    tables: list[Table] = [ranking.figure.table for ranking in rankings]
    tables += [apart, *(shown.table for shown in funnels)]
    return Page(
        ADDRESS,
        "which_branches.html",
        edition.words.say("branches.title"),
        {"rankings": rankings, "apart": apart, "funnels": funnels},
        tables,
    )


def _ranking(edition: Edition, framework: FrameworkShown) -> Ranking:
    table = edition.published.table(
        f"ranking-{framework.code}", RANKING, RANKING_COLUMNS,
        framework=framework.code, version=framework.version, month=framework.month,
    )  # fmt: skip
    rows = table.rows()
    ranked = [row for row in rows if row["standing"] != "unscored"]
    # Of many branches the ends are what one looks for; the table has them all.
    ends = ranked if len(ranked) <= MOST_DOTS else ranked[: MOST_DOTS // 2] + ranked[-MOST_DOTS // 2 :]
    points = [
        {
            "name": edition.segment_name(BRANCHES, row["org_unit"]), "value": row["score"],
            "low": row["score_low"], "high": row["score_high"],
        }
        for row in ends
    ]  # fmt: skip
    company = rows[0]["company_score"] if rows else None
    figure = Figure(
        edition.words.say("branches.dots", shown=len(ends), of=len(ranked)),
        dots(points, edition.words.say("columns.score"), company),
        table,
    )
    groups: dict[str, list[Row]] = {"above": [], "within": [], "below": [], "unscored": []}
    for row in rows:
        groups[row["standing"]].append(row)
    return Ranking(framework, figure, groups)


def _funnel(edition: Edition, row: Row) -> Figure:
    table = edition.published.table(
        f"funnel-{row['kpi']}-{row['basis']}", FUNNEL, FUNNEL_COLUMNS,
        kpi=row["kpi"], basis=row["basis"], cut=BRANCHES, month=edition.month,
        fewest=edition.options.fewest_cases,
    )  # fmt: skip
    points = [{**point, "name": edition.segment_name(BRANCHES, point["org_unit"])} for point in table.rows()]
    return Figure(
        edition.kpi_title(row["kpi"]),
        funnel(
            in_shown_unit(
                points, row["unit"], ("value", "target", "lower_95", "upper_95", "lower_998", "upper_998")
            ),
            edition.words.say(f"units.{row['unit']}", number="").strip()
            or edition.words.say("columns.value"),
            edition.words.say("columns.denominator"),
        ),
        table,
    )
