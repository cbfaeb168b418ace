"""The stated hazards of how customers are served: desk, orders, applications, audits, handling, and the market.

Those of policies, claims, complaints, surveys and texts are in `hazards.py`.
"""

from dataclasses import dataclass

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
    called_back_share: float = 0.4  # of calls given up, log-normal minutes after they began
    called_back_minutes_median: float = 50.0
    called_back_sigma: float = 0.8
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


CONTACTS = Contacts()
AUDITS = Audits()
SERVICE = Service()
HANDLING = Handling()
MARKET = Market()
APPLICATIONS = Applications()
