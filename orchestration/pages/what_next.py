"""What next: the signals that cost the index most, the work that waits or falls due, and what people complain about."""

from datetime import date

from orchestration.pages.edition import Edition
from orchestration.pages.page import Page
from orchestration.pages.published import Column
from orchestration.pages.small_cells import shown_counts, shown_records

ADDRESS = "what-next.html"
MOST_SIGNALS = 10
DAYS_AHEAD = 7
SIGNALS = f"""
    WITH cost AS (
        SELECT kpi, basis, cut, segment, min(contribution_points) AS contribution_points
        FROM marts.index_change WHERE period = {{month}} GROUP BY kpi, basis, cut, segment
    ),
    shown AS ({shown_records("period = {month}")}),
    found AS (
        SELECT signals.*, CASE WHEN shown.is_shown THEN signals.value END AS shown_value
        FROM marts.signals AS signals
        LEFT JOIN shown
            ON shown.kpi = signals.measure AND shown.basis = signals.basis AND shown.cut = signals.cut
            AND shown.segment = signals.segment
        WHERE signals.period = {{month}} AND signals.kind = 'kpi'
    )
    SELECT found.measure AS kpi, found.basis, definitions.unit,
        any_value(found.is_good) AS is_good, count(*) AS segments_count,
        list(found.cut || ': ' || found.segment ORDER BY found.cut = 'company' DESC, found.cut, found.segment)
            AS segments,
        first(found.shown_value ORDER BY found.cut = 'company' DESC, found.cut, found.segment) AS value,
        first(found.centre ORDER BY found.cut = 'company' DESC, found.cut, found.segment) AS centre,
        first(found.rule ORDER BY found.cut = 'company' DESC, found.cut, found.segment) AS rule,
        min(cost.contribution_points) AS contribution_points, true AS is_signal
    FROM found
    LEFT JOIN cost
        ON cost.kpi = found.measure AND cost.basis = found.basis AND cost.cut = found.cut
        AND cost.segment = found.segment
    LEFT JOIN catalog.kpis AS definitions ON definitions.kpi = found.measure
    GROUP BY found.measure, found.basis, definitions.unit, found.is_good
    ORDER BY CASE WHEN found.is_good THEN 2 WHEN found.is_good IS NULL THEN 1 ELSE 0 END,
        contribution_points NULLS LAST, segments_count DESC, kpi, found.basis
"""
# What still has to happen, each with the last day on which it is in time.
DUE = """
    SELECT 'decision' AS clock, claim_id AS case_id, org_unit, cases, decision_due_on AS due_on FROM core.claims
    WHERE sequence_fault IS NULL AND ended_on IS NULL AND decided_on IS NULL
    UNION ALL
    SELECT 'part_payment', claim_id, org_unit, cases, part_payment_due_on FROM core.claims
    WHERE sequence_fault IS NULL AND ended_on IS NULL AND decided_on IS NULL AND prepaid_on IS NULL AND paid_on IS NULL
    UNION ALL
    SELECT 'payment', claim_id, org_unit, cases, payment_due_on FROM core.claims
    WHERE sequence_fault IS NULL AND ended_on IS NULL AND paid_on IS NULL
    UNION ALL
    SELECT 'refusal_letter', claim_id, org_unit, cases, refusal_letter_due_on FROM core.claims
    WHERE sequence_fault IS NULL AND refusal_letter_state = 'undetermined'
    UNION ALL
    SELECT 'complaint', complaint_id, org_unit, cases, due_on FROM core.complaints
    WHERE sequence_fault IS NULL AND NOT is_merged AND coalesce(decided_on, withdrawn_on, closed_on) IS NULL
"""
_DUE_COUNTS = f"""
    coalesce(sum(cases), 0)::BIGINT AS waiting_count,
    coalesce(sum(cases) FILTER (due_on < {{as_of}}), 0)::BIGINT AS past_due_count,
    coalesce(sum(cases) FILTER (due_on BETWEEN {{as_of}} AND {{as_of}} + {DAYS_AHEAD}), 0)::BIGINT AS due_soon_count
"""
_DUE_HIDDEN = ("waiting_count", "past_due_count", "due_soon_count")
DUE_BY_CLOCK = shown_counts(
    f"SELECT clock, {_DUE_COUNTS} FROM ({DUE}) WHERE due_on IS NOT NULL GROUP BY clock",
    "waiting_count", _DUE_HIDDEN, key="clock",
) + "ORDER BY clock"  # fmt: skip
DUE_BY_BRANCH = shown_counts(
    f"SELECT org_unit, {_DUE_COUNTS} FROM ({DUE}) WHERE due_on <= {{as_of}} + {DAYS_AHEAD} GROUP BY org_unit",
    "waiting_count", _DUE_HIDDEN, key="org_unit",
) + "ORDER BY past_due_count DESC NULLS LAST, due_soon_count DESC NULLS LAST, org_unit"  # fmt: skip
DUE_CASES = f"""
    SELECT case_id, clock, org_unit, due_on FROM ({DUE})
    WHERE due_on <= {{as_of}} + {DAYS_AHEAD} ORDER BY due_on, clock, case_id LIMIT 50
"""
STATIC = shown_counts(
    """
    SELECT org_unit, sum(cases)::BIGINT AS static_count,
        coalesce(sum(cases) FILTER (static_30_on <= {as_of}), 0)::BIGINT AS static_30_count
    FROM core.claim_pauses WHERE moved_on IS NULL AND static_14_on <= {as_of} GROUP BY org_unit
    """,
    "static_count", ("static_count", "static_30_count"), key="org_unit",
) + "ORDER BY static_count DESC NULLS LAST, org_unit"  # fmt: skip
OPEN_CLAIMS = shown_counts(
    """
    SELECT org_unit, sum(cases)::BIGINT AS open_claims,
        coalesce(sum(cases) FILTER (is_past_decision_limit), 0)::BIGINT AS past_limit,
        coalesce(sum(cases) FILTER (is_awaiting_payment), 0)::BIGINT AS awaiting_payment, max(age_days) AS oldest_days
    FROM marts.claims_open GROUP BY org_unit
    """,
    "open_claims", ("open_claims", "past_limit", "awaiting_payment", "oldest_days"), key="org_unit",
) + "ORDER BY open_claims DESC NULLS LAST, org_unit"  # fmt: skip
CASES = """
    SELECT claim_id, org_unit, claim_type, reported_on, age_days, is_past_decision_limit, is_awaiting_payment
    FROM marts.claims_open ORDER BY is_past_decision_limit DESC, age_days DESC, claim_id LIMIT 50
"""
_TOPICS = """
    SELECT *, quarter_count - quarter_before_count AS change_count
    FROM (
        SELECT category,
            coalesce(sum(received_count) FILTER (period > {month} - INTERVAL 3 MONTH), 0)::BIGINT AS quarter_count,
            coalesce(sum(received_count) FILTER (period <= {month} - INTERVAL 3 MONTH), 0)::BIGINT
                AS quarter_before_count
        FROM marts.complaints_by_category
        WHERE period > {month} - INTERVAL 6 MONTH AND period <= {month}
        GROUP BY category
    )
"""
# A quarter is a total of its own; a change says what its other end was.
TOPICS = shown_counts(
    shown_counts(_TOPICS, "quarter_before_count", ("quarter_before_count", "change_count"), key="category"),
    "quarter_count", ("quarter_count", "change_count"), key="category",
) + "ORDER BY quarter_count DESC NULLS LAST, category"  # fmt: skip
SIGNAL_COLUMNS = [
    Column("kpi", "kpi"), Column("variation", "variation"), Column("rule", "sentence"),
    Column("segments", "segments"), Column("contribution_points", "points", "score_0_100"),
]  # fmt: skip
_DUE_COLUMNS = [
    Column("past_due_count", "number", "count"), Column("due_soon_count", "number", "count"),
]  # fmt: skip
CLOCK_COLUMNS = [Column("clock", words="clocks"), *_DUE_COLUMNS, Column("waiting_count", "number", "count")]
BRANCH_COLUMNS = [Column("org_unit", "branch"), *_DUE_COLUMNS]
DUE_CASE_COLUMNS = [
    Column("case_id"), Column("clock", words="clocks"), Column("org_unit", "branch"), Column("due_on", "day")
]  # fmt: skip
STATIC_COLUMNS = [
    Column("org_unit", "branch"), Column("static_count", "number", "count"),
    Column("static_30_count", "number", "count"),
]  # fmt: skip
CLAIM_COLUMNS = [
    Column("org_unit", "branch"), Column("open_claims", "number", "count"), Column("past_limit", "number", "count"),
    Column("awaiting_payment", "number", "count"), Column("oldest_days", "number", "days"),
]  # fmt: skip
CASE_COLUMNS = [
    Column("claim_id"), Column("org_unit", "branch"), Column("claim_type"), Column("reported_on", "day"),
    Column("age_days", "number", "days"), Column("is_past_decision_limit", words="yes_no"),
    Column("is_awaiting_payment", words="yes_no"),
]  # fmt: skip
TOPIC_COLUMNS = [
    Column("category"), Column("quarter_count", "number", "count"), Column("quarter_before_count", "number", "count"),
    Column("change_count", "points", "count"),
]  # fmt: skip


