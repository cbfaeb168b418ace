"""The stated hazards of the simulated insurer: every rate, probability and distribution it is drawn from.

They go into truth.json as they stand; how they are applied is in the modules named after the records.
"""

from dataclasses import dataclass, field

LINES = ("life", "health", "annuity", "accident")
CHANNELS = ("agent", "bancassurance", "broker", "online")
CLAIM_TYPES = ("medical", "accident", "critical_illness", "death")
OUTCOMES = ("paid_full", "paid_part", "rejected", "zero")
DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
COMPLEXITIES = ("simple", "complex", "special")
MEDIA = ("call", "chat", "bot", "counter", "email", "app")
PURPOSES = (
    "payment",
    "policy_change",
    "information",
    "claim_report",
    "advice",
    "complaint",
    "underwriting",
    "claim_progress",
)
CATEGORIES = ("claims", "sales", "surrender", "underwriting", "servicing", "premium")


@dataclass(frozen=True)
class Quality:
    """A branch's latent quality, which moves decision times, complaints and survey answers together."""

    spread: float = 1.2  # branches lie evenly between minus and plus this
    month_sd: float = 0.12
    trend_per_month: float = 0.012
    change: float = -1.0  # in one branch, from one month on
    log_decision_days: float = -0.30  # effects of one unit of quality
    log_complaint_rate: float = -0.25
    log_resolution_days: float = -0.25


@dataclass(frozen=True)
class Policies:
    """Issue and life course. Shares by policy year start with the first; later years repeat the last."""

    line_shares: tuple[float, ...] = (0.37, 0.39, 0.12, 0.12)
    channel_shares: tuple[float, ...] = (0.52, 0.24, 0.10, 0.14)
    single_share: tuple[float, ...] = (0.20, 0.14, 0.60, 1.0)
    instalments_a_year: tuple[int, ...] = (1, 2, 4, 12)
    instalment_shares: tuple[float, ...] = (0.96, 0.025, 0.01, 0.005)
    premium_years: tuple[int, ...] = (5, 10, 20)
    premium_year_shares: tuple[float, ...] = (0.20, 0.45, 0.35)
    grace_days: int = 60
    free_look_days: int = 15
    free_look_share: float = 0.02
    non_payment_by_year: tuple[float, ...] = (0.0, 0.105, 0.06, 0.045, 0.035, 0.03, 0.025)
    non_payment_factor_by_channel: tuple[float, ...] = (1.0, 0.85, 1.1, 1.35)
    late_in_grace_share: float = 0.20
    reinstatement_share: float = 0.25
    reinstatement_delay_days: tuple[int, int] = (31, 260)
    surrender_by_year: tuple[float, ...] = (0.012, 0.020, 0.018, 0.015, 0.012)
    death_a_year_by_line: tuple[float, ...] = (0.004, 0.002, 0.006, 0.0)
    claim_termination_a_year_by_line: tuple[float, ...] = (0.0, 0.004, 0.0, 0.0)
    transfer_out_a_year: float = 0.001
    exit_days_in_year: tuple[int, int] = (61, 364)  # exits fall evenly between these days of the policy year
    renewal_share: float = 0.72  # of one-year accident policies
    annual_premium_median_by_line: tuple[float, ...] = (5200.0, 3100.0, 9800.0, 260.0)
    annual_premium_sigma: float = 0.6


@dataclass(frozen=True)
class ClaimType:
    """One kind of claim: log-normal time from report to decision, documents, outcome, amount."""

    decision_days_median: float  # without a document request, at quality 0
    decision_sigma: float
    document_round_shares: tuple[float, float, float]
    outcome_shares: tuple[float, float, float, float]
    claimed_median: float
    claimed_sigma: float
    investigated_share: float


