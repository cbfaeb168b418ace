"""The mapping: its short and long forms, and every mistake told with the key path at which it stands."""

import subprocess
import sys
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from warehouse.contract import Contract, contracts
from warehouse.landing.mapping import FeedSource
from warehouse.landing.mapping_check import mapping_errors, personal_id_paths, referenced_columns

COMPLAINTS = """
files: complaints.csv
columns:
  complaint_id: NUMBER
  received_on: RECEIVED
"""


def source(text: str) -> FeedSource:
    return FeedSource.model_validate(yaml.safe_load(text))


def errors(feed: str, text: str) -> list[tuple[str, str]]:
    return mapping_errors({feed: [source(text)]}, contracts())


def test_contracts_are_read_in_their_order() -> None:
    assert set(contracts()) == {
        "actions",
        "applications",
        "audits",
        "calendar",
        "claim_events",
        "complaints",
        "contacts",
        "exposures",
        "indicator_values",
        "market_values",
        "org_units",
        "policies",
        "policy_events",
        "premiums",
        "service_orders",
        "survey_answers",
        "survey_invitations",
        "survey_questions",
        "targets",
        "texts",
    }
    premiums = contracts()["premiums"]
    assert [(name, column.duckdb_type) for name, column in premiums.columns.items()] == [
        ("policy_id", "VARCHAR"),
        ("instalment_no", "BIGINT"),
        ("due_on", "DATE"),
        ("due_amount", "DECIMAL(18,2)"),
        ("paid_on", "DATE"),
        ("paid_amount", "DECIMAL(18,2)"),
        ("recorded_at", "TIMESTAMPTZ"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": {"a": {"type": "txt", "description": "A."}}},
        {"columns": {"a": {"type": "text", "description": "A.", "requred": True}}},
        {"columns": {"a": {"type": "code", "description": "A."}}},
        {"key": []},
    ],
)
def test_a_wrong_contract_is_refused(wrong: dict[str, Any]) -> None:
    right = {
        "feed": "f",
        "description": "F.",
        "key": ["a"],
        "columns": {"a": {"type": "text", "description": "A."}},
    }
    Contract.model_validate(right)
    with pytest.raises(ValidationError):
        Contract.model_validate(right | wrong)


def test_short_and_long_forms_mean_the_same() -> None:
    short = source("{files: a.csv, columns: {received_on: DAY}}")
    long = source("{files: [a.csv], columns: {received_on: {column: DAY}}}")
    assert short == long
    assert short.max_reject_share == 0.05
    assert source("{files: a.csv, columns: {wave: {constant: 2025}}}").columns["wave"].constant == "2025"


def test_codes_may_be_words_that_yaml_takes_for_booleans_or_numbers() -> None:
    codes = source(
        "{files: a.csv, columns: {outcome: {column: O, codes: {Yes: upheld, no: not_upheld, 3: null}}}}"
    )
    read = codes.columns["outcome"].codes
    assert read is not None
    assert (read["Yes"], read["no"], read["3"]) == ("upheld", "not_upheld", None)
    quoted = source(
        "{files: a.csv, columns: {outcome: {column: O, codes: {true: upheld, 'Yes': withdrawn}}}}"
    )
    written = quoted.columns["outcome"].codes
    assert written is not None
    assert (written["true"], written["Yes"]) == ("upheld", "withdrawn")


def test_a_column_that_yaml_takes_for_a_boolean_is_told_so() -> None:
    for text in ("{files: a.csv, columns: {a: NO}}", "{files: a.csv, columns: {a: {column: NO}}}"):
        with pytest.raises(ValidationError, match="put it in quotes"):
            source(text)
    assert source("{files: a.csv, columns: {a: 'NO', b: 2025}}").columns["b"].column == "2025"


@pytest.mark.parametrize(
    "text",
    [
        "{columns: {a: b}}",
        "{files: a.csv, database: {connection: x, query: y}}",
        "{files: a.csv, colums: {a: b}}",
        "{files: a.csv, columns: {a: {column: b, constant: c}}}",
        "{files: a.csv, columns: {a: {codes: {b: c}}}}",
        "{files: a.csv, columns: {a: {sql: b, optional: true}}}",
        "{files: a.csv, columns: {a: {column: b, other: keep}}}",
        "{files: a.csv, columns: {a: {column: b, codes: {'*': c}, other: keep}}}",
        "{files: a.csv, max_reject_share: 5}",
        "{files: a.csv, wide: {into: event, at: event_at, value: event_at, from: {paid: P}}}",
        "{files: a.csv, wide: {into: event, at: event_at, from: {}}}",
    ],
)
def test_a_malformed_source_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        source(text)


