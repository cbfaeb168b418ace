"""Numbers that tell of a person, as they are written in free text: identity cards, phones, cards, plates, policies.

Also which numbers are harmless. Patterns see a text in plain width, where what was found already is blanked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER, PERSONAL_DATE = "[number]", "[date]"


def _always(match: re.Match[str]) -> bool:
    return bool(match)


@dataclass(frozen=True)
class Rule:
    """A pattern, the group of it that is hidden, and what shows in its place; nothing where it is harmless."""

    pattern: re.Pattern[str]
    mask: str | None = NUMBER
    group: int = 0
    holds: Callable[[re.Match[str]], bool] = _always


def rule(
    pattern: str,
    mask: str | None = NUMBER,
    group: int = 0,
    holds: Callable[[re.Match[str]], bool] = _always,
    *,
    case: bool = False,
) -> Rule:
    """A rule; letters count in either case unless `case` says otherwise."""
    return Rule(re.compile(pattern, re.NOFLAG if case else re.IGNORECASE), mask, group, holds)


def labelled(
    labels: str, value: str, mask: str = NUMBER, holds: Callable[[re.Match[str]], bool] = _always
) -> Rule:
    """A rule for what stands behind one of the labels, and what people put between the two."""
    return rule(rf"(?:{labels}){_BETWEEN}({value})", mask, 1, holds)


# Digits, also Chinese ones and letters that stand for 0 and 1; what people put between those of one number.
_CHINESE = dict(zip("〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖两", "00012345678911234567892", strict=True))
_LETTERS = {"O": "0", "o": "0", "l": "1", "I": "1"}
_AS_DIGITS = str.maketrans({**_CHINESE, **_LETTERS})
D = f"[0-9{''.join(_CHINESE)}]"
_DO = f"[0-9{''.join(_CHINESE)}OolI]"
_ZERO_WIDTH = "\u200b-\u200d\u2060\ufeff"
_GAP_SIGNS = rf"\s{_ZERO_WIDTH}_.,·•/()*‐‑‒–—―−-"
G = f"[{_GAP_SIGNS}]{{0,3}}"
_BETWEEN = (
    r"(?:\s*(?:号码|號碼|编号|编码|号|號|账号|是|为|:|：|#|no\b[.:]?|number|num\b|id|card|was|is|的|at\b|尾号|"
    r"最?后[四六]位|ending|ends|in\b|with\b|还有|，完整的是|拍照写着)\s*){0,4}[\s（(\"'“:：#]{0,3}"
)
_START, _END = r"(?<![0-9])", r"(?![0-9])"
# A number with letters in it, in groups that have a digit each but for a first or last one.
_GROUP = rf"[A-Z]{{0,5}}{D}[A-Z0-9{''.join(_CHINESE)}*]*"
CODE = (
    rf"(?:军字第)?(?:[A-Z]{{1,5}}[/\s-]{{1,2}}){{0,4}}{_GROUP}"
    rf"(?:[{_GAP_SIGNS}]{{1,3}}{_GROUP})*(?:\s?\(?[A-Z0-9]\)?(?![A-Za-z0-9]))?"
)
_HAN = "\u4e00-\u9fff"


def digits_of(written: str) -> str:
    """The digits of a number however it is written."""
    return re.sub(r"\D", "", written.translate(_AS_DIGITS))


def at_least(count: int) -> Callable[[re.Match[str]], bool]:
    """Whether what is hidden has so many digits."""
    return lambda match: len(digits_of(match.group(match.re.groups and 1))) >= count


def _may_be_a_phone(match: re.Match[str]) -> bool:
    """Whether it has the digits of a phone and is no number that everybody may call."""
    return at_least(7)(match) and not re.fullmatch("[48]00[0-9]{7}", digits_of(match.group(1)))


def _luhn(match: re.Match[str]) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B, and no card of one digit alone."""
    digits = digits_of(match.group())
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0 and len(set(digits)) > 1


def _is_resident_id(match: re.Match[str]) -> bool:
    """Whether it has the form of a resident's identity number (GB 11643): a place, a day of birth, an order."""
    digits = digits_of(match.group())
    day = digits[6:14] if len(digits) >= 17 else "19" + digits[6:12]
    return digits[0] in "12345689" and bool(
        re.fullmatch(r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])", day)
    )


def _is_no_day(match: re.Match[str]) -> bool:
    return not re.search(r"(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}(?!\d)", match.group())


