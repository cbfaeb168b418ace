"""How customers write: sentences with slots by matter and mood, some of them kept back for later months.

Whoever learns from the earlier texts meets the later sentences for the first time. Which customer writes of what, and
when, is drawn elsewhere; the questionnaire is worded in `wording.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.hazards import CATEGORIES

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[np.object_]

SLOTS: Mapping[str, Sequence[str]] = {
    "time": ("一个月", "两周", "十几天", "二十多天", "三个星期", "好几天", "半个月", "快两个月", "四十天"),
    "product": ("重疾险", "医疗险", "年金险", "意外险", "分红险", "定期寿险", "百万医疗", "少儿保险"),
    "paper": ("病历", "发票", "诊断证明", "身份证复印件", "出院小结", "费用清单", "收入证明", "银行流水"),
    "money": ("三千二百元", "八百元", "一万多", "五千元", "两千六", "四百五十元", "九千元"),
    "seller": ("业务员", "代理人", "客户经理", "银行柜员", "团队主管"),
    "place": ("柜台", "手机APP", "小程序", "网点", "公众号", "热线"),
    "weeks": ("three weeks", "a month", "ten days", "six weeks", "two months", "nearly a month"),
    "policy": ("health policy", "annuity", "life policy", "accident cover", "savings plan"),
    "document": ("invoice", "medical report", "bank statement", "discharge letter", "copy of my ID"),
    "sum": ("2,400 yuan", "800 yuan", "5,000 yuan", "9,300 yuan", "1,250 yuan"),
}


@dataclass(frozen=True)
class Sentences:
    """Sentences with slots; the last third is held out of the earlier months."""

    chinese: tuple[str, ...]
    english: tuple[str, ...]

    def known(self, in_chinese: bool) -> tuple[int, int]:
        """How many sentences of a language are known from the start, and how many there are."""
        count = len(self.chinese if in_chinese else self.english)
        return count - count // 3, count


MATTERS: Mapping[str, Sentences] = {
    "claims": Sentences(
        (
            "{product}的理赔材料交了{time}，还没有结果",
            "报案{time}了，一直没有理赔员联系我",
            "理赔说缺{paper}，补交以后又说要{paper}",
            "{product}被拒赔，理由写得看不懂",
            "赔款比发票少了{money}，没有说明怎么算的",
            "查勘员来过一次，理赔就再没有消息",
            "住院费用报销只赔了一部分，差{money}",
            "理赔结案{time}，赔款还没到账",
            "出险后打电话报案，{time}没有人跟进赔案",
            "{paper}交齐了，赔付还在审核",
            "事故赔偿的金额和条款对不上，少赔{money}",
            "申请理赔三次都退回来，说{paper}不合格",
        ),
        (
            "My claim was refused without a proper reason",
            "The claim has been open for {weeks} and nobody explains why",
            "They lost my {document} and the claim payment stopped",
            "The claim was paid {sum} short",
            "I reported the accident {weeks} ago and no adjuster has called about the claim",
            "The hospital bill was claimed in full, but only part was paid",
        ),
    ),
    "sales": Sentences(
        (
            "{seller}说{product}可以随时取，现在说不行",
            "买{product}的时候没有讲免责条款",
            "{seller}说是存款，其实是保险",
            "{seller}介绍的收益比合同上高很多",
            "投保单签名不是我本人写的，是{seller}代签",
            "{seller}没有说清楚要交十年",
            "推销电话天天打，说了不买{product}还打",
            "{seller}让我在投保时都选否",
            "当初{seller}承诺{product}每年分红{money}，合同里没有",
            "投保时{seller}没有告诉我有等待期",
            "被{seller}误导，把存款买成了{product}",
            "销售宣传的收益和{product}的合同完全不同",
        ),
        (
            "I was told the {policy} was a savings account",
            "The agent never mentioned the exclusions when selling the {policy}",
            "The agent promised a return of {sum} that is not in the contract",
            "The agent signed the proposal for me",
            "The agent misled me about the {policy}",
            "When selling the {policy} the bank clerk promised returns of {sum}",
        ),
    ),
    "surrender": Sentences(
        (
            "退保金额只有{money}，和当初说的不一样",
            "退保申请交了{time}还没到账",
            "想退掉{product}，{place}让我反复跑",
            "退保要扣一大笔手续费",
            "{product}的现金价值怎么算的没人说得清",
            "犹豫期内退保，钱{time}没有退",
            "申请部分领取{time}一直不批",
            "退保时{place}百般阻挠",
            "{product}退保只退回{money}，损失太大",
            "犹豫期退保被{place}拖了{time}",
            "我要求全额退保，{place}不同意",
            "现金价值表和退保给的钱对不上，差{money}",
        ),
        (
            "Surrender of my {policy} takes far too long",
            "The surrender value is {sum} lower than I was shown",
            "I asked to surrender {weeks} ago and got no money",
            "Nobody can explain the surrender charge",
            "I cancelled in the free-look period and the refund has taken {weeks}",
            "The cash value paid at surrender was {sum} short",
        ),
    ),
    "underwriting": Sentences(
        (
            "核保要求一变再变，先要{paper}又要{paper}",
            "核保把体检报告弄丢了，让我重新做",
            "投保{product}，核保等了{time}",
            "核保加费{money}，没有说明原因",
            "告知了病史，核保还是问同样的问题",
            "核保拒保的理由没有书面通知",
            "{product}核保结论要除外责任，看不懂",
            "体检安排了{time}还没有约上",
            "{product}核保延期，不给解释",
            "核保部门让我补{paper}，补了{time}没有结论",
            "体检正常，核保还要加费{money}",
            "承保之前核保反复问健康告知，{time}没批",
        ),
        (
            "Underwriting keeps asking for the same {document}",
            "Underwriting of my {policy} has taken {weeks}",
            "The loading of {sum} was never explained by underwriting",
            "My medical examination report was lost by underwriting",
            "Underwriting postponed the {policy} and gives no reason",
            "The medical examination was fine, and underwriting still asks for a {document}",
        ),
    ),
    "servicing": Sentences(
        (
            "变更地址办了三次都没成功",
            "客服电话一直占线，等了很久",
            "{place}上改手机号总是失败",
            "保单寄错地方，{time}没收到",
            "受益人变更{time}没有办好",
            "{place}的客服态度很差",
            "补发保单要我跑两趟{place}",
            "问保全业务，每个客服说的都不一样",
            "变更联系方式{time}还没有生效",
            "打客服电话转来转去没有人处理",
            "电子保单在{place}上下载不了",
            "{place}排队两小时，办保全说系统坏了",
        ),
        (
            "Nobody answers my messages in the app",
            "My change of address has not been done in {weeks}",
            "The hotline is always busy",
            "The policy document was sent to the wrong address",
            "My change of telephone number in the app fails every time",
            "The hotline put me through to four people and nobody helped",
        ),
    ),
    "premium": Sentences(
        (
            "扣了两次保费，多扣{money}",
            "没有收到缴费提醒，{product}失效了",
            "银行卡换了，续期保费扣不了",
            "{product}保费涨到{money}，没有通知",
            "缴费以后{place}上还显示欠费",
            "宽限期里交了保费还说失效",
            "自动扣款扣错了账户",
            "续期缴费发票{time}没有开",
            "{product}续期保费重复扣款，{time}没退回来",
            "换卡后缴费失败，没有人提醒我续费",
            "垫交保费没有告诉我，欠费{money}",
            "缴费金额和保费通知书差{money}",
        ),
        (
            "My premium was collected twice",
            "I had no reminder and the {policy} lapsed for unpaid premium",
            "The premium rose by {sum} without notice",
            "I paid the premium and it still shows as overdue",
            "The bank card changed and the renewal premium could not be collected",
            "The premium notice and the amount collected differ by {sum}",
        ),
    ),
}
MOODS: Mapping[str, Sentences] = {
    "praise": Sentences(
        (
            "理赔很快，{time}就到账了",
            "{seller}很专业，讲解清楚",
            "客服态度好，问题一次解决",
            "{place}办事很方便",
            "服务周到，谢谢{seller}",
            "{product}办得很顺利，满意",
            "处理及时，很放心",
            "{place}的服务很贴心，点赞",
            "{seller}耐心细致，非常满意",
        ),
        (
            "Quick payment and friendly staff",
            "Clear explanation of every step of the {policy}",
            "Very helpful and professional",
            "Excellent service, thank you",
            "Friendly and fast, I am happy with the {policy}",
            "Professional staff, everything was easy",
        ),
    ),
    "neutral": Sentences(
        (
            "还可以，没有特别的感觉",
            "流程正常，希望{paper}能少一些",
            "一般，和别家差不多",
            "总体还行，{place}可以再改进",
            "没有用过太多服务，不好评价",
            "正常办理，没有什么问题",
        ),
        (
            "It was fine",
            "Average, nothing special about the {policy}",
            "No strong opinion, the process was normal",
            "Acceptable, as with other insurers",
        ),
    ),
    "blame": Sentences(
        (
            "等了{time}才有结果，太慢了",
            "{paper}要求不一次说清楚，跑了好几趟",
            "拒赔的理由看不懂，也没人解释",
            "{place}电话总是打不通",
            "推来推去没有人负责，很失望",
            "办个事太麻烦，{time}没有消息",
            "拖了{time}还没处理，太差了",
            "{place}没人理，失望，不会再买",
            "{seller}不负责，问题一直没解决",
        ),
        (
            "Far too slow and nobody called back",
            "They kept asking for one more {document}",
            "Disappointing, no answer for {weeks}",
            "Nobody takes care of the {policy}",
            "Slow and disappointing, I waited {weeks}",
            "Nobody answers, it took {weeks}",
        ),
    ),
}
# What interviews and groups are about.
THEMES: Mapping[str, Sentences] = {
    "speed": Sentences(
        (
            "我最在意的是速度，{product}的事{time}能办完就好",
            "等待时间太长，希望快一点",
            "能不能{time}之内给答复",
        ),
        ("What matters to me is speed", "I do not want to wait {weeks}", "An answer within days would do"),
    ),
    "clarity": Sentences(
        (
            "条款太难懂，希望用大白话说{product}保什么",
            "每次要什么{paper}最好一次说清",
            "费用怎么算的要写明白",
        ),
        ("The wording of the {policy} is hard to understand", "Say once which papers you need", "Explain the costs"),
    ),
    "trust": Sentences(
        (
            "我相信认识多年的{seller}，不相信电话里的",
            "怕买了{product}将来不赔",
            "公司大一点，心里踏实",
        ),
        ("I trust people I know", "I am afraid that the {policy} will not pay", "A big company feels safe"),
    ),
    "digital": Sentences(
        (
            "手机上都能办最好，不想跑{place}",
            "父母不会用{place}，希望有人教",
            "上传{paper}识别不出来，急人",
        ),
        ("I want to do everything in the app", "My parents cannot use the app", "Uploading the {document} fails"),
    ),
}  # fmt: skip
VAGUE = Sentences(
    ("这件事{time}没有人处理", "每次都说在办，{time}没有结果", "请尽快给我一个答复", "你们的答复我不能接受"),
    ("Please answer me", "Nobody takes care of this", "I have waited for {weeks}"),
)
OPENINGS = (("您好，", "你好，", "", "请问一下，"), ("Hello, ", ""))
ENDINGS = (
    ("。", "，请尽快处理。", "，谢谢。", "！", "，希望给个说法。"),
    (".", ". Please help.", ". Thank you.", "!"),
)
PERSONAL_SHARE = 0.02
PERSONAL_MARK = "☎ "
CUES = {
    "regulator": ("再不处理我就打12378向监管部门投诉。", "I will go to the regulator."),
    "lawyer": ("我会请律师。", "My lawyer will write to you."),
    "media": ("我要找记者曝光。", "I will tell the newspapers."),
}


def in_new_words(month: Ints, months: int, rng: np.random.Generator) -> Flags:
    """Which texts use sentences held out before: half of those of the last quarter of the observed months."""
    return (month >= 0.75 * months) & (rng.random(len(month)) < 0.5)


def sentences(
    of: Sequence[Sentences], which: Ints, in_chinese: Flags, later: Flags, rng: np.random.Generator
) -> Words:
    """A filled sentence of each text's own list: of those known from the start, or of those that came `later`."""
    drawn = rng.random(len(which))
    made = np.empty(len(which), dtype=object)
    for place, (subject, chinese, new, at) in enumerate(zip(which, in_chinese, later, drawn, strict=True)):
        known, count = of[subject].known(chinese)
        first, size = (known, count - known) if new and known < count else (0, known)
        written = of[subject].chinese if chinese else of[subject].english
        made[place] = _filled(written[first + int(at * size)], rng)
    return made


