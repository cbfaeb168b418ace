"""A proposed mapping as lines of a project file: what is sure is active, every reason and every doubt is a comment.

What is unsure is active only where the feed needs it, and is then marked; else it is a comment, to be taken or left.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from warehouse.landing.profiles import FileProfile
    from warehouse.landing.proposal import ColumnProposal, SourceProposal

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w.]*")
_RESERVED = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_MOST_CODES_A_LINE = 4


def source_lines(source: SourceProposal, file: FileProfile, files: str) -> Iterator[str]:
    """One entry of a feed's list, as lines of YAML; a source that lacks something required is a comment as a whole."""
    lines = list(_lines(source, file, files))
    if source.missing:
        lacks = ", ".join(source.missing)
        yield f"# unsure: nothing in {file.name} tells {lacks}; fill it in and take the # away"
        yield from _commented(lines)
        return
    yield from lines


def _lines(source: SourceProposal, file: FileProfile, files: str) -> Iterator[str]:
    yield f"- files: {_quoted(files)}  # taken for {source.feed}: {source.reason}{_told(source.doubts)}"
    if file.encoding != "utf-8":
        yield f"  csv: {{encoding: {file.encoding}}}  # unsure: it is not UTF-8, and reads best as this"
    if file.skip:
        yield f"  skip: {file.skip}  # unsure: lines above the header"
    if source.where:
        yield f"  where: {json.dumps(source.where, ensure_ascii=False)}  # unsure: {source.where_reason}"
    yield "  columns:"
    for one in source.columns:
        yield from _column(one, "    ")
    if source.wide:
        yield "  wide:"
        yield f"    into: {source.wide.into}"
        yield f"    at: {source.wide.at}"
        yield "    from:"
        none_is_sure = not any(cell.is_sure for cell in source.wide.cells)
        for cell in source.wide.cells:
            yield from _column(cell, "      ", active=none_is_sure)
    used = source.uses()
    left = [column.name for column in file.columns if column.name not in used]
    if left:
        yield f"  # not used: {', '.join(map(_quoted, left))}"


def _column(one: ColumnProposal, indent: str, *, active: bool = False) -> list[str]:
    origin, why = one.origin, _comment(one)
    codes: Mapping[str, Any] = origin.get("codes", {})
    if len(codes) > _MOST_CODES_A_LINE or one.code_doubts:
        lines = [f"{indent}{_quoted(one.target)}:{why}"]
        lines += [f"{indent}  {key}: {_quoted(value)}" for key, value in origin.items() if key != "codes"]
        lines += [f"{indent}  codes:"]
        lines += [
            f"{indent}    {_quoted(theirs)}: {_quoted(ours)}"
            + (f"  # unsure: {one.code_doubts[theirs]}" if theirs in one.code_doubts else "")
            for theirs, ours in codes.items()
        ]
    else:
        lines = [f"{indent}{_quoted(one.target)}: {_flow(origin)}{why}"]
    return lines if active or one.required or one.is_sure else list(_commented(lines))


def _comment(one: ColumnProposal) -> str:
    doubts = (*one.doubts, *(["look at its codes"] if one.code_doubts else []))
    if not doubts and one.is_sure:
        return f"  # {one.confidence:.2f}: {_one_line(one.reason)}"
    return f"  # unsure: {_one_line('; '.join(filter(None, [*doubts, one.reason])))} ({one.confidence:.2f})"


def _told(doubts: Iterable[str]) -> str:
    told = "; ".join(doubts)
    return f"  # unsure: {told}" if told else ""


def _commented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        bare = line.lstrip(" ")
        yield line[: len(line) - len(bare)] + "# " + bare


def _flow(origin: Mapping[str, Any]) -> str:
    if set(origin) == {"column"}:
        return _quoted(origin["column"])
    parts = []
    for key, value in origin.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{_quoted(k)}: {_quoted(v)}" for k, v in value.items())
            parts.append(f"{key}: {{{inner}}}")
        else:
            parts.append(f"{key}: {_quoted(value)}")
    return "{" + ", ".join(parts) + "}"


def _quoted(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
