"""What customers write besides complaints and surveys: messages, posts on platforms, interviews and groups.

Sentences are those of `text_grammar.py`; some posts repeat a complaint to the insurer.
"""

import numpy as np
import polars as pl

from simulation.clock import MONTH_STARTS, Window, month_of
from simulation.columns import dates, numbered, pointed, recorded
from simulation.hazards import CATEGORIES, TEXTS
from simulation.life_course import Intervals
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.policy_feeds import in_force_months
from simulation.surveys import policyholders
from simulation.text_grammar import (
    CUES,
    PERSONAL_SHARE,
    THEMES,
    Flags,
    Words,
    as_series,
    in_new_words,
    letters,
    sentences,
    with_personal,
)

# As the source writes them.
EMAIL, CHAT, PLATFORM, SOCIAL, INTERVIEW, GROUP = "邮件", "在线", "投诉平台", "社交", "访谈", "座谈会"


def texts(
    policies: Register,
    intervals: Intervals,
    complaints: pl.DataFrame,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, dict]:
    """The feed of texts, and the truth about it; `complaints` (id, receivedOn, text) are what posts may repeat."""
    exposed = in_force_months(policies, intervals, window).sum(axis=1)[:, -window.months :]
    written, matters, cues = _messages(policies, intervals, exposed, window, org, rng)
    posts, repeated = _posts(complaints, int(exposed.sum()), window, rng)
    parts = [written, posts, *_sessions(window, rng)]
    rows = pl.concat([part.with_columns(pl.exclude("day").cast(pl.String)) for part in parts], how="diagonal")
    days = rows["day"].to_physical().to_numpy().astype(np.int64)
    rows = rows.with_columns(
        numbered("M", rows.height).alias("msg_no"),
        as_series(with_personal(rows["content"].to_numpy(), PERSONAL_SHARE, rng)).alias("content"),
        recorded(days, window, rng).alias("updated"),
    )
    order = (
        "msg_no",
        "kind",
        "day",
        "content",
        "topic",
        "topic_2",
        "session",
        "outside",
        "customer",
        "policy",
    )
    repeats = rows[written.height :][: len(repeated)].select("msg_no", complaint=pl.Series(repeated))
    truth = {
        "alpha_of_second_labels": alpha_of_errors(),
        "repeats": repeats.drop_nulls().to_dicts(),
        # Of the first texts of the feed, in order: their places in CATEGORIES.
        "matters": matters.tolist(),
        "cues": {cue: int((cues == cue).sum()) for cue in CUES},
    }
    return rows.select(*order, "branch", "updated"), truth


def _messages(
    policies: Register,
    intervals: Intervals,
    exposed: Ints,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, Ints, Words]:
    """E-mails and chats of policyholders, what each is about, and the cue that it gives."""
    wanted = rng.poisson(TEXTS.per_policy_month * exposed).ravel()
    policy, day = policyholders(wanted, policies, intervals, window, org, rng)
    count = len(policy)
    matter = rng.choice(len(CATEGORIES), count, p=TEXTS.category_shares)
    chinese = rng.random(count) < TEXTS.chinese_share
    later = in_new_words(month_of(day) - window.first_month, window.months, rng)
    said, cues = letters(matter, chinese, later, rng)
    is_labelled = rng.random(count) < TEXTS.labelled_share
    twice = is_labelled & (rng.random(count) < TEXTS.second_label_share)
    names = pl.Series(CATEGORIES)
    frame = pl.DataFrame(
        {
            "kind": rng.choice([EMAIL, CHAT], count, p=TEXTS.source_shares),
            "day": dates(day),
            "content": as_series(said),
            "topic": pointed(names, _sorted_by_a_person(matter, is_labelled, rng)),
            "topic_2": pointed(names, _sorted_by_a_person(matter, twice, rng)),
            "outside": "false",
            "customer": policies.customer_ids[policy],
            "policy": policies.ids[policy],
            "branch": pl.Series(org.codes)[policies.branch[policy]],
        }
    )
    return frame, matter, cues


