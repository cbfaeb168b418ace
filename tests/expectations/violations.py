"""For every check the smallest damage that it must notice, as SQL on the tables of `small_warehouse.py`."""

ONCE_MORE = "INSERT INTO {t} SELECT * FROM {t} LIMIT 1"


def one(table: str, change: str, where: str = "TRUE") -> str:
    """Change a single row of the table, one for which `where` holds."""
    return f"UPDATE {table} SET {change} WHERE rowid = (SELECT min(rowid) FROM {table} WHERE {where})"


def one_less(table: str, where: str = "TRUE") -> str:
    """Remove a single row of the table, one for which `where` holds."""
    return f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table} WHERE {where})"


def placed(table: str, row: str, times: int = 1) -> str:
    """Put a row into the table, `times` over; columns that `row` does not give stay empty."""
    return f"INSERT INTO {table} BY NAME SELECT {row} FROM range({times})"


SHOWN = "unit = 'share' AND value IS NOT NULL"
RAW = {
    ("raw.claim_events", "key_not_null"): one("raw.claim_events", "claim_id = NULL"),
    ("raw.claim_events", "happened_by_as_of"): one(
        "raw.claim_events", "event_at = TIMESTAMPTZ '2052-06-01 00:00:00+00', recorded_at = NULL"
    ),
    ("raw.claim_events", "event_in_set"): one("raw.claim_events", "event = 'telephoned'"),
    ("raw.claim_events", "event_at_plausible"): one(
        "raw.claim_events", "recorded_at = event_at - INTERVAL 25 HOUR"
    ),
    ("raw.claim_events", "local_times_stand_once"): one(
        "raw.claim_events", "event_precision = 'clock_change'"
    ),
    ("raw.complaints", "key_not_null"): one("raw.complaints", "received_on = NULL"),
    ("raw.complaints", "received_by_as_of"): one("raw.complaints", "received_on = DATE '2052-06-01'"),
    ("raw.complaints", "merged_into_known"): one("raw.complaints", "merged_into = 'nobody'"),
    ("raw.audits", "key_not_null"): one("raw.audits", "audited_on = NULL"),
    ("raw.audits", "kind_in_set"): one("raw.audits", "kind = 'hearsay'"),
    ("raw.audits", "audited_by_as_of"): one("raw.audits", "audited_on = DATE '2052-06-01'"),
    ("raw.actions", "key_not_null"): one("raw.actions", "opened_on = NULL"),
    ("raw.actions", "kind_in_set"): one("raw.actions", "kind = 'hope'"),
    ("raw.actions", "done_after_opening"): one("raw.actions", "done_on = opened_on - 1"),
    ("raw.targets", "key_not_null"): one("raw.targets", "target = NULL"),
    ("raw.contacts", "key_not_null"): one("raw.contacts", "medium = NULL"),
    ("raw.contacts", "medium_in_set"): one("raw.contacts", "medium = 'smoke'"),
    ("raw.contacts", "ratings_on_the_scale"): one("raw.contacts", "rating = 10"),
    ("raw.contacts", "offered_by_as_of"): one(
        "raw.contacts", "offered_at = TIMESTAMPTZ '2052-06-01 00:00:00+00'"
    ),
    ("raw.policies", "key_not_null"): one("raw.policies", "issued_on = NULL"),
    ("raw.policies", "born_before_issue"): one("raw.policies", "birth_on = issued_on + 400"),
    ("raw.policies", "pay_mode_in_set"): one("raw.policies", "pay_mode = 'weekly'"),
    ("raw.policies", "premiums_not_negative"): one("raw.policies", "modal_premium = -1"),
    ("raw.premiums", "key_not_null"): one("raw.premiums", "due_on = NULL"),
    ("raw.premiums", "amounts_plausible"): one("raw.premiums", "instalment_no = 0"),
    ("raw.policy_events", "key_not_null"): one("raw.policy_events", "effective_on = NULL"),
    ("raw.policy_events", "event_in_set"): one("raw.policy_events", "event = 'forgotten'"),
    ("raw.survey_answers", "key_not_null"): one("raw.survey_answers", "question = NULL"),
    ("raw.survey_answers", "questions_known"): one("raw.survey_answers", "question = 'unasked'"),
    ("raw.survey_questions", "key_not_null"): one("raw.survey_questions", "question = NULL"),
    ("raw.survey_questions", "construct_in_set"): one("raw.survey_questions", "construct = 'mood'"),
    ("raw.survey_questions", "scale_ascending"): one("raw.survey_questions", "scale_max = scale_min"),
    ("raw.survey_invitations", "key_not_null"): one("raw.survey_invitations", "invitation_id = NULL"),
    ("raw.survey_invitations", "disposition_in_set"): one("raw.survey_invitations", "disposition = 'shy'"),
    ("raw.survey_invitations", "frame_in_set"): one("raw.survey_invitations", "frame = 'street'"),
    ("raw.applications", "key_not_null"): one("raw.applications", "started_at = NULL"),
    ("raw.applications", "decision_in_set"): one("raw.applications", "decision = 'perhaps'"),
    ("raw.applications", "wait_not_negative"): one("raw.applications", "customer_wait_hours = -1"),
    ("raw.service_orders", "key_not_null"): one("raw.service_orders", "ordered_at = NULL"),
    ("raw.service_orders", "kind_in_set"): one("raw.service_orders", "kind = 'favour'"),
    ("raw.service_orders", "rating_in_scale"): one("raw.service_orders", "rating = 6"),
    ("raw.texts", "key_not_null"): one("raw.texts", "text = NULL"),
    ("raw.org_units", "key_not_null"): one("raw.org_units", "org_unit = NULL", "org_unit = 'south'"),
    ("raw.org_units", "parent_known"): one("raw.org_units", "parent = 'nobody'"),
    ("raw.calendar", "key_not_null"): placed("raw.calendar", "DATE '2025-01-01' AS date"),
    ("raw.calendar", "workdays_are_plausible"): placed(
        "raw.calendar", "DATE '2025-03-01' + CAST(range AS INTEGER) AS date, FALSE AS is_workday", 31
    ),
    ("raw.exposures", "month_is_first_day"): one("raw.exposures", "month = month + 1"),
    ("raw.exposures", "amounts_not_negative"): one("raw.exposures", "policies = -1"),
    ("raw.market_values", "key_not_null"): placed("raw.market_values", "'life' AS product_line"),
    ("raw.market_values", "both_sides_known"): placed(
        "raw.market_values", "'2024' AS period, 'life' AS product_line, 3 AS complaints"
    ),
    ("raw.indicator_values", "key_not_null"): placed("raw.indicator_values", "'X' AS indicator"),
    **{
        (f"raw.{feed}", "loads_account_for_rows"): one_less(f"raw.{feed}")
        for feed in (
            "actions",
            "audits",
            "calendar",
            "claim_events",
            "complaints",
            "contacts",
            "exposures",
            "org_units",
            "policies",
            "policy_events",
            "premiums",
            "survey_answers",
            "survey_invitations",
            "service_orders",
            "targets",
            "texts",
            "applications",
        )
    },
    ("raw.market_values", "loads_account_for_rows"): placed("raw.market_values", "0 AS _load_id"),
    ("raw.indicator_values", "loads_account_for_rows"): placed("raw.indicator_values", "0 AS _load_id"),
    ("raw.survey_questions", "loads_account_for_rows"): one_less("raw.rejects", "feed = 'survey_questions'"),
}
CORE = {
    ("core.claims", "key_and_segments_filled"): one("core.claims", "region = NULL"),
    ("core.claims", "cases_counted"): one("core.claims", "cases = NULL"),
    ("core.claims", "outcome_in_set"): one("core.claims", "outcome = 'lost'"),
    ("core.claims", "impossible_order_flagged"): one(
        "core.claims", "first_decided_at = reported_at - INTERVAL 1 DAY"
    ),
    ("core.claims", "open_has_age"): one("core.claims", "age_days = NULL", "ended_on IS NULL"),
    ("core.claims", "faults_are_few"): "UPDATE core.claims SET sequence_fault = 'no report' WHERE rowid < 7",
    (
        "core.claims",
        "clocks_run_forwards",
    ): "UPDATE core.claims SET clock_fault = 'loss to report' WHERE rowid < 3",
    (
        "core.claims",
        "decided_once",
    ): "UPDATE core.claims SET reviewed_on = decided_on WHERE rowid IN "
    "(SELECT rowid FROM core.claims WHERE decided_on IS NOT NULL LIMIT 6)",
    ("core.claims", "particulars_stay"): "UPDATE core.claims SET changed = 'unit' WHERE rowid < 3",
    ("core.claims", "paid_amount_not_negative"): one("core.claims", "paid_amount = -1"),
    ("core.claims", "claims_none_lost"): one_less("core.claims"),
    ("core.claims", "claims_known_on_as_of"): one(
        "core.claims", "paid_at = TIMESTAMPTZ '2024-12-31 16:00:00+00'"
    ),
    ("core.complaints", "key_and_segments_filled"): one("core.complaints", "age_band = NULL"),
    ("core.complaints", "cases_counted"): one("core.complaints", "cases = -1"),
    ("core.complaints", "outcome_in_set"): one("core.complaints", "outcome = 'lost'"),
    ("core.complaints", "impossible_order_flagged"): one(
        "core.complaints", "first_response_on = received_on - 1"
    ),
    ("core.complaints", "closed_is_decided_or_withdrawn"): one(
        "core.complaints", "decided_on = NULL", "decided_on IS NOT NULL"
    ),
    ("core.complaints", "faults_are_few"): (
        "UPDATE core.complaints SET sequence_fault = 'closed before received' WHERE rowid < 5"
    ),
    ("core.complaints", "complaints_none_lost"): one_less("core.complaints"),
    ("core.complaints", "complaints_known_on_as_of"): one(
        "core.complaints", "escalated_on = DATE '2025-01-01'"
    ),
    ("core.actions", "key_and_segments_filled"): one("core.actions", "region = NULL"),
    ("core.actions", "actions_none_lost"): one_less("core.actions"),
    ("marts.targets", "targets_meet_a_kpi"): one("core.targets", "kpi = 'mood'"),
    ("core.audits", "key_and_segments_filled"): one("core.audits", "customer_segment = NULL"),
    ("core.audits", "passed_has_no_severity"): one("core.audits", "severity = 'major'", "is_passed"),
    ("core.audits", "audits_none_lost"): one_less("core.audits"),
    ("core.contacts", "key_and_segments_filled"): one("core.contacts", "service_channel = NULL"),
    ("core.contacts", "impossible_order_flagged"): one(
        "core.contacts", "answered_at = offered_at - INTERVAL 1 SECOND"
    ),
    ("core.contacts", "faults_are_few"): (
        "UPDATE core.contacts SET sequence_fault = 'answered before offered' WHERE rowid < 10"
    ),
    ("core.contacts", "contacts_none_lost"): one_less("core.contacts"),
    ("core.contacts", "contacts_known_on_as_of"): one(
        "core.contacts", "ended_at = TIMESTAMPTZ '2024-12-31 16:00:00+00'"
    ),
    ("core.policies", "key_and_segments_filled"): one("core.policies", "channel = NULL"),
    ("core.policies", "end_has_event"): one("core.policies", "end_event = NULL", "ended_on IS NOT NULL"),
    ("core.policies", "ended_after_issued"): one("core.policies", "sequence_fault = 'ended before issue'"),
    ("core.policies", "impossible_order_flagged"): one("core.policies", "ended_on = issued_on - 1"),
    ("core.policies", "policies_none_lost"): one_less("core.policies"),
    ("core.persistency", "grain_unique"): ONCE_MORE.format(t="core.persistency"),
    ("core.persistency", "key_and_segments_filled"): one("core.persistency", "matures_on = due_on - 1"),
    ("core.persistency", "duration_in_set"): one("core.persistency", "duration_months = 14"),
    ("core.persistency", "persisting_is_eligible"): one(
        "core.persistency", "eligible = FALSE, premium_at_issue = 0", "persisting"
    ),
    ("core.persistency", "premium_received_bounded"): one(
        "core.persistency", "premium_received = premium_at_issue + 1", "persisting"
    ),
    ("core.exposure_months", "no_totals_beside_parts"): placed(
        "core.exposure_months",
        "DATE '2024-05-01' AS month, 'whole company' AS org_unit, 'unknown' AS region, 'life' AS product_line,"
        " 200 AS policies",
    ),
    ("core.exposure_months", "exposure_counts"): one("core.exposure_months", "month = month + 1"),
    ("core.claim_pauses", "grain_unique"): placed(
        "core.claim_pauses",
        "'C1' AS claim_id, 1 AS spell_no, DATE '2024-05-01' AS paused_on, DATE '2024-05-16' AS static_14_on",
        2,
    ),
    ("core.claim_pauses", "static_within_pause"): placed(
        "core.claim_pauses", "'C1' AS claim_id, 1 AS spell_no, DATE '2024-05-01' AS paused_on"
    ),
    ("core.handler_months", "grain_unique"): placed(
        "core.handler_months",
        "'H' AS handler_id, DATE '2024-05-01' AS month, 1 AS open_count, 0 AS closed_count",
        2,
    ),
    ("core.handler_months", "counts_not_negative"): placed(
        "core.handler_months",
        "'H' AS handler_id, DATE '2024-05-02' AS month, 1 AS open_count, 0 AS closed_count",
    ),
    ("core.outlet_months", "grain_unique"): placed(
        "core.outlet_months", "'north' AS org_unit, DATE '2024-05-01' AS month, 3 AS outlets", 2
    ),
    ("core.outlet_months", "outlets_not_negative"): placed(
        "core.outlet_months", "'north' AS org_unit, DATE '2024-05-01' AS month, -1 AS outlets"
    ),
    ("index.stage_gaps", "grain_unique"): placed(
        "index.stage_gaps", "'life' AS framework, 'claims' AS stage", 2
    ),
    ("index.stage_gaps", "gap_is_difference"): placed(
        "index.stage_gaps",
        "'claims' AS stage, 80.0 AS objective_score, 70.0 AS perceived_score, 10.0 AS gap_points",
    ),
    ("core.survey_item_correlations", "grain_unique"): placed(
        "core.survey_item_correlations", "'care' AS survey, 'a' AS item, 'b' AS other_item", 2
    ),
    ("core.survey_item_correlations", "correlation_in_interval"): placed(
        "core.survey_item_correlations", "0.5 AS correlation, 0.6 AS correlation_low, 0.7 AS correlation_high"
    ),
    ("core.survey_modes", "grain_unique"): placed("core.survey_modes", "'care' AS survey, 'app' AS mode", 2),
    ("core.survey_modes", "effect_in_interval"): placed(
        "core.survey_modes", "1.0 AS effect, 2.0 AS effect_low, 3.0 AS effect_high"
    ),
    ("core.customer_journeys", "grain_unique"): placed(
        "core.customer_journeys",
        "'Z' AS customer_id, DATE '2024-05-01' AS entered_on, 'desk' AS owner, 'claims' AS stage",
        2,
    ),
    ("core.customer_journeys", "steps_in_words"): placed("core.customer_journeys", "'Z' AS customer_id"),
    ("marts.case_timeline", "grain_unique"): placed(
        "marts.case_timeline", "'K' AS case_id, 'decided' AS event, FALSE AS is_breached", 2
    ),
    ("marts.case_timeline", "breached_has_limit"): placed("marts.case_timeline", "TRUE AS is_breached"),
    ("marts.restatements", "grain_unique"): placed(
        "marts.restatements", "'k' AS measure, 'correction' AS why, DATE '2024-05-01' AS period", 2
    ),
    ("marts.restatements", "why_known"): placed("marts.restatements", "'k' AS measure, 'somehow' AS why"),
    ("marts.service_recovery", "grain_unique"): placed(
        "marts.service_recovery", "'satisfaction_score' AS measure, DATE '2024-05-01' AS period", 2
    ),
    ("marts.service_recovery", "shares_in_range"): placed(
        "marts.service_recovery", "'retained_12m_share' AS measure, 1.1 AS complainants"
    ),
    ("marts.tier_gaps", "grain_unique"): placed("marts.tier_gaps", "'k' AS kpi, 'county' AS tier", 2),
    ("marts.tier_gaps", "gap_in_interval"): placed(
        "marts.tier_gaps", "0.1 AS gap, 0.2 AS gap_low, 0.3 AS gap_high"
    ),
    ("marts.journey_stages", "grain_unique"): placed(
        "marts.journey_stages", "'claim' AS journey, 'north' AS org_unit, 1 AS entered_count", 2
    ),
    ("marts.journey_stages", "counts_nested"): placed(
        "marts.journey_stages", "1 AS entered_count, 2 AS done_count, 0 AS open_count"
    ),
    ("core.customers", "grain_unique"): placed(
        "core.customers",
        "'Z' AS customer_id, DATE '2024-05-01' AS first_policy_on, 1 AS open_policy_count",
        2,
    ),
    ("core.customers", "days_in_order"): placed(
        "core.customers", "'Z' AS customer_id, DATE '2024-05-01' AS first_policy_on, 0 AS open_policy_count"
    ),
    ("core.complaint_recovery", "grain_unique"): placed(
        "core.complaint_recovery", "'K' AS complaint_id, 1 AS policy_count", 2
    ),
    ("core.complaint_recovery", "followed_for_a_year"): placed(
        "core.complaint_recovery", "'K' AS complaint_id, 0 AS policy_count"
    ),
    ("core.survey_responses", "day_and_segments_filled"): one("core.survey_responses", "product_line = NULL"),
    ("core.survey_responses", "scores_in_scale"): one("core.survey_responses", "nps_score = 11"),
    ("core.survey_responses", "answers_on_scale"): (
        "UPDATE core.survey_responses SET n_out_of_scale = 1 WHERE rowid < 76"
    ),
    ("core.survey_responses", "careless_are_few"): (
        "UPDATE core.survey_responses SET is_valid = FALSE WHERE rowid < 301"
    ),
    ("core.survey_invitations", "segments_filled"): one("core.survey_invitations", "region = NULL"),
    ("core.survey_invitations", "customers_are_left_in_peace"): (
        "UPDATE core.survey_invitations SET is_too_soon = TRUE WHERE rowid < 40"
    ),
    ("core.service_orders", "key_and_segments_filled"): one("core.service_orders", "region = NULL"),
    ("core.service_orders", "ended_once"): one("core.service_orders", "done_on = NULL", "outcome = 'done'"),
    ("core.service_orders", "impossible_order_flagged"): one(
        "core.service_orders", "started_on = ordered_on - 1"
    ),
    ("core.service_orders", "faults_are_few"): (
        "UPDATE core.service_orders SET sequence_fault = 'completed before ordered' WHERE rowid < 30"
    ),
    ("core.applications", "key_and_segments_filled"): one("core.applications", "region = NULL"),
    ("core.applications", "decided_or_withdrawn"): one("core.applications", "withdrawn_at = decided_at"),
    ("core.applications", "impossible_order_flagged"): one(
        "core.applications", "submitted_on = started_on - 1"
    ),
    ("core.applications", "faults_are_few"): (
        "UPDATE core.applications SET sequence_fault = 'submitted before started' WHERE rowid < 30"
    ),
    ("core.new_policies", "key_and_segments_filled"): one("core.new_policies", "region = NULL"),
    ("core.new_policies", "due_after_issue"): one("core.new_policies", "delivery_due_on = issued_on - 1"),
    ("core.new_policies", "deliveries_are_recorded"): (
        "UPDATE core.new_policies SET delivered_on = NULL WHERE rowid > 30"
    ),
    ("core.value_added_years", "key_and_segments_filled"): one("core.value_added_years", "region = NULL"),
    ("core.value_added_years", "years_do_not_overlap"): (
        "INSERT INTO core.value_added_years SELECT * REPLACE (starts_on + 1 AS starts_on) "
        "FROM core.value_added_years LIMIT 1"
    ),
    ("core.instalments_due", "key_and_segments_filled"): one("core.instalments_due", "region = NULL"),
    ("core.instalments_due", "reminded_of_what_comes"): (
        "UPDATE core.instalments_due SET reminded_before_days = -2 WHERE rowid < 30"
    ),
    ("core.survey_weights", "weight_within_bounds"): one("core.survey_weights", "weight = 3.1"),
    ("core.survey_parts", "figures_in_scale"): one("core.survey_parts", "n_effective = n_perceptions + 1"),
    ("core.survey_parts", "few_are_withheld"): one(
        "core.survey_parts", "n_effective = 9, n_perceptions = 9", "perception_score IS NOT NULL"
    ),
    ("core.survey_waves", "figures_in_scale"): one("core.survey_waves", "nps_points = 101"),
    ("core.survey_reliability", "alpha_in_interval"): one("core.survey_reliability", "alpha = 1.1"),
    ("core.survey_nonresponse", "answers_do_not_hang_on_refusal"): one(
        "core.survey_nonresponse",
        "n_respondents = 100, rejected_share_difference_low = 0.06, rejected_share_difference_high = 0.2",
    ),
    ("core.survey_scores", "scores_in_scale"): one("core.survey_scores", "perception_score = 101"),
    ("core.survey_stage_scores", "scores_in_scale"): one("core.survey_stage_scores", "n_pairs = 0"),
}
TEXTS = {
    ("core.repeated_complaints", "names_text_and_complaint"): one(
        "core.repeated_complaints", "repeats_complaint_id = NULL"
    ),
    ("core.texts", "key_and_segments_filled"): one("core.texts", "region = NULL"),
    ("core.texts", "only_external_repeat"): one(
        "core.texts", "repeats_complaint_id = 'K'", "NOT is_external"
    ),
    ("core.texts", "texts_are_read"): "DELETE FROM core.texts",
    ("core.taught_texts", "says_something_and_is_sorted"): one("core.taught_texts", "class_given = NULL"),
    ("core.text_sayings", "probability_in_range"): one("core.text_sayings", "probability = 1.1"),
    ("core.taught_texts", "texts_are_learned_from"): "DELETE FROM core.taught_texts",
    ("core.text_models", "figures_in_range"): one("core.text_models", "precision = 1.1"),
    ("core.text_models", "published_reach_the_floor"): one(
        "core.text_models", "later_macro_f1_low = 0.69", "class = 'all' AND status = 'published'"
    ),
    ("core.text_models", "people_agree"): one("core.text_models", "alpha = 0.66, n_second_labels = 50"),
    ("core.text_readings", "sentiment_of_comments_only"): one("core.text_readings", "sentiment = 'negative'"),
    ("core.text_readings", "readings_of_published_models"): one(
        "core.text_models", "status = 'not_good_enough'", "class = 'all' AND status = 'published'"
    ),
    ("core.text_topics", "counts_nested"): one("core.text_topics", "n_texts = n_collection + 1"),
}
KPI = {
    ("kpi.monthly", "has_rows"): "DELETE FROM kpi.monthly",
    ("kpi.monthly", "key_not_null"): one("kpi.monthly", "segment = NULL"),
    ("kpi.monthly", "words_known"): one("kpi.monthly", "basis = 'closed'"),
    ("kpi.monthly", "value_has_status"): one("kpi.monthly", "value = 0.5", "status = 'immature'"),
    ("kpi.monthly", "value_in_range"): one("kpi.monthly", "value = 1.01, status = 'ok'", SHOWN),
    ("kpi.monthly", "value_withheld"): one(
        "kpi.monthly", "value = NULL, status = 'no_data', numerator = denominator + 1", SHOWN
    ),
    ("kpi.monthly", "value_is_quotient"): one("kpi.monthly", "numerator = numerator + 1", SHOWN),
    ("kpi.monthly", "value_in_interval"): one("kpi.monthly", "ci_high = value - 0.01", SHOWN),
    ("kpi.monthly", "cases_not_negative"): one("kpi.monthly", "n_excluded = -1"),
    ("kpi.monthly", "one_definition_a_series"): one("kpi.monthly", "definition_version = '0'"),
    ("kpi.monthly", "keys_tell_rows_apart"): placed("latest.repeats", "'overwritten' AS kind"),
    ("kpi.monthly", "keys_are_of_one_source"): placed("latest.repeats", "'two_sources' AS kind"),
    ("kpi.monthly", "overwritten_within_limit"): placed(
        "latest.repeats",
        "'complaints' AS feed, 'complaints' AS source, 'overwritten' AS kind, 91 AS rows_left_out",
    ),
    ("kpi.monthly", "delivered_feeds_have_rows"): (
        "UPDATE raw.loads SET rows_landed = 0 WHERE feed = 'exposures'"
    ),
    ("kpi.monthly", "claims_roll_forward"): one(
        "kpi.monthly",
        "value = value + 1",
        "kpi = 'claim_open_count' AND cut = 'company' AND period = DATE '2024-06-01'",
    ),
    ("kpi.monthly", "complaint_counts_match_facts"): one_less("core.complaints"),
    ("kpi.monthly", "segments_add_up"): one_less(
        "kpi.monthly", "kpi = 'complaints_received_count' AND cut = 'org_unit' AND numerator > 0"
    ),
    ("kpi.monthly", "months_complete"): one_less("kpi.monthly"),
    ("kpi.monthly", "months_without_gap"): "DELETE FROM kpi.monthly WHERE period = DATE '2024-05-01'",
    ("kpi.monthly", "months_known_on_as_of"): one("kpi.monthly", "as_of = DATE '2025-01-01'"),
}
INDEX = {
    ("kpi.signals", "limits_in_range"): one("kpi.signals", "upper = 1.01", "chart = 'p'"),
    ("kpi.signals", "limits_nested"): one("kpi.signals", "centre = lower - 0.01", "lower IS NOT NULL"),
    ("kpi.funnels", "limits_in_range"): one("kpi.funnels", "lower_998 = -0.01"),
    ("kpi.signals", "signal_has_rule"): one("kpi.signals", "is_signal = TRUE", "lower IS NULL"),
    ("kpi.signals", "signals_cover_kpis"): one_less("kpi.signals"),
    ("kpi.funnels", "limits_nested"): one("kpi.funnels", "lower_998 = lower_95 + 0.01"),
    ("index.contributions", "parts_make_total"): one(
        "index.contributions", "value_points = value_points + 0.001", "kpi IS NOT NULL"
    ),
    ("index.contributions", "contributions_sum_to_change"): one(
        "index.contributions", "total_points = total_points + 1e-6", "kpi IS NOT NULL"
    ),
    ("index.segment_contributions", "segment_contributions_sum_to_distance"): one_less(
        "index.segment_contributions", "abs(total_points) > 0.001 AND kpi IS NOT NULL"
    ),
    ("index.mix_effects", "mix_effects_sum_to_change"): one(
        "index.mix_effects", "rate_effect = rate_effect + 1", "rate_effect IS NOT NULL"
    ),
    ("index.grades", "held_grade_filled"): one("index.grades", "held_grade = NULL"),
    ("index.grades", "grades_match_scores"): one_less("index.grades"),
    ("index.signals", "signal_has_rule"): one("index.signals", "sentence = NULL"),
    ("index.calibration", "correlation_has_verdict"): one("index.calibration", "verdict = NULL"),
    ("index.calibration", "objective_goes_with_perceived"): one(
        "index.calibration", "verdict = 'wrong sign'", "cut = 'org_unit'"
    ),
    ("index.respondent_calibration", "figures_have_interval"): one(
        "index.respondent_calibration", "verdict = NULL"
    ),
    ("index.respondent_calibration", "slower_is_worse"): one(
        "index.respondent_calibration", "verdict = 'wrong sign'"
    ),
    ("index.gaps", "gap_is_difference"): one(
        "index.gaps", "gap_points = 1 - gap_points", "gap_points IS NOT NULL"
    ),
    ("index.score_intervals", "interval_in_scale"): one(
        "index.score_intervals", "score_low = score_high + 0.1"
    ),
    ("index.grade_probabilities", "probabilities_sum_to_one"): one_less("index.grade_probabilities"),
    ("index.rank_intervals", "rank_in_range"): one("index.rank_intervals", "rank = 9"),
    ("index.scores", "has_rows"): "DELETE FROM index.scores",
    ("index.scores", "score_has_status"): one("index.scores", "score = NULL", "grade IS NOT NULL"),
    ("index.scores", "score_in_scale"): one("index.scores", "score = 100.1", "score IS NOT NULL"),
    ("index.scores", "one_index_a_segment"): one_less("index.scores", "level = 0"),
    ("index.nodes", "weights_sum_to_one"): one("index.nodes", "weight = weight + 0.1", "parent = 'index'"),
    ("index.nodes", "effective_weights_sum_to_one"): one(
        "index.nodes",
        "effective_weight = effective_weight / 2",
        "kpi IS NOT NULL AND effective_weight > 0 AND (period, cut, segment) IN"
        " (SELECT (period, cut, segment) FROM index.nodes WHERE level = 0 AND score IS NOT NULL)",
    ),
    ("index.nodes", "shrunk_within_limits"): one(
        "index.nodes", "shrunk_value = 3, shrunk_low = 1, shrunk_high = 2", "kpi IS NOT NULL"
    ),
    ("index.nodes", "leaves_match_kpis"): one(
        "index.nodes", "value = value + 0.001", "kpi IS NOT NULL AND value IS NOT NULL"
    ),
    ("index.weight_comparisons", "weights_sum_to_one"): one(
        "index.weight_comparisons", "weight = weight + 0.1", "status = 'ok' AND level = 1"
    ),
    ("index.weight_comparisons", "leaves_make_up_the_index"): one(
        "index.weight_comparisons", "index_weight = index_weight / 2", "kpi IS NOT NULL AND index_weight > 0"
    ),
}
MARTS = {
    ("marts.service_coverage", "done_of_ordered"): one(
        "marts.service_coverage", "done_count = ordered_count + 1"
    ),
    ("marts.complaints_by_category", "counts_nested"): one(
        "marts.complaints_by_category", "closed_count = received_count + 1"
    ),
    ("marts.index_change", "waterfall_arrives"): one(
        "marts.index_change", "bar_to = bar_to + 0.001, rank = 99"
    ),
    ("marts.branch_ranking", "ranking_has_every_branch"): one_less("marts.branch_ranking"),
    ("marts.scorecard", "has_rows"): "DELETE FROM marts.scorecard",
    ("marts.scorecard", "scores_in_scale"): one("marts.scorecard", "index_score = -1"),
    ("marts.scorecard", "scorecard_matches_index"): one_less("marts.scorecard"),
    ("marts.claims_open", "age_not_negative"): one("marts.claims_open", "age_days = NULL"),
    ("marts.claims_open", "open_claims_match_stock"): one_less("marts.claims_open", "spell_no = 1"),
}
LATER = {
    ("kpi.windows", "value_in_range"): one("kpi.windows", "ci_high = 1.01", SHOWN),
    ("kpi.windows", "value_has_status"): one("kpi.windows", "value = NULL", SHOWN),
    ("kpi.windows", "words_known"): one("kpi.windows", "basis = 'closed'"),
    ("kpi.windows", "key_not_null"): one("kpi.windows", "window_months = NULL"),
    ("kpi.windows", "cases_not_negative"): one("kpi.windows", "n = NULL"),
    ("kpi.windows", "one_definition_a_series"): one("kpi.windows", "definition_version = '0'"),
    ("kpi.windows", "value_withheld"): one(
        "kpi.windows", "value = NULL, status = 'no_data', numerator = denominator + 1", SHOWN
    ),
    ("kpi.windows", "value_is_quotient"): one("kpi.windows", "numerator = numerator + 1", SHOWN),
    ("kpi.windows", "value_in_interval"): one("kpi.windows", "ci_high = value - 0.01", SHOWN),
    ("kpi.windows", "window_holds_its_month"): "UPDATE kpi.windows SET n = -1",
    ("index.nodes", "segments_have_scores"): (
        "UPDATE index.scores SET score = NULL, status = 'missing_coverage' WHERE cut = 'org_unit' AND level = 0"
    ),
    ("core.key_matches", "keys_meet"): one(
        "core.key_matches", "n_orphans = n_rows, orphan_share = 1", "from_column = 'policy_id'"
    ),
    ("core.key_matches", "keys_within_limit"): one(
        "core.key_matches", "orphan_share = 0.2, limit_share = 0.1"
    ),
    ("core.claims", "calendar_known"): one(
        "staging.official_calendar",
        "is_official = FALSE",
        "date = (SELECT min(starts_on) FROM staging.long_periods)",
    ),
    ("core.claims", "claims_due_on_known_days"): one(
        "core.claims", "decision_due_on = DATE '2027-01-04', decision_term_state = 'undetermined'"
    ),
    ("core.complaints", "complaints_due_on_known_days"): one(
        "core.complaints", "due_on = DATE '2027-01-04', closed_on = NULL"
    ),
    ("core.claims", "segments_add_up"): one(
        "core.claims",
        "loss_to_report_days = 1, report_to_documents_days = 1, documents_to_payment_days = 1, "
        "loss_to_payment_days = 9",
    ),
    ("core.claims", "terms_have_states"): one(
        "core.claims",
        "statutory_state = 'met', decision_term_state = 'breach'",
        "decision_due_on IS NOT NULL",
    ),
    ("core.claim_promises", "grain_unique"): placed(
        "core.claim_promises", "'K' AS claim_id, 1 AS spell_no, 'p' AS promise", 2
    ),
    ("core.claim_promises", "state_in_set"): placed(
        "core.claim_promises", "'K' AS claim_id, 'kept' AS state"
    ),
    ("core.complaint_repeats", "grain_unique"): placed("core.complaint_repeats", "'T' AS complaint_id", 2),
    ("core.complaint_repeats", "repeat_after_closing"): placed(
        "core.complaint_repeats",
        "'T' AS complaint_id, DATE '2025-02-02' AS closed_on, DATE '2025-02-01' AS repeated_on",
    ),
    ("core.complaints", "due_after_received"): one(
        "core.complaints", "limit_days = 15, due_on = term_starts_on + 14"
    ),
    ("core.indicator_values", "grain_unique"): placed("core.indicator_values", "'X' AS indicator", 2),
    ("core.indicator_values", "indicator_values_used"): placed(
        "core.indicator_values", "'X' AS indicator, 'undeclared' AS problem"
    ),
    ("kpi.periodic", "indicator_periods_shown"): placed(
        "core.indicator_values",
        "'X' AS indicator, 'year' AS grain, DATE '1999-01-01' AS period, DATE '1999-12-31' AS ends_on",
    ),
    ("core.exposures", "exposure_in_bounds"): placed(
        "core.exposures", "'P' AS policy_id, 1.5 AS exposure, 0 AS claims"
    ),
    ("core.exposures", "grain_unique"): placed("core.exposures", "'P' AS policy_id, 1 AS exposure_year", 2),
    ("core.org_units", "named"): one("core.org_units", "name = NULL"),
    ("core.policy_events", "grain_unique"): placed("core.policy_events", "'V' AS event_id", 2),
    ("core.policy_events", "key_and_segments_filled"): placed("core.policy_events", "'V' AS event_id"),
    ("core.policy_events", "reinstated_after_lapse"): placed(
        "core.policy_events",
        "'lapse' AS event, DATE '2025-02-02' AS effective_on, DATE '2025-02-01' AS reinstated_on",
    ),
    ("core.renewals", "grain_unique"): placed("core.renewals", "'P' AS policy_id", 2),
    ("core.renewals", "key_and_segments_filled"): placed("core.renewals", "'P' AS policy_id"),
    ("core.renewals", "renewed_has_a_new_term"): placed("core.renewals", "'P' AS policy_id, TRUE AS renewed"),
    ("core.surrender_months", "grain_unique"): placed(
        "core.surrender_months", "DATE '2025-02-01' AS month, 'u' AS org_unit", 2
    ),
    ("core.surrender_months", "year_to_date_never_falls"): placed(
        "core.surrender_months",
        "DATE '2025-02-01' + INTERVAL (range) MONTH AS month, 'u' AS org_unit, 9 - range AS paid_year_to_date",
        2,
    ),
    ("kpi.monthly", "claims_balance"): one(
        "kpi.monthly",
        "numerator = numerator + 1",
        "kpi = 'claim_backlog_count' AND cut = 'company' AND numerator > 0",
    ),
    ("kpi.periodic", "grain_unique"): ONCE_MORE.format(t="kpi.periodic"),
    ("kpi.periodic", "words_known"): one("kpi.periodic", "status = 'fine'", "value IS NULL"),
    ("kpi.periodic", "cases_not_negative"): one("kpi.periodic", "n_undetermined = -1"),
    ("kpi.periodic", "one_definition_a_series"): one("kpi.periodic", "definition_version = '0'"),
    ("kpi.periodic", "key_not_null"): one("kpi.periodic", "segment = NULL"),
    ("kpi.periodic", "value_has_status"): one("kpi.periodic", "value = 1", "status = 'no_data'"),
    ("kpi.periodic", "value_in_interval"): one("kpi.periodic", "ci_low = 2, ci_high = 3, value = 1"),
    ("kpi.periodic", "value_withheld"): one(
        "kpi.periodic", "value = NULL, status = 'no_data', denominator = -1", SHOWN
    ),
    ("kpi.periodic", "value_in_range"): one("kpi.periodic", "status = 'ok', unit = 'share', value = 2"),
    ("kpi.periodic", "value_is_quotient"): one(
        "kpi.periodic", "unit = 'share', value = 0.5, numerator = 1, denominator = 3"
    ),
    ("kpi.action_effects", "verdict_follows_from_interval"): one(
        "kpi.action_effects", "verdict = 'helped', effect_low = -1, effect_high = 1"
    ),
    ("kpi.action_effects", "actions_meet_a_kpi"): one("kpi.action_effects", "unit = NULL"),
    ("kpi.titles", "every_kpi_has_a_title"): one("kpi.titles", "title = NULL"),
}
UNIQUE = (
    "kpi.windows",
    "core.key_matches",
    "core.claims",
    "core.complaints",
    "core.contacts",
    "core.audits",
    "core.actions",
    "core.targets",
    "kpi.action_effects",
    "marts.actions",
    "marts.targets",
    "core.policies",
    "core.exposure_months",
    "core.survey_responses",
    "core.survey_scores",
    "core.survey_stage_scores",
    "core.survey_invitations",
    "core.survey_weights",
    "core.survey_parts",
    "core.survey_waves",
    "core.survey_reliability",
    "core.survey_items",
    "core.survey_nonresponse",
    "core.service_orders",
    "core.new_policies",
    "core.applications",
    "core.instalments_due",
    "core.value_added_years",
    "kpi.monthly",
    "index.scores",
    "index.nodes",
    "index.contributions",
    "index.segment_contributions",
    "index.mix_effects",
    "index.grades",
    "index.signals",
    "index.calibration",
    "index.respondent_calibration",
    "index.gaps",
    "index.score_intervals",
    "index.grade_probabilities",
    "index.rank_intervals",
    "index.influence",
    "index.weight_comparisons",
    "index.sensitivity",
    "kpi.signals",
    "kpi.funnels",
    "marts.index_trend",
    "marts.index_change",
    "marts.branch_ranking",
    "marts.gap_map",
    "marts.signals",
    "marts.survey_report",
    "marts.scorecard",
    "marts.kpi_trend",
    "marts.kpi_latest",
    "marts.kpi_quarter",
    "marts.complaints_by_category",
    "marts.service_coverage",
    "marts.claims_open",
    "core.org_units",
    "core.texts",
    "core.repeated_complaints",
    "core.taught_texts",
    "core.text_sayings",
    "core.text_models",
    "core.text_readings",
    "core.topic_texts",
    "core.text_topics",
    "marts.texts_by_month",
    "marts.text_topics_by_month",
    "kpi.titles",
)
VIOLATIONS = {
    **RAW,
    **CORE,
    **TEXTS,
    **KPI,
    **INDEX,
    **MARTS,
    **LATER,
    **{(table, "grain_unique"): ONCE_MORE.format(t=table) for table in UNIQUE},
}
