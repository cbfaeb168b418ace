"""The progress bar moves while Dagster runs its steps, though these have the standard output redirected."""

import os
import pty
import re
import subprocess
import sys

from conftest import ROOT
from test_damaged_files import PROJECT, complaint_log

DONE_OF_ALL = re.compile(rb"(\d+)/(\d+)")


def test_the_bar_is_drawn_while_tables_are_made(tmp_path):
    """A run on a terminal shows many counts on the way to the last, not only the first and the last."""
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    complaint_log(tmp_path / "complaints.csv")
    terminal, end = pty.openpty()
    code = "import sys; from orchestration.cli import main; main()"
    command = [sys.executable, "-c", code, "run", "--project", str(tmp_path)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=end, stderr=end, close_fds=True)
    os.close(end)
    shown = b""
    try:
        while piece := os.read(terminal, 65_536):
            shown += piece
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    assert run.wait(timeout=600) == 0, shown.decode()
    counts = {int(done) for done, of in DONE_OF_ALL.findall(shown) if int(of) > 10}
    assert len(counts) > 5, counts
