"""The joins between feeds, declared once: which column of a feed names a row of another, and what hangs on it.

The SQL that counts whose keys meet is made here from the list; what becomes of the counts is
`transforms/core/key_matches.py`, what KPIs make of it `transforms/measures/records.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transforms.own_columns import OwnFeed
from transforms.sql_model import SqlModel, parse_model

# Keys that meet nothing are looked at for a reason, so many of a join, first by the alphabet.
TRIED = 200
SHOWN = 3


@dataclass(frozen=True)
class Join:
    """The `column` of a feed names a row of another by its `to_column`.

    Rows that meet nothing lose all they were to say (`loses_rows`: a payment without a policy), or only what the
    other feed would have added, such as their segment. A check warns from `warns_from` of them. `names_nobody` is a
    value that is no key; `is_personal` keys are pseudonyms, of which nothing is shown.
    """

    feed: str
    column: str
    to_feed: str
    to_column: str
    loses_rows: bool = False
    warns_from: float = 0.02
    names_nobody: str | None = None
    is_personal: bool = False


def _to_policies(feed: str, *, loses_rows: bool = False) -> Join:
    return Join(feed, "policy_id", "policies", "policy_id", loses_rows)


def _to_customers(feed: str) -> Join:
    return Join(feed, "customer_id", "policies", "customer_id", is_personal=True)


def _to_units(feed: str, column: str = "org_unit", names_nobody: str | None = None) -> Join:
    # A register of units is complete: one unit that it lacks is worth a word.
    return Join(feed, column, "org_units", "org_unit", warns_from=0.0, names_nobody=names_nobody)


# Feeds whose rows name a customer, and may name a policy and a claim.
_OF_CUSTOMERS = (
    "complaints",
    "survey_answers",
    "survey_invitations",
    "service_orders",
    "contacts",
    "audits",
    "texts",
)

JOINS: tuple[Join, ...] = (
    _to_policies("premiums", loses_rows=True),
    _to_policies("policy_events", loses_rows=True),
    _to_policies("claim_events"),
    *(
        join
        for feed in _OF_CUSTOMERS
        for join in (
            _to_policies(feed),
            _to_customers(feed),
            Join(feed, "claim_id", "claim_events", "claim_id"),
        )
    ),
    Join("contacts", "complaint_id", "complaints", "complaint_id"),
    Join("audits", "complaint_id", "complaints", "complaint_id"),
    _to_policies("applications"),
    _to_customers("applications"),
    Join("actions", "complaint_id", "complaints", "complaint_id"),
    Join("actions", "text_id", "texts", "text_id"),
    Join("survey_answers", "complaint_id", "complaints", "complaint_id"),
    Join("survey_invitations", "complaint_id", "complaints", "complaint_id"),
    Join("service_orders", "complaint_id", "complaints", "complaint_id"),
    Join("texts", "complaint_id", "complaints", "complaint_id"),
    Join("survey_invitations", "response_id", "survey_answers", "response_id"),
    *(_to_units(feed) for feed in ("policies", "claim_events", "applications", *_OF_CUSTOMERS)),
    _to_units("policies", "current_org_unit"),
    _to_units("exposures", names_nobody="all"),
)

# By which column any feed names a row of one of ours.
NAMED: Mapping[str, Callable[[str], Join]] = {
    "policy_id": _to_policies,
    "customer_id": _to_customers,
    "claim_id": lambda feed: Join(feed, "claim_id", "claim_events", "claim_id"),
    "complaint_id": lambda feed: Join(feed, "complaint_id", "complaints", "complaint_id"),
    "response_id": lambda feed: Join(feed, "response_id", "survey_answers", "response_id"),
    "org_unit": _to_units,
}


def joins(own_feeds: Iterable[OwnFeed] = ()) -> tuple[Join, ...]:
    """Every join: ours, and those of a project's own feeds by columns that are called like keys of feeds."""
    feeds = tuple(own_feeds)
    own_keys = {feed.key[0]: feed.feed for feed in feeds if len(feed.key) == 1 and feed.key[0] not in NAMED}
    found = list(JOINS)
    for feed in feeds:
        for column in feed.columns:
            if column.name in NAMED:
                found.append(NAMED[column.name](feed.feed))
            elif own_keys.get(column.name, feed.feed) != feed.feed:
                to_feed = own_keys[column.name]
                found.append(
                    Join(feed.feed, column.name, to_feed, column.name, is_personal=column.is_personal)
                )
    return tuple(found)


