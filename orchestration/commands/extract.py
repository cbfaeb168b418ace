"""`policypulse extract`: a file of what analysts, or everybody, may see of the published version.

What is in it is said in `warehouse/extracts.py`.
"""

from pathlib import Path

from orchestration.project import Project
from warehouse.extracts import Profile, extract


def extracted(project: Project, profile: Profile, target: Path) -> str:
    """Write the extract; what was written, in a sentence. Raises FileExistsError."""
    personal = {
        name
        for contract in project.contracts.values()
        for name, column in contract.columns.items()
        if column.personal
    }
    tables = extract(project.current, target, profile, project.file.public, personal)
    return (
        f"Wrote {target}, of {len(tables)} tables: {', '.join(tables[:4])}{', …' if len(tables) > 4 else ''}."
    )
