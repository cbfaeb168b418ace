"""`policypulse report`: writes the pages of a published version, for all who may open a file."""

from pathlib import Path

from orchestration.pages.site import options, write_site
from orchestration.pages.words import Language
from orchestration.project import Project
from warehouse.folder import Folder, locked
from warehouse.publish import named_version, point_to, site_of


def written_report(
    project: Project, version: str | None, out: Path | None, language: Language | None
) -> Path:
    """Write the pages of a version, by default the current one, to `out` or beside it; returns the first page.

    Raises NoSuchVersion, WarehouseBusy, and NotOurs for a folder that holds something else.
    """
    folder = Folder(project.warehouse)
    chosen = named_version(folder, version)
    asked = language or project.file.pages.language
    if out:
        write_site(chosen, out, asked, options(project))
        return out / "index.html"
    with locked(folder):
        write_site(chosen, site_of(chosen), asked, options(project))
        if chosen == named_version(folder, None):
            point_to(folder, chosen)
    return site_of(chosen) / "index.html"
