"""Tests that run side by side: a file's tests are run by one process, which makes what they share once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).parents[2]


def test_a_file_s_tests_are_run_by_one_process() -> None:
    files = [f"tests/league_statistics/test_{name}.py" for name in ("ranks", "scores", "comparison")]
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider", *files]
    told = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=300).stdout
    ran = re.findall(r"\[(gw\d)\] .*PASSED (\S+?)::", told)
    assert len(ran) > 2 * len(files), told[-2000:]
    assert {worker for worker, _ in ran} == {"gw0", "gw1"}
    assert len(set(ran)) == len(files), "a file's tests were run by several processes"
