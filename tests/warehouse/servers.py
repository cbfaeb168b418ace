"""Database and object servers for the tests that need a real one: each in a folder of its own, gone at the end.

Servers refuse to be run by root, so that they are run by the users that their packages made for it.
"""

import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest

PASSWORD = "s3cret/&@"
QUOTED = "s3cret%2F%26%40"
_STARTS_WITHIN_SECONDS = 60
_SCRAM = ("-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync")


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    url: str
    execute: Callable[[str], None]
    """Run statements as the one who owns the database."""


@contextmanager
def _folder(owner: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder for a server, and how its processes are started; skips where nobody may run it."""
    as_owner: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="server-") as name:
        if os.getuid() == 0:
            try:
                found = pwd.getpwnam(owner)
            except KeyError:
                pytest.skip(f"there is no user {owner} to run the server")
            os.chown(name, found.pw_uid, found.pw_gid)
            as_owner = {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
        yield Path(name), {**as_owner, "cwd": name, "stdin": subprocess.DEVNULL}


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def _running(
    command: list[object], started: dict[str, Any], log: Path, ready: Callable[[], bool]
) -> Iterator[None]:
    with log.open("wb") as written:
        process = subprocess.Popen([*map(str, command)], stdout=written, stderr=written, **started)
        try:
            until = time.monotonic() + _STARTS_WITHIN_SECONDS
            while not ready():
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGQUIT if process.poll() is None else 0)
            process.wait(30)


def _succeeds(command: list[object], started: dict[str, Any]) -> bool:
    return subprocess.run([*map(str, command)], capture_output=True, **started).returncode == 0


def _do(command: list[object], started: dict[str, Any], text: str = "") -> None:
    """Run a program with a text as its input; fails with what it says."""
    told = {key: value for key, value in started.items() if key != "stdin"}
    done = subprocess.run([*map(str, command)], input=text, capture_output=True, text=True, **told)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr)


@contextmanager
def dropped_once(url: str, after_bytes: int) -> Iterator[tuple[str, list[int]]]:
    """A URL by way of a proxy that breaks off, once, after so many bytes of answers; and the bytes of each session."""
    asked, answered = urlsplit(url), []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                Thread(target=_pass_on, args=(listening.accept()[0], asked, answered, after_bytes)).start()

    Thread(target=serve, daemon=True).start()
    host = f"{asked.username}:{asked.password}@127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield asked._replace(netloc=host).geturl(), answered
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _pass_on(client: socket.socket, asked: SplitResult, answered: list[int], after_bytes: int) -> None:
    server = socket.create_connection((str(asked.hostname), asked.port or 0))
    session = len(answered)
    answered.append(0)
    with client, server, suppress(OSError):
        while True:
            for ready in select.select([client, server], [], [])[0]:
                content = ready.recv(1 << 16)
                if not content:
                    return
                (server if ready is client else client).sendall(content)
                answered[session] += len(content) if ready is server else 0
            if answered[session] > after_bytes and max(answered[:session], default=0) < after_bytes:
                return


@contextmanager
def postgresql() -> Iterator[Server]:
    """PostgreSQL as Debian packages it."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    bin_ = programs[-1].parent
    with _folder("postgres") as (folder, started):
        port, data, password = _free_port(), folder / "data", folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        _do(
            [*(bin_ / "initdb", "-D", data, "-U", "insurer", "--pwfile", password), *_SCRAM],
            started,
        )
        settings = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "fsync=off"]
        command = [bin_ / "postgres", "-D", data, *(part for one in settings for part in ("-c", one))]
        plain = {**started, "env": {**os.environ, "PGPASSWORD": PASSWORD}}
        client = ["-h", "127.0.0.1", "-p", port, "-U", "insurer", "-d", "postgres"]
        sql = [bin_ / "psql", *client, "-q", "-v", "ON_ERROR_STOP=1"]
        with _running(command, started, folder / "log", lambda: _succeeds([*sql, "-c", "SELECT 1"], plain)):
            url = f"postgresql://insurer:{QUOTED}@127.0.0.1:{port}/postgres"
            yield Server(url, lambda text: _do([*sql, "-f", "-"], plain, text))


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB as Debian packages it."""
    server, install, client = map(shutil.which, ("mariadbd", "mariadb-install-db", "mariadb"))
    if not (server and install and client):
        pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
    with _folder("mysql") as (folder, started):
        port, data, gate = _free_port(), folder / "data", folder / "gate"
        made = [install, "--no-defaults", f"--datadir={data}", "--skip-test-db"]
        _do([*made, "--auth-root-authentication-method=normal"], started)
        command = [server, "--no-defaults", f"--datadir={data}", f"--socket={gate}", f"--port={port}"]
        command += ["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0"]
        sql = [client, "--no-defaults", f"--socket={gate}", "-u", "root", "--default-character-set=utf8mb4"]
        with _running(command, started, folder / "log", lambda: _succeeds([*sql, "-e", "SELECT 1"], started)):
            _do(
                sql,
                started,
                f"CREATE DATABASE core CHARACTER SET utf8mb4; CREATE USER insurer IDENTIFIED BY '{PASSWORD}';"
                "GRANT SELECT, INSERT ON core.* TO insurer",
            )
            url = f"mysql://insurer:{QUOTED}@127.0.0.1:{port}/core"
            yield Server(url, lambda text: _do([*sql, "core"], started, text))
