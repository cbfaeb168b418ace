"""The simulated insurer: its files hold what truth.json says, and its hazards are where it says they are."""

import filecmp
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
import yaml

from simulation import claims_truth, simulate
from simulation.clock import WORK_DONE, Window, at_work, months_later
from simulation.distributions import even_points, lognormal_cdf, rounded_mean
from simulation.hazards import CLAIMS, DIMENSIONS, POLICIES, SURVEYS
from simulation.organisation import branch_count
from simulation.policy_truth import DURATIONS_MONTHS, persistency_by_line_and_channel

CONTRACTS = Path(__file__).parents[2] / "warehouse" / "contracts"
AFTER_AS_OF = pl.datetime(2026, 1, 1)
# A correct simulator fails a bound of four standard errors once in 16,000 draws.
SIGMAS = 4.0


class Insurer(NamedTuple):
    folder: Path
    truth: dict

    def text(self, feed: str) -> pl.DataFrame:
        """All files of a feed as text, read without any of the project's code."""
        paths = [self.folder / "feeds" / name for name in self.truth["feeds"][feed]["files"]]
        if paths[0].suffix == ".ndjson":
            return pl.read_ndjson(paths[0], infer_schema_length=None).with_columns(pl.all().cast(pl.String))
        if paths[0].suffix == ".parquet":
            return pl.read_parquet(paths[0])
        return pl.concat(pl.read_csv(path, infer_schema=False) for path in paths)


@pytest.fixture(scope="module")
def insurer(tmp_path_factory: pytest.TempPathFactory) -> Insurer:
    folder = tmp_path_factory.mktemp("insurer")
    return Insurer(folder, simulate(folder, policies=4000, months=12, seed=11))


@pytest.fixture(scope="module")
def smaller(tmp_path_factory: pytest.TempPathFactory) -> Insurer:
    folder = tmp_path_factory.mktemp("smaller")
    return Insurer(folder, simulate(folder, policies=2000, months=12, seed=3))


class Layout(NamedTuple):
    """What a reader must know of a feed to find its faults: keys, instant of recording, codes, formats."""

    key: list[str]
    required: str
    code: str | None
    unknown: str | None
    date: str
    date_format: str
    recorded_at: str
    recorded_format: str = "%Y-%m-%d %H:%M:%S"


LAYOUTS = {
    "audits": Layout(["finding"], "finding", "kind", "??", "audited_on", "%Y-%m-%d", "recorded_at"),
    "claim_events": Layout(["EVT_ID"], "CLAIM_NO", "EVT", "ZZZ9", "TS", "%Y-%m-%d %H:%M:%S", "REC_TS"),
    "complaints": Layout(["id"], "id", "result", "其他", "receivedOn", "%Y/%m/%d", "updatedAt"),
    "policies": Layout(["POL_NO"], "POL_NO", "MODE", "X9", "EFF_DT", "%Y%m%d", "UPD_TS"),
    "premiums": Layout(
        ["policy_id", "instalment_no"], "policy_id", None, None, "due_on", "%Y-%m-%d", "recorded_at"
    ),
    "policy_events": Layout(
        ["EV_NO"], "POL", "WHAT", "????", "EFF", "%d/%m/%Y", "SYS_TS", "%d/%m/%Y %H:%M:%S"
    ),
}


