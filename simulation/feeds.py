"""How each feed goes wrong and how it is written to files: CSV, some of it gzipped, Parquet, NDJSON.

The rows themselves are made in the modules named after the records.
"""

import gzip
from dataclasses import replace
from pathlib import Path

import polars as pl

from simulation.hazards import CATEGORIES
from simulation.mess import Delivery, Faults

GZIP_UP_TO_ROWS = 200_000  # beyond, compressing costs more than the disk it saves

CLAIM_EVENTS = Faults(
    key=("EVT_ID",),
    recorded_at="REC_TS",
    rejected={
        "unknown_code": ("EVT", "ZZZ9"),
        "bad_date": ("TS", "2025-02-30 10:00:00"),
        "blank_key": ("CLAIM_NO", None),
    },
    wrong=lambda rows: rows.with_columns(pl.col("AMT") * 10, pl.col("TS") - pl.duration(hours=36)),
    correctable=pl.col("EVT").is_in(["DEC", "PAY"]),
    shown=("EVT", "TS", "AMT"),
    readable=pl.col("EVT") != "NOTE",
    file_of=pl.col("TS").dt.year(),
)
CLAIM_WORKFLOW = replace(
    CLAIM_EVENTS,
    wrong=lambda rows: rows.with_columns(pl.col("TS") + pl.duration(hours=9)),
    correctable=pl.lit(True),
    file_of=pl.lit(0),
)
COMPLAINTS = Faults(
    key=("id",),
    recorded_at="updatedAt",
    rejected={
        "unknown_code": ("result", "其他"),
        "bad_date": ("receivedOn", "2025/02/30"),
        "blank_key": ("id", None),
    },
    wrong=lambda rows: rows.with_columns(
        result=pl.when(pl.col("result") == "成立").then(pl.lit("不成立")).otherwise(pl.lit("成立"))
    ),
    correctable=pl.col("closedOn").is_not_null(),
    shown=("result",),
    date_format="%Y/%m/%d",
)
POLICIES = Faults(
    key=("POL_NO",),
    recorded_at="UPD_TS",
    rejected={
        "unknown_code": ("MODE", "X9"),
        "bad_date": ("EFF_DT", "20250230"),
        "blank_key": ("POL_NO", None),
    },
    wrong=lambda rows: rows.with_columns(
        CHAN=pl.when(pl.col("CHAN") == "agent").then(pl.lit("online")).otherwise(pl.lit("agent"))
    ),
    correctable=pl.lit(True),
    shown=("CHAN",),
    date_format="%Y%m%d",
)
PREMIUMS = Faults(
    key=("policy_id", "instalment_no"),
    recorded_at="recorded_at",
    rejected={"bad_date": ("due_on", "2025-02-30"), "blank_key": ("policy_id", None)},
    wrong=lambda rows: rows.with_columns(
        paid_on=pl.lit(None, dtype=pl.Date), paid_amount=pl.lit(None, dtype=pl.Float64)
    ),
    correctable=pl.col("paid_on").is_not_null(),
    shown=("paid_on", "paid_amount"),
)
POLICY_EVENTS = Faults(
    key=("EV_NO",),
    recorded_at="SYS_TS",
    rejected={
        "unknown_code": ("WHAT", "????"),
        "bad_date": ("EFF", "30/02/2025"),
        "blank_key": ("POL", None),
    },
    wrong=lambda rows: rows.with_columns(EFF=pl.col("EFF").dt.offset_by("-5d")),
    correctable=pl.lit(True),
    shown=("WHAT", "EFF"),
    date_format="%d/%m/%Y",
    datetime_format="%d/%m/%Y %H:%M:%S",
)
SURVEY_ANSWERS = Faults(
    key=("survey", "wave", "response_id", "question"),
    recorded_at="recorded_at",
    rejected={"blank_key": ("response_id", None)},
    wrong=lambda rows: rows.with_columns(
        score=pl.when(pl.col("score") == 1).then(pl.lit(2.0)).otherwise(pl.col("score") - 1)
    ),
    correctable=pl.col("score").is_between(1, 7) & pl.col("question").str.starts_with("SQ"),
    shown=("score",),
)