def letters(
    matters: Ints,
    in_chinese: Flags,
    later: Flags,
    rng: np.random.Generator,
    *,
    vague_share: float = 0.06,
    cue_share: float = 0.04,
) -> tuple[Words, Words]:
    """What customers write of matters, each one's place in CATEGORIES, and the cues they end with, empty of most.

    A vague one does not say what it is about. Sentences are of those known from the start, or that came `later`.
    """
    of = [*(MATTERS[name] for name in CATEGORIES), VAGUE]
    which = np.where(rng.random(len(matters)) < vague_share, len(of) - 1, matters)
    core = sentences(of, which, in_chinese, later, rng)
    cues = np.where(rng.random(len(matters)) < cue_share, rng.choice(list(CUES), len(matters)), "").astype(
        object
    )
    opening, ending = rng.random(len(matters)), rng.random(len(matters))
    made = np.empty(len(matters), dtype=object)
    for place, said in enumerate(core):
        english = int(not in_chinese[place])
        cue = CUES[cues[place]][english] if cues[place] else ""
        made[place] = (
            f"{_at(OPENINGS[english], opening[place])}{said}{_at(ENDINGS[english], ending[place])}"
            f"{' ' if cue and english else ''}{cue}"
        )
    return made, cues


def with_personal(texts: Words, share: float, rng: np.random.Generator) -> Words:
    """The texts, a share of them with a number or address of the writer behind it."""
    made = texts.copy()
    for place in np.flatnonzero(rng.random(len(texts)) < share):
        made[place] = f"{texts[place]} {PERSONAL_MARK}{_personal(rng)}"
    return made


