"""The contracts of the feeds: which columns a feed has, their types, keys and meanings, read from contracts/*.yml.

How an insurer's own files are brought into this shape is not here: see landing/mapping.py.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    type: ColumnType
    description: str
    required: bool = False
    default: str | None = None
    personal: Literal["id", "text", "date"] | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    precision_of: str | None = None
    """The timestamp whose precision this column tells; the landing fills it where the source does not."""
    first_of_month: bool = False
    """A date that stands for a month and must be its first day."""
    as_written: bool = False
    """A text for people to read, not one by which rows are matched or grouped."""

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
    def _codes_belong_to_code_columns(self) -> ContractColumn:
        if (self.type == "code") != bool(self.codes):
            raise ValueError("a column of type code lists its codes, and no other type does")
        return self


class Once(BaseModel):
    """What can happen only once to a thing, so that another day is a correction of the day."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    of: str
    """Column that names the thing."""
    code: str
    """Column that says what happened."""
    day: str
    """Column that says when."""
    codes: tuple[str, ...] = Field(strict=False)
    until: tuple[str, ...] = Field(strict=False)
    """Codes after which it can happen again."""


class Parts(BaseModel):
    """In what rows of one delivery under one key may differ and still be one thing, as where it is paid in parts."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    total: str
    """Column of amounts that add up."""
    last: str
    """Column of days of which the last counts."""


class Contract(BaseModel):
    """One feed: its columns in the order in which they are stored, and what identifies a record."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    feed: str
    description: str
    key: tuple[str, ...] = Field(strict=False)
    key_from: tuple[str, ...] = Field(default=(), strict=False)
    once: Once | None = None
    parts: Parts | None = None
    columns: dict[str, ContractColumn]

    @model_validator(mode="after")
    def _keys_are_columns(self) -> Contract:
        unknown = [name for name in (*self.key, *self.key_from) if name not in self.columns]
        if unknown:
            raise ValueError(f"key columns that the contract does not list: {', '.join(unknown)}")
        timed = [column.precision_of for column in self.columns.values() if column.precision_of]
        if any(name not in self.columns or self.columns[name].type != "timestamp" for name in timed):
            raise ValueError(f"precision_of names no timestamp of the contract: {', '.join(timed)}")
        if self.key_from and len(self.key) != 1:
            raise ValueError("key_from makes one column: the key must be that column alone")
        return self

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


@cache
def contracts() -> dict[str, Contract]:
    """Every contract by the name of its feed."""
    folder = Path(__file__).parent / "contracts"
    read = [Contract.model_validate(_yaml(path)) for path in sorted(folder.glob("*.yml"))]
    return {contract.feed: contract for contract in read}


def _yaml(path: Path) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
