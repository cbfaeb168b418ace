"""A small file put in the place of another in one step, so that nobody ever finds a part of it.

Databases and what lies beside a version have ways of their own (opening.py, publish.py).
"""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text in the place of a file; an error names the file and leaves nothing beside it."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
