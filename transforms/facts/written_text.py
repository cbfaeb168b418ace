"""What a text is by itself: its language, its plain form, the words in it, the cues it gives, and whom it repeats.

Each is a matter of one text, or of one text and the complaints; what is learned from many is in
`transforms/statistics`. OpenCC, rjieba and scikit-learn are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Sources of the feed of texts, apart from the comments of complaints and surveys.
MESSAGES = ("email", "chat", "platform", "social")
CONVERSATIONS = ("interview", "focus_group")
CHINESE, OTHER = "zh", "other"
# A text with fewer Chinese characters among its letters is of another language that quotes some.
CHINESE_SHARE = 0.2
# As masking leaves them.
_MASKS = r"\[(number|e-mail|date|name|address)\]"
# What a complaint threatens or blames, in its plain form. Severity, never polarity: complaints are negative all.
CUES: Mapping[str, tuple[str, str]] = {
    "names_regulator": (
        r"12378|12315|监管|银保监|保监|消协|消费者协会|regulator|ombudsman|supervis",
        "It names a regulator, an ombudsman or a consumers' association.",
    ),
    "names_lawyer": (
        r"律师|起诉|法院|诉讼|仲裁|lawyer|attorney|solicitor|\bsue\b|\bcourt\b",
        "It names a lawyer or a court.",
    ),
    "names_media": (
        r"记者|媒体|曝光|电视台|报社|newspaper|journalist|\bmedia\b|reporter",
        "It names the press or threatens to publish.",
    ),
    "says_misled": (
        r"误导|欺骗|被骗|隐瞒|夸大|承诺|代签|没有告诉我|没有说明|没有讲|其实是|misled|mis-?sold|misrepresent|promised"
        r"|never mentioned|was told|deceiv|signed .* for me",
        "It says that the customer was misled.",
    ),
    "says_delayed": (
        r"拖|还没|还在|迟迟|太慢|等了|没有结果|没有结论|没有消息|一直(没|不|占线)|too long|too slow|delay|waited"
        r"|for weeks|still (no|not|open|waiting)|weeks ago|has taken|nobody (calls|called|answers)",
        "It says that something takes too long.",
    ),
}
# Words of greeting and of every sentence. Lists made for other purposes take `bill`, `fire` and `interest` for such.
_EMPTY_WORDS = frozenset(
    (
        "您好", "你好", "谢谢", "请问", "一下", "尽快", "希望", "这件", "没有", "现在", "已经", "还是", "就是", "这个",
        "那个", "什么", "怎么", "我们", "你们", "他们", "自己", "因为", "所以", "但是", "而且", "如果", "可以", "一直",
        "一个", "一次", "个月", "hello", "please", "help", "thank", "thanks", "about", "after", "all", "also", "am",
        "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for",
        "from", "had", "has", "have", "he", "her", "his", "if", "in", "into", "is", "it", "its", "just", "me", "more",
        "my", "no", "not", "of", "off", "on", "or", "our", "out", "she", "so", "some", "than", "that", "the", "their",
        "them", "then", "there", "they", "this", "to", "too", "up", "us", "very", "was", "we", "were", "what", "when",
        "which", "who", "will", "with", "would", "you", "your",
    )
)  # fmt: skip
# Posts and complaints whose three-letter parts are so alike, and so many days apart at most, are one matter.
ALIKE_FROM = 0.8
APART_DAYS = 180
# So long are the parts of a post together, at most, that are left out when it is looked for among complaints.
_REST = 0.5
_POSTS_AT_ONCE = 500
_PAIRS_AT_ONCE = 1_000_000
_ROUNDING = 1e-6


def language() -> pl.Expr:
    """zh where a fifth of a text's letters and more are Chinese characters, else other.

    >>> pl.select(pl.lit("理赔很快 OK")).select(pl.col("literal").alias("text")).select(language()).item()
    'zh'
    """
    text = pl.col("text")
    chinese, letters = text.str.count_matches(r"\p{Han}"), text.str.count_matches(r"\p{L}")
    is_chinese = (letters > 0) & (chinese >= CHINESE_SHARE * letters)
    return pl.when(is_chinese).then(pl.lit(CHINESE)).otherwise(pl.lit(OTHER)).alias("language")


def plain(text: pl.Series) -> pl.Series:
    """Texts in one form: full-width as half-width, traditional as simplified, lower case, without masks and signs."""
    from opencc import OpenCC

    simplified = OpenCC("t2s").convert
    one_width = text.fill_null("").str.normalize("NFKC").str.replace_all(_MASKS, " ")
    distinct = one_width.unique()
    forms = pl.DataFrame(
        {"written": distinct, "plain": pl.Series([simplified(one) for one in distinct], dtype=pl.String)}
    ).with_columns(
        pl.col("plain").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    )
    return pl.DataFrame({"written": one_width}).join(forms, on="written", how="left", maintain_order="left")[
        "plain"
    ]


def as_good_as_equal(plain_text: pl.Expr) -> pl.Expr:
    """What texts that are as good as equal have in common: the plain form, whatever its numbers are."""
    return plain_text.str.replace_all(r"\p{N}+", "0")


def words(plain_text: pl.Series) -> pl.Series:
    """The words of plain texts that say something, with spaces between: of two letters and more, no numbers."""
    import rjieba

    def telling(text: str) -> str:
        parts = (part.strip() for part in rjieba.cut(text))
        return " ".join(
            part for part in parts if len(part) > 1 and part.isalpha() and part not in _EMPTY_WORDS
        )

    return pl.Series([telling(text) for text in plain_text], dtype=pl.String)


def cues() -> dict[str, pl.Expr]:
    """Whether a plain text gives each of the cues."""
    return {name: pl.col("plain").str.contains(pattern) for name, (pattern, _) in CUES.items()}


def repeated_complaints(posts: pl.DataFrame, complaints: pl.DataFrame) -> pl.DataFrame:
    """text_id and repeats_complaint_id of posts that say what a complaint to the insurer says.

    Both have text_id, written_on and plain, complaints a complaint_id besides. Of several the one most alike counts,
    of these the first by its number. Posts are compared half a year at a time, with the complaints of about then, so
    that the cost does not grow with the square of the years.
    """
    found = [pl.DataFrame(schema={"text_id": pl.String, "repeats_complaint_id": pl.String})]
    written_on, apart = pl.col("written_on"), timedelta(APART_DAYS)
    for _, of_then in posts.group_by(written_on.dt.truncate("6mo")):
        begin, end = of_then.select(written_on.min() - apart, end=written_on.max() + apart).row(0)
        found += _repeating(of_then, complaints.filter(written_on.is_between(begin, end)))
    return pl.concat(found)


def _repeating(posts: pl.DataFrame, complaints: pl.DataFrame) -> Iterator[pl.DataFrame]:
    alike = _alike(posts["plain"].unique().sort(), complaints["plain"].unique().sort())
    received = complaints.select("plain", "complaint_id", "written_on")
    meant = alike.join(received.group_by("plain").len("pairs"), left_on="complaint", right_on="plain")
    counts = posts.select("text_id", "written_on", "plain").join(
        meant.group_by("post").agg(pl.col("pairs").sum()), left_on="plain", right_on="post"
    )
    for part in counts.with_columns(part=pl.col("pairs").cum_sum() // _PAIRS_AT_ONCE).partition_by("part"):
        yield _most_alike(part, alike, received)


def _most_alike(posts: pl.DataFrame, alike: pl.DataFrame, complaints: pl.DataFrame) -> pl.DataFrame:
    near = (
        posts.join(alike, left_on="plain", right_on="post")
        .join(complaints, left_on="complaint", right_on="plain", suffix="_received")
        .filter((pl.col("written_on") - pl.col("written_on_received")).abs() <= timedelta(APART_DAYS))
    )
    best = near.sort("alike", "complaint_id", descending=[True, False])
    of_each = best.unique("text_id", keep="first", maintain_order=True)
    return of_each.select("text_id", repeats_complaint_id="complaint_id")


def _alike(posts: pl.Series, complaints: pl.Series) -> pl.DataFrame:
    """Wordings that are alike: post, complaint, and the cosine of their counts of three-letter parts.

    Nearly every two texts have some part in common. So only those parts of the first are looked up that are rarest
    among the second; what these have in common bounds what all can have, and few pairs are left to be compared (after
    Bayardo, Ma and Srikant 2007, "Scaling up all pairs similarity search").
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    schema = {"post": pl.String, "complaint": pl.String, "alike": pl.Float64}
    if posts.is_empty() or complaints.is_empty():
        return pl.DataFrame(schema=schema)
    parts = HashingVectorizer(analyzer="char", ngram_range=(3, 3), alternate_sign=False)
    of_posts, of_complaints = parts.transform(posts.to_list()), parts.transform(complaints.to_list())
    rare = _rare_parts(of_posts, np.bincount(of_complaints.indices, minlength=of_complaints.shape[1]))
    found = [pl.DataFrame(schema=schema)]
    for start in range(0, len(posts), _POSTS_AT_ONCE):
        at_once = slice(start, start + _POSTS_AT_ONCE)
        row, column = _perhaps_alike(rare[at_once], of_complaints)
        row += start
        cosine = np.asarray(of_posts[row].multiply(of_complaints[column]).sum(axis=1)).ravel().round(9)
        are = cosine >= ALIKE_FROM
        of_these = {"post": posts.gather(row[are]), "complaint": complaints.gather(column[are])}
        found.append(pl.DataFrame({**of_these, "alike": cosine[are]}))
    return pl.concat(found)