def test_a_right_mapping_has_no_errors() -> None:
    assert errors("complaints", COMPLAINTS) == []
    wide = """
    files: claims.csv
    columns: {claim_id: NUMBER, amount: {sql: "CAST(PAID AS DOUBLE) / 100"}}
    where: "STATE <> 'test'"
    wide: {into: event, at: event_at, from: {reported: R, paid: {column: P, format: "%d.%m.%Y"}}}
    """
    assert errors("claim_events", wide) == []


@pytest.mark.parametrize(
    ("feed", "text", "path", "said"),
    [
        ("complaint", COMPLAINTS, "feeds.complaint", "did you mean 'complaints'?"),
        (
            "complaints",
            "{files: a, columns: {complaint_id: N}}",
            "feeds.complaints[0].columns",
            "received_on",
        ),
        ("exposures", "{files: a, columns: {org_unit: O}}", "feeds.exposures[0].columns", "key column month"),
        (
            "complaints",
            COMPLAINTS + "  closed_at: C",
            "feeds.complaints[0].columns.closed_at",
            "did you mean 'closed_on'?",
        ),
        (
            "complaints",
            COMPLAINTS + "  outcome: {column: O, codes: {J: uphold}}",
            "feeds.complaints[0].columns.outcome.codes.J",
            "did you mean 'upheld'?",
        ),
        (
            "complaints",
            COMPLAINTS.replace("NUMBER", '{column: NUMBER, codes: {"-": null}, other: keep}'),
            "feeds.complaints[0].columns.complaint_id.codes.-",
            "to leave the row out write skip",
        ),
        (
            "complaints",
            COMPLAINTS + "  outcome: {column: O, codes: {J: skip}, other: keep}",
            "feeds.complaints[0].columns.outcome.other",
            "no other code than upheld",
        ),
        (
            "complaints",
            COMPLAINTS + "  appraisal_days: {column: D, codes: {none: zero}}",
            "feeds.complaints[0].columns.appraisal_days.codes.none",
            "not a whole number",
        ),
        (
            "complaints",
            COMPLAINTS + "  outcome: {constant: won}",
            "feeds.complaints[0].columns.outcome.constant",
            "unknown code 'won'",
        ),
        (
            "complaints",
            COMPLAINTS + "  appraisal_days: {constant: many}",
            "feeds.complaints[0].columns.appraisal_days.constant",
            "not a whole number",
        ),
        (
            "complaints",
            COMPLAINTS + "  closed_on: {constant: '2025-02-30'}",
            "feeds.complaints[0].columns.closed_on.constant",
            "not a date",
        ),
        (
            "complaints",
            COMPLAINTS + "  closed_on: {row_number: true}",
            "feeds.complaints[0].columns.closed_on.row_number",
            "does not make a date",
        ),
        (
            "complaints",
            COMPLAINTS + "  closed_on: {column: C, format: dd/mm/yyyy}",
            "feeds.complaints[0].columns.closed_on.format",
            "not a strptime format",
        ),
        (
            "complaints",
            COMPLAINTS + "  category: {column: C, format: '%Y'}",
            "feeds.complaints[0].columns.category.format",
            "formats are for dates",
        ),
        (
            "complaints",
            COMPLAINTS + "  recorded_at: {column: C, time_zone: Asia/Shanghia}",
            "feeds.complaints[0].columns.recorded_at.time_zone",
            "did you mean 'Asia/Shanghai'?",
        ),
        (
            "complaints",
            COMPLAINTS.replace("NUMBER", "{column: NUMBER, optional: true}"),
            "feeds.complaints[0].columns.complaint_id.optional",
            "required",
        ),
        (
            "complaints",
            COMPLAINTS + "  category: {sql: 'A ||'}",
            "feeds.complaints[0].columns.category.sql",
            "not a SQL expression",
        ),
        (
            "complaints",
            COMPLAINTS + "where: 'A = (select max(A) from t)'",
            "feeds.complaints[0].where",
            "no subquery",
        ),
        (
            "complaints",
            COMPLAINTS.replace("complaints.csv", "'*.xlsx'") + "csv: {skip: 2}",
            "feeds.complaints[0].csv.skip",
            "is for text files and this is xlsx; lines above the header of any file are `skip`",
        ),
        (
            "complaints",
            COMPLAINTS + "sheet: Log",
            "feeds.complaints[0].sheet",
            "for workbooks and this is csv",
        ),
        (
            "complaints",
            COMPLAINTS.replace("complaints.csv", "a.PARQUET") + "skip: 1",
            "feeds.complaints[0].skip",
            "this is parquet",
        ),
        ("complaints", COMPLAINTS + "csv: {encoding: gbq}", "feeds.complaints[0].csv.encoding", "gbk"),
        (
            "complaints",
            COMPLAINTS + "time_zone: Mars/Base",
            "feeds.complaints[0].time_zone",
            "unknown time zone",
        ),
    ],
)
def test_a_mistake_is_told_with_its_key_path(feed: str, text: str, path: str, said: str) -> None:
    found = errors(feed, text)
    assert [where for where, _ in found] == [path]
    assert said in found[0][1]


