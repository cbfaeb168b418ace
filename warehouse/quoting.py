"""How names and texts are written into SQL so that nothing in them is read as SQL.

Only the writing; which statements are made of them is said elsewhere.
"""

from collections.abc import Iterable


def identifier(name: str) -> str:
    """A column or table name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Several texts, separated by commas, as in an IN list."""
    return ", ".join(literal(text) for text in texts)