@dataclass(frozen=True)
class Claims:
    """Claim frequency and handling."""

    types: dict[str, ClaimType] = field(
        default_factory=lambda: {
            "medical": ClaimType(4.2, 0.75, (0.84, 0.14, 0.02), (0.80, 0.12, 0.05, 0.03), 1900.0, 0.9, 0.03),
            "accident": ClaimType(6.0, 0.80, (0.74, 0.21, 0.05), (0.75, 0.15, 0.08, 0.02), 6200.0, 0.9, 0.08),
            "critical_illness": ClaimType(
                11.0, 0.60, (0.50, 0.35, 0.15), (0.90, 0.0, 0.10, 0.0), 150_000.0, 0.5, 0.40
            ),
            "death": ClaimType(13.0, 0.60, (0.45, 0.40, 0.15), (0.93, 0.0, 0.07, 0.0), 180_000.0, 0.6, 0.30),
        }
    )
    # Claims a policy-year by line, for the kinds that do not come from a death or a terminating illness.
    medical_by_line: tuple[float, ...] = (0.12, 0.50, 0.06, 0.06)
    accident_by_line: tuple[float, ...] = (0.04, 0.04, 0.02, 0.26)
    season_by_month: tuple[float, ...] = (1.08, 0.95, 1.02, 1.0, 0.98, 0.98, 1.0, 1.0, 0.98, 0.97, 1.0, 1.04)
    notice_days_mean: float = 12.0  # from a death or terminating illness to its report
    decision_factor_by_rounds: tuple[float, float, float] = (1.0, 1.9, 2.8)
    # Documents are complete at an even share of the time to decision between these bounds, by rounds.
    documents_share_by_rounds: tuple[tuple[float, float], ...] = ((0.05, 0.20), (0.30, 0.60), (0.45, 0.70))
    contacted_share: float = 0.10  # of claims whose first contact the claims system logs itself
    contact_days_mean: float = 0.25
    assessed_otherwise_share: float = 0.08  # of claims that are not investigated; those that are, all
    assessed_at: float = 0.6  # of the time from the documents to the decision
    withdrawal_a_day: float = 0.002  # exponential, competing with the decision
    cancelled_share: float = 0.006
    payment_lag_days_median: float = 1.6
    payment_lag_sigma: float = 0.7
    refusal_letter_days_mean: float = 1.2
    reopened_share: float = 0.03  # of closed claims
    reopening_delay_days: tuple[int, int] = (5, 115)
    overturned_share: float = 0.5  # of reopened claims
    second_decision_days_median: float = 8.0
    fast_track_share: float = 0.8  # of eligible claims
    automatic_share: float = 0.6  # of fast-track decisions


@dataclass(frozen=True)
class Complaints:
    """Complaints: a Poisson process per policy-month, log-normal time to close."""

    per_policy_month: float = 0.008
    complexity_shares: tuple[float, ...] = (0.60, 0.30, 0.10)
    resolution_days_median: tuple[float, ...] = (5.5, 14.0, 32.0)
    resolution_sigma: float = 0.6
    withdrawn_share: float = 0.04
    upheld_share: float = 0.30  # of decided
    partly_upheld_share: float = 0.13
    escalated_share: float = 0.04
    via_regulator_share: float = 0.08
    reopened_share: float = 0.02
    repeat_share: float = 0.06  # closed complaints chosen to be followed by another on the same matter
    repeat_days: tuple[int, int] = (3, 85)
    merged_share: float = 0.015  # extra contacts while open, on top of the Poisson process
    category_shares: tuple[float, ...] = (0.30, 0.24, 0.16, 0.06, 0.16, 0.08)
    comment_share: float = 0.5


