"""The contracts of the feeds: which columns a feed has, their types, keys and meanings, read from contracts/*.yml.

How an insurer's own files are brought into this shape is not here: see landing/mapping.py; nor are the contracts that a
project adds, which `orchestration/own_contracts.py` reads into these models.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ColumnType = Literal["text", "code", "integer", "number", "money", "date", "period", "timestamp", "boolean"]

_DUCKDB_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "text": "VARCHAR",
        "code": "VARCHAR",
        "integer": "BIGINT",
        "number": "DOUBLE",
        "money": "DECIMAL(18,2)",
        "date": "DATE",
        "period": "VARCHAR",
        "timestamp": "TIMESTAMPTZ",
        "boolean": "BOOLEAN",
    }
)


class ContractColumn(BaseModel):
    """One column of a feed as the warehouse keeps it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    type: ColumnType = Field(
        description="What a value is: a `code` is one of `codes`, `money` has two decimals, a `timestamp` is an "
        "instant, a `period` a year, half-year, quarter or month as text.",
        examples=["date"],
    )
    description: Text = Field(
        description="What it says, in which unit; shown wherever the column is.",
        examples=["Day of the visit."],
    )
    required: bool = Field(False, description="A row without a value is rejected.")
    unless: tuple[str, ...] = Field(
        (),
        strict=False,
        description="Columns that make up for a required value where a row has all of them.",
        examples=[["cases", "closed_on"]],
    )
    default: str | None = Field(
        None, description="The value where the source has none.", examples=["unknown"]
    )
    personal: Literal["id", "text", "date"] | None = Field(
        None,
        description="About a person: an `id` lands as a keyed pseudonym, a `text` with numbers and addresses "
        "masked, a `date` as its year.",
        examples=["id"],
    )
    codes: dict[str, Text] = Field(
        default_factory=dict,
        description="Of type code: what can occur, each with its meaning.",
        examples=[{"high": "Answered by the board."}],
    )
    precision_of: str | None = Field(
        None,
        description="The timestamp of which this column tells whether its time of day is known.",
        examples=["event_at"],
    )
    least: int | None = Field(
        None, description="The least that a number can be; a row with less is rejected.", examples=[0]
    )
    first_of_month: bool = Field(False, description="A date that stands for a month: its first day.")
    as_written: bool = Field(
        False, description="A text for people to read, not one by which rows are matched or grouped."
    )

    @property
    def reads_as(self) -> str:
        """The type as values.py reads it: a text is a name, in one spelling, unless it is kept as written."""
        return "written" if self.as_written or self.personal == "text" else self.type

    @property
    def known_codes(self) -> tuple[str, ...]:
        """Codes that need no translation."""
        return ("true", "false") if self.type == "boolean" else tuple(self.codes)

    @property
    def duckdb_type(self) -> str:
        """Name of the DuckDB type the column is stored in; a timestamp is an instant in UTC."""
        return _DUCKDB_TYPES[self.type]

    @model_validator(mode="after")
    def _of_its_type(self) -> ContractColumn:
        if (self.type == "code") != bool(self.codes):
            raise ValueError("a column of type code lists its codes, and no other type does")
        if self.personal and self.type != ("date" if self.personal == "date" else "text"):
            raise ValueError(f"personal: {self.personal} is for texts or dates, and this is a {self.type}")
        if self.least is not None and self.type not in ("integer", "number", "money"):
            raise ValueError(f"least is for numbers, and this is a {self.type}")
        if self.first_of_month and self.type != "date":
            raise ValueError(f"first_of_month is for dates, and this is a {self.type}")
        if self.type == "code" and self.default is not None and self.default not in self.codes:
            raise ValueError(f"its default {self.default!r} is none of its codes: {', '.join(self.codes)}")
        return self


class Once(BaseModel):
    """What can happen only once to a thing, so that another day is a correction of the day."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    of: str = Field(description="Column that names the thing.", examples=["claim_id"])
    code: str = Field(description="Column that says what happened.", examples=["event"])
    day: str = Field(description="Column that says when.", examples=["event_at"])
    codes: tuple[str, ...] = Field(
        strict=False, description="What can happen only once.", examples=[["reported", "paid"]]
    )
    until: tuple[str, ...] = Field(
        strict=False, description="Codes after which it can happen again.", examples=[["reopened"]]
    )


class Parts(BaseModel):
    """In what rows of one delivery under one key may differ and still be one thing, as where it is paid in parts."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    total: str = Field(description="Column of amounts that add up.", examples=["paid_amount"])
    last: str = Field(description="Column of days of which the last counts.", examples=["paid_on"])


