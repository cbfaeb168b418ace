"""`policypulse init --from` and `policypulse map`: a project file, or an entry of one, proposed from files.

What a file may be is decided in warehouse/landing/proposal.py; here are the files, the project around them and what
further feeds would unlock.
"""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from orchestration.commands.added_feeds import CannotAdd, with_feeds
from orchestration.commands.init import KEY_NAME
from orchestration.own_contracts import contracts_in
from orchestration.project import FILE_NAME, Project, read_what_can_be
from transforms.kpi.declared_needs import declared_needs
from transforms.kpi.registry import registry
from transforms.measures.definition import Kpi
from transforms.measures.needs import Asked, bases_of
from transforms.written_yaml import text_of
from warehouse.contract import Contracts
from warehouse.landing.profiles import ROWS_LOOKED_AT, FileProfile, profile
from warehouse.landing.proposal import SourceProposal, proposals
from warehouse.landing.proposed_yaml import source_lines
from warehouse.landing.recorded import Item

_MOST_UNLOCKING = 3
_STALE = timedelta(days=31)
_HANGUL = ("가", "힣")
_HANZI = ("\u4e00", "\u9fff")

Found = list[tuple[FileProfile, str, list[SourceProposal]]]


def proposed(files: Sequence[Path], folder: Path, feed: str | None = None) -> Found:
    """Each file with its profile, its name in the project file and as what it is proposed.

    Raises LandingError, ValueError or OSError if a file cannot be read, or nobody knows the feed.
    """
    known = contracts_in(folder)
    if feed and feed not in known:
        raise ValueError(f"there is no feed {feed}; the feeds are {', '.join(sorted(known))}")
    found, data = [], _data(folder)
    for path in files:
        looked_at = profile(path)
        found.append((looked_at, _named(path, data), proposals(looked_at, known, feed)))
    return found


def feed_lines(found: Found) -> Iterator[str]:
    """The `feeds` of a project file, indented below that key; what is proposed for nothing is told in a comment."""
    by_feed: dict[str, list[str]] = {}
    usable: set[str] = set()
    for looked_at, name, sources in found:
        for source in sources:
            by_feed.setdefault(source.feed, []).extend(source_lines(source, looked_at, name))
            if not source.missing:
                usable.add(source.feed)
        if not sources:
            headers = ", ".join(" ".join(column.name.split()) for column in looked_at.columns)
            yield f"  # unsure: {name} looks like no feed (its columns: {headers}); `policypulse map` with --feed"
    for feed, lines in by_feed.items():
        yield f"  {feed}:" if feed in usable else f"  # {feed}:"
        yield from (f"    {line}" for line in lines)


def added(folder: Path, found: Found) -> None:
    """Add the proposed feeds to the project file of a folder, whose other lines stay as they are.

    Raises CannotAdd if there is none, a feed of it is mapped already or what is proposed cannot be used as it is.
    """
    path = folder / FILE_NAME
    feeds = list(dict.fromkeys(source.feed for _, _, sources in found for source in sources))
    lacks = sorted({name for _, _, sources in found for source in sources for name in source.missing})
    if not feeds:
        raise CannotAdd("the file looks like no feed; say what it is with --feed")
    if lacks:
        raise CannotAdd(
            f"nothing in the file tells {', '.join(lacks)}; see it without --write, and fill it in"
        )
    if not path.is_file():
        raise CannotAdd(f"{path} is not there; policypulse init {folder} --from {found[0][1]} writes one")
    try:
        path.write_text(
            with_feeds(text_of(path.read_bytes()), feeds, list(feed_lines(found))),
            encoding="utf-8",
            newline="",
        )
    except ValueError as error:
        raise CannotAdd(f"{path}: {error}") from None


def _data(folder: Path) -> Path:
    """What the files of a project are relative to."""
    return read_what_can_be(folder)[0].data if (folder / FILE_NAME).is_file() else folder


def project_text(insurer: str, found: Found) -> str:
    """A whole project file around the proposed feeds."""
    zone, calendar, why = _place(found)
    usable = {source.feed for _, _, sources in found for source in sources if not source.missing}
    lines = [
        "# yaml-language-server: $schema=policypulse.schema.json",
        "# Proposed from the files below. A number is how well a name fits; `# unsure` marks what has to be looked at,",
        "# and what is unsure and not needed is a comment: take the # away if it is right. Then: policypulse check",
        "# All keys with their meaning: policypulse reference",
        f"insurer: {json.dumps(insurer, ensure_ascii=False)}  # unsure: the name of the folder",
        f"time_zone: {zone}  # unsure: {why}; in which business days are counted, and times without offset are read",
        f"calendar: {calendar}  # unsure: {why}; of working days",
        "calendar_gaps: weekdays  # days that the calendar does not know: Mondays to Fridays count",
        *_as_of(found),
        f"pseudonyms: {{key_file: {KEY_NAME}, key_id: k1}}",
    ]
    if "policies" in usable and "premiums" not in usable:
        lines.append("persistency: {variant: in_force}  # without premiums: in force is what was not ended")
    feeds = list(feed_lines(found))
    return "\n".join([*lines, "feeds:" if usable else "feeds: {}", *feeds, ""])