def _sorted_by_a_person(matter: Ints, asked: Flags, rng: np.random.Generator) -> Ints:
    """The matter as a person sees it, now and then a wrong one; -1 where nobody was asked."""
    wrong = rng.random(len(matter)) < TEXTS.label_error_share
    seen = np.where(wrong, rng.integers(0, len(CATEGORIES), len(matter)), matter)
    return np.where(asked, seen, -1)


def _posts(
    complaints: pl.DataFrame, policy_months: int, window: Window, rng: np.random.Generator
) -> tuple[pl.DataFrame, list[str | None]]:
    """Posts outside, and the complaint that each of the first repeats."""
    count = rng.poisson(TEXTS.posts_per_policy_month * policy_months)
    first = np.datetime64(int(MONTH_STARTS[window.first_month]), "D")
    told = complaints.drop_nulls("text").filter(pl.col("receivedOn") >= first.item())
    repeating = min(round(TEXTS.repeating_share * count), told.height)
    chosen = told[np.sort(rng.choice(told.height, repeating, replace=False))] if repeating else told.clear()
    after = rng.integers(*TEXTS.repeated_after_days, repeating, endpoint=True)
    received = chosen["receivedOn"].to_physical().to_numpy().astype(np.int64)
    own = count - repeating
    day = np.sort(rng.integers(MONTH_STARTS[window.first_month], window.end, own))
    matter = rng.integers(0, len(CATEGORIES), (2, own))
    later = in_new_words(month_of(day) - window.first_month, window.months, rng)
    chinese = rng.random(own) < TEXTS.chinese_share
    said = [letters(part, chinese, later, rng)[0] for part in matter]
    posts = pl.DataFrame(
        {
            "kind": [PLATFORM] * repeating
            + rng.choice([SOCIAL, PLATFORM], own, p=[TEXTS.social_share, 1 - TEXTS.social_share]).tolist(),
            "day": pl.concat([dates(np.minimum(received + after, window.as_of_day)), dates(day)]),
            # Personal numbers that stand in the complaint are not in the post.
            "content": [f"【投诉】{text.partition(' ☎')[0]}" for text in chosen["text"]]
            + [f"{one} {other}" for one, other in zip(*said, strict=True)],
            "outside": "true",
        }
    )
    return posts, chosen["id"].to_list()


def _sessions(window: Window, rng: np.random.Generator) -> list[pl.DataFrame]:
    """Statements of an interview a month and a group a quarter, each under the theme that a researcher gave it."""
    found = []
    for kind, name, every, statements in (
        (INTERVIEW, "I", 1, TEXTS.statements[0]),
        (GROUP, "G", 3, TEXTS.statements[1]),
    ):
        held = np.repeat(np.array(window.observed)[::every], statements)
        theme = rng.integers(0, len(THEMES), len(held))
        chinese = rng.random(len(held)) < TEXTS.chinese_share
        said = sentences(list(THEMES.values()), theme, chinese, np.zeros(len(held), dtype=bool), rng)
        found.append(
            pl.DataFrame(
                {
                    "kind": kind,
                    "day": dates(MONTH_STARTS[held] + 9),
                    "content": as_series(said),
                    "topic": pl.Series(list(THEMES))[theme],
                    "session": [f"{name}{month}" for month in held],
                    "outside": "false",
                }
            )
        )
    return found


def alpha_of_errors() -> float:
    """Krippendorff's alpha that two people have in the long run who err at random, each for himself."""
    error, k = TEXTS.label_error_share, len(CATEGORIES)
    true = np.array(TEXTS.category_shares)
    seen = (1 - error) * true + error / k
    agreed = (1 - error) ** 2 + 2 * (1 - error) * error / k + error**2 / k
    return float(round(1 - (1 - agreed) / (1 - (seen**2).sum()), 6))
