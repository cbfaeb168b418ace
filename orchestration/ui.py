"""Dagster's UI on a project's code, answering to the names it is known by and to no other.

A page elsewhere can have its own name lead to this machine and so reach what is served to it alone; such requests bear
that name, and are refused. Started as a process of its own by `commands/serve.py`.
"""

import sys

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.middleware.trustedhost import TrustedHostMiddleware

from orchestration.commands.serve import LOCATION, Address

OWN_NAMES = ("localhost", "127.0.0.1")


def main(code: str, at: str, path_prefix: str, read_only: str, *names: str) -> None:
    """Serve the UI until somebody ends the process."""
    target = GrpcServerTarget(
        host=Address.of(code).host, port=Address.of(code).port, socket=None, location_name=LOCATION
    )
    listening = Address.of(at)
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(instance, target, read_only=bool(int(read_only))) as context,
    ):
        app = create_app_from_workspace_process_context(context, path_prefix)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*OWN_NAMES, *names], www_redirect=False)
        print(f"Dagster's UI: http://{listening}{path_prefix}", flush=True)
        uvicorn.run(app, host=listening.host, port=listening.port, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