def _as_of(found: Found) -> Iterator[str]:
    days = [
        column.last_day
        for looked_at, _, sources in found
        if looked_at.rows < ROWS_LOOKED_AT
        for column in looked_at.columns
        if column.last_day and any(column.name in source.uses(sure=True) for source in sources)
    ]
    today = datetime.now(UTC).date()
    last = max((day for day in days if day <= today), default=None)
    if last and last < today - _STALE:
        yield f"as_of: {last}  # the last day in the files; leave it out once they are of yesterday"


def _place(found: Found) -> tuple[str, str, str]:
    """Time zone, calendar and what tells them."""
    text = "".join(column.name for looked_at, _, _ in found for column in looked_at.columns)
    if any(_HANGUL[0] <= sign <= _HANGUL[1] for sign in text):
        return "Asia/Seoul", "KR", "headers are Korean"
    if any(_HANZI[0] <= sign <= _HANZI[1] for sign in text):
        return "Asia/Shanghai", "CN", "headers are Chinese"
    return "UTC", "CN", "nothing in the files tells"


def _named(path: Path, folder: Path) -> str:
    """Relative to the project folder where it lies below it, else absolute."""
    whole, base = Path(os.path.realpath(path)), Path(os.path.realpath(folder))
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(path.absolute())


def summary(found: Found) -> Iterator[str]:
    """What each file was taken for and how many of its columns, a line each."""
    for looked_at, name, sources in found:
        if not sources:
            yield f"{name}: looks like no feed; say what it is with: policypulse map {name} --feed FEED"
        for source in sources:
            sure = sum(one.is_sure for one in source.columns)
            lacks = (
                f"; left out, for nothing in it tells {', '.join(source.missing)}" if source.missing else ""
            )
            unsure = len(source.columns) - sure
            wide = f", {len(source.wide.cells)} columns side by side" if source.wide else ""
            rows = f"{looked_at.rows:,} rows looked at"
            yield f"{name}: {source.feed}, {sure} columns sure, {unsure} unsure{wide}; {rows}{lacks}"


def unlocked(project: Project) -> Iterator[str]:
    """How many KPIs the feeds allow, and how many more each further feed would, a line each, most first."""
    asked = asked_by_kpis(project)
    now = computable(asked, mapped_items(project, asked))
    yield f"{len(now)} of {len({kpi.code for kpi, _ in asked})} KPIs can be computed from these feeds."
    yield from (f"  {gain}" for gain in _gains(project, asked))


def most_unlocking(project: Project) -> list[str]:
    """The feeds that would add most KPIs, a line each."""
    return [f"  the feed {gain}" for gain in _gains(project, asked_by_kpis(project))[:_MOST_UNLOCKING]]


def _gains(project: Project, asked: Sequence[tuple[Kpi, Asked]]) -> list[str]:
    """What each further feed would add, most first."""
    items, mapped = _items(asked, project.contracts), mapped_items(project, asked)
    now, gains = computable(asked, mapped), []
    for feed in sorted(set(project.contracts) - set(project.feeds)):
        more = computable(asked, mapped | {i.name for i in items if i.feed == feed}) - now
        if more:
            gains.append((len(more), feed, sorted(more)))
    gains.sort(key=lambda gain: (-gain[0], gain[1]))
    return [f"{feed} would add {count}, as {', '.join(names[:2])}" for count, feed, names in gains]


def mapped_items(project: Project, asked: Sequence[tuple[Kpi, Asked]]) -> set[str]:
    """The columns and codes that KPIs ask for and that the mapping, or a fact of the project's own, can deliver."""
    feeds, items = project.feeds, _items(asked, project.contracts)
    mapped = {i.name for i in items if any(i.mapped_by(source) for source in feeds.get(i.feed, ()))}
    # Of a fact of the project's own its values tell, not what the sources record.
    own = {n for _, one in asked for need in one.needs for n in need.items if n.startswith("core.")}
    return mapped | own


def _items(asked: Sequence[tuple[Kpi, Asked]], contracts: Contracts) -> set[Item]:
    found = {Item.of(name, contracts) for _, one in asked for need in one.needs for name in need.items}
    return {one for one in found if one}


def asked_by_kpis(project: Project) -> list[tuple[Kpi, Asked]]:
    """Every KPI and what it needs, basis by basis."""
    needs = declared_needs(project.settings)
    return [(kpi, needs.of(kpi, basis)) for kpi in registry(project.settings) for basis in bases_of(kpi)]


def computable(asked: Sequence[tuple[Kpi, Asked]], mapped: set[str]) -> set[str]:
    """KPIs that have all they need on one basis."""
    firsts = dict.fromkeys(mapped, date.min)
    return {kpi.code for kpi, one in asked if one.since(firsts) is not None}
