"""What columns of facts are declared to need is what they need: tried by taking it out of what sources deliver."""

import random
import re
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.drawn_tables import AS_OF
from tests.transforms.test_laws import TRANSFORMS, drawn, schemas
from transforms.kpi.declared_needs import asked_of_feeds
from transforms.measures.needs import SETTING
from transforms.model import Transform
from transforms.origins import ALWAYS, NEVER, Need, Origins, all_of, any_of, item
from transforms.settings import ClaimSettings, ComplaintSettings, Promise, Settings
from warehouse.contract import contracts
from warehouse.landing.recorded import Item

__all__ = ["schemas"]

SETTINGS = Settings(
    time_zone="Asia/Shanghai",
    months=6,
    complaints=ComplaintSettings(mis_selling=("sales",)),
    claims=ClaimSettings(
        small_claim_limits={"claim_type0": 5000, "claim_type1": 5000},
        promises=(Promise(name="p", title="p", starts="reported_at", ends="paid_at", limit=5, unit="days"),),
    ),
)
# Which frames a feed's columns and codes reach a fact by.
REACHED_BY = {
    "claim_events": ("staging.claim_events", "staging.claims"),
    "policy_events": ("core.policy_events",),
}
REACHED_BY |= {"exposures": ("staging.exposures", "core.exposure_months")}
TRIED = [
    "core.claims", "core.complaints", "core.policies", "core.policy_events", "core.survey_invitations",
    "core.exposure_months", "core.persistency", "core.contacts", "core.audits", "core.actions", "core.service_orders",
    "core.applications", "core.new_policies", "core.instalments_due", "core.value_added_years", "core.handler_months",
    "core.customers", "core.complaint_recovery", "core.renewals",
]  # fmt: skip
# Only those eligible count, and who is not is not complete either; a source may number spells itself; age and the day
# of feedback are told by the staging model; and a decision answers a complaint, whatever else is recorded.
BEYOND = {
    "is_complete=false",
    "spell_no>1",
    "is_elder",
    "responded_on",
    "feedback_on",
    "feedback_to_opened_days",
}

# Of deadlines it is known without their end who left before, beside those overdue: but nobody has met one.
STATES = (
    "decision_term_state",
    "payment_term_state",
    "refusal_letter_state",
    "part_payment_state",
    "statutory_state",
)
MET = {state: f"{state}=met" for state in STATES}


def tables_of(feed: str) -> tuple[str, ...]:
    return (*REACHED_BY.get(feed, ()), f"staging.{feed}")


def without(frame: pl.DataFrame, table: str, gone: frozenset[str]) -> pl.DataFrame:
    """A frame as it is where a source delivers neither these columns nor these codes."""
    # Empty values last: what is taken out leaves some.
    for name in sorted(gone, key=lambda name: (name[-1] == "=", name)):
        path, sign, code = name.partition("=")
        feed, _, column = path.partition(".")
        if table not in tables_of(feed) or column not in frame.columns:
            continue
        hit = pl.col(column) == code if code else pl.col(column).is_not_null()
        if column == "event":
            frame = frame.filter(~hit)
        elif not sign or code:
            frame = frame.with_columns(pl.when(~hit).then(column).alias(column))
        elif frame.schema[column] == pl.String:
            frame = frame.with_columns(pl.col(column).fill_null("x"))
        elif path not in gone:
            frame = frame.filter(hit)
    return frame


def made(model: Transform, frames: dict[str, pl.DataFrame], gone: frozenset[str]) -> pl.DataFrame:
    tables = {**model.reads, **model.broadcast}
    left = {name: without(frame, tables[name], gone).lazy() for name, frame in frames.items()}
    return model(**left, as_of=AS_OF, settings=SETTINGS).collect()


def values_of(key: str, facts: pl.DataFrame) -> pl.Series:
    """The values of a column that a key of its origins is about: of `name=code` the code, of `name>1` those above."""
    column, sign, value = re.fullmatch(r"(\w+)([=>]?)(.*)", key).groups()
    found = facts[column].drop_nulls()
    if sign == "=":
        return found.filter(found.cast(pl.String) == value)
    return found.filter(found > float(value)) if sign else found


