"""The vocabulary of the pages: every word that is not in the published file, in one file a language.

Only the words; which of them stands where is said by the pages.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from transforms.written_yaml import read_yaml

Language = Literal["en", "zh"]
FOLDER = Path(__file__).parent / "vocabulary"


class Words:
    """The words of a language, by key such as `where.title`; every language has the same keys."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = flat(vocabulary(language))

    def __contains__(self, key: str) -> bool:
        return key in self._words

    def say(self, key: str, **values: object) -> str:
        """The words of that key with these values in their places; raises KeyError for a key that is in no file."""
        return self._words[key].format(**values)

    def name(self, group: str, code: object) -> str:
        """What a code of the published file is called; the code itself where the vocabulary has no word for it."""
        return self._words.get(f"{group}.{code}", "" if code is None else str(code))


@cache
def vocabulary(language: Language) -> Mapping[str, Any]:
    """The vocabulary as its file has it: groups of words."""
    found, _ = read_yaml((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return dict(found)


def flat(words: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    """Words by their whole key."""
    found: dict[str, str] = {}
    for key, value in words.items():
        path = f"{prefix}{key}"
        found |= flat(value, f"{path}.") if isinstance(value, Mapping) else {path: str(value)}
    return found
