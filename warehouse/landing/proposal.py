"""What a file may be and which of its columns is which: a mapping proposed from its profile, with reasons and doubts.

Pure functions of a profile; files are looked at in profiles.py, and how a proposal is written is in proposed_yaml.py.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from warehouse.landing.mapping import SKIP
from warehouse.landing.names import (
    PART,
    code_names,
    event_names,
    likeness,
    names_of,
    says_nothing_happened,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from warehouse.contract import Contract, ContractColumn
    from warehouse.landing.profiles import ColumnProfile, FileProfile

SURE = 0.9
_GUESS = 0.3
_LEAST_EVIDENCE = 1.0
_CLEAR_MARGIN = 0.5
_FEW_FEEDS = 2
# How near another column has to come to what was chosen, or another meaning of the column, to be a doubt.
_NEAR, _AS_NEAR = 0.1, 0.04
_MOST_EMPTY = 0.05
_LEAST_QUESTIONS = 4
# How headers of questions begin that stand side by side: Q1, item_03, 1-1.
_NUMBERED = re.compile(r"[A-Za-z]{0,8}[ _.-]?\d{1,3}\b")
_HIGHEST_RATING = 10
# What feeds are called in the names of files.
_FEED_NAMES = {
    "claim_events": ("claim", "claims", "理赔", "赔案", "报案"),
    "actions": ("actions", "measures taken", "improvements", "整改", "改进措施"),
    "audits": ("audits", "mystery shopping", "findings", "神秘客", "抽检", "质检"),
    "contacts": ("contacts", "calls", "call log", "chats", "来电", "客服", "服务记录"),
    "complaints": ("complaint", "complaints", "grievances", "投诉"),
    "policies": ("policies", "policy", "contracts", "保单", "承保"),
    "policy_events": ("movements", "surrenders", "lapses", "terminations", "退保", "保全"),
    "premiums": ("premium", "premiums", "instalments", "保费", "缴费", "应收"),
    "exposures": ("exposure", "exposures", "inforce", "在保"),
    "survey_answers": ("survey", "answers", "responses", "questionnaire", "回访", "问卷", "满意度"),
    "survey_invitations": ("invitations", "邀请"),
    "survey_questions": ("questions", "题目"),
    "org_units": ("org", "branches", "units", "机构"),
    "calendar": ("calendar", "holidays", "日历"),
}


@dataclass(frozen=True)
class ColumnProposal:
    """One column of a feed, or one cell of a wide source: its origin as a mapping writes it, and why."""

    target: str
    origin: Mapping[str, Any]
    confidence: float
    reason: str
    doubts: tuple[str, ...] = ()
    """What a person has to look at; without any, the proposal is sure."""
    code_doubts: Mapping[str, str] = field(default_factory=dict)
    """What is doubtful about a single code, by the source's code."""
    required: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether nobody has to look at it."""
        return self.confidence >= SURE and not self.doubts and not self.code_doubts


@dataclass(frozen=True)
class WideProposal:
    """Columns that each become a row; the targets of its cells are codes."""

    into: str
    at: str
    cells: tuple[ColumnProposal, ...]


@dataclass(frozen=True)
class SourceProposal:
    """A file as one source of a feed."""

    feed: str
    evidence: float
    columns: tuple[ColumnProposal, ...]
    reason: str = ""
    doubts: tuple[str, ...] = ()
    wide: WideProposal | None = None
    where: str | None = None
    where_reason: str = ""
    missing: tuple[str, ...] = ()
    """Required columns that nothing in the file can fill; with any, the source cannot be used as it is."""

    def uses(self, *, sure: bool = False) -> set[str]:
        """Source columns that it maps; with `sure` those alone of which nobody has to look at the mapping."""
        every = (*self.columns, *(self.wide.cells if self.wide else ()))
        return {
            str(one.origin["column"]) for one in every if "column" in one.origin and (one.is_sure or not sure)
        }


def proposals(
    file: FileProfile, contracts: Mapping[str, Contract], feed: str | None = None
) -> list[SourceProposal]:
    """The file as a source of the feed it fits best, or of the named one; of policies perhaps also of their events.

    Empty if it looks like no feed at all.
    """
    counted = Counter(name for contract in contracts.values() for name in contract.columns)
    common = frozenset(name for name, count in counted.items() if count > _FEW_FEEDS)
    if feed:
        return [_as_source(file, contracts[feed], common)]
    found = sorted((_as_source(file, contract, common) for contract in contracts.values()), key=_rank)
    best, *others = found
    if best.evidence < _LEAST_EVIDENCE:
        return []
    near = [one.feed for one in others if one.evidence > best.evidence - _CLEAR_MARGIN]
    if near:
        best = replace(best, doubts=(*best.doubts, f"it looks almost as much like {', '.join(near)}"))
    events = next((one for one in others if one.feed == "policy_events"), None)
    if best.feed == "policies" and events and not events.missing and _names_its_day(events):
        return [best, events]
    return [best]


def _names_its_day(events: SourceProposal) -> bool:
    return any(one.target == "effective_on" and one.confidence > _GUESS for one in events.columns)


def _rank(source: SourceProposal) -> tuple[float, str]:
    return -source.evidence, source.feed


def _as_source(file: FileProfile, contract: Contract, common: Collection[str]) -> SourceProposal:
    """`common` are columns that many feeds have, so that they do not tell which feed a file is."""
    day_first = _day_first(file.columns)
    wide = _wide(file, contract, day_first)
    taken = {str(cell.origin["column"]) for cell in wide.cells} if wide else set()
    skipped = {wide.into, wide.at} if wide else set()
    possible = [
        candidate
        for column in file.columns
        if column.name not in taken
        for candidate in candidates(column, contract, day_first=day_first)
        if candidate.target not in skipped
    ]
    chosen = _chosen(possible)
    chosen |= {one.target: one for one in _fallbacks(file, contract, chosen, wide, taken)}
    chosen = {name: replace(one, required=_must(contract, name)) for name, one in chosen.items()}
    missing = tuple(
        name for name in contract.columns if _must(contract, name) and name not in {*chosen, *skipped}
    )
    columns = tuple(chosen[name] for name in contract.columns if name in chosen)
    where, why = _where(file, columns, contract)
    evidence = _evidence(file, contract, columns, wide, missing, common)
    told = [one.target for one in columns if one.is_sure and one.target not in common]
    reason = f"by {', '.join(told)}" if told else "by its name and what its values look like"
    doubts = () if evidence >= 2 * _LEAST_EVIDENCE else ("little in it tells what it is",)
    return SourceProposal(contract.feed, evidence, columns, reason, doubts, wide, where, why, missing)


def candidates(
    column: ColumnProfile, contract: Contract, *, day_first: bool | None = None
) -> list[ColumnProposal]:
    """What a column may be in a feed, likeliest first: its name must say it, and its values must be readable as it.

    `day_first` says whether the other days of the file begin with the day (True) or the month, None if nothing tells.
    """
    found = []
    for target, meaning in contract.columns.items():
        like, name = likeness(column.name, names_of(contract.feed, target))
        if not like or not column.filled:
            continue
        read = _read(column, contract.feed, target, meaning, day_first)
        if read is None:
            continue
        called = "its name" if name == target else f"its name says {name}"
        reason = "; ".join(filter(None, [called, read.reason]))
        doubts = (*read.doubts, *(["its name says so in part only"] if like == PART else []))
        if contract.key == (target,) and not column.is_unique:
            doubts = (*doubts, f"it names {column.distinct:,} things on {column.rows:,} rows")
        found.append(
            ColumnProposal(target, {"column": column.name, **read.origin}, like, reason, doubts, read.codes)
        )
    return sorted(found, key=lambda one: -one.confidence)


@dataclass(frozen=True)
class _Read:
    """How values are read as what a column holds."""

    origin: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    doubts: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


def _read(
    column: ColumnProfile, feed: str, target: str, meaning: ContractColumn, day_first: bool | None
) -> _Read | None:
    """None if the values cannot be that."""
    if meaning.type in ("date", "timestamp"):
        return _read_time(column, meaning, day_first)
    if meaning.type in ("code", "boolean"):
        return _read_codes(column, feed, target, meaning)
    if meaning.type == "integer":
        return _Read(reason="whole numbers") if column.whole else None
    if meaning.type in ("number", "money"):
        below = ("some are below 0",) if column.low is not None and column.low < 0 else ()
        return _Read(reason="numbers", doubts=below) if column.numeric else None
    if column.formats and not target.endswith("_id") and target not in ("wave", "survey"):
        return None
    if target in _PARTS_OF_A_COMPANY and column.distinct > max(1_000, column.rows // 10):
        return _Read(doubts=(f"{column.distinct:,} different values are many for a {target}",))
    if target.endswith("_id"):
        return _Read(reason=f"{column.distinct:,} of them on {column.rows:,} rows")
    return _Read(reason=f"{column.distinct:,} different")


_PARTS_OF_A_COMPANY = ("org_unit", "region", "channel", "product_line", "age_band", "category", "claim_type")


def _read_time(column: ColumnProfile, meaning: ContractColumn, day_first: bool | None) -> _Read | None:
    if not column.formats:
        return None
    doubts: tuple[str, ...] = ()
    formats = column.formats
    if len({_begins_with_day(pattern) for pattern in formats}) > 1:
        if day_first is None:
            doubts = ("every day can be read with the day first or the month first",)
        else:
            formats = tuple(pattern for pattern in formats if _begins_with_day(pattern) == day_first)
    if meaning.first_of_month and column.last_day and column.last_day.day != 1:
        doubts = (*doubts, "these are not the first days of months")
    written = formats[0] or ("with offset" if column.has_offset else "ISO 8601")
    until = f", until {column.last_day}" if column.last_day else ""
    return _Read({"format": formats[0]} if formats[0] else {}, f"all read as {written}{until}", doubts)


def _begins_with_day(pattern: str) -> bool | None:
    if not pattern or pattern.startswith("%Y") or "%b" in pattern or "%B" in pattern:
        return None
    return pattern.startswith("%d")


def _day_first(columns: Iterable[ColumnProfile]) -> bool | None:
    """Whether days begin with the day, by the columns that leave no choice; None if none does or they disagree."""
    told = [{_begins_with_day(pattern) for pattern in column.formats} for column in columns]
    clear = {next(iter(one)) for one in told if len(one) == 1} - {None}
    return clear.pop() if len(clear) == 1 else None


def _read_codes(column: ColumnProfile, feed: str, target: str, meaning: ContractColumn) -> _Read | None:
    if not column.values:
        return None
    known = code_names(feed, target, meaning.type)
    if not known:
        known = {code: [code] for code in meaning.known_codes}
    exact = {value: code for value in column.values if (code := _code_of(value, known))}
    codes: dict[str, str | None] = {}
    doubts: dict[str, str] = {}
    for value in column.values:
        if value in exact:
            codes[value] = exact[value]
        elif says_nothing_happened(feed, target, value):
            codes[value] = SKIP
        elif (part := _code_in(value, known)) and part not in exact.values() and meaning.type == "code":
            codes[value] = part
            doubts[value] = "it says so in part only"
        else:
            codes[value] = SKIP if meaning.required else None
            doubts[value] = "no code of ours; left out" if meaning.required else "no code of ours; left empty"
    if not {code for code in codes.values() if code not in (None, SKIP)}:
        return None
    if meaning.type == "boolean" and doubts:
        return None
    if all(value.casefold() == code for value, code in codes.items()):
        return _Read(reason="codes of ours")
    return _Read({"codes": codes}, f"{len(codes) - len(doubts)} of {len(codes)} codes known", codes=doubts)


def _code_of(value: str, known: Mapping[str, Sequence[str]]) -> str | None:
    return next((code for code, names in known.items() if any(words(value) == words(n) for n in names)), None)


def _code_in(value: str, known: Mapping[str, Sequence[str]]) -> str | None:
    written = set(words(value))
    found = {code for code, names in known.items() for n in names if len(n) > 2 and set(words(n)) < written}
    return found.pop() if len(found) == 1 else None


def _chosen(possible: Sequence[ColumnProposal]) -> dict[str, ColumnProposal]:
    """One origin a target and one target a column, the likeliest first; what comes near is a doubt."""
    chosen: dict[str, ColumnProposal] = {}
    used: set[str] = set()
    ranked = sorted(possible, key=lambda one: (-one.confidence, bool(one.doubts), len(one.code_doubts)))
    for one in ranked:
        column = str(one.origin["column"])
        if one.target in chosen or column in used:
            continue
        rivals = [
            f"{other.origin['column']} could be it too"
            if other.target == one.target
            else f"it could be {other.target} too"
            for other in ranked
            if other is not one
            and (other.target == one.target) != (other.origin["column"] == column)
            and other.target not in chosen
            and other.origin["column"] not in used
            and other.confidence > one.confidence - (_NEAR if other.target == one.target else _AS_NEAR)
        ]
        chosen[one.target] = replace(one, doubts=(*one.doubts, *rivals))
        used.add(column)
    return chosen


def _must(contract: Contract, name: str) -> bool:
    column = contract.columns[name]
    if column.default is not None or name == contract.made_key():
        return False
    return column.required or name in contract.key


def _fallbacks(
    file: FileProfile,
    contract: Contract,
    chosen: Mapping[str, ColumnProposal],
    wide: WideProposal | None,
    taken: set[str],
) -> Iterator[ColumnProposal]:
    """Required columns that no name tells, from what else there is; each is a doubt."""
    used = taken | {str(one.origin["column"]) for one in chosen.values() if "column" in one.origin}
    left = [column for column in file.columns if column.name not in used]
    one_row_a_thing = wide is not None or len(contract.key) == 1
    for name in contract.columns:
        if not _must(contract, name) or name in chosen or (wide and name in (wide.into, wide.at)):
            continue
        if name == "question" and (score := chosen.get("score")):
            told = {"constant": str(score.origin["column"])}
            doubt = "no column says which question was asked; the name of the column of scores"
            yield ColumnProposal(name, told, _GUESS, "", (doubt,))
        elif name.endswith("_id") and one_row_a_thing and contract.made_key() != name:
            yield _some_key(name, left)
        elif contract.columns[name].type == "date":
            days = [column for column in left if column.formats and column.filled == column.rows]
            if len(days) == 1:
                read = _read_time(days[0], contract.columns[name], None)
                origin = {"column": days[0].name, **(read.origin if read else {})}
                doubts = (
                    "no name tells; it is the only day that every row has",
                    *(read.doubts if read else ()),
                )
                yield ColumnProposal(name, origin, _GUESS, "", doubts)
            elif contract.feed == "survey_answers":
                doubt = "no column is a day; this is when the file was changed last"
                yield ColumnProposal(name, {"constant": file.changed_on.isoformat()}, _GUESS, "", (doubt,))


def _some_key(name: str, left: Sequence[ColumnProfile]) -> ColumnProposal:
    for column in left:
        if column.is_unique and "id" in words(column.name) and not column.formats:
            doubt = "no name tells; every row has a value of its own here"
            return ColumnProposal(name, {"column": column.name}, _GUESS, "", (doubt,))
    doubt = "no column names it; the number of the row, which a later file must not shift"
    return ColumnProposal(name, {"row_number": True}, _GUESS, "", (doubt,))


def _wide(file: FileProfile, contract: Contract, day_first: bool | None) -> WideProposal | None:
    if contract.feed == "survey_answers":
        return _questions(file, contract)
    events = event_names(contract.feed)
    if not events:
        return None
    instant = contract.columns["event_at"]
    possible = []
    for column in file.columns:
        for code, names in events.items():
            like, name = likeness(column.name, names)
            read = _read_time(column, instant, day_first) if like else None
            if read:
                doubts = (*read.doubts, *(["its name says so in part only"] if like == PART else []))
                reason = f"its name says {name}; {read.reason}"
                possible.append(
                    ColumnProposal(code, {"column": column.name, **read.origin}, like, reason, doubts)
                )
    chosen = _chosen(possible)
    if len(chosen) < 2:
        return None
    return WideProposal("event", "event_at", tuple(chosen[code] for code in events if code in chosen))


def _questions(file: FileProfile, contract: Contract) -> WideProposal | None:
    """Ratings side by side, if there are several besides a column of scores."""
    scores = names_of(contract.feed, "score")
    ratings = [column for column in file.columns if _is_rating(column)]
    questions = [column for column in ratings if likeness(column.name, scores)[0] <= PART]
    if len(questions) < _LEAST_QUESTIONS:
        return None
    codes = [_question_code(column.name, number) for number, column in enumerate(ratings, 1)]
    if len(set(codes)) < len(codes):
        codes = [f"Q{number:02}" for number in range(1, len(codes) + 1)]
    cells = tuple(
        ColumnProposal(
            code,
            {"column": column.name},
            _GUESS,
            "",
            (f"taken for a question: whole numbers from {column.low:.0f} to {column.high:.0f}",),
        )
        for code, column in zip(codes, ratings, strict=True)
    )
    return WideProposal("question", "score", cells)


def _is_rating(column: ColumnProfile) -> bool:
    if not column.whole or column.low is None or column.high is None or column.formats:
        return False
    return column.low >= 0 and 4 <= column.high <= _HIGHEST_RATING and column.distinct > 2


def _question_code(header: str, number: int) -> str:
    if len(header) <= 20:
        return header
    numbered = re.match(r"\w{0,4}\d[\w-]{0,8}", header)
    return numbered[0] if numbered else f"Q{number:02}"


def _where(
    file: FileProfile, columns: Sequence[ColumnProposal], contract: Contract
) -> tuple[str | None, str]:
    """Leaves out the rows without something required, if they are so many that the run would stop."""
    by_name = {column.name: column for column in file.columns}
    for one in columns:
        column = by_name.get(str(one.origin.get("column")))
        if column and contract.columns[one.target].required:
            empty = column.rows - column.filled
            if empty > _MOST_EMPTY * column.rows:
                quoted = column.name.replace('"', '""')
                return f'"{quoted}" IS NOT NULL', f"{empty:,} of {column.rows:,} rows have none"
    return None, ""


def _evidence(
    file: FileProfile,
    contract: Contract,
    columns: Sequence[ColumnProposal],
    wide: WideProposal | None,
    missing: Sequence[str],
    common: Collection[str],
) -> float:
    """How much speaks for the feed: what is its own counts, what many feeds have hardly does."""
    told = 0.0
    for one in columns:
        weight = 0.1 if one.target in common else 1.0 if one.required else 0.5
        told += weight * one.confidence * (0.6 if one.doubts else 1) if one.confidence > _GUESS else -0.3
    if wide:
        told += min(sum(cell.confidence for cell in wide.cells) * 0.4, 2)
        numbered = sum(bool(_NUMBERED.match(str(cell.origin["column"]))) for cell in wide.cells)
        told += 1.5 if numbered >= _LEAST_QUESTIONS else 0
    stem = set(words(file.name.rsplit(".", 1)[0]))
    names = _FEED_NAMES.get(contract.feed, (contract.feed,))
    if any(set(words(name)) <= stem or (not name.isascii() and name in file.name) for name in names):
        told += 0.8
    return told - 0.8 * len(missing)