def accepted(rows: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows without a fault, dates parsed, and how many were refused for which reason."""
    parsed = rows.with_columns(
        pl.col(layout.date).str.to_datetime(layout.date_format, strict=False),
        pl.col(layout.recorded_at).str.to_datetime(layout.recorded_format),
    )
    faults = {"bad_date": pl.col(layout.date).is_null(), "blank_key": pl.col(layout.required).is_null()}
    if layout.code:
        faults["unknown_code"] = (pl.col(layout.code) == layout.unknown).fill_null(False)
    counts = {reason: int(parsed.select(fault.sum()).item()) for reason, fault in faults.items()}
    return parsed.filter(~pl.any_horizontal(faults.values())), counts


def latest(rows: pl.DataFrame, key: list[str], recorded_at: str) -> pl.DataFrame:
    return rows.sort(recorded_at).unique(key, keep="last", maintain_order=True)


@pytest.fixture(scope="module")
def clean(insurer: Insurer) -> dict[str, pl.DataFrame]:
    """Each feed as it truly was: faulty rows dropped, the latest record of each key."""
    return {
        feed: latest(accepted(insurer.text(feed), layout)[0], layout.key, layout.recorded_at)
        for feed, layout in LAYOUTS.items()
    }


def test_same_seed_gives_same_bytes(smaller: Insurer, tmp_path: Path) -> None:
    again = simulate(tmp_path, policies=2000, months=12, seed=3)
    assert again == smaller.truth
    names = [path.relative_to(smaller.folder) for path in smaller.folder.rglob("*") if path.is_file()]
    _, differing, missing = filecmp.cmpfiles(smaller.folder, tmp_path, names, shallow=False)
    assert len(names) == len([path for path in tmp_path.rglob("*") if path.is_file()])
    assert (differing, missing) == ([], [])


def test_another_seed_is_another_insurer(insurer: Insurer, smaller: Insurer) -> None:
    assert smaller.truth["organisation"]["base_quality"] != insurer.truth["organisation"]["base_quality"]
    keys = [(each.folder / "pseudonym.key").read_text().strip() for each in (insurer, smaller)]
    assert keys[0] != keys[1]
    assert [len(bytes.fromhex(key)) for key in keys] == [32, 32]


@pytest.mark.parametrize("feed", LAYOUTS)
def test_mess_is_in_the_files_as_stated(insurer: Insurer, feed: str) -> None:
    layout, stated = LAYOUTS[feed], insurer.truth["feeds"][feed]
    rows = insurer.text(feed)
    assert len(rows) == stated["rows_written"]
    good, refused = accepted(rows, layout)
    assert {reason: count for reason, count in refused.items() if count} == stated["rows_rejected"]
    # At least three rows go wrong in each way, however short the feed.
    assert sum(refused.values()) <= max(0.01 * len(rows), 9)
    distinct = good.unique()
    assert len(good) - len(distinct) == stated["duplicates"] > 0
    versions = distinct.group_by(layout.key).agg(
        pl.len(), pl.col(layout.recorded_at).n_unique().alias("times")
    )
    assert len(versions) == stated["distinct_keys"]
    assert (versions["len"] == 2).sum() == (versions["times"] == 2).sum() == stated["corrections"] > 0
    seen = distinct.filter(pl.col(layout.recorded_at) < AFTER_AS_OF)
    assert seen.n_unique(layout.key) == stated["distinct_keys_by_as_of"]
    assert len(distinct) - len(seen) == stated["late_after_as_of"] > 0


def test_corrected_records_end_at_the_stated_value(insurer: Insurer, clean: dict[str, pl.DataFrame]) -> None:
    assert all(insurer.truth["feeds"][feed]["corrected"] for feed in ("policies", "claim_events"))
    for row in insurer.truth["feeds"]["policies"]["corrected"]:
        assert (
            clean["policies"].row(by_predicate=pl.col("POL_NO") == row["POL_NO"], named=True)["CHAN"]
            == row["CHAN"]
        )
    for row in insurer.truth["feeds"]["claim_events"]["corrected"]:
        final = clean["claim_events"].row(by_predicate=pl.col("EVT_ID") == row["EVT_ID"], named=True)
        assert (final["EVT"], float(final["AMT"] or "nan")) == pytest.approx(
            (row["EVT"], float(row["AMT"] or "nan")), nan_ok=True
        )


def test_late_records_are_counted(insurer: Insurer, clean: dict[str, pl.DataFrame]) -> None:
    events = clean["claim_events"].filter(pl.col("REC_TS") < AFTER_AS_OF)
    late = events.filter(pl.col("REC_TS") - pl.col("TS") >= pl.duration(days=3))
    assert len(late) == insurer.truth["feeds"]["claim_events"]["late"]


def test_notes_are_skipped_and_counted(insurer: Insurer) -> None:
    notes = insurer.text("claim_events").filter(pl.col("EVT") == "NOTE")
    assert len(notes) == insurer.truth["feeds"]["claim_events"]["rows_skipped_notes"]
    # None of them is faulty, so that skipped and rejected rows are not confused.
    assert notes["CLAIM_NO"].null_count() == 0
    assert "2025-02-30 10:00:00" not in notes["TS"]


def test_claims_decided_before_their_report_are_named(
    insurer: Insurer, clean: dict[str, pl.DataFrame]
) -> None:
    claims = spells(clean["claim_events"])
    early = claims.filter(pl.col("DEC") < pl.col("RPT"))["CLAIM_NO"].sort().to_list()
    stated = insurer.truth["feeds"]["claim_events"]
    assert early == stated["out_of_order"]
    assert len(early) == stated["out_of_order_claims"] > 0


def test_survey_answers_mess(insurer: Insurer) -> None:
    stated = insurer.truth["feeds"]["survey_answers"]
    rows = insurer.text("survey_answers")
    assert len(rows) == stated["rows_written"]
    good = rows.filter(pl.col("response_id").is_not_null())
    assert len(rows) - len(good) == stated["rows_rejected"]["blank_key"]
    distinct = good.unique()
    assert len(good) - len(distinct) == stated["duplicates"]
    assert len(distinct) - distinct.n_unique(["wave", "response_id", "question"]) == stated["corrections"]


def test_contacts_mess(insurer: Insurer) -> None:
    stated, rows = insurer.truth["feeds"]["contacts"], insurer.text("contacts")
    assert len(rows) == stated["rows_written"]
    known = rows.filter(pl.col("CONTACT_NO").is_not_null())
    good = known.filter(pl.col("MED") != "FAX")
    refused = {"unknown_code": len(known) - len(good), "blank_key": len(rows) - len(known)}
    assert refused == stated["rows_rejected"]
    distinct = good.unique()
    assert len(good) - len(distinct) == stated["duplicates"] > 0
    assert len(distinct) - distinct.n_unique("CONTACT_NO") == stated["corrections"] > 0
    slipped = distinct.filter(pl.col("TAKEN") < pl.col("ASKED"))
    assert set(slipped["CONTACT_NO"]) == set(stated["answered_before_offered"])


def spells(events: pl.DataFrame) -> pl.DataFrame:
    """One row per claim: when its first spell was reported, decided and so on."""
    kinds = ("RPT", "DOCOK", "DEC", "PAY", "WDR", "CAN")
    return (
        events.filter(pl.col("SPELL") == "1")
        .group_by("CLAIM_NO")
        .agg(
            *(pl.when(pl.col("EVT") == kind).then("TS").min().alias(kind) for kind in kinds),
            pl.col("RESULT", "BRANCH", "TYPE").max(),
        )
    )


def test_persistency_recounted_from_premiums(insurer: Insurer, clean: dict[str, pl.DataFrame]) -> None:
    """Insurance Law of the PRC art. 36: paid within 60 days of the due date; art. 202 of the Civil Code: due."""
    exits = (
        clean["policy_events"]
        .filter(pl.col("WHAT").is_in(["FLCX", "DETH", "CLMT", "TROT"]))
        .group_by("POL")
        .agg(left="EFF")
        .select("POL", pl.col("left").list.min())
    )
    premiums = clean["premiums"].select(
        "policy_id", due="due_on", paid=pl.col("paid_on").str.to_datetime("%Y-%m-%d")
    )
    for months in DURATIONS_MONTHS:
        due = (
            clean["policies"]
            .filter((pl.col("MODE") != "S") & (pl.col("PREM_TERM").cast(pl.Int64) >= months))
            .with_columns(due=pl.col("EFF_DT").dt.offset_by(f"{months - 1}mo"))
            .with_columns(grace_end=pl.col("due") + pl.duration(days=60))
            .filter(pl.col("grace_end") <= pl.date(2025, 12, 31))
            .join(exits, left_on="POL_NO", right_on="POL", how="left")
            .filter(pl.col("left").is_null() | (pl.col("left") > pl.col("grace_end")))
            .join(premiums, left_on=["POL_NO", "due"], right_on=["policy_id", "due"], how="left")
        )
        paid = int((due["paid"] <= due["grace_end"]).sum())
        realised = insurer.truth["realised"]["persistency"][f"{months}m"]
        assert {"persisting": paid, "eligible": len(due)} == realised
        expected = insurer.truth["kpis"][f"persistency_{months}m_policy_share"]["company"]
        share = sum(expected["numerator"]) / sum(expected["denominator"])
        error = math.sqrt(share * (1 - share) / len(due))
        assert abs(paid / len(due) - share) < SIGMAS * error
        rolling = insurer.truth["kpis"][f"persistency_{months}m_policy_share"]["rolling_12_months"]["company"]
        assert rolling["denominator"][-1] == pytest.approx(sum(expected["denominator"][-12:]), abs=0.01)
        # The issue months of the truth are those that are wholly mature, nearly all of what is recounted here.
        assert sum(expected["denominator"]) == pytest.approx(len(due), rel=0.05)


def test_persistency_of_one_premium_by_hand() -> None:
    """13 months, life, agent: paid in year 1 by all; 1.2 % surrender, 0.4 % die, 0.1 % move; 10.5 % do not pay."""
    eligible, persisting = persistency_by_line_and_channel(2)
    assert eligible[0, 0] == pytest.approx(1 - 0.004 - 0.001)
    assert persisting[0, 0] == pytest.approx((1 - 0.012 - 0.004 - 0.001) * (1 - 0.105))
    assert persistency_by_line_and_channel(1)[1][0, 0] == 1.0


def test_claim_shares_recounted(insurer: Insurer, clean: dict[str, pl.DataFrame]) -> None:
    window = pl.col("RPT").is_between(pl.datetime(2025, 1, 1), pl.datetime(2025, 11, 1))
    claims = spells(clean["claim_events"]).filter(
        window & pl.col("CAN").is_null() & (pl.col("DEC") >= pl.col("RPT")).fill_null(True)
    )
    day = {name: pl.col(name).dt.date() for name in ("RPT", "DEC", "WDR")}
    taken, stayed = ((day[end] - day["RPT"]).dt.total_days() for end in ("DEC", "WDR"))
    met = claims.filter(taken <= 30)
    breached = claims.filter(
        (taken > 30) | (pl.col("DEC").is_null() & ((stayed > 30) | pl.col("WDR").is_null()))
    )
    assert_share(insurer.truth, "claim_decided_within_30_days_share", len(met), len(met) + len(breached))
    decided = claims.filter(pl.col("RESULT").is_not_null())
    paid = decided.filter(pl.col("RESULT").is_in(["F", "P"]))
    assert_share(insurer.truth, "claim_paid_share", len(paid), len(decided))


def assert_share(truth: dict, kpi: str, numerator: int, denominator: int, months: int = 10) -> None:
    expected = truth["kpis"][kpi]["company"]
    share = sum(expected["numerator"][:months]) / sum(expected["denominator"][:months])
    assert abs(numerator / denominator - share) < SIGMAS * math.sqrt(share * (1 - share) / denominator)


@pytest.mark.parametrize(("label", "share"), [("median", 0.5), ("p90", 0.9)])
@pytest.mark.parametrize(
    ("duration", "start", "end"),
    [
        ("report_to_decision", "RPT", "DEC"),
        ("documents_to_decision", "DOCOK", "DEC"),
        ("report_to_payment", "RPT", "PAY"),
    ],
)
def test_claim_quantiles_recounted(
    insurer: Insurer,
    clean: dict[str, pl.DataFrame],
    duration: str,
    start: str,
    end: str,
    label: str,
    share: float,
) -> None:
    """Of the claims of each month the stated share lies below that month's true quantile."""
    truth = insurer.truth["kpis"][f"claim_{duration}_days_{label}"]
    by_month = pl.DataFrame({"month": truth["months"], "quantile": truth["company"]["value"]})[:9]
    days = (pl.col(end) - pl.col(start)).dt.total_seconds() / 86_400
    claims = (
        spells(clean["claim_events"])
        .filter(pl.col("CAN").is_null() & (pl.col("DEC") >= pl.col("RPT")) & pl.col(end).is_not_null())
        .with_columns(month=pl.col("RPT").dt.strftime("%Y-%m"))
        .join(by_month, on="month")
    )
    below = claims.select((days <= pl.col("quantile")).mean()).item()
    assert abs(below - share) < SIGMAS * math.sqrt(share * (1 - share) / len(claims))


def test_complaints_recounted(insurer: Insurer, clean: dict[str, pl.DataFrame]) -> None:
    rate = insurer.truth["kpis"]["complaints_per_10k_policies"]["company"]
    own = clean["complaints"].filter(
        pl.col("mergedInto").is_null() & (pl.col("receivedOn") >= pl.datetime(2025, 1, 1))
    )
    expected = sum(rate["numerator"]) / 10_000
    assert abs(len(own) - expected) < SIGMAS * math.sqrt(expected)
    exposures = pl.read_csv(insurer.folder / "feeds" / "exposures.csv", try_parse_dates=True)
    by_month = exposures.group_by("month").agg(pl.col("policies").sum()).sort("month")["policies"]
    assert by_month.to_list() == rate["denominator"]
    decided = own.filter(pl.col("result").is_in(["成立", "部分成立", "不成立"]))
    upheld = decided.filter(pl.col("result") != "不成立")
    assert_share(insurer.truth, "complaint_upheld_share", len(upheld), len(decided))


def test_exposures_recounted_from_policies_and_events(
    insurer: Insurer, clean: dict[str, pl.DataFrame]
) -> None:
    """In force at the end of June 2025 plus ended in it: no lapse nor end before June, issued by the end of it."""
    first, last = pl.datetime(2025, 6, 1), pl.datetime(2025, 6, 30)
    state = (
        clean["policy_events"]
        .filter(pl.col("EFF") < first)
        .sort("EFF")
        .group_by("POL", maintain_order=True)
        .agg(pl.col("WHAT").last())
    )
    returned = clean["policy_events"].filter(
        pl.col("EFF").is_between(first, last) & (pl.col("WHAT") == "REIN")
    )["POL"]
    ended = state.filter(pl.col("WHAT") != "REIN")["POL"]
    gone = set(ended) - set(returned)
    in_force = clean["policies"].filter((pl.col("EFF_DT") <= last) & ~pl.col("POL_NO").is_in(list(gone)))
    exposures = pl.read_csv(insurer.folder / "feeds" / "exposures.csv", try_parse_dates=True)
    assert len(in_force) == exposures.filter(pl.col("month") == pl.date(2025, 6, 1))["policies"].sum()


def test_survey_scores_recounted(insurer: Insurer) -> None:
    answers = latest(
        insurer.text("survey_answers").filter(pl.col("response_id").is_not_null()),
        ["wave", "response_id", "question"],
        "recorded_at",
    )
    questions = pl.read_csv(insurer.folder / "feeds" / "survey_questions.csv")
    perceived = answers.join(questions.filter(pl.col("construct") == "perception"), on="question")
    attentive = perceived.filter(pl.col("score").n_unique().over("response_id") > 1)
    for dimension in DIMENSIONS:
        people = (
            attentive.filter(pl.col("dimension") == dimension)
            .group_by("response_id")
            .agg(score=(pl.col("score").mean() - 1) / 6 * 100)["score"]
        )
        truth = insurer.truth["kpis"][f"servperf_{dimension}_score"]["company"]
        assert len(people) == sum(truth["denominator"])
        expected = sum(truth["numerator"]) / len(people)
        assert abs(people.mean() - expected) < SIGMAS * people.std() / math.sqrt(len(people))
    recommend = answers.filter(
        (pl.col("question") == "NPS") & pl.col("response_id").is_in(attentive["response_id"].implode())
    )
    points = recommend.select(
        100 * ((pl.col("score") >= 9).cast(pl.Int8) - (pl.col("score") <= 6).cast(pl.Int8))
    ).to_series()
    truth = insurer.truth["kpis"]["nps_points"]["company"]
    assert abs(points.mean() - sum(truth["numerator"]) / len(points)) < SIGMAS * points.std() / math.sqrt(
        len(points)
    )


def test_importance_points_are_a_hundred(insurer: Insurer) -> None:
    points = latest(
        insurer.text("survey_answers").drop_nulls("response_id"),
        ["wave", "response_id", "question"],
        "recorded_at",
    )
    sums = (
        points.filter(pl.col("question").str.starts_with("IMP_"))
        .group_by("response_id")
        .agg(pl.col("score").sum())
    )
    assert set(sums["score"]) == {100.0}


def test_quality_moves_claims_complaints_and_answers_together(insurer: Insurer) -> None:
    quality, kpis = insurer.truth["organisation"]["base_quality"], insurer.truth["kpis"]
    best, worst = max(quality, key=quality.get), min(quality, key=quality.get)

    def over_time(kpi: str, unit: str) -> float:
        row = kpis[kpi]["org_unit"][unit]
        return np.mean(row["value"]) if "value" in row else sum(row["numerator"]) / sum(row["denominator"])

    for kpi, better in (
        ("claim_report_to_decision_days_median", -1),
        ("claim_decided_within_30_days_share", 1),
        ("complaints_per_10k_policies", -1),
        ("complaint_received_to_closed_days_median", -1),
        ("servperf_responsiveness_score", 1),
        ("nps_points", 1),
    ):
        assert better * (over_time(kpi, best) - over_time(kpi, worst)) > 0, kpi


def test_process_change_shows_where_stated(smaller: Insurer) -> None:
    change = smaller.truth["organisation"]["process_change"]
    days = smaller.truth["kpis"]["claim_report_to_decision_days_km_median"]
    series = np.array(days["org_unit"][change["org_unit"]]["value"])
    at = days["months"].index(change["from_month"])
    assert series[at:].mean() / series[:at].mean() == pytest.approx(math.exp(0.30), rel=0.12)


def test_project_file_maps_every_feed(insurer: Insurer) -> None:
    """Mapped columns stand in the files, target columns and codes in the contracts; no planted code is mapped."""
    project = yaml.safe_load((insurer.folder / "policypulse.yml").read_text(encoding="utf-8"))
    assert (str(project["as_of"]), project["months"]) == ("2025-12-31", 12)
    assert set(project["feeds"]) == set(insurer.truth["feeds"])
    for feed, (source,) in project["feeds"].items():
        contract = yaml.safe_load((CONTRACTS / f"{feed}.yml").read_text(encoding="utf-8"))["columns"]
        rows = insurer.text(feed)
        files = {path.name for path in insurer.folder.glob(source["files"])}
        assert files == set(insurer.truth["feeds"][feed]["files"])
        for target, origin in source["columns"].items():
            column, codes = (
                (origin["column"], origin.get("codes")) if isinstance(origin, dict) else (origin, None)
            )
            assert target in contract, f"{feed}.{target}"
            assert column in rows.columns, f"{feed}.{column}"
            if codes:
                assert set(codes.values()) - {"", "skip"} <= set(contract[target]["codes"])
                found = set(rows[column].drop_nulls())
                assert len(found - set(codes)) <= 1, f"{feed}.{column}: {found - set(codes)}"
        required = {name for name, column in contract.items() if column.get("required")}
        assert required <= set(source["columns"])


def test_sizes_scale(insurer: Insurer, smaller: Insurer) -> None:
    for feed in ("policies", "premiums", "claim_events", "complaints", "policy_events"):
        ratio = insurer.truth["feeds"][feed]["rows_written"] / smaller.truth["feeds"][feed]["rows_written"]
        assert 1.8 < ratio < 2.2, feed
    assert [branch_count(policies) for policies in (500, 20_000, 50_000, 1_000_000)] == [4, 4, 9, 120]


def test_too_small_an_insurer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 100 policies and 1 month"):
        simulate(tmp_path, policies=10, months=12, seed=1)


def test_a_real_project_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "claims.csv").write_text("precious")
    with pytest.raises(FileExistsError, match="not simulated"):
        simulate(tmp_path, policies=200, months=3, seed=1)
    assert (tmp_path / "feeds" / "claims.csv").read_text() == "precious"


