"""The command that the package is compared with."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Command(Protocol):
    def __call__(self, *arguments: str) -> Any: ...


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs `hardwire ARGUMENTS --format json` in the root of the repository and reads its answer."""
    binary = os.environ["HARDWIRE_COMMAND"]

    def run(*arguments: str) -> Any:
        done = subprocess.run([binary, *arguments, "--format", "json"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    return run
