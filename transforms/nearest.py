"""What a name that is not known was probably meant to be, for messages to people; every reader of names asks here.

What is known, and what is wrong, is the caller's to say.
"""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question for the nearest of the known names, or what is said where none is near.

    >>> did_you_mean("claimz", ["claims", "policies"])
    'did you mean claims?'
    >>> did_you_mean("x", ["claims"], "there are claims")
    'there are claims'
    """
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise


def meant(name: str, known: Iterable[str]) -> str:
    """The same to end a sentence with, after a semicolon; empty where none is near."""
    question = did_you_mean(name, known)
    return f"; {question}" if question else ""
