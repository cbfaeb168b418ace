"""`policypulse withdraw`: takes a delivery back in raw, so that the next run publishes without it."""

from collections.abc import Iterator

from orchestration.fingerprint import forget
from orchestration.project import Project
from warehouse.folder import Folder, locked
from warehouse.landing.withdrawal import NothingToWithdraw, withdraw
from warehouse.store import Store


def withdrawn(project: Project, what: str, why: str) -> Iterator[str]:
    """Take back a file or load; what came of it, one line per feed. Raises NothingToWithdraw or WarehouseBusy."""
    folder = Folder(project.warehouse)
    if not folder.raw.exists():
        raise NothingToWithdraw(f"Nothing has been landed yet: {folder.raw} is not there.")
    with locked(folder), Store(folder, readers=project.file.readers) as store:
        done = withdraw(store.con, what, why)
        forget(project)
    for part in done:
        loads = f"load {', '.join(map(str, part.load_ids))}"
        back = f"; {part.rows_back:,} rows that it had replaced are in force again" if part.rows_back else ""
        yield f"{part.feed}: {what} ({loads}) is withdrawn, {part.rows:,} rows no longer count{back}."
