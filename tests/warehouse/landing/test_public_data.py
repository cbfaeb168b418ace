"""Public data lands without a loss; skipped where it is not at hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
import yaml

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone


def test_all_complaints_of_texas_are_accounted_for(zone: Zone, shared: Path) -> None:
    path = shared / "data" / "complaints_texas" / "tx_complaints_complaint_level.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    (load,) = zone.land(f"""
complaints:
  - files: "{path}"
    columns:
      complaint_id: complaint_number
      received_on: received_date
      closed_on: closed_date
      outcome: {{column: is_confirmed, codes: {{true: upheld, false: not_upheld}}}}
      product_line: coverage_type
""")
    assert load.rows_landed + load.rows_rejected == load.rows_read == 281_397
    source = pl.read_parquet(path)
    ((landed, lines, upheld, days, blank),) = zone.rows("""
        SELECT count(*), count(DISTINCT _line), count(*) FILTER (outcome = 'upheld'),
            median(closed_on - received_on), count(*) FILTER (product_line IS NULL)
        FROM raw.complaints""")
    assert (landed, lines, upheld) == (281_397, 281_397, source["is_confirmed"].sum())
    assert (days, blank) == (70, 41)
    traced = zone.rows("SELECT complaint_id FROM raw.complaints WHERE _line = 100000")
    assert traced == [(str(source["complaint_number"][99_999]),)]


def test_offsets_of_expense_claims_are_respected(zone: Zone, shared: Path) -> None:
    path = shared / "data" / "claims_bpi2020" / "bpi2020_domestic.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    (load,) = zone.land(f"""
claim_events:
  - files: "{path}"
    columns:
      claim_id: case:concept:name
      event:
        column: concept:name
        codes: {{"Declaration SUBMITTED by EMPLOYEE": reported, "Payment Handled": paid, "*": skip}}
      event_at: time:timestamp
""")
    assert (load.rows_read, load.rows_rejected) == (55_628, 0)
    ((claims, middle, mean),) = zone.rows("""
        WITH spans AS (
            SELECT min(epoch_us(event_at)) FILTER (event = 'paid') AS paid,
                min(epoch_us(event_at)) FILTER (event = 'reported') AS reported
            FROM raw.claim_events GROUP BY claim_id
        ),
        lasted AS (SELECT (paid - reported) / 86400e6 AS days FROM spans)
        SELECT count(days), median(days), avg(days) FROM lasted""")
    assert claims == 9_911
    assert middle == pytest.approx(7.351343, abs=1e-6)
    assert mean == pytest.approx(11.231167, abs=1e-6)


def test_a_korean_survey(zone: Zone, shared: Path) -> None:
    path = shared / "data" / "survey_kservqual" / "kiosk_raw_cp949.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    header = path.read_bytes().decode("cp949").splitlines()[0]
    first = next(name for name in header.split(",") if name.startswith("1-1."))
    feeds = {
        "survey_answers": [
            {
                "files": str(path),
                "csv": {"encoding": "cp949"},
                "columns": {"response_id": {"row_number": True}, "answered_on": {"constant": "2022-06-01"}},
                "wide": {"into": "question", "value": "score", "from": {"E1": first}},
            }
        ]
    }
    (load,) = zone.land(yaml.safe_dump(feeds, allow_unicode=True))
    assert load.rows_read == 211
    assert zone.rows("SELECT min(score), max(score), min(answered_on) FROM raw.survey_answers") == [
        (1.0, 7.0, date(2022, 6, 1))
    ]
