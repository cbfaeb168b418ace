"""The dictionary: every KPI explained with a worked example, and the committed pages as the registry has them."""

import math
import re
from pathlib import Path

import pytest
from conftest import published

from transforms.core.persistency import VARIANTS
from transforms.dictionary import dictionary_pages, dictionary_rows, interval
from transforms.graph import sql_models
from transforms.kpi.persistency import EXITS
from transforms.kpi.registry import registry
from transforms.pack import shipped_packs
from transforms.settings import (
    ClaimSettings,
    ComplaintLimits,
    ComplaintSettings,
    PersistencySettings,
    Promise,
    RenewalSettings,
    Settings,
)
from warehouse.catalogue import TABLES

FOLDER = Path(__file__).parents[2] / "docs" / "dictionary"


def text_of(settings: Settings) -> str:
    """All pages of a project's dictionary."""
    return "\n".join(dictionary_pages(settings).values())


@pytest.mark.parametrize("kpi", registry(), ids=lambda kpi: kpi.code)
def test_every_kpi_is_explained_with_a_worked_example(kpi):
    for text in (kpi.title, kpi.source, kpi.definition, kpi.formula, kpi.counts, interval(kpi)):
        assert text.strip(), f"{kpi.code} lacks an explanation"
    assert kpi.example is not None, f"{kpi.code} has no worked example"
    assert kpi.example.given
    assert kpi.example.source
    assert math.isfinite(kpi.example.value)
    if kpi.unit == "share":
        assert 0 <= kpi.example.value <= 1


def test_the_committed_pages_are_those_of_the_registry():
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == dictionary_pages(Settings()), "run `make dictionary`"


def test_every_link_leads_to_a_heading():
    """As GitHub names headings: in lower case, without points."""
    pages = dictionary_pages(Settings())
    headings = {
        f"{name}#{heading.lower().replace('.', '')}"
        for name, text in pages.items()
        for heading in re.findall(r"^#+ (\S+)$", text, re.M)
    }
    for text in pages.values():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert link in headings if "#" in link else link in pages, link
    (contents,) = (text for name, text in pages.items() if name == "README.md")
    assert set(re.findall(r"^- \[(\w+)\]", contents, re.M)) >= {kpi.code for kpi in registry()}


def test_promises_and_packs_of_a_project_are_in_its_dictionary():
    promise = Promise(name="fast", title="Fast", starts="reported_at", ends="paid_at", limit=3, unit="days")
    pack = shipped_packs()["us_naic_mcas"]
    settings = Settings(claims=ClaimSettings(promises=(promise,)), packs=(pack,))
    assert "claim_promise_fast_share" in {row[0] for row in dictionary_rows(settings)}
    page = text_of(settings)
    assert "## claim_promise_fast_share" in page
    assert "## us_naic_mcas" in page
    assert "## uk_disp" not in page
    for entry in pack.kpis:
        assert re.search(
            rf"\| \[{entry.kpi}\]\(\w+\.md#{entry.kpi}\), {entry.basis} \| {re.escape(entry.rule)} \|", page
        )
        (line,) = re.findall(rf"## {entry.kpi}\n(?:.+\n|\n(?!#))*?- \*packs\*: (.+)", page)
        assert line == "[us_naic_mcas](packs.md#us_naic_mcas)"


@pytest.mark.parametrize(
    "model", [m for m in sql_models() if m.name.startswith("marts.")], ids=lambda model: model.name
)
def test_the_example_query_of_every_mart_gives_rows(insurer, model):
    """As it stands in the dictionary and in the catalogue of the published simulated insurer."""
    # A first version tells nothing otherwise than before: that example is asked in test_nights_in_any_order.
    if model.name != "marts.restatements":
        assert published(insurer, model.example).height > 0
    listed = published(insurer, f"SELECT example FROM catalog.tables WHERE table_name = '{model.name}'")
    assert listed.item() == model.example
    assert model.example in (FOLDER / "marts.md").read_text(encoding="utf-8")


def test_rows_fit_the_catalogue():
    columns = TABLES["catalog.kpis"][1]
    assert {len(row) for row in dictionary_rows(Settings())} == {len(columns)}


def described(code: str, **rules) -> str:
    """What the dictionary of a project with these rules says of a KPI."""
    return text_of(Settings(**rules)).partition(f"\n## {code}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("kpi", ["persistency_13m_policy_share", "persistency_13m_premium_share"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_persistency_is_described_as_the_variant_in_force_counts_it(kpi: str, variant: str):
    text = described(kpi, persistency=PersistencySettings(variant=variant, grace_days=30))
    assert ("within grace (30 days" in text) == VARIANTS[variant].by_premium
    assert ("payments are not looked at" in text) != VARIANTS[variant].by_premium
    leaves_out = text.partition("*leaves out*: ")[2].partition("\n")[0]
    for event, words in EXITS.items():
        assert (words in leaves_out) == (event in VARIANTS[variant].excluded)
    assert ("policies suspended" in leaves_out) == VARIANTS[variant].excludes_lapsed
    assert "default variant" not in text, "the worked example is of other rules"


@pytest.mark.parametrize(
    ("code", "rules", "words"),
    [
        ("renewal_policy_share", {"renewal": RenewalSettings(window_days=90, window_days_of={})},
         ["within 90 days of expiry", "50 cases, 90 days"]),
        ("complaint_on_time_share", {"complaints": ComplaintSettings(
            limit_days=ComplaintLimits(simple=10), counting="business", unclassified="simple")},
         ["10 working days", "are taken for simple"]),
        ("claim_decision_over_30_days_share", {"claims": ClaimSettings(excluded_rounds="all")},
         ["Every request for papers stops the clock", "-all"]),
        ("claim_small_settled_within_5_days_share", {"claims": ClaimSettings(small_claim_limits={"pet": 200})},
         ["pet up to 200", "-pet 200"]),
        ("persistency_13m_premium_share", {"persistency": PersistencySettings(increases="counted")},
         ["increases count in full", "*unit*: ratio", "default,increases counted"]),
    ],
)  # fmt: skip
def test_rules_of_a_project_are_described_as_they_are(code: str, rules: dict, words: list[str]):
    text = described(code, **rules)
    for said in words:
        assert said in text
        assert said not in described(code)