_ID_LABELS = (
    "身份证|身份證|证件|證件|护照|通行证|台胞证|回乡证|军官证|驾驶证|驾照|居住证|社会保障|社保|出生证|passport|ssn|"
    "social security|ni(?= number)|national insurance|hkid|id card|identity card|personal id|"
    "(?<![a-z])id(?= no| is|:)"
)
_POLICY_LABELS = "保单|保單|保险单|保险合同|合同|投保单|policy|contract"
_CARD_LABELS = (
    "银行卡|信用卡|储蓄卡|卡号|账号|账户|帐号|存折|户头|转到|(?<![a-z])card|account|iban|sort code|visa|amex"
)
_PHONE_LABELS = (
    "电话|手机|座机|固话|传真|联系方式|联系我|微信同号|办公室|家里|致电|请打|打|拨|"
    "(?<![a-z])tel\\b|phone|mobile|cell|call(?: me)?|ring|whatsapp|fax"
)
_CHAT_LABELS = (
    "微信|薇信|威信|v信|加我?[vV]|(?<![a-z])[vw]x|wechat|weixin|qq|抖音|快手|支付宝|"
    "telegram|whatsapp|line id|skype"
)
_CHAT_NAME = r"@?[A-Za-z][-_A-Za-z0-9]{4,19}(?![-_A-Za-z0-9])"
_EXTENSION = r"(?:\s?(?:转|分机|ext\.?|extension)\s?\d{1,5}|-\d{1,5}(?!\d))?"
_WORDS_OF_DIGITS = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _has_digit_or_mark(match: re.Match[str]) -> bool:
    """Whether it is a name that nobody would write otherwise, or was announced with a colon, `is` or `号`."""
    announced = re.search(r"[:：号是]|\bis\b|\bid\b", match.group()[: match.start(1) - match.start()])
    return bool(announced or re.search(r"[\d_]", match.group(1)))


