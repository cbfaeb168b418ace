"""The packages that reading texts takes, which come with the extra `text`, and whether they are there.

Cheap to ask, so that commands can say what is missing; nothing of them is imported here.
"""

from importlib.util import find_spec

PACKAGES = ("sklearn", "rjieba", "opencc")


def missing_packages() -> list[str]:
    """The packages that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]


def unread(is_asked: bool) -> list[str]:
    """What a project that has texts asked for should know: that they are not read, if so, and what to do."""
    missing = missing_packages() if is_asked else []
    if not missing:
        return []
    return [
        f"texts: not read, for want of {', '.join(missing)}; tables of texts stay empty. Install what reads them with "
        "pip install 'policypulse[text]', or take texts: out of the project file"
    ]