def _rare_parts(texts: csr_matrix, frequent: np.ndarray) -> csr_matrix:
    """The rows without as many of their most frequent parts as are together no longer than REST."""
    row = np.repeat(np.arange(texts.shape[0]), np.diff(texts.indptr))
    order = np.lexsort((texts.indices, -frequent[texts.indices], row))
    row, column, count = row[order], texts.indices[order], texts.data[order]
    squares = np.cumsum(count**2)
    before = np.concatenate(([0.0], squares))[texts.indptr[:-1]]
    rare = squares - before[row] > _REST**2
    return type(texts)((count[rare], (row[rare], column[rare])), shape=texts.shape)


def _perhaps_alike(rare: csr_matrix, complaints: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pairs whose cosine can reach the least, by what they have of rare parts in common.

    Of a post of length 1 with rare parts of length r and a common product p with them, a complaint of length 1 has at
    most the square root of 1 - p^2 / r^2 left for the other parts, with which the post's have a product of at most
    the square root of 1 - r^2 of that.
    """
    pairs = (rare @ complaints.T).tocoo()
    length_squared = np.asarray(rare.multiply(rare).sum(axis=1)).ravel()[pairs.row]
    left = np.clip(1 - pairs.data**2 / length_squared, 0, 1) * np.clip(1 - length_squared, 0, 1)
    can_be = pairs.data + np.sqrt(left) >= ALIKE_FROM - _ROUNDING
    return pairs.row[can_be].astype(np.int64), pairs.col[can_be].astype(np.int64)