LABELLED = (
    labelled(_ID_LABELS, CODE, holds=at_least(3)),
    labelled(_POLICY_LABELS, CODE, holds=at_least(4)),
    labelled(_CARD_LABELS, CODE, holds=at_least(7)),
    rule(rf"尾号\s?(?:是|为|:)?\s?(\d{{3,6}}){_END}", group=1),
    labelled(
        rf"(?:{_CARD_LABELS}|手机|电话)[^\d，。,;；]{{0,6}}(?:尾号|后[四六]位|ending|ends)",
        rf"\d{{3,6}}{_END}",
    ),
    labelled(_PHONE_LABELS, rf"[+(]?{_DO}(?:{G}{_DO})*{_EXTENSION}", holds=_may_be_a_phone),
    labelled(_CHAT_LABELS, rf"{D}(?:{G}{D})*", holds=at_least(5)),
    labelled("车牌|车号|plate|registration|reg\\b", r"[A-Z]{2}\d{2}\s?[A-Z]{3}\b"),
)
IN_LETTERS = (
    labelled(_CHAT_LABELS, _CHAT_NAME, holds=_has_digit_or_mark),
    rule(rf"\b{_WORDS_OF_DIGITS}(?:[\s,-]+{_WORDS_OF_DIGITS}){{5,}}\b"),
)
RESIDENTS = (
    # Written in fours it is a card even with a wrong digit; what follows would take its end for a phone.
    rule(rf"{_START}[3-6]\d{{3}}(?:([ .-])\d{{4}})(?:\1\d{{4}}){{1,3}}(?:\1\d{{1,3}})?{_END}"),
    rule(rf"{_START}{D}(?:{G}{D}){{16}}{G}[0-9XxO〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖]{_END}",
         holds=_is_resident_id),
    rule(rf"{_START}[0-9](?:{G}[0-9]){{14}}{_END}", holds=_is_resident_id),
    rule(rf"{_START}\d{{14,17}}\*+"),
    # Mobile phones of China.
    rule(rf"{_START}(?:(?:\+|00)?\(?\+?86\)?{G})?[1一幺壹lI]{G}[3-9三四五六七八九叁肆伍陆柒捌玖]"
         rf"(?:{G}{_DO}){{9}}{_END}", holds=_is_no_day),
    rule(rf"{_START}1[3-9]\d[^0-9A-Za-z{_HAN}]{{1,3}}\d{{4}}[^0-9A-Za-z{_HAN}]{{1,3}}\d{{4}}{_END}", holds=_is_no_day),
    rule(rf"[+(]{{1,2}}?86\)?{G}1[3-9](?:{G}\d){{9}}{_END}"),
)  # fmt: skip
STRUCTURED = (
    # Cards and accounts.
    rule(rf"{_START}[0-9](?:{G}[0-9]){{12,18}}{_END}", holds=_luhn),
    rule(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b", case=True, holds=at_least(10)),
    # Phones with an area code, of other countries, and as in North America.
    rule(rf"(?:\+?86{G})?[（(]?{_START}0[12]\d[)）]?{G}(?:[1-9]\d{{3}}{G}\d{{4}}|[1-9]\d{{6}}){_END}{_EXTENSION}"),
    rule(rf"(?:\+?86{G})?[（(]?{_START}0[3-9]\d\d[)）]?{G}[1-9]\d{{2,3}}{G}\d{{4}}{_END}{_EXTENSION}"),
    rule(r"\+\s?\d{1,3}(?:[\s().-]{0,3}\d){6,13}" + _END),
    rule(rf"(?<![\d-])(?!400|800)\(?\b\d{{3}}\)?[-.\s]\s?\d{{3}}[-.\s]\d{{4}}{_END}{_EXTENSION}"),
    rule(rf"(?<!\d\s){_START}0[1-9]\d{{1,3}}\s\d{{3,4}}\s?\d{{3,4}}{_END}"),
    # Papers of Hong Kong, of the United Kingdom and of the United States.
    rule(r"\b[A-Z]{1,2}\d{6}\s?\([0-9A]\)"),
    rule(r"\b[A-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]\b", case=True),
    rule(rf"{_START}\d{{3}}-\d{{2}}-\d{{4}}{_END}"),
    # Plates of vehicles.
    rule(rf"[{_PROVINCES}]\s?[A-Z]\s?[·.・-]?\s?[A-Z0-9]-?(?=[A-Z0-9]*\d)"
         r"(?:[A-Z0-9]{4,5}|[A-Z0-9]{3}(?=[挂学警港澳领使]))[挂学警港澳领使]?(?![A-Za-z0-9])"),
    rule(rf"WJ\s?[{_PROVINCES}]?\s?\d{{4,5}}[A-Z0-9]?(?![0-9])"),
    rule(r"\b[A-Z]{2}\d{2}\s[A-Z]{3}\b", case=True),
)  # fmt: skip

_MATTERS = (
    "案件|赔案|报案|理赔|立案|结案|受理|工单|订单|单据|流水|发票|批单|批次|投诉|条款|产品|编号|交易|批改|快递|版本|"
    "version|build|claims?|complaint|case|order|ticket|invoice|ref(?:erence)?|form|clause|product"
)
_CURRENCY = r"[¥￥$€£]|rmb|usd|cny|hkd|eur|gbp|yuan|paid"
_AMOUNT = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_PAID = "金额|保额|保费|赔款|赔付|付了|扣了|退了|总共|一共|合计|费用|限额|免赔额"
MATTERS = (
    rule(rf"(?:{_MATTERS}){_BETWEEN}(?:代码|时间)?\s?({CODE})", None, 1),
    rule(r"\b(?:CLM|INV|REF|SR)[-/]?\d[\d/-]*", None),
    rule(r"\b(?:GB|ISO|IEC|JR|EN)(?:/T)?\s?\d[\d.-]*", None),
)
HARMLESS = (
    rule(rf"(?:{_CURRENCY})\s?(?:{_AMOUNT}){_END}", None),
    rule(rf"(?:{_PAID})\s?[:：]?\s?(?:{_AMOUNT}){_END}", None),
    rule(rf"(?<![\d.,])(?:{_AMOUNT})\s?(?:元|块|圆|万|亿|%|美元|yuan|rmb|usd|eur|dollars?|天|次|/年)",
         None),
    rule(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])", None),
    rule(r"(?<![\d.])\d{1,9}\.\d{2}(?![\d.])", None),
    rule(r"(?<![\d.])\d{1,3}\.\d{5,}(?![\d.])", None),
    rule(r"\bv?\d{1,4}(?:\.\d{1,5}){2,}(?![\d.])", None, holds=lambda match: len(digits_of(match.group())) < 9
         or bool(re.match(r"v?\d{1,3}(?:\.\d{1,3}){3}$|\d\d?(?:\.\d+){3,}$|v|20\d\d\.", match.group(), re.IGNORECASE))),
    # Days and times.
    rule(r"(?<![\d./-])(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:[12]\d|3[01]|0?[1-9])"
         r"(?![\d/]|-(?!(?:19|20)\d\d[-./])\d)", None),
    rule(r"(?<![\d./-])(?:[12]\d|3[01]|0?[1-9])[-./](?:[12]\d|3[01]|0?[1-9])[-./](?:19|20)\d\d(?![\d/])", None),
    rule(rf"{_START}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
         rf"(?:[01]\d|2[0-3])?(?:[0-5]\d){{0,2}}{_END}", None),
    rule(r"(?<!\d)\d{1,2}[:：]\d{2}(?:[:：]\d{2}(?:\.\d+)?)?(?!\d)", None),
    rule(rf"{_START}(?:19|20)\d\d-(?:19|20)?\d\d(?![\d-])", None),
    rule(rf"{D}{{1,8}}\s?[年月日号]", None),
    # Numbers that everybody may call.
    rule(rf"{_START}[48]00[- ]?\d{{3}}[- ]?\d{{4}}{_END}", None),
)  # fmt: skip
_GAPS = rf"[{_GAP_SIGNS.replace('*', '').replace(',', '')}]{{0,2}}"
LEFT_OVER = (
    rule(rf"[+(]?\d(?:{_GAPS}\d){{8,}}(?:[Xx]|-[Xx]|\s[Xx]\b)?"),
    rule(r"\d{7,}[Xx*]*"),
    rule(rf"{D}{{7,}}[Xx]?", holds=lambda match: not match.group().startswith("一二三四五")),
    rule(rf"{_START}(?:[3-9]\d|2[1-9])\d\d-\d{{4}}{_END}"),
)
