"""What is published about each KPI stays as it is until somebody changes it on purpose.

`python -m tests.kpi.test_registry` writes the table anew; a change of what is computed needs a new version as well.
"""

import csv
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from transforms.dictionary import dictionary_rows
from transforms.kpi.registry import registry
from transforms.settings import Settings
from warehouse.catalogue import TABLES

PUBLISHED = Path(__file__).with_name("registry.csv")
SHOWN = ("kpi", "definition_version", "unit", "direction", "minimum", "horizon_days", "bases")
# A better example changes nothing that anybody computed.
EXAMPLE = ("example", "example_value", "example_rows")


def said() -> Iterator[list[str]]:
    """Each KPI by code: what a reader compares at once, and a digest of all that is published about it."""
    _, columns = TABLES["catalog.kpis"]
    switches = {kpi.code: kpi.switch for kpi in registry()}
    for row in sorted(dictionary_rows(Settings())):
        told = dict(zip(columns, row, strict=True))
        rest = [told[name] for name in columns if name not in EXAMPLE]
        text = json.dumps([*rest, switches[told["kpi"]]], ensure_ascii=False, default=str)
        yield [*(str(told[name]) for name in SHOWN), sha256(text.encode()).hexdigest()[:12]]


def test_what_is_published_about_kpis_is_what_was() -> None:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        before = {row[0]: row for row in csv.reader(file)}
    now = {row[0]: row for row in ((*SHOWN, "digest"), *said())}
    changed = [code for code in before.keys() | now.keys() if before.get(code) != list(now.get(code, ()))]
    assert not changed, f"was this meant? python -m {__spec__.name} takes it over"


if __name__ == "__main__":
    with PUBLISHED.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([(*SHOWN, "digest"), *said()])
