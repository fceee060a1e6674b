"""Documents, log lines and objects without HTTP, as the worker process uses them."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.store import Exists, Store, after_prefix


@pytest.fixture
def ctx(tmp_path):
    ctx = Context.open(tmp_path)
    ctx.objects.create_bucket("b")
    return ctx


def test_documents_come_back_and_are_created_once(ctx):
    ctx.store.create("job", "a", {"x": [1, None, "é"]})
    with pytest.raises(Exists):
        ctx.store.create("job", "a", {})
    assert ctx.store.get("job", "a") == {"x": [1, None, "é"]}
    assert ctx.store.get("job", "b") is None and ctx.store.get("other", "a") is None
    assert ctx.store.update("job", "a", lambda doc: {**doc, "y": 2})["y"] == 2
    assert ctx.store.update("job", "none", lambda doc: doc) is None
    assert ctx.store.delete("job", "a") is True and ctx.store.delete("job", "a") is False


def test_a_change_that_fails_changes_nothing(ctx):
    ctx.store.put("job", "a", {"n": 1})
    with pytest.raises(ZeroDivisionError):
        ctx.store.update("job", "a", lambda doc: {"n": 1 // 0})
    assert ctx.store.get("job", "a") == {"n": 1}
    ctx.store.put("job", "a", {"n": 2})  # the connection is usable


def test_processes_that_update_one_document_lose_no_change(ctx, tmp_path):
    ctx.store.put("count", "n", {"n": 0})
    program = (
        "import sys; from workshop_kit.local_aws.store import Store; store = Store(sys.argv[1])\n"
        "for _ in range(50): store.update('count', 'n', lambda doc: {'n': doc['n'] + 1})"
    )
    path = str(tmp_path / "aws" / "state.sqlite")
    running = [subprocess.Popen([sys.executable, "-c", program, path]) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert ctx.store.get("count", "n") == {"n": 200}


text = st.text(st.characters(codec="utf-8"), max_size=4)


@settings(max_examples=100)
@given(prefix=text, key=text)
def test_the_bound_after_a_prefix_is_tight(prefix, key):
    end = after_prefix(prefix)
    inside = prefix.encode() <= key.encode() and (end is None or key.encode() < end.encode())
    assert inside == key.startswith(prefix)


def test_log_lines_are_numbered_within_their_stream(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    store.append_log("g", "one", [(10, "a"), (20, "b")])
    store.append_log("g", "two", [(5, "x")])
    store.append_log("g", "one", [(30, "c")])
    assert store.read_log("g", "one") == [(0, 10, "a"), (1, 20, "b"), (2, 30, "c")]
    assert store.read_log("g", "one", start=1, limit=1) == [(1, 20, "b")]
    assert [tuple(stream) for stream in store.log_streams("g")] == [("one", 10, 30, 3), ("two", 5, 5, 1)]
    assert [stream.name for stream in store.log_streams("g", "tw")] == ["two"]


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("s3://b/data/", {"x.jsonl", "deep/y.jsonl"}),
        ("s3://b/data", {"x.jsonl", "deep/y.jsonl"}),
        ("s3://b/data/x.jsonl", {"x.jsonl"}),
        ("s3://b/data/deep", {"y.jsonl"}),
        ("s3://b/nothing", set()),
    ],
)
def test_a_prefix_comes_down_as_files(ctx, tmp_path, uri, names):
    for key in ("data/x.jsonl", "data/deep/y.jsonl", "data/", "database"):
        ctx.objects.put("b", key, key.encode())
    found = ctx.objects.download_prefix(uri, tmp_path / "to")
    assert {str(path.relative_to((tmp_path / "to").resolve())) for path in found} == names


def test_a_key_can_not_leave_the_folder(ctx, tmp_path):
    ctx.objects.put("b", "p/../../escaped", b"x")
    with pytest.raises(AwsError, match="can't be written"):
        ctx.objects.download_prefix("s3://b/p/", tmp_path / "to")
    assert not (tmp_path / "escaped").exists()


def test_an_open_object_outlives_its_replacement(ctx, tmp_path):
    (tmp_path / "f").write_bytes(b"first")
    ctx.objects.upload_file(tmp_path / "f", "s3://b/k")
    with ctx.objects.open("b", "k") as file:
        ctx.objects.put("b", "k", b"second")
        assert file.read() == b"first"
    assert ctx.objects.open("b", "k").read() == b"second"
    with pytest.raises(AwsError) as gone:
        ctx.objects.open("b", "none")
    assert gone.value.code == "NoSuchKey"


def test_a_source_that_fails_in_the_middle_stores_nothing(ctx):
    class Broken:
        calls = 0

        def read(self, size):
            self.calls += 1
            if self.calls == 3:
                raise RuntimeError("the other side went away")
            return b"x" * size

    ctx.objects.put("b", "k", b"before")
    with pytest.raises(RuntimeError):
        ctx.objects.put("b", "k", Broken())
    assert ctx.objects.open("b", "k").read() == b"before"
    assert len(list(ctx.objects.blobs.root.glob("*/*"))) == 1
