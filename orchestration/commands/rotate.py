"""`policypulse keys rotate`: gives the warehouse's pseudonyms another key.

What is replaced, and where, is `warehouse/rotation.py`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestration import fingerprint
from orchestration.project import Project
from warehouse.folder import Folder, locked
from warehouse.landing.keys import key_in_file
from warehouse.rotation import CannotRotate, known_again, rotate, with_more


def rotated(
    project: Project, target: Path, key_id: str, more: Sequence[str], *, leave_others: bool
) -> Iterator[str]:
    """Replace the pseudonyms by those of the key in `target`; what was done and what is left to do, in sentences.

    Raises CannotRotate, ValueError, FileNotFoundError, WarehouseBusy and LandingZoneDamaged.
    """
    part, folder = project.file.pseudonyms, Folder(project.warehouse)
    if part is None:
        raise CannotRotate("the project has no key of pseudonyms")
    if not folder.raw.exists():
        raise CannotRotate(f"nothing has been landed yet: {folder.raw} is not there; just name the new key")
    old, new = part.key(project.folder), key_in_file(target, key_id)
    with locked(folder):
        ids, things = known_again(
            project.feeds,
            folder=project.data,
            time_zone=project.settings.time_zone,
            contracts=project.contracts,
        )
        fingerprint.forget(project)
        done = rotate(
            folder,
            with_more(ids, [one.strip() for one in more if one.strip()], project.contracts),
            things,
            old=old,
            new=new,
            contracts=project.contracts,
            readers=project.file.readers,
            leave_others=leave_others,
        )
    yield f"{done.rows:,} pseudonyms in raw and {done.versions} versions are those of {new.key_id} now."
    if done.left:
        yield f"{done.left:,} pseudonyms are left of {old.key_id}: nobody's identifiers that are still known gave them."
    place, base = target.resolve(), project.folder.resolve()
    named = place.relative_to(base) if place.is_relative_to(base) else place
    yield f"Now write into the project file: pseudonyms: {{key_file: {named}, key_id: {new.key_id}}}"
    yield f"The key {old.key_id} is not needed any more, except for backups made before."