@pytest.mark.parametrize(
    ("wide", "path", "said"),
    [
        ("{into: evnt, at: event_at, from: {paid: P}}", "wide.into", "did you mean 'event'?"),
        ("{into: event, at: events, from: {paid: P}}", "wide.at", "no column 'events'"),
        ("{into: event, at: event_at, from: {payed: P}}", "wide.from.payed", "did you mean 'paid'?"),
        ("{into: event, at: event_at, from: {paid: {constant: x}}}", "wide.from.paid", "a column or a sql"),
        ("{into: event_at, at: event, from: {paid: P}}", "wide.into", "must be a code or text"),
    ],
)
def test_wide_mistakes(wide: str, path: str, said: str) -> None:
    found = errors("claim_events", f"{{files: a.csv, columns: {{claim_id: N}}, wide: {wide}}}")
    assert any(where == f"feeds.claim_events[0].{path}" and said in message for where, message in found), (
        found
    )


def test_a_wide_column_cannot_be_mapped_twice() -> None:
    text = "{files: a, columns: {claim_id: N, event: E}, wide: {into: event, at: event_at, from: {paid: {column: P}}}}"
    assert errors("claim_events", text) == [
        ("feeds.claim_events[0].columns.event", "event comes from wide.into and cannot be mapped twice")
    ]


def test_personal_ids_are_listed_for_the_key() -> None:
    feeds = {"complaints": [source(COMPLAINTS), source(COMPLAINTS + "  customer_id: C")]}
    assert personal_id_paths(feeds, contracts()) == ["feeds.complaints[1].columns.customer_id"]


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ('CAST("issue.date" AS DATE) + CAST(duration AS INTEGER)', ["issue.date", "duration"]),
        ("CASE WHEN A = 'x' THEN B ELSE A END", ["A", "B"]),
        ("DATE '2025-01-01'", []),
    ],
)
def test_columns_of_an_expression(sql: str, columns: list[str]) -> None:
    assert referenced_columns(sql) == columns


@pytest.mark.parametrize(
    "sql",
    [
        "1), (2",
        "1; DROP TABLE x",
        "a) FROM t WHERE (true",
        "sum(a)",
        "row_number() OVER ()",
        "(SELECT 1)",
        "*",
        "t.a",
    ],
)
def test_what_is_no_scalar_expression(sql: str) -> None:
    with pytest.raises(ValueError, match=r"SQL|scalar|one row|double quotes"):
        referenced_columns(sql)


def test_the_fingerprint_follows_what_rows_mean_and_nothing_else() -> None:
    base = source(COMPLAINTS)
    same = source(COMPLAINTS.replace("complaints.csv", "other/*.csv") + "max_reject_share: 0.5")
    assert base.fingerprint("Asia/Shanghai") == same.fingerprint("Asia/Shanghai")
    changed = [
        base.fingerprint("UTC"),
        source(COMPLAINTS.replace("RECEIVED", "CAME")).fingerprint("Asia/Shanghai"),
        source(COMPLAINTS + "where: A = 1").fingerprint("Asia/Shanghai"),
        source(COMPLAINTS + "csv: {skip: 1}").fingerprint("Asia/Shanghai"),
    ]
    assert len({base.fingerprint("Asia/Shanghai"), *changed}) == 5


def test_reading_a_mapping_stays_light() -> None:
    code = (
        "import sys; import warehouse.landing.mapping, warehouse.landing.mapping_check, warehouse.contract;"
        "print(sorted({'duckdb', 'polars', 'numpy', 'sqlglot'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "sql",
    ["random()", "coalesce(a, now())", "current_date", "today() - a", "uuid()", "age(a)", "getenv('HOME')"],
)
def test_sql_that_gives_another_value_each_time_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match="gives another value each time"):
        referenced_columns(sql)


def test_sql_of_the_columns_alone_is_taken() -> None:
    assert referenced_columns("age(a, b) + date_diff('day', version, a)") == ["a", "b", "version"]