def what_next(edition: Edition) -> Page:
    """The page of work: signals, bad first, then cases, then topics."""
    ask = edition.published.table
    asked = {
        "month": edition.month, "fewest": edition.options.fewest_cases, "as_of": edition.as_of or date(1970, 1, 1)
    }  # fmt: skip
    tables = {
        "signals": ask("signals", SIGNALS, SIGNAL_COLUMNS, **asked),
        "due_by_clock": ask("due-by-clock", DUE_BY_CLOCK, CLOCK_COLUMNS, **asked),
        "due_by_branch": ask("due-by-branch", DUE_BY_BRANCH, BRANCH_COLUMNS, **asked),
        "static": ask("static", STATIC, STATIC_COLUMNS, **asked),
        "open_claims": ask("open-claims", OPEN_CLAIMS, CLAIM_COLUMNS, **asked),
        "topics": ask("topics", TOPICS, TOPIC_COLUMNS, **asked),
    }
    if edition.options.show_case_ids:
        tables["due_cases"] = ask("due-cases", DUE_CASES, DUE_CASE_COLUMNS, **asked)
        tables["cases"] = ask("cases", CASES, CASE_COLUMNS)
    title = edition.words.say("next.title")
    return Page(ADDRESS, "what_next.html", title, {**tables, "most": MOST_SIGNALS}, list(tables.values()))
