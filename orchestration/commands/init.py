"""`policypulse init`: a project file to start from, and the key of its pseudonyms."""

from pathlib import Path

from orchestration.project import FILE_NAME
from orchestration.project_files import write_beside_project
from warehouse.landing.keys import create_key_file

TEMPLATE = Path(__file__).parent / "template.yml"
KEY_NAME = "pseudonym.key"


def write_project(folder: Path, text: str | None = None) -> tuple[Path, Path]:
    """Write the project file, what goes beside it and, unless there is one, the key; returns the paths of both.

    The file holds `text`, or else the commented template. Raises FileExistsError if the folder has a project file.
    """
    target, key = folder / FILE_NAME, folder / KEY_NAME
    refuse_another(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_beside_project(folder)
    target.write_text(text or TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    if not key.exists():
        create_key_file(key)
    return target, key


def refuse_another(folder: Path) -> None:
    """Raise FileExistsError if the folder has a project file."""
    if (folder / FILE_NAME).exists():
        raise FileExistsError(f"{folder / FILE_NAME} is there already; it stays as it is.")
