"""What a file may be, proposed from its profile: names and values decide together, and what is unsure says so."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from warehouse.contract import contracts
from warehouse.landing.mapping import FeedSource
from warehouse.landing.mapping_check import mapping_errors
from warehouse.landing.names import ITSELF, PART, SYNONYM, likeness
from warehouse.landing.profiles import ColumnProfile, FileProfile, encoding_of, profile
from warehouse.landing.proposal import candidates, proposals
from warehouse.landing.proposed_yaml import source_lines

DAYS = {"formats": ("",), "last_day": date(2025, 6, 30)}
EITHER_FIRST = {"formats": ("%d/%m/%Y", "%m/%d/%Y"), "last_day": date(2025, 12, 6)}
DAY_FIRST = {"formats": ("%d/%m/%Y",), "last_day": date(2025, 6, 30)}


def column(name: str, *, filled: int = 100, distinct: int = 100, **seen: object) -> ColumnProfile:
    return ColumnProfile(name, 100, filled, distinct, **seen)  # type: ignore[arg-type]


def codes(name: str, *values: str) -> ColumnProfile:
    return column(name, distinct=len(values), values=values)


def file(*columns: ColumnProfile, name: str = "a.csv") -> FileProfile:
    return FileProfile(name, date(2025, 7, 1), columns, rows=100)


def mapped(looked_at: FileProfile, feed: str | None = None) -> dict[str, tuple[object, bool]]:
    (source, *_) = proposals(looked_at, contracts(), feed)
    return {one.target: (one.origin.get("column"), one.is_sure) for one in source.columns}


@pytest.mark.parametrize(
    ("written", "names", "expected"),
    [
        ("receivedAt", ["received_on"], ITSELF),
        ("CLOSED DT", ["closed_on"], ITSELF),
        ("结案日期", ["closed_on", "结案日期"], SYNONYM),
        ("Complaint-No.", ["complaint_id"], ITSELF),
        ("date of complaint closed by branch", ["closed_on"], PART),
        ("date", ["closed_on"], 0),
        ("Status", ["event_at"], 0),
    ],
)
def test_names_are_alike_without_case_signs_and_endings(written, names, expected):
    assert likeness(written, names)[0] == expected


def test_a_name_alone_does_not_make_a_day_an_amount_or_a_yes_and_no():
    complaints, policies = contracts()["complaints"], contracts()["policies"]
    assert candidates(column("closed_date"), complaints) == []
    assert candidates(column("sum_insured"), policies) == []
    assert candidates(codes("via_regulator", "North", "South"), complaints) == []
    assert [one.target for one in candidates(column("closed_date", **DAYS), complaints)] == ["closed_on"]


def test_days_that_may_begin_with_day_or_month_are_unsure_unless_another_column_tells():
    complaints = contracts()["complaints"]
    (alone,) = candidates(column("closed", **EITHER_FIRST), complaints)
    assert not alone.is_sure
    (told,) = candidates(column("closed", **EITHER_FIRST), complaints, day_first=False)
    assert (told.is_sure, told.origin["format"]) == (True, "%m/%d/%Y")
    log = file(column("complaint no"), column("received", **DAY_FIRST), column("closed", **EITHER_FIRST))
    assert mapped(log)["closed_on"] == ("closed", True)


def test_a_code_that_nobody_knows_is_told_by_its_name_and_makes_the_column_unsure():
    complaints = contracts()["complaints"]
    (known,) = candidates(codes("Result", "Justified", "不成立"), complaints)
    assert (known.is_sure, known.origin["codes"]) == (True, {"Justified": "upheld", "不成立": "not_upheld"})
    (unknown,) = candidates(codes("Result", "Justified", "Z9"), complaints)
    assert (unknown.is_sure, set(unknown.code_doubts)) == (False, {"Z9"})


def test_two_columns_for_one_are_unsure():
    log = file(
        *(column("complaint no"), column("received", **DAYS)),
        *(column("date closed", **DAYS), column("resolution date", **DAYS)),
    )
    assert mapped(log)["closed_on"][1] is False


def test_a_number_that_repeats_is_no_sure_key():
    log = file(column("complaint no", distinct=60), column("received", **DAYS))
    assert mapped(log)["complaint_id"] == ("complaint no", False)


def test_the_events_of_a_claim_may_stand_side_by_side():
    looked_at = file(
        *(
            column("赔案号"),
            column("出险日期", **DAYS),
            column("报案时间", **DAYS),
            column("支付时间", **DAYS),
        )
    )
    (source,) = proposals(looked_at, contracts())
    assert source.feed == "claim_events"
    assert source.wide
    assert {cell.target: cell.origin["column"] for cell in source.wide.cells} == {
        "reported": "报案时间",
        "paid": "支付时间",
    }


@pytest.mark.parametrize(
    ("feed", "written", "expected"),
    [
        (
            "service_orders",
            [
                column("work order"),
                codes("服务类型", "道路救援", "回访"),
                column("下单时间", **DAYS),
                column("完成时间", **DAYS),
                codes("result", "完成", "失败"),
                codes("service channel", "WeChat", "hotline"),
            ],
            {
                "order_id": "work order",
                "kind": "服务类型",
                "ordered_at": "下单时间",
                "completed_at": "完成时间",
                "outcome": "result",
                "service_channel": "service channel",
            },
        ),
        (
            "applications",
            [
                column("投保单号"),
                column("提交时间", **DAYS),
                column("underwriting date", **DAYS),
                codes("核保结论", "标准体", "拒保"),
            ],
            {
                "application_id": "投保单号",
                "submitted_at": "提交时间",
                "decided_at": "underwriting date",
                "decision": "核保结论",
            },
        ),
    ],
)
def test_the_columns_of_service_are_known_by_what_insurers_call_them(feed, written, expected):
    source = proposals(file(*written), contracts(), feed)[0]
    assert {one.target: one.origin["column"] for one in source.columns} == expected
    for one in source.columns:
        known = contracts()[feed].columns[one.target].known_codes
        assert set(one.origin.get("codes", {}).values()) <= set(known)


def test_a_file_of_something_else_is_proposed_for_nothing():
    assert proposals(file(column("emp"), column("salary"), column("hired", **DAYS)), contracts()) == []


KINDS = st.sampled_from(
    [
        *({}, DAYS, EITHER_FIRST, DAY_FIRST, {"whole": True, "numeric": True, "low": 1.0, "high": 7.0}),
        {"values": ("yes", "no"), "distinct": 2},
        {"values": ("Lapsed", "paid", "x: #1", "null"), "distinct": 4},
    ]
)
NAMES = st.sampled_from(
    [
        *(
            "complaint no",
            "claim: id",
            "policy",
            "received",
            "closed date",
            "reported at",
            "paid date",
            "结案日期",
        ),
        *(
            "event",
            "status",
            "term_date",
            "due date",
            "premium",
            "month",
            "score",
            "Q1 #",
            "*",
            "yes",
            "branch",
            "id",
        ),
    ]
)
FILES = st.dictionaries(NAMES, KINDS, min_size=1, max_size=9).map(
    lambda drawn: file(*(column(name, **seen) for name, seen in drawn.items()))
)


@given(FILES, st.none() | st.sampled_from(sorted(contracts())))
def test_what_is_written_meets_the_contract_and_marks_all_that_is_unsure(looked_at, feed):
    for source in proposals(looked_at, contracts(), feed):
        text = "\n".join(source_lines(source, looked_at, "a.csv"))
        read = yaml.safe_load(text)
        if source.missing:
            assert read is None
            continue
        active = FeedSource.model_validate(read[0])
        assert mapping_errors({source.feed: [active]}, contracts()) == []
        lines = text.splitlines()
        for one in source.columns:
            stated = [line for line in lines if line.strip("# ").startswith(f"{one.target}:")]
            assert stated
            if one.target in active.columns and not one.is_sure:
                assert "# unsure: " in stated[0]
            if one.is_sure:
                assert active.columns[one.target].column == one.origin["column"]


def test_every_proposed_code_is_one_of_the_contract():
    looked_at = replace(file(column("complaint no"), column("received", **DAYS)), name="complaints.csv")
    for code in ("upheld", "W", "Compromised"):
        extended = replace(looked_at, columns=(*looked_at.columns, codes("outcome", code)))
        (source,) = proposals(extended, contracts())
        (outcome,) = [one for one in source.columns if one.target == "outcome"]
        assert set(outcome.origin.get("codes", {}).values()) <= set(
            contracts()["complaints"].columns["outcome"].codes
        )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("赔案号,报案日期,结案日期", "utf-8"),
        ("赔案号,报案日期,结案日期,机构,渠道", "gb18030"),
        ("귀하의 성별을 선택해주세요,나이대", "cp949"),
        ("Schäden,Größe,Prämie,Zürich", "cp1252"),
    ],
)
def test_the_encoding_is_told_by_the_bytes(text, encoding):
    assert encoding_of(text.encode(encoding)) == encoding


def test_a_profile_reads_days_numbers_and_values_of_a_file(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text("no;day;sum;word\n1;13.02.2025;1.5;a\n2;01.03.2025;;a\n", encoding="utf-8")
    number, day, amount, word = profile(path).columns
    assert (number.is_unique, number.whole, number.formats) == (True, True, ())
    assert (day.formats, day.last_day, day.timed) == (("%d.%m.%Y",), date(2025, 3, 1), False)
    assert (amount.numeric, amount.whole, amount.filled) == (True, False, 1)
    assert (word.values, word.distinct) == (("a",), 1)
