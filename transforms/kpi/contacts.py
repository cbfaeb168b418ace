"""The KPIs of the service desk: calls answered, matters settled at once, chats with a machine, questions about claims.

Waits, repeats and what is a contact are in `transforms/core/contacts.py`; ratings here are customers' own.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.core.contacts import CALLED_BACK_WITHIN_HOURS, SHORT_SECONDS
from transforms.kpi.claims_flow import SPELLS
from transforms.measures.case_measures import Share
from transforms.measures.curve_measures import Clock, SurvivalQuantile
from transforms.measures.definition import Exposure, Kpi
from transforms.measures.example import Example, rows
from transforms.measures.rates import PerExposure

SATISFIED_FROM = 4
REPEAT_DAYS = 7
CONTAINED_HOURS = 72

ALL = pl.lit(True)
CALLS = (pl.col("medium") == "call") & pl.col("person_asked_at").is_not_null()
BOTS = pl.col("medium") == "bot"
ANSWERED = pl.col("answered_at").is_not_null()
GIVEN_UP = pl.col("abandoned_at").is_not_null() & ~ANSWERED
RATED = pl.col("rating").is_not_null()
SATISFIED = pl.col("rating") >= SATISFIED_FROM
FAULTY = pl.col("sequence_fault").is_not_null()
SHORT = pl.col("is_short_abandoned")
UNKNOWN = pl.col("customer_id").is_null()
# Answered, but only on a day.
UNTIMED = ANSWERED & pl.col("wait_seconds").is_null()
OPEN_CLAIMS = Exposure("claims_open_in_period", SPELLS, "at_risk")

CALL_WORDS = "calls that asked for a person"
FAULTY_WORDS = "whose instants contradict each other"
SHORT_WORDS = f"calls given up within {SHORT_SECONDS} seconds, and those {FAULTY_WORDS}"
CIRC_2015 = (
    "CIRC service evaluation 2015, inbound answer rate (人工接通率); the official formula was not found"
)

_CONTACTS: dict[str, Any] = {"fact": "core.contacts", "dates": {"cohort": "offered_on"}, "minimum": 30}
_SHARE: dict[str, Any] = {**_CONTACTS, "unit": "share"}
_OFFERED: dict[str, Any] = {
    **_SHARE,
    "population": CALLS,
    "excluded": FAULTY | SHORT,
    "counts": CALL_WORDS,
    "leaves_out": SHORT_WORDS,
    "needs": ("answered_at=",),
}
_TIMED: dict[str, Any] = {
    **_OFFERED,
    "excluded": FAULTY | SHORT | UNTIMED,
    "leaves_out": f"calls whose wait is known to the day alone, {SHORT_WORDS}",
}
_RATED: dict[str, Any] = {
    **_SHARE,
    "direction": 1,
    "excluded": FAULTY,
    "leaves_out": f"contacts {FAULTY_WORDS}",
}
_BOT: dict[str, Any] = {**_CONTACTS, "population": BOTS, "counts": "chats with a machine"}

TEN_CALLS = partial(
    Example,
    given="answered after 5, 15, 20 and 21 seconds and after 3 minutes; three given up later than after 5 seconds, of "
    "which one was called back within the hour; one given up within them; one neither",
    every={"medium": "call", "offered_on": "2025-03-03", "person_asked_at": "2025-03-03T01:00"},
    rows=rows("""
        answered_at       abandoned_at      wait_seconds  is_short_abandoned  is_called_back_in_time  is_elder
        2025-03-03T01:00  -                 5             no                  no                      yes
        2025-03-03T01:00  -                 15            no                  no                      no
        2025-03-03T01:00  -                 20            no                  no                      no
        2025-03-03T01:00  -                 21            no                  no                      yes
        2025-03-03T01:03  -                 180           no                  no                      yes
        -                 2025-03-03T01:02  -             no                  yes                     yes
        -                 2025-03-03T01:02  -             no                  no                      no
        -                 2025-03-03T01:02  -             no                  no                      no
        -                 2025-03-03T01:00  -             yes                 no                      no
        -                 -                 -             no                  no                      no
    """),
)
RATINGS = partial(
    Example,
    given="rated 5, 5, 4, 3 and 1; two not rated",
    rows=rows("""
        cases  rating
            2       5
            1       4
            1       3
            1       1
            2       -
    """),
)
ANSWERED_CALL = {
    "medium": "call",
    "offered_on": "2025-03-03",
    "person_asked_at": "2025-03-03T01:00",
    "answered_at": "2025-03-03T01:01",
}

KPIS = (
    Kpi(
        code="call_answered_share",
        title="Calls answered by a person (人工接通率)",
        measure=Share(of=ANSWERED, among=ALL),
        direction=1,
        source=CIRC_2015,
        definition="Calls that a person answered, among those that asked for one.",
        formula="answered / asked for a person",
        example=TEN_CALLS(value=5 / 9, numerator=5, denominator=9),
        **_OFFERED,
    ),
    Kpi(
        code="call_answered_or_called_back_share",
        title=f"Calls answered by a person, or called back within {CALLED_BACK_WITHIN_HOURS} hours",
        measure=Share(of=ANSWERED | pl.col("is_called_back_in_time"), among=ALL),
        direction=1,
        source=f"{CIRC_2015}; a twin, as the rate itself takes no call-back for an answer",
        definition="Calls that a person answered, or whose customer was called back within "
        f"{CALLED_BACK_WITHIN_HOURS} hours, among those that asked for a person.",
        formula=f"(answered + called back within {CALLED_BACK_WITHIN_HOURS} hours) / asked for a person",
        example=TEN_CALLS(value=6 / 9, numerator=6, denominator=9),
        **_OFFERED | {"needs": ("answered_at=", "is_called_back_in_time")},
    ),
    Kpi(
        code="call_answered_within_20_seconds_share",
        title="Calls answered by a person within 20 seconds",
        measure=Share(of=pl.col("wait_seconds") <= 20, among=ALL),
        direction=1,
        source="80 % in 20 seconds is a convention of call centres",
        definition="Calls that a person answered within 20 seconds, among those that asked for one.",
        formula="answered within 20 seconds / asked for a person",
        example=TEN_CALLS(value=3 / 9, numerator=3, denominator=9),
        **_TIMED,
    ),
    Kpi(
        code="call_abandoned_share",
        title="Calls given up before a person answered",
        measure=Share(of=GIVEN_UP, among=ALL),
        direction=-1,
        source="Convention of call centres",
        definition="Calls that the customer gave up before a person answered, among those that asked for one.",
        formula="given up / asked for a person",
        example=TEN_CALLS(value=3 / 9, numerator=3, denominator=9),
        **_OFFERED,
    ),
    Kpi(
        code="elder_call_to_agent_within_30_seconds_share",
        title="Calls of customers of 60 or older that reached a person within 30 seconds",
        measure=Share(of=pl.col("wait_seconds") <= 30, among=ALL),
        direction=1,
        source="Service for the elderly: a person within 30 seconds",
        definition="Calls of customers of 60 or older that a person answered within 30 seconds, among those of them "
        "that asked for one; calls of customers whose age is not known do not count.",
        formula="answered within 30 seconds / asked for a person",
        example=TEN_CALLS(value=2 / 4, numerator=2, denominator=4),
        **_TIMED
        | {
            "population": CALLS & pl.col("is_elder"),
            "counts": f"{CALL_WORDS}, of customers of 60 or older",
        },
    ),
    Kpi(
        code="call_first_contact_resolved_share",
        title="Calls that settled the matter: no other call on it within 7 days",
        measure=Share(of=(pl.col("repeat_call_days") > REPEAT_DAYS).fill_null(True), among=ALL),
        unit="share",
        direction=1,
        population=CALLS & ANSWERED,
        excluded=FAULTY | UNKNOWN,
        needs=("repeat_call_days",),
        horizon_days=REPEAT_DAYS,
        source="First-contact resolution, as call centres measure it by repeats",
        definition="Answered calls after which the same customer did not call for the same purpose within 7 calendar "
        f"days; a call given up within {SHORT_SECONDS} seconds is no repeat.",
        formula="answered without a repeat / answered",
        counts="calls that a person answered",
        leaves_out=f"calls of customers who are not known, and those {FAULTY_WORDS}",
        example=Example(
            given="answered: no other call, the next one after 0, 7 and 8 days, one of nobody known; one not answered",
            every={
                "medium": "call",
                "offered_on": "2025-03-03",
                "person_asked_at": "2025-03-03T01:00",
            },
            rows=rows("""
                customer_id  answered_at       repeat_call_days
                A            2025-03-03T01:00  -
                B            2025-03-03T01:00  0
                C            2025-03-03T01:00  7
                D            2025-03-03T01:00  8
                -            2025-03-03T01:00  -
                E            -                 -
            """),
            value=2 / 4,
            numerator=2,
            denominator=4,
        ),
        **_CONTACTS,
    ),
    Kpi(
        code="call_agent_satisfied_share",
        title="Rated calls whose customer was satisfied with the person who answered (客服代表满意率)",
        measure=Share(of=SATISFIED, among=RATED),
        population=CALLS & ANSWERED,
        source="CIRC service evaluation 2015, agent satisfaction; the official formula was not found",
        definition=f"Answered calls rated {SATISFIED_FROM} or 5 of 5, among those that were rated.",
        formula="rated satisfied or better / rated",
        counts="calls that a person answered",
        example=RATINGS(value=3 / 5, numerator=3, denominator=5, every=ANSWERED_CALL),
        **_RATED,
    ),
    Kpi(
        code="call_rated_share",
        title="Answered calls that the customer rated",
        measure=Share(of=RATED, among=ALL),
        population=CALLS & ANSWERED,
        source="Response rate of the satisfaction with the person who answered",
        definition="Answered calls that were rated: how much the satisfaction of those who rated tells of all.",
        formula="rated / answered",
        counts="calls that a person answered",
        for_index=False,
        example=RATINGS(value=5 / 7, numerator=5, denominator=7, every=ANSWERED_CALL),
        **_RATED,
    ),
    Kpi(
        code="bot_contained_share",
        title="Chats with a machine that needed no person, then or within 72 hours",
        measure=Share(
            of=pl.col("handed_over_at").is_null()
            & ~ANSWERED
            & (pl.col("next_contact_hours") > CONTAINED_HOURS).fill_null(True),
            among=ALL,
        ),
        unit="share",
        direction=1,
        excluded=FAULTY | UNKNOWN,
        leaves_out=f"chats of customers who are not known, and those {FAULTY_WORDS}",
        needs=("next_contact_hours", "handed_over_at"),
        horizon_days=CONTAINED_HOURS // 24,
        source="Containment of bots; read it beside bot_satisfied_share, as a bot that sends nobody on contains all",
        definition="Chats with a machine that were not handed to a person and after which the customer did not come "
        "back by any medium within 72 hours of their beginning.",
        formula="ended without a person and without another contact in 72 hours / chats with a machine",
        example=Example(
            given="two with nothing after them, two with one after 72 and 80 hours, one handed over, one of "
            "nobody known",
            every={"medium": "bot", "offered_on": "2025-03-03"},
            rows=rows("""
                customer_id  next_contact_hours  handed_over_at
                A            -                   -
                B            -                   -
                C            72                  -
                D            80                  -
                E            -                   2025-03-03T01:05
                -            -                   -
            """),
            value=3 / 5,
            numerator=3,
            denominator=5,
        ),
        **_BOT,
    ),
    Kpi(
        code="bot_satisfied_share",
        title="Rated chats with a machine whose customer was satisfied",
        measure=Share(of=SATISFIED, among=RATED),
        population=BOTS,
        counts="chats with a machine",
        source="Guard of containment: a customer may be contained and not served",
        definition=f"Chats with a machine rated {SATISFIED_FROM} or 5 of 5, among those that were rated.",
        formula="rated satisfied or better / rated",
        example=RATINGS(
            value=3 / 5, numerator=3, denominator=5, every={"medium": "bot", "offered_on": "2025-03-03"}
        ),
        **_RATED,
    ),
    Kpi(
        code="bot_to_human_seconds_median",
        title="Seconds from the hand-over by a machine to a person's answer, median, chats given up counted",
        measure=SurvivalQuantile(
            Clock("person_asked_at", "answered_at", exits=("abandoned_at", "ended_at"), unit="seconds"), 0.5
        ),
        unit="seconds",
        direction=-1,
        excluded=FAULTY,
        needs=("handed_over_at",),
        leaves_out=f"chats {FAULTY_WORDS}",
        source="Hand-over of bots; Kaplan–Meier, as whoever gives up has waited at least until then",
        definition="Seconds by which a person had answered half of the chats that a machine handed over; those given "
        "up or ended before count as long as they waited.",
        formula="least t with S(t) ≤ 0.5, S(t) = Π (1 − answered / waiting)",
        example=Example(
            given="answered after 1, 2 and 4 minutes, given up after 3; one not handed over",
            every={"medium": "bot", "offered_on": "2025-03-03"},
            rows=rows("""
                handed_over_at    person_asked_at   answered_at       abandoned_at
                2025-03-03T01:00  2025-03-03T01:00  2025-03-03T01:01  -
                2025-03-03T01:00  2025-03-03T01:00  2025-03-03T01:02  -
                2025-03-03T01:00  2025-03-03T01:00  2025-03-03T01:04  -
                2025-03-03T01:00  2025-03-03T01:00  -                 2025-03-03T01:03
                -                 -                 -                 -
            """),
            value=120,
            denominator=4,
        ),
        **_BOT
        | {
            "population": BOTS & pl.col("person_asked_at").is_not_null(),
            "counts": "chats that a machine handed over",
        },
    ),
    Kpi(
        code="progress_queries_per_100_open_claims",
        title="Questions how far a claim is, per 100 claims open in the period",
        measure=PerExposure(OPEN_CLAIMS, per=100, is_share=False),
        unit="per_100_claims",
        direction=-1,
        fact="core.contacts",
        population=pl.col("purpose") == "claim_progress",
        excluded=FAULTY,
        dates={"period": "offered_on"},
        minimum=30,
        source="Disclosure of claims: who is told does not have to ask",
        definition="Contacts of the period for the purpose claim_progress, by any medium, per 100 spells of claims "
        "that were open at some time in it.",
        formula="contacts for claim_progress / (claims open at the start + opened in the period) · 100",
        counts="contacts for the purpose claim_progress",
        leaves_out=f"contacts {FAULTY_WORDS}",
        example=Example(
            given="3 questions; 40 claims open at the start, 10 opened in the month, 5 closed before it",
            rows=rows("""
                cases  purpose         offered_on
                    3  claim_progress  2025-03-03
                    2  advice          2025-03-03
            """),
            also={
                "core.claims": rows("""
                    cases  opened_on   ended_on
                       30  2025-02-03  -
                       10  2025-02-03  2025-03-20
                       10  2025-03-05  -
                        5  2025-02-03  2025-02-20
                """)
            },
            value=6,
            numerator=3,
            denominator=0.5,
        ),
    ),
    Kpi(
        code="service_in_app_share",
        title="Contacts by the insurer's app or a mini-program",
        measure=Share(
            of=pl.col("service_channel").is_in(["app", "mini_program"]),
            among=pl.col("service_channel") != "unknown",
        ),
        direction=1,
        excluded=FAULTY,
        counts="contacts of which it is known where they took place",
        leaves_out=f"contacts {FAULTY_WORDS}",
        source="All services in one app; read it beside what older customers get",
        definition="Contacts that took place in the insurer's app or in a mini-program.",
        formula="in the app or a mini-program / all with a known place",
        example=Example(
            given="four in the app, one in a mini-program, five by telephone, two in places not known",
            every={"offered_on": "2025-03-03"},
            rows=rows("""
                cases  service_channel
                    4  app
                    1  mini_program
                    5  call
                    2  unknown
            """),
            value=5 / 10,
            numerator=5,
            denominator=10,
        ),
        **_SHARE,
    ),
)