SURVEY_INVITATIONS = Faults(
    key=("survey", "wave", "invitation_id"),
    recorded_at="recorded_at",
    rejected={"unknown_code": ("disposition", "???"), "blank_key": ("invitation_id", None)},
    wrong=lambda rows: rows.with_columns(disposition=pl.lit("unknown")),
    correctable=pl.col("disposition") != "unknown",
    shown=("disposition",),
)
SERVICE_ORDERS = Faults(
    key=("ORDER_NO",),
    recorded_at="REC_TS",
    rejected={
        "unknown_code": ("KIND", "???"),
        "bad_date": ("ORDERED", "2025-02-30 10:00:00"),
        "blank_key": ("ORDER_NO", None),
    },
    wrong=lambda rows: rows.with_columns(RESULT=pl.lit("FAIL")),
    correctable=pl.col("RESULT") == "OK",
    shown=("RESULT",),
)
TEXTS = Faults(
    key=("msg_no",),
    recorded_at="updated",
    rejected={
        "unknown_code": ("kind", "其他"),
        "bad_date": ("day", "2025-02-30"),
        "blank_key": ("msg_no", None),
    },
    wrong=lambda rows: rows.with_columns(
        topic=pl.when(pl.col("topic") == "claims").then(pl.lit("sales")).otherwise(pl.lit("claims"))
    ),
    correctable=pl.col("topic").is_in(list(CATEGORIES)),
    shown=("topic",),
)
APPLICATIONS = Faults(
    key=("APP_NO",),
    recorded_at="REC_TS",
    rejected={
        "unknown_code": ("DECISION", "???"),
        "bad_date": ("STARTED", "2025-02-30 10:00:00"),
        "blank_key": ("APP_NO", None),
    },
    wrong=lambda rows: rows.with_columns(DECISION=pl.lit("DECL")),
    correctable=pl.col("DECISION") == "ACC",
    shown=("DECISION",),
)
AUDITS = Faults(
    key=("finding",),
    recorded_at="recorded_at",
    rejected={
        "unknown_code": ("kind", "??"),
        "bad_date": ("audited_on", "2025-02-30"),
        "blank_key": ("finding", None),
    },
    wrong=lambda rows: rows.with_columns(result=pl.lit(None, dtype=pl.String)),
    correctable=pl.col("result").is_not_null(),
    shown=("result",),
)
CONTACTS = Faults(
    key=("CONTACT_NO",),
    recorded_at="REC_TS",
    rejected={"unknown_code": ("MED", "FAX"), "blank_key": ("CONTACT_NO", None)},
    wrong=lambda rows: rows.with_columns(STARS=pl.lit(None, dtype=pl.Int8)),
    correctable=pl.col("STARS").is_not_null(),
    shown=("STARS",),
)


def write_csv(delivery: Delivery, faults: Faults, path: Path) -> str:
    """Writes rows, and the rejected ones at the end; gzipped if the path says so. Returns the file's name."""
    formats = {
        "date_format": faults.date_format,
        "datetime_format": faults.datetime_format,
        "float_precision": 2,
    }
    if path.suffix == ".gz":
        text = delivery.rows.write_csv(**formats) + delivery.rejected.write_csv(include_header=False)
        path.write_bytes(gzip.compress(text.encode(), compresslevel=1, mtime=0))
        return path.name
    with path.open("wb") as file:
        delivery.rows.write_csv(file, **formats)
        delivery.rejected.write_csv(file, include_header=False)
    return path.name


def write_by_file(delivery: Delivery, faults: Faults, folder: Path, stem: str, default: int) -> list[str]:
    """One CSV for each file that `faults` tells apart, `default` without a row; rejected rows go to the largest."""
    file = delivery.rows.select(file=faults.file_of)["file"]
    rows = dict(file.value_counts().sort("file").iter_rows()) or {default: 0}
    largest = max(rows, key=rows.__getitem__)
    none = delivery.rejected.clear()
    return [
        write_csv(
            Delivery(delivery.rows.filter(file == name), delivery.rejected if name == largest else none, {}),
            faults,
            folder / f"{stem}_{name}.csv",
        )
        for name in rows
    ]


def write_ndjson(delivery: Delivery, faults: Faults, path: Path) -> str:
    dated = delivery.rows.with_columns(
        pl.col(pl.Date).dt.to_string(faults.date_format),
        pl.col(pl.Datetime).dt.to_string(faults.datetime_format),
    )
    with path.open("wb") as file:
        dated.write_ndjson(file)
        delivery.rejected.with_columns(
            pl.col("viaRegulator") == "true", pl.col("appraisalDays").cast(pl.Int64)
        ).write_ndjson(file)
    return path.name


def write_parquet(delivery: Delivery, path: Path) -> str:
    def typed(name: str, dtype: pl.DataType) -> pl.Expr:
        if dtype == pl.Date:
            return pl.col(name).str.to_date()
        if dtype == pl.Datetime:
            return pl.col(name).str.to_datetime(time_unit="us")
        return pl.col(name).cast(dtype)

    rejected = delivery.rejected.select(typed(name, dtype) for name, dtype in delivery.rows.schema.items())
    pl.concat([delivery.rows, rejected]).write_parquet(path, statistics=False)
    return path.name
