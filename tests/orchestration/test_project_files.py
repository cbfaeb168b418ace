"""What `init` writes beside a project file: a schema that is named in it, and a way in for Dagster's own tools."""

import json
import runpy
import tomllib

from orchestration.commands.init import write_project
from orchestration.reference import PROJECT


def test_the_first_line_names_the_schema_beside_it(tmp_path):
    target, _ = write_project(tmp_path)
    first = target.read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads((tmp_path / named).read_text(encoding="utf-8")) == PROJECT.schema


def test_dagsters_tools_find_the_definitions_of_the_folder(tmp_path):
    write_project(tmp_path)
    configured = tomllib.loads((tmp_path / "dg.toml").read_text(encoding="utf-8"))
    module = configured["project"]["code_location_target_module"]
    defs = runpy.run_path(str(tmp_path / f"{module}.py"))["defs"]
    assert "core/claims" in {key.to_user_string() for key in defs.resolve_all_asset_keys()}


def test_what_is_there_of_the_users_own_stays(tmp_path):
    (tmp_path / "definitions.py").write_text("defs = None\n")
    write_project(tmp_path)
    assert (tmp_path / "definitions.py").read_text(encoding="utf-8") == "defs = None\n"
