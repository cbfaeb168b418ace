"""The page of operations does what it says: its files are written and its commands run, one after the other."""

import shlex
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from test_tutorials import FENCED, Block

from orchestration.cli import main
from orchestration.dagster_home import PROJECT_VARIABLE


def copy(*arguments: str) -> None:
    shutil.copytree(arguments[-2], arguments[-1], symlinks=True)


def remove(*arguments: str) -> None:
    shutil.rmtree(arguments[-1])


def replace_in(*arguments: str) -> None:
    before, after = arguments[-2].removeprefix("s/").removesuffix("/").split("/")
    file = Path(arguments[-1])
    file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def test_every_step_of_operations_can_be_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY", PROJECT_VARIABLE):
        monkeypatch.setenv(name, "")  # set by the commands, and put back afterwards

    def policypulse(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["policypulse", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capfd.readouterr()
        assert not ended.value.code, out.out + out.err
        return out.out + out.err

    commands = {"policypulse": policypulse, "cp": copy, "rm": remove, "sed": replace_in}
    said: dict[str, list[str]] = {}
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for language, file, text in (Block(*parts) for parts in FENCED.findall(page)):
        if file:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(text, encoding="utf-8")
        elif language == "sh":
            for line in text.splitlines():
                name, *arguments = shlex.split(line)
                said.setdefault(line, []).append(commands[name](*arguments) or "")
    assert "Nothing to do" in said["policypulse run --project north --wait 10m"][0]
    assert all("Every file is whole" in text for line in said for text in said[line] if " verify " in line)
    assert sum("Published:" in text for text in said["policypulse run --project north"]) == 4
    assert "complaints: 2 rows are gone." in said["policypulse forget --id C2002 --project north"][0]
    (rotated,) = (text for line in said if " rotate " in line for text in said[line])
    assert "are those of k2 now" in rotated and "are left" not in rotated
    (withdrawn,) = (text for line in said if "withdrawn_why" in line for text in said[line])
    assert "a draft" in withdrawn
