"""What is written beside a project file: the schema by which editors know it, and how Dagster's own tools find it.

The project file itself is written by `commands/init.py` and by the simulation.
"""

from pathlib import Path

from orchestration.reference import PROJECT, SCHEMA_NAME

DEFINITIONS = '''"""The project as Dagster's own tools see it: `dg check defs`, `dagster definitions validate`."""

from pathlib import Path

from orchestration.definitions import definitions
from orchestration.project import read_project

defs = definitions(read_project(Path(__file__).parent))
'''
DG = """# How `dg` (package dagster-dg-cli) finds the project.
directory_type = "project"

[project]
root_module = "definitions"
code_location_target_module = "definitions"
defs_module = "definitions"
"""


def write_beside_project(folder: Path) -> None:
    """Write the schema, and the files for Dagster's tools unless there are some."""
    (folder / SCHEMA_NAME).write_text(PROJECT.schema_text, encoding="utf-8")
    for name, text in {"definitions.py": DEFINITIONS, "dg.toml": DG}.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