@dataclass(frozen=True)
class Contacts:
    """The service desk: Poisson contacts, log-normal waits and patience; tuples by medium, or as they say."""

    per_policy_month: float = 0.16
    medium_shares: tuple[float, ...] = (0.42, 0.08, 0.24, 0.08, 0.05, 0.13)
    purpose_shares: tuple[float, ...] = (0.22, 0.20, 0.20, 0.12, 0.14, 0.06, 0.06, 0.0)
    progress_per_open_claim: float = 0.35  # a month, at quality 0; moved by quality as complaints are
    anonymous_shares: tuple[float, ...] = (0.03, 0.10, 0.12, 0.05, 0.02, 0.0)
    menu_share: float = 0.06  # of calls, that ask for no person
    wait_seconds_median: tuple[float, ...] = (
        12.0,
        35.0,
        40.0,
        480.0,
        14_400.0,
        3_600.0,
    )  # by bots since hand-over
    wait_sigma: tuple[float, ...] = (0.9, 0.8, 1.0, 0.7, 1.0, 1.0)
    log_wait: float = -0.25
    elder_wait_factor: float = 0.7
    patience_seconds_median: tuple[float, ...] = (90.0, 300.0, 240.0, 5_400.0, 1e7, 1e7)
    patience_sigma: tuple[float, ...] = (1.0, 0.8, 0.8, 0.5, 0.5, 0.5)
    hang_up_share: float = 0.02  # of calls, evenly within so many seconds
    hang_up_seconds: float = 8.0
    transferred_share: float = 0.05  # from one person to another
    handed_over_share: float = 0.25  # by bots
    repeat_share: float = 0.13  # of answered calls, at quality 0
    log_repeat: float = -0.15
    repeat_days: float = 6.9
    bot_return_share: float = 0.12  # of chats that the bot kept
    bot_return_days: float = 2.0
    rated_share: float = 0.25
    satisfied_logit: float = 2.0
    satisfied_logit_effect: float = 0.35
    bot_rated_share: float = 0.15
    bot_satisfied_share: float = 0.68
    succeeded_share: float = 0.9
    chat_place_shares: tuple[float, ...] = (0.5, 0.3, 0.2)  # app, mini-program, web
    handlers_a_branch: int = 12


@dataclass(frozen=True)
class Audits:
    """Audits: visits a branch and month, sampled shares of cases; logits by kind, moved by quality."""

    visits_a_month: int = 5
    claim_share: float = 0.15  # of decided claims
    recording_share: float = 0.25  # of new long-term policies
    days_after: tuple[int, int] = (2, 25)
    passed_logits: tuple[float, ...] = (1.9, 2.6, 2.2)  # visits, claim files, recordings
    quality_logit: float = 0.3
    severity_shares: tuple[float, ...] = (0.70, 0.25, 0.05)  # minor, major, critical


@dataclass(frozen=True)
class Surveys:
    """SERVQUAL answers, 1 to 7, as rounded and clipped normals; dimensions in the classical order."""

    items: tuple[int, ...] = (4, 5, 4, 4, 5)
    perception_mean: tuple[float, ...] = (5.3, 5.5, 5.2, 5.6, 5.1)
    expectation_mean: tuple[float, ...] = (5.7, 6.4, 6.2, 6.1, 5.9)
    quality_effect: tuple[float, ...] = (0.12, 0.30, 0.34, 0.22, 0.22)
    # Of the respondent's own claim: per unit of log(days to decision / 6), and of a refusal.
    log_own_days_effect: tuple[float, ...] = (0.0, -0.15, -0.30, -0.05, -0.05)
    rejected_effect: tuple[float, ...] = (0.0, -0.9, -0.3, -0.7, -0.4)
    complaint_stage_effect: float = -0.8
    person_sd: float = 0.6
    dimension_sd: float = 0.35
    item_sd: float = 0.7
    item_spread: float = 0.2  # items of a dimension lie evenly between minus and plus this
    expectation_person_sd: float = 0.4
    expectation_item_sd: float = 0.6
    nps_mean: float = 7.8
    nps_slope: float = 1.1  # per point of the mean latent perception about its mean
    nps_sd: float = 1.6
    satisfaction_mean: float = 3.9
    satisfaction_slope: float = 0.55
    satisfaction_sd: float = 0.6
    effort_mean: float = 5.2
    effort_slope: float = 0.8
    effort_sd: float = 0.9
    # Asked and silent, for each who answers: after a claim or complaint, after a refused claim, at a pop-up.
    silent_per_answer: float = 2.1
    silent_per_answer_rejected: float = 3.0
    popups_ignored_per_answer: float = 3.0
    silence_shares: dict[str, float] = field(
        default_factory=lambda: {
            "partial": 0.05,
            "refused": 0.25,
            "not_contacted": 0.50,
            "other": 0.05,
            "unknown": 0.13,
            "not_eligible": 0.02,
        }
    )
    importance_shares: tuple[float, ...] = (0.11, 0.32, 0.22, 0.19, 0.16)
    item_missing_share: float = 0.015
    straight_lining_share: float = 0.006
    comment_share: float = 0.25
    other_mood_share: float = 0.08  # of comments, whose mood has nothing to do with the score
    chinese_share: float = 0.85