# How keys of two systems come to differ, and the form in which they would be the same.
FORMS: dict[str, str] = {
    "spaces": r"regexp_replace({key}, '\s', '', 'g')",
    "letters in upper and lower case": "lower({key})",
    "leading zeros": "ltrim({key}, '0')",
    "decimals of a number": r"regexp_replace({key}, '[.]0+$', '', 'g')",
    "what stands before the first digit": "regexp_replace({key}, '^[^0-9]+', '', 'g')",
    "several of these": r"ltrim(regexp_replace(regexp_replace({key}, '[.]0+$', '', 'g'), '[^0-9]', '', 'g'), '0')",
}

_HEADER = """\
/*
Joins between feeds that were both delivered: how many rows of the one name a row of the other, and the others' keys.
grain: from_feed, from_column, to_feed
owner: data engineering
*/"""
_COLUMNS = """\
SELECT
    counted.from_feed,  -- The feed whose rows name rows of another.
    counted.from_column,  -- The column by which they do.
    counted.to_feed,  -- The other feed.
    counted.to_column,  -- The column that is named.
    counted.n_rows,  -- Rows with a key, in all versions known on the as-of day.
    coalesce(missed.n_orphans, 0) AS n_orphans,  -- Of these rows whose key is not in the other feed.
    coalesce(missed.n_orphan_keys, 0) AS n_orphan_keys,  -- Different keys of theirs.
    missed.examples,  -- A few of these keys; nothing of pseudonyms.
    reasons.form,  -- In what the keys of the two feeds differ, where that is seen.
    reasons.n_tried,  -- Keys without a match that were tried in this form.
    reasons.n_met,  -- Of these, keys that then have one.
    reasons.example,  -- One of them and the key of the other feed that it would meet."""


def key_matches_model(joins: Sequence[Join] = JOINS) -> SqlModel:
    """The model of `staging.key_matches`: one anti-join a join, on keys alone, and forms only of keys that miss."""
    targets = list(dict.fromkeys((join.to_feed, join.to_column) for join in joins if not join.is_personal))
    sql = f"""{_HEADER}
WITH counted AS (
{_union(_counted(join) for join in joins)}
),
orphans AS (
{_union(_orphans(join) for join in joins)}
),
missed AS (
    SELECT
        from_feed,
        from_column,
        to_feed,
        sum(n)::BIGINT AS n_orphans,
        count(*) AS n_orphan_keys,
        string_agg(CASE WHEN place <= {SHOWN} THEN shown END, ', ' ORDER BY place) AS examples
    FROM (
        SELECT *, row_number() OVER (PARTITION BY from_feed, from_column, to_feed ORDER BY key) AS place FROM orphans
    ) AS numbered
    GROUP BY from_feed, from_column, to_feed
),
tried AS (
    SELECT orphans.from_feed, orphans.from_column, orphans.to_feed, orphans.to_column, orphans.shown AS key
    FROM orphans
    INNER JOIN missed
        ON {_same_join("missed", "orphans")}
    INNER JOIN counted
        ON {_same_join("counted", "orphans")}
    WHERE orphans.shown IS NOT NULL AND missed.n_orphans >= orphans.warns_from * counted.n_rows
    QUALIFY row_number() OVER (
        PARTITION BY orphans.from_feed, orphans.from_column, orphans.to_feed ORDER BY orphans.key
    ) <= {TRIED}
),
formed AS (
{_union(_formed(place, form) for place, form in enumerate(FORMS))}
),
found AS (
{_union(_found(feed, column) for feed, column in targets)}
),
tried_of AS (
    SELECT from_feed, from_column, to_feed, count(*) AS n_tried FROM tried GROUP BY from_feed, from_column, to_feed
),
reasons AS (
    SELECT found.*, tried_of.n_tried
    FROM found
    INNER JOIN tried_of
        ON {_same_join("tried_of", "found")}
    QUALIFY row_number() OVER (
        PARTITION BY found.from_feed, found.from_column, found.to_feed ORDER BY found.n_met DESC, found.place
    ) = 1
)
{_COLUMNS}
FROM counted
LEFT JOIN missed
    ON {_same_join("missed", "counted")}
LEFT JOIN reasons
    ON {_same_join("reasons", "counted")}
WHERE counted.n_rows > 0 AND counted.is_delivered
"""
    return parse_model("staging.key_matches", sql, Path(__file__))


