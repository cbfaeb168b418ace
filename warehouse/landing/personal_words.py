"""Words that tell of a person, as they are written in free text: e-mail addresses, dates of birth, names, addresses.

Names and addresses are found where a label, a title or a form gives them away; those that stand alone are not.
"""

from __future__ import annotations

from warehouse.landing.personal_numbers import PERSONAL_DATE, Rule, rule

MAIL, NAME, ADDRESS = "[e-mail]", "[name]", "[address]"
_HAN = "\u4e00-\u9fff"

_LOCAL = "[A-Za-z0-9.+%_'’\u200b-]{1,64}"
_AT = r"(?:\s?@{1,2}\s?|\s?[(\[{<]\s?(?:at|a|@)\s?[)\]}>]\s?|艾特)"
_ENDING = "(?:com|cn|net|org)"
_DOT = (
    rf"(?:\.|[。点](?=[A-Za-z])|\.\s(?={_ENDING}\b)|,(?={_ENDING}\b)|"
    r"\s?[(\[{<]\s?dot\s?[)\]}>]\s?)"
)
MAILS = (
    rule(rf"{_LOCAL}{_AT}[A-Za-z0-9\u200b-]{{1,63}}(?:{_DOT}[A-Za-z0-9\u200b-]{{1,63}}){{1,6}}", MAIL),
    rule(r"[A-Za-z0-9._-]{1,64} at [A-Za-z0-9-]{1,63}(?: dot [A-Za-z]{1,63}){1,6}", MAIL),
    rule(rf"[A-Za-z0-9._-]{{1,64}}#(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}{_ENDING}\b", MAIL),
    rule(rf"[{_HAN}]{{1,4}}@[{_HAN}A-Za-z0-9-]{{1,63}}\.[{_HAN}A-Za-z0-9]{{1,63}}", MAIL),
)

_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_N = "[0-9〇零○一二三四五六七八九十]"
_DAY = (
    rf"(?:{_N}{{2,4}}\s?年\s?)?{_N}{{1,3}}\s?月\s?(?:{_N}{{1,3}}\s?[日号])?|{_N}{{4}}\s?年"
    r"|\d{4}\s?[-./]\s?\d{1,2}(?:\s?[-./]\s?\d{1,2})?|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{8}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH},?\s\d{{4}}|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
)
_BORN = r"出生日期|出生年月日?|出生于|出生|生日|生于|date of birth|d\.?o\.?b\.?|birth ?da(?:te|y)|born"
BIRTHS = (
    rule(rf"(?:{_BORN})(?:\s|[:：是为]|\bis\b|\bon\b){{0,4}}({_DAY})", PERSONAL_DATE, 1),
    rule(rf"({_DAY})\s?(?:出生|生人|生(?![效活日产病成]))", PERSONAL_DATE, 1),
)