@dataclass(frozen=True)
class Service:
    """Orders of service: rates a policy-month, whole days as floored log-normals, what comes of them."""

    log_days: float = -0.15  # effect of one unit of quality on days to deliver and to alter
    undelivered_share: float = 0.012  # of policies of which no delivery is recorded
    delivery_days_median: float = 4.5
    delivery_sigma: float = 0.55
    delivery_failed_share: float = (
        0.05  # of each attempt; the next is ordered on the day after, three at most
    )
    delivery_attempts: int = 3
    uncalled_share: float = 0.02  # of long policies without a call-back
    callback_reached_share: float = 0.955
    callback_days_median: float = 5.0  # from the day after receipt
    callback_sigma: float = 0.5
    problem_share: float = 0.04  # of call-backs that reached the buyer
    unreminded_share: float = 0.03
    reminder_failed_share: float = 0.03  # of those sent
    reminder_lead_days: tuple[int, int] = (5, 29)
    alterations_a_month: float = 0.02
    self_service_share: float = 0.35  # of alterations, done by the system at once
    alteration_days_median: float = 3.2
    alteration_sigma: float = 0.45
    alteration_declined_share: float = 0.03
    alteration_cancelled_share: float = 0.02
    objections_a_month: float = 0.0016
    objection_resolved_share: float = 0.93
    objection_cancelled_share: float = 0.03
    objection_days_median: float = 5.0
    objection_sigma: float = 0.6
    enquiries_a_month: float = 0.004
    value_added_a_year: float = 0.22  # orders of a customer with a policy in force when the year begins
    value_added_done_share: float = 0.90
    value_added_wait_days_median: float = 3.4
    value_added_sigma: float = 0.7
    roadside_a_month: float = 0.004
    roadside_minutes_median: float = 34.0
    roadside_sigma: float = 0.45
    roadside_promised_minutes: int = 60
    home_visits_a_month: float = 0.0008
    rated_share: float = 0.45  # of orders done
    rating_shares: tuple[float, ...] = (0.01, 0.03, 0.09, 0.35, 0.52)


@dataclass(frozen=True)
class Handling:
    """How customers are served on the way: by which channel, by whom, with which papers and favours."""

    channels: tuple[str, ...] = ("app", "mini_program", "web", "call", "counter", "agent", "bank")
    channel_shares: tuple[float, ...] = (0.40, 0.20, 0.06, 0.16, 0.08, 0.07, 0.03)
    segments: tuple[str, ...] = ("urban", "rural", "new_citizen", "wealthy")
    segment_shares: tuple[float, ...] = (0.52, 0.26, 0.15, 0.07)
    policies_per_agent: int = 150
    claims_a_month_per_handler: int = 12
    complaints_a_month_per_handler: int = 12
    # From report to a handler, log-normal; what the system decides alone gets none.
    assignment_days_median: float = 0.08
    assignment_sigma: float = 0.8
    # The workflow logs a contact with nearly all of those that the claims system does not, so long after they were,
    # or would have been, given to a handler.
    contact_logged_share: float = 0.97
    contact_days_mean: float = 0.15
    # From report to the opening of the case, log-normal, at the latest halfway to the complete papers.
    registration_days_median: float = 0.8
    registration_sigma: float = 1.0
    # Papers of a claim: two, some more, and one for each time that more were asked for.
    papers_least: int = 2
    papers_more_mean: float = 1.5
    medium_shares_by_channel: tuple[tuple[float, float, float], ...] = (  # electronic, mixed, paper
        (0.94, 0.06, 0.0), (0.92, 0.08, 0.0), (0.90, 0.10, 0.0), (0.55, 0.25, 0.20), (0.10, 0.25, 0.65),
        (0.45, 0.30, 0.25), (0.20, 0.30, 0.50),
    )  # fmt: skip
    # By kind of claim, in the order of CLAIM_TYPES.
    direct_pay_shares: tuple[float, ...] = (0.35, 0.10, 0.20, 0.0)
    green_channel_shares: tuple[float, ...] = (0.02, 0.05, 0.30, 0.30)
    # Of claims that are going to be paid; at an even place between documents and half of the way to the decision.
    prepaid_shares: tuple[float, ...] = (0.0, 0.05, 0.50, 0.20)
    prepaid_decided_within_days: float = 55.0  # after the documents
    catastrophe_share: float = 0.4  # of accident claims of one month in two regions
    # By matter of the complaint, in the order of CATEGORIES; what is found when it is closed.
    causes: tuple[tuple[str, ...], ...] = (
        ("delay", "loss_assessment", "refusal_reasons", "information"),
        ("misled", "information", "staff"),
        ("information", "charges", "delay"),
        ("delay", "information", "system"),
        ("system", "staff", "delay"),
        ("system", "information", "charges"),
    )
    cause_shares: tuple[float, ...] = (0.40, 0.30, 0.20, 0.10)
    modes: tuple[str, ...] = ("app", "web", "phone", "paper", "in_person")
    mode_shares: tuple[float, ...] = (0.45, 0.25, 0.20, 0.04, 0.06)
    policies_per_outlet_city: float = 900.0
    policies_per_outlet_county: float = 450.0


