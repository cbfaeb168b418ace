"""Packs: named lists of KPIs with one regulator's limits, read from `packs/*.yml` or a project's own file.

A pack is our reading of rules, each entry marked by how well it is known, never the rule itself; the KPIs are
defined in `transforms/kpi`. Cheap to import: neither Polars nor DuckDB.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from transforms.nearest import meant
from transforms.vocabulary import Basis
from transforms.written_yaml import YamlError, key_problems, read_yaml

SHIPPED = Path(__file__).parent / "packs"

# found: read in public material. third_party_copy: in a copy, press report or excerpt. general_knowledge: not
# looked up. own_reading: our way to make a rule countable.
Evidence = Literal["found", "third_party_copy", "general_knowledge", "own_reading"]


class PackError(Exception):
    """A pack that cannot be used; `problems` are pairs of key path and reason."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{path}: {reason}" for path, reason in problems))


class Entry(BaseModel):
    """One KPI of a pack: what the rule says, where, how well that is known, and from which value it is met."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kpi: str = Field(description="Code of the KPI.", examples=["complaint_on_time_share"])
    basis: Basis = Field("cohort", description="Records of the KPI by receipt, by closing, or stock.")
    rule: str = Field(
        min_length=1, description="What the rule asks for, in words.", examples=["Answered within 15 days"]
    )
    clause: str = Field("", description="Article or section.")
    evidence: Evidence = Field(
        description="How well the rule is known: found in public material, in a copy or press report, not looked up, "
        "or our way to make it countable.",
        examples=["found"],
    )
    at_least: float | None = Field(None, description="Met from this value on.", examples=[0.95])
    at_most: float | None = Field(None, description="Met up to this value.", examples=[0.05])
    awaited: bool = Field(False, description="The KPI is not measured yet; the entry says what is missing.")

    @model_validator(mode="after")
    def one_limit(self) -> "Entry":
        if self.at_least is not None and self.at_most is not None:
            raise ValueError("give at_least or at_most, not both")
        return self


class Pack(BaseModel):
    """A regulator's KPIs; `definitions` are the keys of the project file that follow its definitions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Its name in tables.", examples=["house_rules"]
    )
    title: str = Field(description="What it is called on pages.", examples=["House rules of service"])
    authority: str = Field(description="Who made the rules.", examples=["Board"])
    note: str = Field("", description="What readers should know of it.")
    definitions: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Keys of the project file that follow its definitions, which a project cannot set otherwise.",
        examples=[{"complaints": {"unclassified": "simple"}}],
    )
    kpis: tuple[Entry, ...] = Field(
        min_length=1,
        description="Its KPIs with their rules and limits.",
        examples=[[{"kpi": "complaint_on_time_share", "rule": "Answered in time", "evidence": "found"}]],
    )


def read_pack(text: str, known_kpis: Collection[str] | None = None) -> Pack:
    """The pack that a YAML text describes; raises PackError with the key path of everything that is wrong.

    `known_kpis` are the codes there are: an entry must name one of them or say that it is awaited.
    """
    try:
        content, _ = read_yaml(text)
    except YamlError as error:
        raise PackError([("file", str(error))]) from None
    try:
        pack = Pack.model_validate(content)
    except ValidationError as error:
        raise PackError(list(key_problems(error, content, Pack))) from None
    problems = list(_unknown(pack, known_kpis)) if known_kpis is not None else []
    if problems:
        raise PackError(problems)
    return pack


def _unknown(pack: Pack, known: Collection[str]) -> Iterator[tuple[str, str]]:
    for i, entry in enumerate(pack.kpis):
        if entry.kpi not in known and not entry.awaited:
            hint = meant(entry.kpi, known)
            yield f"kpis.{i}.kpi", f"there is no KPI {entry.kpi}{hint} (awaited: true admits it)"


@cache
def shipped_packs() -> Mapping[str, Pack]:
    """The packs that come with policypulse, by code."""
    packs = [read_pack(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.yml"))]
    return {pack.code: pack for pack in packs}


def pack_rows(packs: Collection[Pack]) -> list[tuple[object, ...]]:
    """One row per entry, in the columns of catalog.packs."""
    return [
        (
            pack.code,
            pack.title,
            pack.authority,
            entry.kpi,
            entry.basis,
            entry.rule,
            entry.clause,
            entry.evidence,
            entry.at_least,
            entry.at_most,
            entry.awaited,
        )
        for pack in packs
        for entry in pack.kpis
    ]
