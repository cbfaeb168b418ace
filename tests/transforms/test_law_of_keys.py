"""The law of keys, for every registered transform: a partition of the input by the keys is one of the output.

Whoever runs a transform on a month, a hash bucket or an executor relies on it; a wrong declaration gives wrong
rows without an error.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from orchestration.build import Run, open_session
from orchestration.models import models
from orchestration.project import shipped_frameworks
from transforms.clocks import calendar_until
from transforms.graph import SESSION_TABLES
from transforms.model import Transform
from transforms.periods import long_periods, month_periods, months_until
from transforms.settings import RobustnessSettings, Settings
from warehouse.contract import contracts
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Folder, Store

AS_OF = date(2025, 6, 30)
SETTINGS = Settings(
    time_zone="Asia/Shanghai",
    months=6,
    frameworks=(shipped_frameworks()["life_default"],),
    robustness=RobustnessSettings(draws=100, bootstrap_draws=100, sobol_points=64),
)
TRANSFORMS = {name: node.model for name, node in models().items() if isinstance(node.model, Transform)}
# Few values, so that rows meet on a key, in a group and in a tie.
CODES = {
    name: list(column.codes)
    for contract in contracts().values()
    for name, column in contract.columns.items()
    if column.codes
}
CODES |= {
    "event": [
        code
        for feed in ("claim_events", "policy_events")
        for code in contracts()[feed].columns["event"].codes
    ],
    "kpi": [node.leaf.kpi for f in SETTINGS.frameworks for node in f.leaves if node.leaf],
    "basis": ["cohort", "period"],
    "status": ["ok", "low_n", "immature"],
    "cut": ["company", "org_unit"],
    "framework": ["life_default"],
    "framework_version": ["1"],
    "node": ["index", "objective", "objective_reliability", "claim_paid_share"],
    "grade": list(SETTINGS.frameworks[0].grades.scale),
    "unit": ["share", "per_10k_policies", "days"],
    "dimension": ["reliability", "empathy"],
}
FEW = 6
CALENDAR = calendar_until("CN", AS_OF, first=date(2023, 1, 1))
POOLS = {
    "event_id": 10_000,
    "policy_id": 20,
    "claim_id": 20,
    "complaint_id": 40,
    "response_id": 12,
    "question": 12,
}


@pytest.fixture(scope="module")
def schemas(tmp_path_factory) -> dict[str, pl.Schema]:
    """The schema of every table, from a warehouse without a row."""
    with Store(Folder(tmp_path_factory.mktemp("empty"))) as store:
        create_raw(store.con)
        run = Run(AS_OF, SETTINGS, tuple(months_until(AS_OF, 6)))
        open_session(store, run, models())
        found = {table: store.empty(table).schema for table in SESSION_TABLES}
        for name, node in models().items():
            found[name] = node.model.schema if isinstance(node.model, Transform) else None
            if node.schema == "staging":
                found[name] = store.empty(name).schema
        return found


def random_frame(schema: pl.Schema, rng: np.random.Generator, rows: int) -> pl.DataFrame:
    return pl.DataFrame([random_column(name, dtype, rng, rows) for name, dtype in schema.items()])


def random_column(name: str, dtype: pl.DataType, rng: np.random.Generator, rows: int) -> pl.Series:
    if dtype == pl.String:
        pool = CODES.get(name, [f"{name}{i}" for i in range(POOLS.get(name, FEW))])
        values = [pool[i] for i in rng.integers(0, len(pool), rows)]
    elif dtype == pl.Boolean:
        values = [bool(v) for v in rng.integers(0, 2, rows)]
    elif dtype == pl.Date:
        values = [date(2023, 6, 1) + timedelta(days=int(d)) for d in rng.integers(0, 800, rows)]
        values = [v.replace(day=1) for v in values] if name in ("period", "month", "issued_month") else values
    elif isinstance(dtype, pl.Datetime):
        values = [
            datetime(2024, 11, 1, tzinfo=UTC) + timedelta(hours=int(h)) for h in rng.integers(0, 7464, rows)
        ]
    elif isinstance(dtype, pl.List):
        grades = len(CODES["grade"])
        values = [[float(v) for v in row] for row in rng.uniform(size=(rows, grades)).round(2)]
    elif dtype.is_integer():
        values = [int(v) for v in rng.integers(1, 4 if name == "spell_no" else 90, rows)]
    else:
        values = [round(float(v), 2) for v in rng.uniform(1, 9, rows)]
    if name not in (
        "claim_id",
        "policy_id",
        "event",
        "period",
        "cut",
        "segment",
        "framework",
        "framework_version",
        "node",
        "complaint_id",
        "response_id",
        "survey",
        "wave",
        "dimension",
        "item",
    ):
        values = [v if keep else None for v, keep in zip(values, rng.uniform(size=rows) < 0.9, strict=True)]
    return pl.Series(name, values, dtype=dtype, strict=False)


def inputs(model: Transform, schemas, seed: int, rows: int) -> tuple[dict, dict]:
    rng = np.random.default_rng(seed)
    reads = {}
    for name, table in model.reads.items():
        frame = random_frame(schemas[table], rng, rows)
        node = models().get(table)
        grain = [c for c in (node.grain if node else ()) if c in frame.columns]
        reads[name] = frame.unique(grain, keep="first", maintain_order=True) if grain else frame
    broadcast = {name: random_frame(schemas[table], rng, FEW) for name, table in model.broadcast.items()}
    if "periods" in broadcast:
        months = months_until(AS_OF, 6)
        long = model.broadcast["periods"] == "staging.long_periods"
        broadcast["periods"] = long_periods(months) if long else month_periods(months)
    if "calendar" in broadcast:
        broadcast["calendar"] = CALENDAR
    if "questions" in broadcast:
        broadcast["questions"] = broadcast["questions"].unique(["survey", "question"], maintain_order=True)
    return reads, broadcast


def made(model: Transform, reads: dict, broadcast: dict) -> pl.DataFrame:
    frames = {name: frame.lazy() for name, frame in {**reads, **broadcast}.items()}
    return model(**frames, as_of=AS_OF, settings=SETTINGS).collect()


@pytest.mark.parametrize("name", [n for n, m in TRANSFORMS.items() if m.keys])
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_parts_by_key_make_the_whole(name, schemas, seed):
    model = TRANSFORMS[name]
    reads, broadcast = inputs(model, schemas, seed, 150)
    whole = made(model, reads, broadcast)
    in_first = {table: part_of(frame, model.keys, seed) for table, frame in reads.items()}
    parts = [
        made(model, {t: f.filter(in_first[t] == side) for t, f in reads.items()}, broadcast)
        for side in (True, False)
    ]
    assert_frame_equal(pl.concat(parts), whole, check_row_order=False)
    assert whole.schema == model.schema
    assert not whole.select(model.grain).is_duplicated().any()


def part_of(frame: pl.DataFrame, keys: tuple[str, ...], seed: int) -> pl.Series:
    return frame.select((pl.struct(keys).hash(seed) % 2 == 0).alias("first")).to_series()


@pytest.mark.parametrize("name", list(TRANSFORMS))
def test_nothing_comes_of_nothing(name, schemas):
    model = TRANSFORMS[name]
    tables = {**model.reads, **model.broadcast}
    empty = {arg: pl.DataFrame(schema=schemas[table]) for arg, table in tables.items()}
    result = made(model, empty, {})
    assert result.height == 0
    assert result.schema == model.schema


def test_a_wrong_key_is_caught(schemas):
    """The test above can fail: claims divided by event instead of by claim break the law."""
    model = TRANSFORMS["core.claims"]
    reads, broadcast = inputs(model, schemas, 1, 200)
    side = part_of(reads["events"], ("event_id",), 1)
    parts = [
        made(model, {**reads, "events": reads["events"].filter(side == s)}, broadcast) for s in (True, False)
    ]
    assert pl.concat(parts).height != made(model, reads, broadcast).height
