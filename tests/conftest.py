"""What all tests share: where the worked examples and public data lie, if they are at hand."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with golden values and public data; tests that need it skip where it is absent."""
    default = Path(__file__).resolve().parent.parent.parent / "shared"
    folder = Path(os.environ.get("POLICYPULSE_SHARED", default))
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent; set POLICYPULSE_SHARED")
    return folder