def test_written_truth_is_what_is_returned(insurer: Insurer) -> None:
    written = json.loads((insurer.folder / "truth.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(insurer.truth))
    assert written["hazards"]["policies"]["non_payment_by_year"] == list(POLICIES.non_payment_by_year)


def test_due_dates_follow_the_civil_code() -> None:
    """Art. 202: the corresponding day, else the last of the month; 2024-02-29 falls due on 2025-02-28."""
    day = np.array(["2024-02-29"], dtype="datetime64[D]").astype(np.int64)
    assert months_later(day, 12).astype("datetime64[D]")[0] == np.datetime64("2025-02-28")
    assert months_later(day, 48).astype("datetime64[D]")[0] == np.datetime64("2028-02-29")


def test_office_hours_keep_order_and_days() -> None:
    instants = np.sort(np.random.default_rng(1).uniform(0, 30, 2000))
    moved = at_work(instants)
    assert (np.diff(moved) > 0).all()
    assert (np.floor(moved) == np.floor(instants)).all()
    hours = (moved % 1) * 24
    assert ((hours >= 8.5) & (hours < 18)).mean() == pytest.approx(WORK_DONE[2] - WORK_DONE[1], abs=0.02)


def test_true_quantiles_equal_closed_forms() -> None:
    """Of one log-normal, without office hours: its median; of a mixture: the root of the summed distribution."""
    truth = claims_truth.type_truth()["medical"]
    kind = CLAIMS.types["medical"]
    shares, factors = kind.document_round_shares, CLAIMS.decision_factor_by_rounds
    at_median = sum(
        share * lognormal_cdf(np.array([truth["report_to_decision_days_median"]]), 4.2 * factor, 0.75)
        for share, factor in zip(shares, factors, strict=True)
    )
    assert at_median[0] == pytest.approx(0.5, abs=2e-4)
    draws = np.clip(np.rint(5.3 + 0.99 * np.random.default_rng(2).standard_normal(400_000)), 1, 7)
    assert rounded_mean(np.array([5.3]), 0.99, 1, 7)[0] == pytest.approx(draws.mean(), abs=0.01)
    points = even_points(4096, (2, 3, 5, 7))
    assert points.mean(axis=0) == pytest.approx([0.5] * 4, abs=0.002)
    assert abs(np.corrcoef(points.T) - np.eye(4)).max() < 0.01


def test_window_covers_rolling_61_month_persistency() -> None:
    window = Window(24)
    assert window.first_month - window.first_issue_month >= 61 + 1 + 11
    assert sum(SURVEYS.items) == 22
