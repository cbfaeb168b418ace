"""What a Polars transform declares: the table it writes, what it reads, its keys, grain and columns.

The declaration is the contract of the table; how models hang together is `transforms/graph.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from inspect import signature

import polars as pl

from transforms.origins import Origins
from transforms.settings import Settings

# Rows of a frame, also by what a project says.
Rows = pl.Expr | Callable[[Settings], pl.Expr]
Columns = Mapping[str, tuple[pl.DataType | type[pl.DataType], str]]
INSTANT = pl.Datetime("us", "UTC")

# The segment columns every fact carries; a missing value reads "unknown" so that segments add up.
SEGMENT_COLUMNS: Columns = {
    "org_unit": (pl.String, "Organisational unit."),
    "region": (pl.String, "Region."),
    "product_line": (pl.String, "Product line."),
    "channel": (pl.String, "Sales channel."),
    "age_band": (pl.String, "Age band of the customer."),
    "customer_segment": (pl.String, "Segment of the customer, as the insurer sees them."),
}
# Of facts whose cases come by a way of service, apart from the channel that sold the policy.
SERVICE_CHANNEL: Columns = {
    "service_channel": (pl.String, "Way by which the customer was served; unknown where nobody says."),
}


@dataclass(frozen=True)
class Memory:
    """How a transform knows again what it made: `digest` is the column that says of what each row was made.

    Every night all rows of some values of `together` (by default of the digest) are made anew, to see that they are
    what was kept.
    """

    digest: str
    together: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transform:
    """A pure function from LazyFrames to the LazyFrame of one table.

    It takes the frames it reads by name, and of `as_of` and `settings` those that its signature asks for.
    `reads` are the frames partitioned by `keys`; `broadcast` frames are small and given whole. Law of keys:
    if A and B share no value of `keys`, then f(A ∪ B) = f(A) ∪ f(B), and f(nothing) is nothing. Empty `keys`
    say that the rows cannot be divided, as for a total over the whole company. `partitioned_by` names the
    column by whose values (months) the table can be made in parts. A table that a project has not `asked_for`
    is empty, and nothing is read for it. `shared` is a pure function of the reads that several tables take their
    rows from, so that a run works it out once; their functions get its frame in place of the reads. `origins` says
    what the feeds have to record before a column says anything (see `transforms/origins.py`). `carries` names frames
    whose columns are added to the rows that the function makes, and by which columns they are joined. `known_on` names
    the columns of days of frames of `reads`: of these the function gets the rows up to the as-of day, since what is
    later is not known yet. `takes` says which rows of such a frame the function looks at: others may change without
    its rows. Both are better than a filter in the function, of which nobody knows before asking it. With
    `remembers` the function gets the frame `kept` of rows that it made before, or a part of them, and may give back
    those that it would make of the same. Law of memory: its rows are the same whatever was kept.
    """

    function: Callable[..., pl.LazyFrame]
    writes: str
    reads: Mapping[str, str]
    broadcast: Mapping[str, str]
    keys: tuple[str, ...]
    grain: tuple[str, ...]
    columns: Columns
    partitioned_by: str | None = None
    asked_for: Callable[[Settings], bool] = lambda settings: True
    shared: Callable[..., pl.LazyFrame] | None = None
    origins: Callable[[Settings], Origins] = lambda settings: {}
    carries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known_on: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, Rows] = field(default_factory=dict)
    remembers: Memory | None = None

    @property
    def schema(self) -> pl.Schema:
        """The columns and types of the table."""
        return pl.Schema({name: dtype for name, (dtype, _) in self.columns.items()})

    @property
    def description(self) -> str:
        """First paragraph of the docstring: what one row is."""
        return " ".join((self.function.__doc__ or "").split("\n\n")[0].split())

    def taken(self, frame: str, settings: Settings) -> pl.Expr:
        """Which rows of a frame the function looks at."""
        rows = self.takes.get(frame, pl.lit(True))
        return rows if isinstance(rows, pl.Expr) else rows(settings)

    def __call__(
        self,
        *,
        as_of: date,
        settings: Settings,
        shared: pl.LazyFrame | None = None,
        kept: pl.LazyFrame | None = None,
        **frames: pl.LazyFrame,
    ) -> pl.LazyFrame:
        """The table's rows, exactly the declared columns in the declared types; no frames if not asked for.

        With what is `shared` already worked out, the frames it is made of need not be given.
        """
        if not self.asked_for(settings):
            return pl.LazyFrame(schema=self.schema)
        frames |= {name: frames[name].filter(pl.col(day) <= as_of) for name, day in self.known_on.items()}
        frames |= {name: frames[name].filter(self.taken(name, settings)) for name in self.takes}
        if self.shared is not None:
            if shared is None:
                read = {name: frames[name] for name in self.reads}
                shared = self.shared(**read, as_of=as_of, settings=settings)
            frames = {"shared": shared, **{name: frames[name] for name in self.broadcast}}
        if self.remembers:
            frames["kept"] = pl.LazyFrame(schema=self.schema) if kept is None else kept
        known = {"as_of": as_of, "settings": settings}
        asked = {name: known[name] for name in signature(self.function).parameters if name in known}
        result = self.function(**{n: f for n, f in frames.items() if n not in self.carries}, **asked)
        if self.carries:
            carried = {name for frame in self.carries for name in frames[frame].collect_schema().names()}
            made = [name for name in self.columns if name in self.grain or name not in carried]
            result = result.select(made)
            for frame, key in self.carries.items():
                result = result.join(frames[frame], on=key, how="left")
        return result.select(pl.col(name).cast(dtype) for name, dtype in self.schema.items())


def transform(
    *,
    writes: str,
    keys: tuple[str, ...],
    grain: tuple[str, ...],
    columns: Columns,
    reads: Mapping[str, str],
    broadcast: Mapping[str, str] | None = None,
    partitioned_by: str | None = None,
    asked_for: Callable[[Settings], bool] = lambda settings: True,
    shared: Callable[..., pl.LazyFrame] | None = None,
    origins: Callable[[Settings], Origins] = lambda settings: {},
    known_on: Mapping[str, str] | None = None,
    takes: Mapping[str, Rows] | None = None,
    remembers: Memory | None = None,
) -> Callable[[Callable[..., pl.LazyFrame]], Transform]:
    """Declare a pure function as the transform that writes the table `writes`."""
    missing = [name for name in grain if name not in columns]
    if missing:
        raise ValueError(f"{writes}: grain names {missing}, which are not among its columns")
    told = [remembers.digest, *remembers.together] if remembers else []
    if missing := [name for name in told if name not in columns]:
        raise ValueError(f"{writes}: remembers names {missing}, which are not among its columns")
    if not_read := sorted({*(known_on or {}), *(takes or {})} - set(reads)):
        raise ValueError(f"{writes}: known_on or takes names {not_read}, which it does not read by key")

    def declare(function: Callable[..., pl.LazyFrame]) -> Transform:
        return Transform(
            function,
            writes,
            reads,
            broadcast or {},
            keys,
            grain,
            columns,
            partitioned_by,
            asked_for,
            shared,
            origins,
            known_on=known_on or {},
            takes=takes or {},
            remembers=remembers,
        )

    return declare