@dataclass(frozen=True)
class Market:
    """All insurers together, and investment contracts as shares of what the insurer states of a line."""

    insurers: float = 25.0  # of this one's size, at quality 0
    premium_sigma: float = 0.04
    investment_line: str = "annuity"
    investment_opening_share: float = 0.6  # of the reserve at the start of the year
    investment_deposit_share: float = 0.25  # of the premium income of the month
    investment_paid_share: float = 0.004  # of the opening balance, a month
    investment_sigma: float = 0.15


@dataclass(frozen=True)
class Texts:
    """What customers write besides complaints and surveys, and how surely people sort it."""

    per_policy_month: float = 0.02
    source_shares: tuple[float, float] = (0.65, 0.35)  # e-mail, chat
    category_shares: tuple[float, ...] = (0.26, 0.14, 0.16, 0.12, 0.20, 0.12)
    chinese_share: float = 0.85
    labelled_share: float = 0.7
    second_label_share: float = 0.25  # of those labelled
    label_error_share: float = 0.04  # a category drawn at random, by each person for himself
    posts_per_policy_month: float = 0.0012
    repeating_share: float = 0.4  # posts that say what a complaint to the insurer says
    repeated_after_days: tuple[int, int] = (0, 40)
    social_share: float = 0.4  # of the posts that repeat nothing
    statements: tuple[int, int] = (8, 20)  # of an interview, one a month; of a group, one a quarter


@dataclass(frozen=True)
class Applications:
    """Applications: hours as log-normals and exponentials, who decides, and how many give up."""

    system_share: float = 0.55  # of those decided, at once or nearly
    system_minutes_mean: float = 1.5
    system_issue_minutes_mean: float = 6.0  # from decision to issue
    human_hours_median: float = 22.0  # net of waiting for the customer
    human_sigma: float = 0.6
    human_issue_hours_mean: float = 4.0
    log_hours: float = -0.15  # effect of one unit of quality on the hours of people
    waiting_share: float = 0.2  # of those decided by people, for the customer
    waiting_hours_mean: float = 60.0
    declined_share: float = 0.04  # of those submitted
    postponed_share: float = 0.01
    on_terms_share: float = 0.06  # of those accepted
    withdrawn_share: float = 0.02  # of those submitted
    abandoned_share: float = 0.30  # of those started online, never submitted
    late_share: float = 0.05  # of those submitted, more than 24 hours after the start
    minutes_to_submit_median: float = 18.0
    assisted_share: float = 0.40
    recommended_share: float = 0.72
    needs_share: float = 0.86
    sale_recorded_share: float = 0.93
    overridden_share: float = 0.015  # of what the system decided


QUALITY = Quality()
POLICIES = Policies()
CLAIMS = Claims()
COMPLAINTS = Complaints()
CONTACTS = Contacts()
AUDITS = Audits()
SURVEYS = Surveys()
SERVICE = Service()
HANDLING = Handling()
MARKET = Market()
TEXTS = Texts()
APPLICATIONS = Applications()
