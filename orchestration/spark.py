"""Buckets of facts made by the workers of a Spark server, of files that they and this process see.

Only numbers of buckets go to the server and only what became of them comes back; rows go through the exchange. What is
done with a bucket is `buckets.py`, here as on any worker; without the extra `spark` nothing of this is imported.
"""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from platform import node, python_version
from time import perf_counter
from typing import Any
from uuid import uuid4

import polars as pl

from orchestration.buckets import EngineFailed, Work
from orchestration.engine import SparkEngine
from orchestration.fingerprint import code_fingerprint

TOLD = "bucket long, rows long, seconds double, host string, failure string"
VERSIONS = "host string, versions string, sees_exchange boolean"
_TOKEN = "token"
_BEGUN = ".begun"


class Spark:
    """A server that makes the facts of one run."""

    def __init__(self, engine: SparkEngine, warehouse: Path) -> None:
        self.engine, self.buckets = engine, engine.buckets
        # Of its own for each warehouse, which one run holds at a time: so a killed one's is swept by the next.
        name = sha256(str(warehouse.resolve()).encode()).hexdigest()[:16]
        self.folder = engine.exchange / f"policypulse-{name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self._session: Any = None
        self._told: dict[str, dict[str, str | int | float]] = {}

    def told(self, table: str) -> Mapping[str, str | int | float]:
        """Server, workers and their seconds of a table that was made there."""
        return self._told[table]

    def made(self, work: Work) -> Iterator[pl.DataFrame]:
        """The rows of a table, bucket after bucket, made by the workers; raises EngineFailed."""
        out = self.folder / "made" / work.model.writes
        out.mkdir(parents=True)

        def write(batches: Iterator[Any]) -> Iterator[Any]:
            import pyarrow as pa

            # Spark takes columns by their place.
            names = ("bucket", pa.int64()), ("rows", pa.int64()), ("seconds", pa.float64())
            fields = [*names, ("host", pa.string()), ("failure", pa.string())]
            for batch in batches:
                for bucket in batch.column(0).to_pylist():
                    yield pa.RecordBatch.from_pylist([written(work, bucket, out)], schema=pa.schema(fields))

        with self._telling(work.model.writes):
            numbers = self._connected().range(0, work.parts, 1, work.parts)
            told = numbers.mapInArrow(write, TOLD).toArrow().to_pylist()
        if failures := [bucket["failure"] for bucket in told if bucket["failure"]]:
            more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
            raise EngineFailed(f"{failures[0]}{more}")
        self._told[work.model.writes] = {
            "engine": "spark",
            "server": self.engine.spark,
            "workers": len({bucket["host"] for bucket in told}),
            "retries": len(list(out.glob(f"*{_BEGUN}"))) - work.parts,
            "seconds_of_workers": sum(bucket["seconds"] for bucket in told),
        }
        for bucket in range(work.parts):
            yield pl.read_parquet(out / f"{bucket}.parquet")
        shutil.rmtree(out)

    def close(self) -> None:
        """Leave the server, and nothing in the exchange."""
        if self._session is not None:
            self._session.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _connected(self) -> Any:
        """The session, once it is known that the workers are fit for it."""
        if self._session is None:
            try:
                from pyspark.sql import SparkSession
                from pyspark.sql.connect.client.retries import DefaultPolicy

                session: Any = SparkSession.builder.remote(self.engine.spark).getOrCreate()
            except ImportError as error:
                raise EngineFailed(
                    f"engine: spark needs the extra spark ({error}); install policypulse[spark], or write engine: local"
                ) from None
            # By itself it would ask a server that is gone for ten minutes.
            session.client.set_retry_policies([DefaultPolicy(max_retries=6, max_backoff=10_000)])
            self._refuse_unfit(session)
            self._session = session
        return self._session

    def _refuse_unfit(self, session: Any) -> None:
        """Raise EngineFailed if workers run other versions than this process or do not see the exchange."""
        token, folder = str(uuid4()), self.folder
        (folder / _TOKEN).write_text(token)

        def look(batches: Iterator[Any]) -> Iterator[Any]:
            from platform import node

            import pyarrow as pa

            for _ in batches:
                try:
                    from orchestration.spark import versions
                except ImportError as error:
                    found = f"cannot import policypulse ({error})"
                else:
                    found = versions()
                seen = folder / "token"
                sees = seen.is_file() and seen.read_text() == token
                told = {"host": node(), "versions": found, "sees_exchange": sees}
                yield pa.RecordBatch.from_pylist([told])

        some = min(self.engine.buckets, 8)
        for worker in session.range(0, some, 1, some).mapInArrow(look, VERSIONS).toArrow().to_pylist():
            place = f"a worker of {self.engine.spark} ({worker['host']})"
            if worker["versions"] != versions():
                raise EngineFailed(
                    f"{place} has {worker['versions']}, this process {versions()}; "
                    "install the same wheel and lock there, or write engine: local"
                )
            if not worker["sees_exchange"]:
                raise EngineFailed(
                    f"{place} does not see {folder.parent}, the exchange; mount it there under this path"
                )

    @contextmanager
    def _telling(self, table: str) -> Iterator[None]:
        """Have what Spark raises told as one line for people."""
        try:
            yield
        except EngineFailed:
            raise
        except Exception as error:
            raise EngineFailed(
                f"{self.engine.spark}: {table} could not be made there: {str(error).strip().partition(chr(10))[0]}; "
                "look at the server's log, run again, or write engine: local"
            ) from error


def versions() -> str:
    """What has to be the same here and on a worker, so that rows are the same."""
    return f"Python {python_version()}, Polars {pl.__version__}, policypulse {code_fingerprint()[:12]}"


def written(work: Work, bucket: int, out: Path) -> dict[str, Any]:
    """Write the rows of one bucket, all or none, and tell what became of it; workers may do so more than once."""
    begin = perf_counter()
    told = {"bucket": bucket, "rows": 0, "host": node(), "failure": None}
    # Kept whatever becomes of it: one that is killed may still write its rows, and is counted all the same.
    begun = out / f"{bucket}.{uuid4()}{_BEGUN}"
    begun.touch()
    try:
        rows = work.rows(bucket)
    except EngineFailed as failure:
        told["failure"] = f"{failure} (on {node()}, process {sys.executable})"
    else:
        aside = begun.with_suffix(".partial")
        rows.write_parquet(aside)
        aside.replace(out / f"{bucket}.parquet")
        told["rows"] = rows.height
    return {**told, "seconds": perf_counter() - begin}
