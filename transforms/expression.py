"""SQL over the columns of one row as an expression of Polars that means what DuckDB means by it.

Parsed by sqlglot and held to a list of what is understood, with the kind of every part; Polars then reads the same
SQL. Left out is what the two compute differently, such as `round`; which KPI asks for it is not known here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transforms.nearest import did_you_mean

Kind = Literal["text", "number", "date", "instant", "condition"]
# What is not known: of NULL, or of a fact whose types nobody has declared.
Known = Kind | None
IN_WORDS: Mapping[Kind, str] = {
    "text": "a text",
    "number": "a number",
    "date": "a day",
    "instant": "an instant",
    "condition": "yes or no",
}
DAY_MICROSECONDS = 86_400_000_000


class ExpressionError(ValueError):
    """An expression that is not understood; the message says what of it, and what to write."""


@dataclass(frozen=True)
class Expression:
    """What an SQL expression computes of a row, and of which kind that is."""

    computed: pl.Expr
    kind: Known


def expression(sql: str, columns: Mapping[str, pl.DataType] | None, wanted: Kind | None = None) -> Expression:
    """What `sql` computes of a row with these columns and types; of None nothing is known and no type checked.

    Raises ExpressionError if it is not understood, or is not of the kind that is `wanted`.

    >>> columns = {"line": pl.String(), "paid": pl.Float64()}
    >>> found = expression("line = 'motor' AND paid > 100", columns, "condition")
    >>> pl.DataFrame({"line": ["motor", "home"], "paid": [200.0, 200.0]}).select(found.computed).to_series().to_list()
    [True, False]
    """
    tree = _parsed(sql)
    kind = _Reader(columns).kind(tree)
    if wanted and kind not in (wanted, None):
        raise ExpressionError(f"{sql} is {IN_WORDS[kind]}; here {IN_WORDS[wanted]} is needed")
    written = _for_polars(tree, columns).sql(dialect="duckdb")
    try:
        return Expression(pl.sql_expr(written), kind)
    except Exception as error:
        raise ExpressionError(f"Polars does not understand {sql}: {str(error).splitlines()[0]}") from None


def _parsed(sql: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError as error:
        said = getattr(error, "errors", None)
        place = f" at {said[0]['highlight']!r}" if said and said[0].get("highlight") else ""
        raise ExpressionError(f"{sql} does not parse as SQL{place}") from None
    if isinstance(tree, exp.Query | exp.Subquery):
        raise ExpressionError(f"{sql} is a query; write an expression of one row's columns")
    return tree


def _for_polars(node: exp.Expr, columns: Mapping[str, pl.DataType] | None) -> exp.Expr:
    """A part as Polars means by it what DuckDB does: what binds what in brackets, as the two differ in that."""
    for part in list(node.iter_expressions()):
        part.replace(_for_polars(part.copy(), columns))
    if isinstance(node, exp.Length | exp.Year | exp.Month | exp.Quarter) or _is_narrow(node, columns):
        # Polars counts on in the narrow type that a number has, and starts again at its end.
        return exp.cast(node, "BIGINT")
    if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
        # A number with a point is a decimal of few digits to Polars.
        return exp.cast(node, "DOUBLE")
    if isinstance(node, exp.Log):
        # Both log(x) and log10(x) are of base 10 to DuckDB; Polars knows but the one, and turns the other round.
        return exp.Anonymous(this="LOG10", expressions=[node.expression or node.this])
    if isinstance(node, exp.DateDiff):
        days = exp.Paren(this=exp.Sub(this=_day(node.this), expression=_day(node.expression)))
        whole = exp.IntDiv(this=exp.cast(days, "BIGINT"), expression=exp.Literal.number(DAY_MICROSECONDS))
        return exp.Paren(this=whole)
    if isinstance(node, exp.Binary | exp.Between | exp.In | exp.Not | exp.Neg):
        return exp.Paren(this=node)
    return node


def _is_narrow(node: exp.Expr, columns: Mapping[str, pl.DataType] | None) -> bool:
    """Whether it is a column of whole numbers in fewer than 64 bits."""
    dtype = (columns or {}).get(node.name) if isinstance(node, exp.Column) else None
    return dtype is not None and dtype.is_integer() and dtype != pl.Int64


def _day(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Column) else exp.Paren(this=node)


class _Reader:
    """Says of what kind each part of an expression is, and refuses what is not understood."""

    def __init__(self, columns: Mapping[str, pl.DataType] | None) -> None:
        self._columns = columns

    def kind(self, node: exp.Expr) -> Known:
        """The kind of a part; raises ExpressionError."""
        for types, read in self._understood().items():
            if isinstance(node, types):
                return read(node)
        raise ExpressionError(_not_understood(node))

    def _understood(self) -> Mapping[type | tuple[type, ...], Callable[..., Known]]:
        """What is understood, by the types of the parts; the first that fits counts."""
        return {
            exp.Column: self._column,
            exp.Paren: lambda node: self.kind(node.this),
            (exp.And, exp.Or): lambda node: self._each(node, "condition", node.this, node.expression),
            exp.Not: lambda node: self._each(node, "condition", node.this),
            (
                exp.EQ,
                exp.NEQ,
                exp.LT,
                exp.LTE,
                exp.GT,
                exp.GTE,
                exp.NullSafeEQ,
                exp.NullSafeNEQ,
            ): self._compared,
            exp.Is: self._is_null,
            exp.In: self._in,
            exp.Between: lambda node: (
                self._alike(node, node.this, node.args["low"], node.args["high"]) and "condition"
            ),
            (exp.Like, exp.ILike): lambda node: (
                self._each(node, "text", node.this, node.expression) and "condition"
            ),
            exp.StartsWith: lambda node: self._each(node, "text", node.this, node.expression) and "condition",
            (exp.Add, exp.Sub): self._sum,
            exp.Mul: lambda node: self._each(node, "number", node.this, node.expression),
            exp.Div: self._quotient,
            (exp.Neg, exp.Abs, exp.Floor, exp.Ceil, exp.Ln, exp.Sqrt): lambda node: self._each(
                node, "number", node.this
            ),
            exp.Log: self._log10,
            exp.Pow: lambda node: self._each(node, "number", node.this, node.expression),
            (exp.Coalesce, exp.Greatest, exp.Least): lambda node: self._alike(
                node, node.this, *node.expressions
            ),
            exp.Nullif: lambda node: self._alike(node, node.this, node.expression),
            (exp.Case, exp.If): self._case,
            (exp.Lower, exp.Upper, exp.Trim): lambda node: self._each(node, "text", node.this),
            exp.Length: lambda node: self._each(node, "text", node.this) and "number",
            (exp.Left, exp.Right): lambda node: (
                self._each(node, "number", node.expression) and self._each(node, "text", node.this)
            ),
            (exp.Year, exp.Month, exp.Quarter): lambda node: self._each(node, "date", node.this) and "number",
            exp.DateDiff: self._days_between,
            exp.Cast: self._cast,
            exp.Literal: lambda node: "text" if node.is_string else "number",
            exp.Boolean: lambda node: "condition",
            exp.Null: lambda node: None,
        }

    def _column(self, node: exp.Column) -> Known:
        if node.table:
            raise ExpressionError(
                f"{node.sql()}: write the column alone; an expression is over the columns of one row"
            )
        if self._columns is None:
            return None
        if node.name not in self._columns:
            hint = did_you_mean(node.name, self._columns, f"there are {', '.join(self._columns)}")
            raise ExpressionError(f"there is no column {node.name}; {hint}")
        return kind_of(node.name, self._columns[node.name])

    def _each(self, node: exp.Expr, wanted: Kind, *parts: exp.Expr) -> Kind:
        for part in parts:
            found = self.kind(part)
            if found not in (wanted, None):
                raise ExpressionError(
                    f"in {_short(node)} {_short(part)} is {IN_WORDS[found]}, not {IN_WORDS[wanted]}"
                )
        return wanted

    def _alike(self, node: exp.Expr, *parts: exp.Expr) -> Known:
        """The one kind of all parts."""
        kinds = {kind: part for part in parts if (kind := self.kind(part))}
        if len(kinds) > 1:
            (one, first), (other, second), *_ = kinds.items()
            hint = "; write a day as DATE '2025-12-31'" if {one, other} == {"date", "text"} else ""
            raise ExpressionError(
                f"in {_short(node)} {_short(first)} is {IN_WORDS[one]} and {_short(second)} {IN_WORDS[other]}{hint}"
            )
        return next(iter(kinds), None)

    def _compared(self, node: exp.Binary) -> Kind:
        self._alike(node, node.this, node.expression)
        return "condition"

    def _is_null(self, node: exp.Is) -> Kind:
        if not isinstance(node.expression, exp.Null):
            raise ExpressionError(f"instead of {_short(node)} write coalesce({_short(node.this)}, FALSE)")
        self.kind(node.this)
        return "condition"

    def _in(self, node: exp.In) -> Kind:
        if node.args.get("query") or not node.expressions:
            raise ExpressionError(f"{_short(node)} is over other rows; list the values")
        self._alike(node, node.this, *node.expressions)
        return "condition"

    def _sum(self, node: exp.Binary) -> Known:
        if isinstance(node.expression, exp.Interval):
            if str(node.expression.args.get("unit")).upper() not in ("DAY", "DAYS"):
                raise ExpressionError(f"in {_short(node)} write the interval in days, as INTERVAL 30 DAY")
            return self._each(node, "date", node.this)
        if {self.kind(node.this), self.kind(node.expression)} & {"date", "instant"}:
            raise ExpressionError(
                f"instead of {_short(node)} write date_diff('day', from_on, to_on) for days between, "
                "or a day + INTERVAL 30 DAY"
            )
        return self._each(node, "number", node.this, node.expression)

    def _quotient(self, node: exp.Div) -> Kind:
        divisor = node.expression
        is_guarded = isinstance(divisor, exp.Nullif) and divisor.expression.sql() == "0"
        is_constant = divisor.find(exp.Column) is None and not (
            divisor.is_number and float(divisor.sql()) == 0
        )
        if not is_guarded and not is_constant:
            raise ExpressionError(
                f"{_short(node)} may divide by 0; write {_short(node.this)} / nullif({_short(divisor)}, 0)"
            )
        return self._each(node, "number", node.this, divisor)

    def _log10(self, node: exp.Log) -> Kind:
        if node.expression and node.this.sql() != "10":
            raise ExpressionError(f"instead of {_short(node)} write log10(…) or ln(…)")
        return self._each(node, "number", node.expression or node.this)

    def _case(self, node: exp.Case | exp.If) -> Known:
        branches = node.args.get("ifs") or [node]
        for branch in branches:
            if node.this is not None and isinstance(node, exp.Case):
                self._alike(node, node.this, branch.this)
            else:
                self._each(node, "condition", branch.this)
        default = node.args.get("default") or node.args.get("false")
        return self._alike(
            node, *(branch.args["true"] for branch in branches), *([default] if default else [])
        )

    def _days_between(self, node: exp.DateDiff) -> Kind:
        if str(node.args.get("unit")).upper() not in ("DAY", "DAYS"):
            raise ExpressionError(f"in {_short(node)} count days: date_diff('day', from_on, to_on)")
        self._each(node, "date", node.this, node.expression)
        return "number"

    def _cast(self, node: exp.Cast) -> Kind:
        target = node.to.sql(dialect="duckdb").upper()
        if target == "DATE" and node.this.is_string:
            _real_day(node.this.name)
            return "date"
        if target == "DOUBLE" and self.kind(node.this) in ("number", None):
            return "number"
        raise ExpressionError(
            f"{_short(node)} is not understood: a day is written DATE '2025-12-31', a number AS DOUBLE"
        )


def kind_of(name: str, dtype: pl.DataType) -> Kind:
    """The kind of a column by its type; raises ExpressionError for lists and structs."""
    if dtype == pl.String:
        return "text"
    if dtype == pl.Boolean:
        return "condition"
    if dtype == pl.Date:
        return "date"
    if isinstance(dtype, pl.Datetime):
        return "instant"
    if dtype.is_numeric():
        return "number"
    raise ExpressionError(f"column {name} is of type {dtype}, which expressions do not take")


def _real_day(text: str) -> None:
    from datetime import date

    try:
        date.fromisoformat(text)
    except ValueError:
        raise ExpressionError(f"DATE '{text}' is on no calendar; write it as in DATE '2025-12-31'") from None


def _not_understood(node: exp.Expr) -> str:
    text = _short(node)
    if isinstance(node, exp.AggFunc | exp.Window | exp.Star):
        return f"{text} is over many rows; an expression is over the columns of one row, the measure adds up"
    if isinstance(node, exp.Subquery | exp.Query):
        return f"{text} is a query; write an expression of one row's columns"
    if isinstance(node, exp.Func):
        return f"the function {text} is not understood; there are {', '.join(FUNCTIONS)}"
    return f"{text} is not understood"


FUNCTIONS: Sequence[str] = (
    "abs", "case", "ceil", "coalesce", "date_diff", "floor", "greatest", "if", "least", "left", "length", "ln",
    "log10", "lower", "month", "nullif", "power", "quarter", "right", "sqrt", "starts_with", "trim", "upper", "year",
)  # fmt: skip


def _short(node: exp.Expr) -> str:
    """A part as it is written."""
    return node.sql(dialect="duckdb")
