"""Did what we did help: each action with its effect beside the others, and what is aimed at with how it will go."""

from orchestration.pages.edition import Edition
from orchestration.pages.page import Page
from orchestration.pages.published import Column

ADDRESS = "actions.html"
# Values that stand for too few cases are left out, and so is what follows from them.
ACTIONS = """
    SELECT coalesce(title, action_id) AS action, action_id, kpi, basis, cut, segment, state, due_on, done_on, unit,
        CASE WHEN fewest_cases >= {fewest} THEN before END AS before,
        CASE WHEN fewest_cases >= {fewest} THEN after END AS after,
        CASE WHEN fewest_cases >= {fewest} THEN others_change END AS others_change,
        CASE WHEN fewest_cases >= {fewest} THEN effect END AS effect,
        CASE WHEN fewest_cases >= {fewest} THEN effect_low END AS effect_low,
        CASE WHEN fewest_cases >= {fewest} THEN effect_high END AS effect_high,
        power, verdict, opened_on, months_after, months_needed, is_alone, signal_period, signal_is_good
    FROM marts.actions
    WHERE cut = coalesce({cut}, cut)
"""
ACTIONS_ORDER = """
    CASE state WHEN 'checked' THEN 0 WHEN 'overdue' THEN 1 WHEN 'done' THEN 2 ELSE 3 END,
        done_on DESC NULLS LAST, opened_on DESC, action_id
"""
TARGETS = """
    SELECT kpi, basis, cut, segment, year, source, unit, target, period,
        CASE WHEN n >= {fewest} THEN value END AS value,
        CASE WHEN n >= {fewest} THEN gap END AS gap,
        CASE WHEN n >= {fewest} THEN state END AS target_state, assurance
    FROM marts.targets
    WHERE year IS NULL OR year = year({month})
    ORDER BY CASE assurance WHEN 'consistently_fails' THEN 0 WHEN 'hit_or_miss' THEN 1 ELSE 2 END,
        cut = 'company' DESC, kpi, basis, cut, segment, source
"""
ACTION_COLUMNS = [
    Column("action"), Column("kpi", "kpi"), Column("segment", "segment"), Column("state", words="action_states"),
    Column("done_on", "day"), Column("before", "number", unit_from="unit"), Column("after", "number", unit_from="unit"),
    Column("others_change", "points", unit_from="unit"), Column("effect", "points", unit_from="unit"),
    Column("effect_low", "points", unit_from="unit"), Column("effect_high", "points", unit_from="unit"),
    Column("power", "number", "share"), Column("verdict", words="verdicts"),
]  # fmt: skip
TARGET_COLUMNS = [
    Column("kpi", "kpi"), Column("segment", "segment"), Column("assurance", "assurance"),
    Column("target", "number", unit_from="unit"), Column("period", "month"),
    Column("value", "number", unit_from="unit"), Column("gap", "points", unit_from="unit"),
    Column("target_state", words="target_states"), Column("source"),
]  # fmt: skip


def did_it_help(edition: Edition) -> Page:
    """The page of actions and targets; without any it says how they are delivered."""
    ask, fewest = edition.published.table, edition.options.fewest_cases
    tables = {
        "actions": ask(
            "actions", f"{ACTIONS} ORDER BY {ACTIONS_ORDER}", ACTION_COLUMNS, fewest=fewest, cut=None
        ),
        "targets": ask("targets", TARGETS, TARGET_COLUMNS, fewest=fewest, month=edition.month),
    }
    return Page(ADDRESS, "did_it_help.html", edition.words.say("helped.title"), tables, list(tables.values()))