class Contract(BaseModel):
    """One feed: its columns in the order in which they are stored, and what identifies a record."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    feed: Name = Field(description="Its name, that of the file.", examples=["broker_visits"])
    description: Text = Field(
        description="What one row is.", examples=["Visits to brokers, one row each in its latest state."]
    )
    key: tuple[str, ...] = Field(
        strict=False,
        min_length=1,
        description="Columns that tell records apart; a row with the key of an earlier one is its new version.",
        examples=[["visit_id"]],
    )
    key_from: tuple[str, ...] = Field(
        default=(), strict=False, description="Columns that the key is made of where the source has none."
    )
    once: Once | None = Field(None, description="What can happen only once to a thing.")
    parts: Parts | None = Field(None, description="In what rows under one key may differ and be one thing.")
    columns: dict[Name, ContractColumn] = Field(
        description="Its columns, in the order in which they are stored.",
        examples=[{"visit_id": {"type": "text", "description": "The visit."}}],
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong between its parts, as key path and reason."""
        yield from self._unknown_columns()
        if twice := [name for name in dict.fromkeys(self.key) if self.key.count(name) > 1]:
            yield "key", f"{twice[0]} stands twice"
        if self.key_from and len(self.key) != 1:
            yield "key_from", "it makes one column: the key must be that column alone"
        for name, column in self.columns.items():
            timed = self.columns.get(column.precision_of or "")
            if column.precision_of and (timed is None or timed.type != "timestamp"):
                yield f"columns.{name}.precision_of", f"{column.precision_of} is no timestamp of the contract"
        recorded_at = self.columns.get("recorded_at")
        if recorded_at is None or recorded_at.type != "timestamp":
            yield (
                "columns",
                "recorded_at is a timestamp: when the source knew the row, which tells the latest",
            )

    def _unknown_columns(self) -> Iterator[tuple[str, str]]:
        named = [("key", self.key), ("key_from", self.key_from)]
        named += [("once", (self.once.of, self.once.code, self.once.day))] if self.once else []
        named += [("parts", (self.parts.total, self.parts.last))] if self.parts else []
        for path, columns in named:
            if unknown := [name for name in columns if name not in self.columns]:
                yield path, f"{', '.join(unknown)} is not among its columns: {', '.join(self.columns)}"

    def precisions(self) -> dict[str, str]:
        """The column that tells its precision, by timestamp."""
        return {column.precision_of: name for name, column in self.columns.items() if column.precision_of}

    def made_key(self) -> str | None:
        """The key column that is made of `key_from` where the source has none."""
        return self.key[0] if self.key_from else None

    def told_apart_by(self) -> list[str]:
        """Columns in which two rows under one key differ if they are not parts of one thing."""
        parts = {self.parts.total, self.parts.last} if self.parts else set()
        return [name for name in self.columns if name not in parts]

    def record(self, into: str, value: str) -> tuple[str, ...]:
        """Columns that name the record of a wide source, whose code goes into `into` and whose cell into `value`."""
        return tuple(name for name in self.key_from or self.key if name not in (into, value))


class Extension(BaseModel):
    """Further columns of one of our feeds, as a project declares them."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    extends: str = Field(description="One of our feeds.", examples=["complaints"])
    columns: dict[Name, ContractColumn] = Field(
        min_length=1, description="What it has beside our columns, by name."
    )


Contracts = Mapping[str, Contract]


@cache
def contracts() -> dict[str, Contract]:
    """Every contract of the installation by the name of its feed."""
    folder = Path(__file__).parent / "contracts"
    read = [Contract.model_validate(_yaml(path)) for path in sorted(folder.glob("*.yml"))]
    if wrong := [f"{c.feed}: {path}: {reason}" for c in read for path, reason in c.faults()]:
        raise ValueError("; ".join(wrong))
    return {contract.feed: contract for contract in read}


def _yaml(path: Path) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
