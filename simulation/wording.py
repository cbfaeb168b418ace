"""The wording of the questionnaire, and what customers write into it and into complaints.

Which customer writes what is drawn from the answers and matters given; no answer is made here. Sentences are those of
`text_grammar.py`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.hazards import DIMENSIONS, SURVEYS
from simulation.text_grammar import (
    MOODS,
    PERSONAL_SHARE,
    Flags,
    Ints,
    as_series,
    letters,
    sentences,
    with_personal,
)

# How many ways there are to open a comment of praise, of neither, of blame; in Chinese and in English.
_MOOD_OPENINGS = ((4, 2), (2, 2), (4, 2))
_COMMENT_OPENINGS = (("", "总的来说，", "我觉得，", "说实话，"), ("", "Well: "))

ITEMS = (
    ("modern equipment and app", "设备和手机应用先进"),
    ("appealing service points", "服务网点环境舒适"),
    ("neat, professional staff", "员工着装整洁专业"),
    ("clear policy documents and letters", "保单和函件清晰易读"),
    ("does by the time it promised", "按承诺的时间完成"),
    ("sincere interest in solving problems", "真诚解决客户问题"),
    ("right the first time", "第一次就把事情办对"),
    ("pays what it promised", "按约定赔付"),
    ("error-free records", "记录准确无误"),
    ("tells when services will be performed", "告知办理的时间"),
    ("prompt service", "服务及时"),
    ("always willing to help", "乐于帮助客户"),
    ("never too busy to respond", "不因忙碌而忽略客户"),
    ("staff instil confidence", "员工令人信任"),
    ("feeling safe in dealings", "交易让人放心"),
    ("consistently courteous", "始终有礼貌"),
    ("knowledge to answer questions", "具备解答问题的知识"),
    ("individual attention", "给予个别关注"),
    ("convenient hours", "服务时间方便"),
    ("personal attention by staff", "员工给予个人关怀"),
    ("customer's best interest at heart", "以客户利益为先"),
    ("understands specific needs", "理解客户的特定需要"),
)

PAIR = (
    ("_E", "expectation", "An excellent insurer: ", "优秀的保险公司应当："),
    ("_P", "perception", "This insurer: ", "本公司："),
)
OVERALL = (
    ("NPS", "recommendation", 0, 10, "How likely are you to recommend us?", "您有多大可能向亲友推荐我们？"),
    ("SAT", "satisfaction", 1, 5, "How satisfied are you overall?", "总体上您有多满意？"),
    ("CES", "effort", 1, 7, "It was easy to get my matter handled.", "办理事务很容易。"),
    ("COMMENT", "open", None, None, "What else would you like to tell us?", "您还有什么想对我们说？"),
)


def questions() -> pl.DataFrame:
    """The feed of questions: 22 pairs of expectation and perception in the classical order, and the others."""
    rows = []
    for number, (dimension, (english, chinese)) in enumerate(zip(_dimensions(), ITEMS, strict=True), start=1):
        item = f"SQ{number:02d}"
        for suffix, construct, ask, ask_zh in PAIR:
            rows.append((item + suffix, item, construct, dimension, 1, 7, ask + english, ask_zh + chinese))
    for code, dimension in zip(importance_codes(), DIMENSIONS, strict=True):
        ask, ask_zh = f"Points out of 100 for {dimension}", f"{dimension} 的重要性（共 100 分）"
        rows.append((code, None, "importance", dimension, 0, 100, ask, ask_zh))
    for code, dimension in zip(satisfaction_codes(), DIMENSIONS, strict=True):
        ask, ask_zh = f"How satisfied are you with our {dimension}?", f"您对 {dimension} 有多满意？"
        rows.append((code, None, "satisfaction", dimension, 1, 5, ask, ask_zh))
    for code, construct, low, high, ask, ask_zh in OVERALL:
        rows.append((code, None, construct, None, low, high, ask, ask_zh))
    names = ["question", "item", "construct", "dimension", "scale_min", "scale_max", "text_en", "text_zh"]
    table = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return table.select(pl.lit("SERVQUAL").alias("survey"), *names)


def _dimensions() -> list[str]:
    """The dimension of each item."""
    return [name for name, count in zip(DIMENSIONS, SURVEYS.items, strict=True) for _ in range(count)]


def importance_codes() -> list[str]:
    return [f"IMP_{dimension[:3].upper()}" for dimension in DIMENSIONS]


def satisfaction_codes() -> list[str]:
    return [f"SAT_{dimension[:3].upper()}" for dimension in DIMENSIONS]


def complaint_comments(
    category: Ints, later: Flags, share: float, rng: np.random.Generator, words: np.random.Generator
) -> pl.Series:
    """A comment on the matter for a share of the complaints, a few of them with a number of the writer in it."""
    language = rng.integers(0, 3, len(category))
    written, _ = letters(category, language > 0, later, words)
    said = with_personal(written, PERSONAL_SHARE, words)
    return as_series(said).set(pl.Series(rng.random(len(category)) >= share), None)


def survey_comments(
    nps: NDArray[np.float64], later: Flags, rng: np.random.Generator, words: np.random.Generator
) -> pl.Series:
    """A comment for every answer: praise of promoters, blame of detractors; mostly in Chinese."""
    chinese = rng.random(len(nps)) < SURVEYS.chinese_share
    meant = np.select([nps >= 9, nps >= 7], [0, 1], 2)
    opening = np.zeros(len(nps), dtype=np.int64)
    for mood, sizes in enumerate(_MOOD_OPENINGS):
        for in_chinese, size in zip((True, False), sizes, strict=True):
            who = (meant == mood) & (chinese == in_chinese)
            opening[who] = rng.choice(size, who.sum())
    moods = np.where(words.random(len(nps)) < SURVEYS.other_mood_share, words.integers(0, 3, len(nps)), meant)
    said = sentences(list(MOODS.values()), moods, chinese, later, words)
    opened = [
        f"{_COMMENT_OPENINGS[int(not in_chinese)][place]}{text}{'。' if in_chinese else '.'}"
        for place, in_chinese, text in zip(opening, chinese, said, strict=True)
    ]
    return as_series(with_personal(np.array(opened, dtype=object), PERSONAL_SHARE, words))
