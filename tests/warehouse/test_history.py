"""The history holds what every version said, whatever a run was killed in and whatever the clock does."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from warehouse import history
from warehouse.folder import Folder
from warehouse.history import (
    FRAMEWORKS,
    LEDGERS,
    Ledger,
    keep_history,
    keep_specifications,
    make_up_history,
    next_instant,
    open_last_said,
    published_specifications,
    write_history,
)
from warehouse.publish import publish
from warehouse.store import Store

FRAMEWORK = ("life", "1", "{}")


def publication(store: Store, value: float, *, is_noted: bool = True) -> datetime:
    """Publish one KPI and one score; `is_noted` is false where the run is killed once readers see them."""
    for ledger in LEDGERS:
        numbers = {"value": value, "score": value}
        columns = ", ".join(
            f"{numbers.get(name, 'NULL')}::{kind} AS {name}"
            for name, kind in {**ledger.key, **ledger.noted, **ledger.said}.items()
        )
        store.replace(ledger.table, f"SELECT {columns}")
    code, version, specification = FRAMEWORK
    store.replace(
        "catalog.frameworks",
        pl.DataFrame(
            [
                {
                    "framework": code,
                    "framework_version": version,
                    "specification": specification,
                    "is_computed": True,
                }
            ]
        ),
    )
    at = next_instant(store)
    write_history(store, at)
    store.compact()
    publish(store.folder, keep_versions=5)
    if is_noted:
        keep_history(store, at)
        keep_specifications(store, FRAMEWORKS, [FRAMEWORK], at)
    return at


def number_of(ledger: Ledger) -> str:
    return "value" if "value" in ledger.said else "score"


def noted(store: Store) -> list[list[tuple[datetime, float]]]:
    return [
        store.con.execute(
            f"SELECT published_at, {number_of(ledger)} FROM {ledger.kept_in} ORDER BY ALL"
        ).fetchall()
        for ledger in LEDGERS
    ]


def frameworks(store: Store) -> list[tuple[str, ...]]:
    return [row[:3] for row in published_specifications(store, FRAMEWORKS)]


def test_what_readers_saw_before_a_run_was_killed_is_in_the_history_of_the_next(tmp_path):
    with Store(Folder(tmp_path)) as store:
        first = publication(store, 1)
        second = publication(store, 2, is_noted=False)
        assert noted(store) == [[(first, 1)]] * 2
    with Store(Folder(tmp_path)) as store:
        assert "2 published values" in make_up_history(store)
        assert noted(store) == [[(first, 1), (second, 2)]] * 2
        assert make_up_history(store) == ""
        third = publication(store, 1)
        assert noted(store) == [[(first, 1), (second, 2), (third, 1)]] * 2


def test_a_landing_zone_that_was_lost_gets_its_history_back_from_the_newest_version(tmp_path):
    with Store(Folder(tmp_path)) as store:
        for value in (1, 2, 3):
            publication(store, value)
        before, named = noted(store), frameworks(store)
    (tmp_path / "raw.duckdb").unlink()
    with Store(Folder(tmp_path)) as store:
        make_up_history(store)
        assert noted(store) == before
        assert frameworks(store) == named == [FRAMEWORK]


def test_a_version_that_cannot_be_read_is_told_and_stops_nothing(tmp_path):
    with Store(Folder(tmp_path)) as store:
        publication(store, 1)
        (tmp_path / "versions" / "29990101T000000000000Z.duckdb").write_bytes(b"not a database" * 1000)
        assert "29990101T000000000000Z.duckdb cannot be read" in make_up_history(store)
        assert [len(rows) for rows in noted(store)] == [1, 1]


@pytest.mark.parametrize("hours", [-1, -24 * 400, 24 * 400])
def test_what_is_published_later_is_later_in_the_history_wherever_the_clock_went(
    tmp_path, monkeypatch, hours
):
    class Clock(datetime):
        at = datetime(2026, 3, 1, tzinfo=UTC)

        @classmethod
        def now(cls, tz=None):
            return cls.at

    monkeypatch.setattr(history, "datetime", Clock)
    with Store(Folder(tmp_path)) as store:
        publication(store, 1)
        Clock.at += timedelta(hours=hours)
        publication(store, 2)
        open_last_said(store)
        for ledger in LEDGERS:
            assert store.read(ledger.last_said).select(number_of(ledger)).item() == 2