def _same_join(one: str, other: str) -> str:
    """That rows of two relations are of the same join."""
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in ("from_feed", "from_column", "to_feed"))


def _union(parts: Iterable[str]) -> str:
    return "\n    UNION ALL\n".join(parts)


def _names(join: Join) -> str:
    return (
        f"'{join.feed}' AS from_feed, '{join.column}' AS from_column, "
        f"'{join.to_feed}' AS to_feed, '{join.to_column}' AS to_column"
    )


def _is_key(join: Join) -> str:
    named = f"{join.feed}.{join.column}"
    return f"{named} IS NOT NULL" + (f" AND {named} <> '{join.names_nobody}'" if join.names_nobody else "")


def _counted(join: Join) -> str:
    return (
        f"    SELECT {_names(join)}, count(CASE WHEN {_is_key(join)} THEN 1 END) AS n_rows, "
        f"(SELECT count({join.to_column}) > 0 FROM known.{join.to_feed}) AS is_delivered FROM known.{join.feed}"
    )


def _orphans(join: Join) -> str:
    key = f"{join.feed}.{join.column}"
    shown = "CAST(NULL AS VARCHAR)" if join.is_personal else key
    return (
        f"    SELECT {_names(join)}, {key} AS key, {shown} AS shown, {join.warns_from} AS warns_from, count(*) AS n "
        f"FROM known.{join.feed} AS {join.feed} ANTI JOIN known.{join.to_feed} AS named "
        f"ON named.{join.to_column} = {key} WHERE {_is_key(join)} GROUP BY {key}"
    )


def _formed(place: int, form: str) -> str:
    formed = FORMS[form].format(key="key")
    return f"    SELECT *, {place} AS place, '{form}' AS form, {formed} AS formed FROM tried"


def _found(feed: str, column: str) -> str:
    """How many of the tried keys meet a key of a feed in each form."""
    tried = f"(SELECT count(*) > 0 FROM tried WHERE to_feed = '{feed}' AND to_column = '{column}')"
    forms = _union(
        f"            SELECT target, {place} AS place, {sql.format(key='target')} AS formed "
        f"FROM (SELECT DISTINCT {column} AS target FROM known.{feed} WHERE {column} IS NOT NULL AND {tried}) AS named"
        for place, sql in enumerate(FORMS.values())
    )
    return f"""    SELECT
        formed.from_feed,
        formed.from_column,
        formed.to_feed,
        formed.place,
        formed.form,
        count(DISTINCT formed.key) AS n_met,
        min(formed.key || ' beside ' || targets.target) AS example
    FROM (
{forms}
    ) AS targets
    INNER JOIN formed
        ON formed.place = targets.place
        AND formed.formed = targets.formed
    WHERE formed.to_feed = '{feed}' AND formed.to_column = '{column}' AND formed.formed <> ''
    GROUP BY ALL"""