def personal_in(texts: pl.Series) -> list[str]:
    """What is personal in texts: all that stands behind the mark."""
    return texts.drop_nulls().str.extract(f"{PERSONAL_MARK}(.+)$").drop_nulls().to_list()


def _personal(rng: np.random.Generator) -> str:
    """A phone, card, identity or e-mail, each in one of the ways people write it."""
    digits = "".join(map(str, rng.integers(0, 10, 19)))
    kind = rng.integers(0, 4)
    gap = ("", " ", "-", ".", "　")[rng.integers(0, 5)]
    if kind == 0:
        return gap.join(("13" + digits[0], digits[1:5], digits[5:9]))
    if kind == 1:
        return gap.join(("6222", digits[:4], digits[4:8], digits[8:12], digits[12:15]))
    if kind == 2:
        return gap.join(
            (
                "110101",
                f"19{60 + int(digits[:2]) % 40}0{1 + int(digits[2]) % 9}1{digits[3]}",
                f"{digits[4:7]}X",
            )
        )
    return f"user{digits[:6]}@mail.example.com"


def _filled(sentence: str, rng: np.random.Generator) -> str:
    parts = sentence.split("{")
    made = [parts[0]]
    for part in parts[1:]:
        slot, _, rest = part.partition("}")
        made += [SLOTS[slot][rng.integers(0, len(SLOTS[slot]))], rest]
    return "".join(made)


def _at(choices: Sequence[str], drawn: float) -> str:
    return choices[int(drawn * len(choices))]


def as_series(words: Words) -> pl.Series:
    return pl.Series(words.tolist(), dtype=pl.String)