# The hundred and more most frequent surnames, and those of two characters.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛"
    "邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝"
    "路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂"
    "全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕"
    "楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉"
)
_TWO = "欧阳|司马|诸葛|上官|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|令狐|长孙|宇文|轩辕|端木"
_SURNAME = f"(?:{_TWO}|[{_SURNAMES}])"
# Words that begin like a name.
_NO_NAME = (
    "(?!任何|于是|平安|安全|方便|高兴|高度|何时|何况|时间|时候|马上|应该|应当|许多|成功|成为|包括|全部|全家|万一|常常|周末|"
    "严重|明白|明天|明确|文件|连续|连接|向来|向您|和平|和您|解决|解释|原来|原因|满意|满期|满足|单位|单子|单独|关于|关系|位于|"
    "车主|车险|师傅|管理|费用|华为|农民|古稀|简单|全额|全款|查询|高中|高血|金额|成年|成都|江苏|宁波|南京|和家|满十|楼上|楼下|"
    "老|经|家属|代理|业务)"
)
_GIVEN = f"[{_HAN}]{{1,2}}"
_BEFORE = rf"(?=[^{_HAN}]|$|的|说|在|来电|住院|答应|态度|出险|谈|打|不|已|告诉|承诺|投诉|反映|表示|于|认为|要求|希望)"
ROLES = (
    "投保人|被保险人|被保人|受益人|联系人|申请人|投诉人|代理人|业务员|理赔员|经办人|客服|经纪人|保险员|查勘员|户名|客户|本人|"
    "请联系|我叫|他叫|她叫|名叫|我是|此致\\s?敬礼|"
    "我(?:的)?(?:老公|老婆|丈夫|妻子|妈妈|爸爸|母亲|父亲|儿子|女儿|爱人|孩子|弟弟|哥哥|姐姐|妹妹)"
)
_BEFORE_A_NAME = "[找请和与跟给是叫让被由对向问户系到]"
TITLES = "先生|女士|小姐|太太|经理|主任|医生|律师|老师|师傅|主管|总监|科长|处长|阿姨|大爷"
_CAPITALISED = r"[A-Z][\w'’-]+"
_NOT_A_NAME = (
    r"(?!(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam|Team|Customer|All|Friend|Colleague|"
    r"The|This|It|I|We|You|My|Not|Very|Still)\b)"
)
NAMES: tuple[Rule, ...] = (
    rule(rf"(?:姓名|签名|签字|户名|{ROLES})\s?(?:[:：]|是|为)\s?"
         rf"([{_HAN}]{{2,8}}·[{_HAN}]{{2,8}}|[{_HAN}]{{2,4}})(?![{_HAN}])", NAME, 1),
    rule(rf"(?:姓名|{ROLES})\s?{_NO_NAME}({_SURNAME}{_GIVEN}){_BEFORE}", NAME, 1),
    rule(rf"(?:我叫|他叫|她叫|名叫)\s?{_NO_NAME}({_SURNAME}[{_HAN}]{{1,3}})(?![{_HAN}])", NAME, 1),
    rule(rf"(?:(?<![{_HAN}])|(?<={_BEFORE_A_NAME})){_NO_NAME}({_SURNAME}[{_HAN}]{{0,2}})(?:{TITLES})", NAME, 1),
    rule(rf"(?<!谢){_NO_NAME}([{_SURNAMES}])(?:先生|女士|小姐|太太|经理|主任|医生|律师)", NAME, 1),
    rule(rf"(?<![{_HAN}]){_NO_NAME}({_SURNAME}{_GIVEN})(?=来电|致电|投诉|反映|表示)", NAME, 1),
    rule(rf"(?<![{_HAN}])([{_SURNAMES}])总(?=答|承|告|批)", NAME, 1),
    rule(rf"[小老阿](?!时)([{_SURNAMES}])(?=说|告诉|答应|承诺)", NAME, 1),
    rule(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?\s({_CAPITALISED}(?:\s{_CAPITALISED}){{0,2}})", NAME, 1, case=True),
    rule(
        r"\b(?:[Mm]y name is|[Tt]his is|I am|I'm|[Ss]poke (?:to|with)|[Aa]gent|[Aa]dviser|[Dd]ear|[Rr]egards,?|"
        rf"[Ss]incerely,?|[Ff]aithfully,?)[\s,]+{_NOT_A_NAME}({_CAPITALISED}(?:\s{_CAPITALISED}){{0,2}})",
        NAME, 1, case=True,
    ),
    rule(r"\b(?:name|policyholder|insured|claimant|beneficiary)\s?[:：]\s?"
         r"([A-Za-z][\w'’-]+(?:\s[A-Za-z][\w'’-]+){0,2})", NAME, 1),
    rule(rf"^({_CAPITALISED}\s{_CAPITALISED})(?= here\b)", NAME, 1, case=True),
)  # fmt: skip

_NUMBER = "(?:[0-9A-Za-z]+|[〇零一二三四五六七八九十百]+)"
_WAYS = "路|街|道|巷|弄|胡同|大街|大道|街道|里|村|小区|花园|家园|公寓|广场|社区|新村|苑|段|期|坊|条"
_PARTS = "号院|号楼|区|号|弄|栋|幢|座|楼|单元|室|层|组|期|院|门"
_LIVES = "地址|住址|住在|家住|寄到|寄给|搬到|我家在?|位于"
_PLACE_HAN = f"(?:(?![的了在到是被])[{_HAN}])"
_TAIL = (
    rf"(?:[-\s]?{_NUMBER}(?:{_PARTS})|[A-Z]座\d*|"
    rf"[{_HAN}]{{2,8}}(?:广场|大厦|大楼|中心|国际|公寓|花园|小区)[A-Z]?座?\d*)*"
)
_STREET = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Way|Court|Ct|Square|Terrace|Close|Crescent|"
    r"Gardens)\b\.?"
)
_MORE = r"(?:,?\s(?:[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b|[A-Z][\w.]*|\d{5,6}))*"
_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b"
ADDRESSES: tuple[Rule, ...] = (
    rule(rf"(?:{_LIVES})\s?[:：是为]?\s?"
         rf"((?:[{_HAN}0-9A-Za-z-]|\s(?=\d)){{0,60}}[省市区县镇乡村路街道巷弄号楼栋幢座室园苑厦场塔层]\d*)",
         ADDRESS, 1),
    rule(rf"{_PLACE_HAN}{{0,24}}(?:{_WAYS}){_NUMBER}(?:{_PARTS}){_TAIL}", ADDRESS),
    rule(rf"{_PLACE_HAN}{{2,8}}[省市]{_PLACE_HAN}{{1,8}}[市区县]{_PLACE_HAN}{{1,12}}"
         r"(?:路|街|道|巷|村|镇|花园|小区)", ADDRESS),
    rule(
        r"(?:(?:Flat|Room|Apt\.?|Unit|Suite|Building)\s\w{1,9},?\s){0,4}"
        rf"\d{{1,5}}[A-Z]?\s(?:[A-Z][\w'.]*\s){{1,3}}{_STREET}{_MORE}",
        ADDRESS, case=True,
    ),
    rule(rf"\d{{1,4}},?\s(?:Rue|Via|Calle)\s(?:de\s|du\s|la\s)*[A-Z]\w+{_MORE}", ADDRESS, case=True),
    rule(r"\bP\.?O\.? Box \d+", ADDRESS),
    rule(rf"\b{_POSTCODE}", ADDRESS, case=True),
)  # fmt: skip
