"""One server per workspace: found, started once, started again, stopped; and what it says when it can't."""

# One case a line reads better than the same case on four.
# ruff: noqa: E501

import json
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from workshop_kit.errors import LocalAwsProblem
from workshop_kit.local_aws import find, find_or_start, stop


def serve(home, *more, **options):
    return subprocess.run(
        [sys.executable, "-m", "workshop_kit.local_aws", "--home", str(home), *more],
        capture_output=True, text=True, timeout=30, **options,
    )  # fmt: skip


def test_processes_that_ask_at_once_get_one_server(tmp_path):
    home = tmp_path / "home"
    program = (
        "import sys; from pathlib import Path; from workshop_kit.local_aws import find_or_start;"
        "print(find_or_start(Path(sys.argv[1])).pid)"
    )
    asking = [
        subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    try:
        pids = {process.communicate(timeout=60)[0].strip() for process in asking}
        assert pids == {str(find(home).pid)}
    finally:
        assert stop(home)


def test_a_killed_server_is_started_again_at_the_same_url(fresh):
    home, info = fresh
    os.kill(info.pid, signal.SIGKILL)
    while find(home):
        time.sleep(0.02)
    again = find_or_start(home)
    assert again.pid != info.pid and again.url == info.url


def test_stop_stops_and_says_whether_there_was_anything_to_stop(fresh):
    home, info = fresh
    assert stop(home) is True
    assert find(home) is None and not (home / "aws" / "server.json").exists()
    assert stop(home) is False


def test_a_second_server_on_the_workspace_gets_one_sentence(server, home):
    done = serve(home)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"Local AWS is already running on the workspace {home}; stop it with 'workshop-kit stop', or give another --home."
    )


def test_a_port_in_use_gets_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve(tmp_path, "--port", str(port))
        assert done.returncode == 1
        assert done.stderr.strip() == (
            f"Local AWS can't listen on port {port} of 127.0.0.1 (it is in use); give another --port, or none."
        )
        with pytest.raises(LocalAwsProblem, match="is in use"):
            find_or_start(tmp_path / "other", port=port)


def test_the_foreground_server_prints_its_exports_and_ends_on_sigterm(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "workshop_kit.local_aws", "--home", str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    lines = [process.stdout.readline().strip() for _ in range(5)]
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines[1:])
    assert exported == find(tmp_path).env()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert find(tmp_path) is None


def test_a_start_that_fails_in_the_middle_ends_the_process(tmp_path):
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "state.sqlite").write_bytes(b"this is no database" * 100)
    done = serve(tmp_path)
    assert done.returncode == 1 and "not a database" in done.stderr
    with pytest.raises(LocalAwsProblem, match="not a database"):
        find_or_start(tmp_path, timeout=10)


def test_an_idle_server_ends_by_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_AWS_IDLE_SECONDS", "1")
    find_or_start(tmp_path)
    note = tmp_path / "aws" / "server.json"
    end = time.monotonic() + 10
    while note.exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not note.exists()


def test_a_server_ends_when_its_workspace_is_deleted_and_made_anew(tmp_path):
    import shutil

    home = tmp_path / "home"
    old = psutil.Process(find_or_start(home).pid)
    shutil.rmtree(home)
    try:
        new = find_or_start(home)
        assert new.pid != old.pid
        old.wait(10)
        assert find(home) == new
    finally:
        stop(home)


def test_another_workspaces_server_on_the_noted_port_is_not_taken_for_ours(server, tmp_path):
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "server.json").write_text(json.dumps({"url": server.url, "pid": server.pid, "region": "x"}))
    assert find(tmp_path) is None


@pytest.mark.parametrize(
    "note", ["", "[]", "{", '{"url": 5}', '{"url": "http://127.0.0.1:1"}', '{"url": "file:///etc"}']
)
def test_a_damaged_note_is_no_server(tmp_path, note):
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "server.json").write_text(note)
    assert find(tmp_path) is None


def test_a_server_that_hangs_is_told_apart_from_one_that_is_gone(fresh, monkeypatch):
    home, info = fresh
    monkeypatch.setattr("workshop_kit.local_aws.ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("workshop_kit.local_aws.STOP_SECONDS", 1)
    os.kill(info.pid, signal.SIGSTOP)
    while psutil.Process(info.pid).status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    with pytest.raises(LocalAwsProblem, match=f"process {info.pid}.* does not answer; end it with 'workshop-kit stop'"):
        find_or_start(home, timeout=1)
    assert stop(home) is True
    assert find_or_start(home).pid != info.pid


def test_a_workspace_that_can_not_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LocalAwsProblem, match="can't be written"):
        find_or_start(tmp_path / "file")


def test_iam_survives_a_restart(fresh, tmp_path):
    from workshop_kit.local_aws.context import Context

    home, info = fresh
    program = (
        "import json, sys; from pathlib import Path; from workshop_kit.local_aws.context import Context\n"
        "from workshop_kit.local_aws.services import delegated\n"
        "ctx = Context.open(Path(sys.argv[1]))\n"
        "print(json.dumps([delegated.role_state(ctx, f'arn:aws:iam::000000000000:role/{n}') for n in sys.argv[2:]]))"
    )
    iam = _iam(info)
    iam.create_role(RoleName="bare", AssumeRolePolicyDocument="{}")
    made = iam.create_role(RoleName="able", AssumeRolePolicyDocument="{}")["Role"]
    iam.put_role_policy(
        RoleName="able",
        PolicyName="p",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        ),
    )
    key = iam.create_user(UserName="u") and iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    stop(home)
    iam = _iam(find_or_start(home))
    assert iam.get_role(RoleName="able")["Role"]["RoleId"] == made["RoleId"]
    assert iam.list_access_keys(UserName="u")["AccessKeyMetadata"][0]["AccessKeyId"] == key
    environment = {**os.environ, "MOTO_ACCOUNT_ID": "000000000000"}
    names = ["able", "bare", "nobody", "service-role/WorkshopExecutionRole"]
    done = subprocess.run(
        [sys.executable, "-c", program, str(home), *names], capture_output=True, text=True, env=environment
    )
    assert json.loads(done.stdout) == ["ok", "no-rights", "missing", "ok"], done.stderr
    assert Context.open(home).store.list("iam-journal")


def _iam(info):
    import boto3

    return boto3.Session("local", "local", region_name=info.region).client("iam", endpoint_url=info.url)


def test_starting_is_quick_and_an_idle_server_is_small(tmp_path):
    started = time.monotonic()
    info = find_or_start(tmp_path)
    seconds = time.monotonic() - started
    try:
        rss = psutil.Process(info.pid).memory_info().rss / 1e6
        # Generous bounds, for a loaded machine; workshop-kit bench prints the figures.
        assert seconds < 10 and rss < 160, (seconds, rss)
    finally:
        stop(tmp_path)
