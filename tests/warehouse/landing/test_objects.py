"""Files in object storage, on a server of S3's interface that is started here."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.conftest import policypulse
from tests.warehouse.landing.conftest import Zone
from warehouse.landing.errors import LandingError

MAPPING = """
complaints:
  - files: "s3://deliveries/2025/complaints_*.csv"
    columns: {complaint_id: id, received_on: received, category: matter}
"""
CSV = "id,received,matter\n1,2025-01-05,claims\n2,2025-01-06,sales\n"


@dataclass(frozen=True)
class Storage:
    """A bucket and what a process needs to reach it."""

    put: Callable[[str, bytes], Any]
    delete: Callable[[str], Any]
    environment: dict[str, str]


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A server with an empty bucket `deliveries`, to which the environment leads."""
    pytest.importorskip("flask")
    moto = pytest.importorskip("moto.server")
    obstore = pytest.importorskip("obstore")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    environment = {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_REGION": "us-east-1",
    }
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    try:
        import boto3

        boto3.client("s3").create_bucket(Bucket="deliveries")
        store = obstore.store.S3Store("deliveries", client_options={"allow_http": True})
        yield Storage(
            lambda key, content: obstore.put(store, key, content),
            lambda key: obstore.delete(store, key),
            environment,
        )
    finally:
        # What it holds outlives it.
        reset = Request(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")
        urlopen(reset).close()
        server.stop()


def test_objects_land_like_files_and_a_changed_row_lands_one(storage: Storage, zone: Zone) -> None:
    storage.put("2025/complaints_01.csv", CSV.encode())
    storage.put("2025/.complaints_00.csv", b"hidden")
    storage.put("2025/older/complaints_02.csv", b"of another folder")
    storage.put("2025/complaints_03.csv.part", b"not whole")
    (load,) = zone.land(MAPPING)
    assert (load.file, load.rows_landed) == ("s3://deliveries/2025/complaints_01.csv", 2)
    expected = [("1", date(2025, 1, 5), "claims", 2), ("2", date(2025, 1, 6), "sales", 3)]
    rows = "SELECT complaint_id, received_on, category, _line FROM raw.complaints ORDER BY _load_id, _line"
    assert zone.rows(rows) == expected
    assert zone.land() == []
    storage.put("2025/complaints_01.csv", CSV.replace("sales", "service").encode())
    (again,) = zone.land()
    assert (again.rows_landed, again.rows_unchanged) == (1, 1)
    assert zone.noticed == []
    storage.delete("2025/complaints_01.csv")
    assert zone.land() == []
    assert zone.noticed[0].startswith("complaints: no longer there: s3://deliveries/2025/complaints_01.csv.")


def test_an_object_that_is_only_touched_is_read_once(storage: Storage, zone: Zone) -> None:
    storage.put("2025/complaints_01.csv", CSV.encode())
    zone.land(MAPPING)
    zone.con.execute("UPDATE raw.files SET mtime_ns = 0")
    assert zone.pending() == ["s3://deliveries/2025/complaints_01.csv"]
    assert zone.land() == []
    assert zone.pending() == []


def test_packed_and_parquet_objects(storage: Storage, zone: Zone) -> None:
    import gzip
    import io

    import polars as pl

    packed = io.BytesIO()
    pl.read_csv(CSV.encode()).write_parquet(packed)
    storage.put("a/c.csv.gz", gzip.compress(CSV.encode()))
    storage.put("b/c.parquet", packed.getvalue())
    for place in ("a/*.csv", "b/*.parquet"):
        (load,) = zone.land(MAPPING.replace("2025/complaints_*.csv", place))
        assert load.rows_landed == 2


def test_what_a_storage_refuses_is_told_in_a_line(storage: Storage, zone: Zone) -> None:
    told = zone.problem(MAPPING)
    assert told == (
        "feeds.complaints[0].files: no file in the object storage matches s3://deliveries/2025/complaints_*.csv"
    )
    told = zone.problem(MAPPING.replace("deliveries", "absent"))
    assert told.endswith("of s3://absent: The specified bucket does not exist")


def test_the_newest_object_is_checked(storage: Storage, zone: Zone) -> None:
    indented = "\n".join(f"  {line}" for line in MAPPING.strip().splitlines())
    zone.write("policypulse.yml", f"insurer: A\ntime_zone: UTC\nfeeds:\n{indented}\n")
    storage.put("2025/complaints_01.csv", CSV.encode())
    storage.put("2025/complaints_02.csv", CSV.replace("2025-01-05", "soon").encode())
    checked = policypulse("check", "--project", zone.folder, **storage.environment)
    assert checked.status != 0
    assert "complaints_02.csv: line 2: received_on: not a date" in checked.text
    with pytest.raises(LandingError, match="received_on: not a date"):
        zone.land(MAPPING)
