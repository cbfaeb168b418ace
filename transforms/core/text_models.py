"""core.text_models: how well the classifiers of texts do, and whether what they say may be published.

What they say is `core.text_sayings`; formulas are those of `statistics/text_classification.py`.
"""

import polars as pl

from transforms.core.taught_texts import TAUGHT_TEXTS
from transforms.facts.written_text import as_good_as_equal
from transforms.model import Columns, transform
from transforms.settings import Settings, TextSettings, asks_for_texts
from transforms.statistics.agreement import krippendorff_alpha
from transforms.statistics.text_classification import MacroF1, macro_f1

ALL = "all"
# Said where a fold leaves one class alone to learn from: wrong.
NOTHING = "nothing"
PUBLISHED, NOT_GOOD_ENOUGH, TOO_FEW_TEXTS = "published", "not_good_enough", "too_few_texts"

TEXT_MODELS: Columns = {
    "model": TAUGHT_TEXTS["model"],
    "class": (pl.String, "A class that people gave; all: the model as a whole."),
    "status": (
        pl.String,
        "published; not_good_enough: the lower end of macro-F1, cross-validated or of later months, is below the "
        "floor; too_few_texts: under two classes have enough, or the later months.",
    ),
    "n_texts": (pl.Int64, "Texts of core.taught_texts that people gave the class."),
    "n_later": (pl.Int64, "Of these, in the later months, from which nothing is learned."),
    "macro_f1": (pl.Float64, "Mean F1 of the classes in the earlier months, cross-validated by equal texts."),
    "macro_f1_low": (pl.Float64, "Lower end of its 95 % interval, by drawing groups of equal texts anew."),
    "macro_f1_high": (pl.Float64, "Upper end of it."),
    "later_macro_f1": (pl.Float64, "Mean F1 in the later months of what was learned from the earlier ones."),
    "later_macro_f1_low": (pl.Float64, "Lower end of its 95 % interval."),
    "later_macro_f1_high": (pl.Float64, "Upper end of it."),
    "precision": (pl.Float64, "Of the texts said to be of the class, the share that is, abstentions left out."),
    "recall": (pl.Float64, "Of the texts of the class, the share that is said to be."),
    "abstained_share": (pl.Float64, "Of the texts of the class, the share left unsaid for want of certainty."),
    "said_counts": (pl.String, "What is said of the texts of the class, the most frequent first, with numbers."),
    "n_second_labels": (pl.Int64, "Texts that a second person sorted too."),
    "alpha": (
        pl.Float64,
        "Krippendorff's alpha of the two people; under 0.667 the classes bear no conclusion.",
    ),
    "floor_macro_f1": (pl.Float64, "The floor of macro-F1 that the project asks for."),
    "least_probability": (pl.Float64, "The probability under which the model abstains."),
}  # fmt: skip


@transform(
    writes="core.text_models",
    reads={"taught": "core.taught_texts", "sayings": "core.text_sayings"},
    asked_for=asks_for_texts,
    keys=(),
    grain=("model", "class"),
    columns=TEXT_MODELS,
)
def text_models(taught: pl.LazyFrame, sayings: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per model and class, and one per model as a whole: how right it is on texts it has not seen.

    Models learn from all texts together, so that the table is made whole.
    """
    rules = settings.texts or TextSettings()
    about = taught.select("text_id", "second_class", group=as_good_as_equal(pl.col("plain")))
    given = sayings.join(about, on="text_id").collect().sort("model", "text_id")
    rows = [
        row
        for (model,), sorted_texts in given.group_by("model", maintain_order=True)
        for row in _rows(str(model), sorted_texts, rules)
    ]
    return pl.DataFrame(rows, schema={name: dtype for name, (dtype, _) in TEXT_MODELS.items()}).lazy()


def is_stated(rules: TextSettings) -> pl.Expr:
    """Whether a model is certain enough of what it says."""
    return (pl.col("probability") >= rules.least_probability).fill_null(False)


def _rows(model: str, given: pl.DataFrame, rules: TextSettings) -> list[dict[str, object]]:
    is_learned = given["class_said"].count() > 0
    taught = given.filter(pl.col("is_taught") & is_learned).with_columns(
        pl.col("class_said").fill_null(NOTHING),
        stated=is_stated(rules),
        right=(pl.col("class_said") == pl.col("class_given")).fill_null(False),
    )
    later, earlier = taught.filter("is_later"), taught.filter(~pl.col("is_later"))
    is_enough = min(later.height, earlier.height) >= rules.min_texts_per_class
    found = {"macro_f1": _macro_f1(earlier), "later_macro_f1": _macro_f1(later)} if is_enough else {}
    lowest = min((f1.low for f1 in found.values()), default=None)
    judged = (
        TOO_FEW_TEXTS if lowest is None else NOT_GOOD_ENOUGH if lowest < rules.floor_macro_f1 else PUBLISHED
    )
    second = given.drop_nulls("second_class")
    whole = {
        "status": judged,
        **{f"{name}{end}": round(value, 6) for name, f1 in found.items() for end, value in _ends(f1)},
        "n_second_labels": second.height,
        "alpha": krippendorff_alpha(second.select("class_given", "second_class").iter_rows()),
        "floor_macro_f1": rules.floor_macro_f1,
        "least_probability": rules.least_probability,
        **_measured(taught, taught),
    }
    rows = [{"model": model, "class": ALL, **_counted(given), **whole}]
    for (name,), of_class in given.group_by("class_given", maintain_order=True):
        is_taught = of_class["is_taught"].any()
        rows.append(
            {
                "model": model,
                "class": name,
                **_counted(of_class),
                "status": judged if is_taught else TOO_FEW_TEXTS,
                **_measured(
                    taught.filter(pl.col("class_given") == name), taught.filter(pl.col("class_said") == name)
                ),
            }
        )
    return rows


def _counted(given: pl.DataFrame) -> dict[str, object]:
    return {"n_texts": given.height, "n_later": int(given["is_later"].sum())}


def _measured(of_class: pl.DataFrame, said_to_be: pl.DataFrame) -> dict[str, object]:
    """Recall and abstentions of the texts of a class, precision of those said to be of it."""
    stated = said_to_be.filter("stated")
    counts = of_class["class_said"].value_counts().sort("count", "class_said", descending=[True, False])
    return {
        "precision": stated["right"].mean(),
        "recall": of_class.select((pl.col("right") & pl.col("stated")).mean()).item(),
        "abstained_share": of_class.select((~pl.col("stated")).mean()).item(),
        "said_counts": ", ".join(f"{name} {count}" for name, count in counts.iter_rows()) or None,
    }


def _macro_f1(taught: pl.DataFrame) -> MacroF1:
    return macro_f1(*(taught[name].to_list() for name in ("class_given", "class_said", "group")))


def _ends(f1: MacroF1) -> tuple[tuple[str, float], ...]:
    return ("", f1.value), ("_low", f1.low), ("_high", f1.high)
