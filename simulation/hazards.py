"""The stated hazards of the simulated insurer: every rate, probability and distribution it is drawn from.

They go into truth.json as they stand; how they are applied is in the modules named after the records. Those of how
customers are served are in `service_hazards.py`.
"""

from dataclasses import dataclass, field

LINES = ("life", "health", "annuity", "accident")
CHANNELS = ("agent", "bancassurance", "broker", "online")
CLAIM_TYPES = ("medical", "accident", "critical_illness", "death")
OUTCOMES = ("paid_full", "paid_part", "rejected", "zero")
DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
COMPLEXITIES = ("simple", "complex", "special")
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


QUALITY = Quality()
POLICIES = Policies()
CLAIMS = Claims()
COMPLAINTS = Complaints()
SURVEYS = Surveys()
TEXTS = Texts()
