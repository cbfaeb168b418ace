"""`policypulse init`: a project file to start from, and the key of its pseudonyms."""

from pathlib import Path

from orchestration.project import FILE_NAME
from orchestration.project_files import write_beside_project
from warehouse.landing.pseudonyms import create_key_file

TEMPLATE = Path(__file__).parent / "template.yml"
KEY_NAME = "pseudonym.key"


def write_project(folder: Path) -> tuple[Path, Path]:
    """Write the commented project file, what goes beside it and, unless there is one, the key.

    Returns the paths of the project file and of the key.

    Raises FileExistsError if the folder has a project file.
    """
    target, key = folder / FILE_NAME, folder / KEY_NAME
    if target.exists():
        raise FileExistsError(f"{target} is there already; it stays as it is.")
    folder.mkdir(parents=True, exist_ok=True)
    write_beside_project(folder)
    target.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    if not key.exists():
        create_key_file(key)
    return target, key
