import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import workshop_kit
from workshop_kit.cli import main


def run(*words: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | (env or {})
    command = [sys.executable, "-m", "workshop_kit", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean, cwd=cwd)


def test_importing_the_kit_brings_none_of_the_heavy_packages() -> None:
    code = (
        "import sys, workshop_kit; print([m for m in ('boto3', 'pandas', 'torch', 'ipywidgets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in workshop_kit.__all__:
        assert getattr(workshop_kit, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        workshop_kit.no_such_name  # noqa: B018


def test_an_unknown_command_is_a_typing_error() -> None:
    done = run("luanch")
    assert done.returncode == 2 and "invalid choice" in done.stderr


def test_lab_opens_jupyter_with_the_options_given(tmp_path: Path) -> None:
    import requests

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.token=", "--ServerApp.port_retries=0"]
    lab = subprocess.Popen([sys.executable, "-m", "workshop_kit", "lab", *options], start_new_session=True)
    try:
        for _ in range(120):
            try:
                found = requests.get(f"http://127.0.0.1:{port}/api/contents", timeout=5).json()
                break
            except requests.ConnectionError:
                assert lab.poll() is None, "jupyter lab ended"
                time.sleep(0.5)
        assert "01_dataset_generation.ipynb" in {entry["name"] for entry in found["content"]}
    finally:
        os.killpg(lab.pid, signal.SIGKILL)
        lab.wait()


def test_an_unknown_option_is_a_typing_error() -> None:
    done = run("stop", "--no-such-option")
    assert done.returncode == 2 and "--no-such-option" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("domain", "check", "no-such-domain"), "no-such-domain"),
        (("bench", "no-such-bench"), "no benchmark 'no-such-bench'"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert says in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_faulty_domain_is_found_and_placed(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "domain.json").write_text('{"id": "bad"}')
    done = run("domain", "check", str(folder))
    assert done.returncode == 1 and "domain.json" in done.stdout and "title" in done.stdout


def test_the_shipped_domains_are_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["domain", "check"]) == 0
    assert capsys.readouterr().out.count(": ok") >= 2


def test_a_missing_extra_shows_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from workshop_kit.errors import MissingExtra, require

    with pytest.raises(MissingExtra, match=r"pip install 'workshop-kit\[league\]'"):
        require("no_such_module_anywhere", extra="league")


def test_real_aws_without_credentials_is_told_in_one_sentence(tmp_path: Path) -> None:
    env = {
        "WORKSHOP_AWS": "aws",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
    }
    done = run("cleanup", "--home", str(tmp_path), env=env)
    assert done.returncode == 1 and "credentials" in done.stderr and "Traceback" not in done.stderr


def test_local_aws_in_the_foreground_prints_its_exports_and_refuses_a_second(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "workshop_kit", "aws", "--home", str(home)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        printed = ""
        while "AWS_DEFAULT_REGION" not in printed:
            line = first.stdout.readline()
            assert line, printed
            printed += line
        assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in printed
        second = run("aws", "--home", str(home))
        assert second.returncode == 1 and "Traceback" not in second.stderr and str(home) in second.stderr
        cleaned = run("cleanup", "--home", str(home), env={"WORKSHOP_AWS": "local"})
        assert cleaned.returncode == 0, cleaned.stderr
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait(timeout=30)


def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("aws", "--home", str(tmp_path / "home"), "--port", port)
        assert done.returncode == 1 and port in done.stderr and "Traceback" not in done.stderr
        done = run("league", "--home", str(tmp_path / "home"), "--port", port, env={"WORKSHOP_AWS": "local"})
        assert done.returncode == 1 and port in done.stderr and "Traceback" not in done.stderr
