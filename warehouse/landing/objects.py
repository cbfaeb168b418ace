"""Files in S3-compatible object storage: which of them a source's patterns name, and how one is fetched.

Where it is and with which keys it is asked says the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, …); what
becomes of a fetched file is in land_arrival.py, as of any other.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from warehouse.landing.errors import LandingError
from warehouse.landing.mapping import fits, is_passed_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from warehouse.landing.mapping import FeedSource

_CHUNK_BYTES = 1 << 20
_RETRIES_WITHIN = timedelta(seconds=60)
_MESSAGE = re.compile(r"<Message>(.+?)</Message>", re.DOTALL)


@dataclass(frozen=True)
class StoredObject:
    """An object as its bucket lists it."""

    url: str
    size_bytes: int
    mtime_ns: int


def stored_objects(source: FeedSource) -> list[StoredObject]:
    """The objects that a source's patterns name, in order of their names; `*` stands for no `/`.

    Raises LandingError, on one line, if the storage does not answer or its driver is missing.
    """
    found = {stored.url: stored for pattern in source.files for stored in _listed(pattern)}
    return [stored for url, stored in sorted(found.items()) if not is_passed_over(PurePosixPath(url), source)]


def fetch_object(url: str, path: Path) -> None:
    """Write an object into a file, piece by piece; raises LandingError as `stored_objects` does."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    with _asked(bucket) as (obstore, store), path.open("wb") as file:
        for chunk in obstore.get(store, key).stream(min_chunk_size=_CHUNK_BYTES):
            file.write(chunk)


def _listed(pattern: str) -> Iterator[StoredObject]:
    bucket, _, wanted = pattern.removeprefix("s3://").partition("/")
    parts = wanted.split("/")
    fixed = parts[
        : next((place for place, part in enumerate(parts[:-1]) if set(part) & set("*?[")), len(parts) - 1)
    ]
    with _asked(bucket) as (obstore, store):
        for page in obstore.list(store, "/".join(fixed)):
            for meta in page:
                names = meta["path"].split("/")
                if len(names) == len(parts) and all(map(fits, names, parts)):
                    changed = int(meta["last_modified"].timestamp() * 1_000_000) * 1_000
                    yield StoredObject(f"s3://{bucket}/{meta['path']}", meta["size"], changed)


@contextmanager
def _asked(bucket: str) -> Iterator[tuple[Any, Any]]:
    """The library and a bucket; what goes wrong with it becomes a LandingError."""
    try:
        import obstore
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError:
        lacking = "s3:// is read with obstore, which is not installed: pip install 'policypulse[storage]'"
        raise LandingError([lacking]) from None
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    try:
        yield (
            obstore,
            S3Store(
                bucket,
                client_options={"allow_http": plain},
                retry_config={"max_retries": 3, "retry_timeout": _RETRIES_WITHIN},
            ),
        )
    except (BaseError, OSError) as error:
        said = _MESSAGE.search(str(error))
        told = said[1] if said else str(error).splitlines()[0]
        raise LandingError(
            [f"the object storage does not give what is asked of s3://{bucket}: {told}"]
        ) from None
