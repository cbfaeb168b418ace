"""What customers write, in Chinese and English, and the wording of the questionnaire.

Which customer writes what is drawn from the answers and matters given; no answer is made here.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.hazards import DIMENSIONS, SURVEYS

# By matter, in the order of CATEGORIES.
COMPLAINT_TEXTS = (
    (
        "理赔材料反复补交，至今没有结果。",
        "报案两周了，没有人联系我。",
        "The claim was refused without a proper reason.",
    ),
    (
        "业务员说可以随时退，现在却要扣钱。",
        "销售时没有说明免责条款。",
        "I was told it was a savings account.",
    ),
    ("退保金额和当初承诺的不一样。", "退保申请交了一个月还没到账。", "Surrender takes far too long."),
    ("核保要求一变再变。", "体检报告丢失，让我重新做。", "Underwriting keeps asking for the same report."),
    ("变更地址办了三次都没成功。", "客服电话一直占线。", "Nobody answers my messages in the app."),
    ("扣了两次保费，没有说明。", "没有收到缴费提醒，保单失效了。", "My premium was collected twice."),
)
PRAISE = (
    "理赔很快，三天就到账了。",
    "业务员很专业，讲解清楚。",
    "客服态度好，问题一次解决。",
    "手机上传资料很方便。",
    "Quick payment and friendly staff.",
    "Clear explanation of every step.",
)
NEUTRAL = (
    "还可以，没有特别的感觉。",
    "流程正常，希望资料能少一些。",
    "It was fine.",
    "Average, nothing special.",
)
BLAME = (
    "等了一个多月才有结果，太慢了。",
    "材料要求不一次说清楚，跑了好几趟。",
    "拒赔的理由看不懂，也没人解释。",
    "电话总是打不通。",
    "Far too slow and nobody called back.",
    "They kept asking for more documents.",
)

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


def complaint_comments(category: NDArray[np.int64], share: float, rng: np.random.Generator) -> pl.Series:
    """A comment on the matter for a share of the complaints."""
    texts = pl.Series([text for group in COMPLAINT_TEXTS for text in group])
    choices = len(COMPLAINT_TEXTS[0])
    chosen = category * choices + rng.integers(0, choices, len(category))
    return texts[chosen].set(pl.Series(rng.random(len(category)) >= share), None)


def survey_comments(nps: NDArray[np.float64], rng: np.random.Generator) -> pl.Series:
    """A comment for every answer: praise of promoters, blame of detractors; mostly in Chinese."""
    chosen = np.empty(len(nps), dtype=object)
    chinese = rng.random(len(nps)) < SURVEYS.chinese_share
    for texts, group in ((PRAISE, nps >= 9), (NEUTRAL, (nps >= 7) & (nps < 9)), (BLAME, nps < 7)):
        for in_chinese in (True, False):
            fitting = np.array([text for text in texts if text.isascii() != in_chinese], dtype=object)
            who = group & (chinese == in_chinese)
            chosen[who] = rng.choice(fitting, who.sum())
    return pl.Series(chosen.tolist(), dtype=pl.String)