def is_required(name: str) -> bool:
    """Whether every source has to deliver it, so that there are no rows without."""
    feed, _, column = name.partition(".")
    return "=" not in name and contracts()[feed].columns[column].required


def needs_of(model: Transform) -> dict[str, Need]:
    """What each declared column or value needs beyond what every source has."""
    origins: Origins = model.origins(SETTINGS)
    needs = {key: item(value) if isinstance(value, str) else value for key, value in origins.items()}
    left = {key: need.without(set(filter(is_required, need.items))) for key, need in needs.items()}
    columns = {key: re.split("[=>]", key)[0] for key in left}
    return {key: need for key, need in left.items() if need != ALWAYS and columns[key] in model.columns}


def with_codes(model: Transform, frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The frames of feeds with the codes of their own contracts."""
    tables, rng = {**model.reads, **model.broadcast}, random.Random(3)
    found = {}
    for name, frame in frames.items():
        contract = contracts().get(tables[name].removeprefix("staging."))
        drawn = {
            column: [rng.choice([*of.codes]) for _ in range(frame.height)]
            for column, of in (contract.columns.items() if contract else ())
            if of.codes and column in frame.columns and column != "event"
        }
        found[name] = frame.with_columns(pl.Series(column, codes) for column, codes in drawn.items())
    return found


def reaches(model: Transform, items: set[str]) -> bool:
    """Whether the frames of a fact can be had without the items; empty values are the staging models' affair."""
    tables = {*model.reads.values(), *model.broadcast.values()}
    return all(tables & set(tables_of(name.partition(".")[0])) and name[-1] != "=" for name in items)


@pytest.mark.parametrize("table", TRIED)
def test_columns_say_nothing_without_what_they_need_and_something_with_one_alternative(table, schemas):
    model = TRANSFORMS[table]
    needs = needs_of(model)
    assert needs
    reads, broadcast = drawn(schemas, 7, 9000).reads(model)
    frames = with_codes(model, {**reads, **broadcast})
    facts = cache(lambda gone: made(model, frames, gone))
    everything = set().union(*(need.items for need in needs.values()))
    for key, need in needs.items():
        lost = {min(items) for items in need.alternatives}
        if reaches(model, lost) and key not in BEYOND:
            left = values_of(MET.get(key, key), facts(frozenset(lost)))
            assert left.n_unique() <= (0 if key in MET or re.search("[=>]", key) else 1), (key, lost)
        for items in need.alternatives:
            if reaches(model, set(items)):
                gone = {name for name in everything - items if name.partition("=")[0] not in items}
                assert len(values_of(key, facts(frozenset(gone)))), (key, "with", items)


def test_every_item_is_a_column_or_code_that_a_contract_has():
    asked = asked_of_feeds(SETTINGS)
    assert len(asked) > 60
    known = {name: Item.of(name, contracts()) for name in asked if not name.startswith(SETTING)}
    assert [name for name, found in known.items() if found is None] == []
    assert asked_of_feeds(Settings()) - asked == {
        "setting.complaints.mis_selling",
    }


ITEMS = list("abcde")
NEEDS = st.recursive(
    st.sampled_from([ALWAYS, NEVER, *map(item, ITEMS)]),
    lambda parts: st.tuples(parts, parts, st.booleans()).map(lambda p: p[0] & p[1] if p[2] else p[0] | p[1]),
    max_leaves=8,
)
FIRSTS = st.dictionaries(
    st.sampled_from(ITEMS), st.dates(min_value=AS_OF.replace(year=2020), max_value=AS_OF)
)


@given(NEEDS, NEEDS, FIRSTS)
def test_both_are_recorded_from_the_later_day_and_one_of_them_from_the_earlier(one, other, firsts):
    days = [need.since(firsts) for need in (one, other)]
    assert (one & other).since(firsts) == (None if None in days else max(days))
    assert (one | other).since(firsts) == min((day for day in days if day), default=None)
    assert all_of([one, other]).implies(one)
    assert one.implies(any_of([one, other]))
    assert (one.since(firsts) is None) == (one.without(firsts) != ALWAYS)
