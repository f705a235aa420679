"""Where wrk comes from, and what is said where it comes from nowhere."""

import os
import platform
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from roadsight_bench import wrk
from roadsight_bench.errors import ToolMissing


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH, on Linux."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    return folder


def test_one_on_path_is_taken(path: Path, tmp_path: Path) -> None:
    program(path, "wrk", "")
    assert wrk.find(tmp_path / "tools").path == str(path / "wrk")
    assert not (tmp_path / "tools").exists()


def test_without_debian_it_must_be_installed_by_hand(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match=r"no Debian.*install wrk"):
        wrk.find(tmp_path / "tools")


def test_a_download_that_fails_says_why_and_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    program(path, "apt-get", "echo no such host >&2; exit 100")
    program(path, "dpkg", "")
    with pytest.raises(ToolMissing, match=r"apt-get download wrk .*no such host"):
        wrk.find(tmp_path / "tools")
    assert {left.name for left in (tmp_path / "tools").iterdir()} <= {"wrk.lock"}


def test_packages_are_fetched_once_for_two_who_ask(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "wrk" else f"/somewhere/{name}")
    program(path, "apt-get", "echo >> ../downloads; sleep 0.3; touch wrk.deb")
    program(path, "dpkg", "mkdir -p unpacked/usr/bin unpacked/usr/lib/here; cp ../packed unpacked/usr/bin/wrk")
    tools = tmp_path / "tools"
    program(tools, "packed", "echo wrk 4; exit 1")
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(wrk.find, [tools, tools]))
    for tool in [*found, wrk.find(tools)]:
        assert tool.path == str(tools / "wrk" / "usr" / "bin" / "wrk")
        assert tool.environment["LD_LIBRARY_PATH"] == str(tools / "wrk" / "usr" / "lib" / "here")
    assert (tools / "downloads").read_text() == "\n"


def test_one_that_does_not_run_is_told_before_anything_is_measured(path: Path, tmp_path: Path) -> None:
    root = tmp_path / "tools" / "wrk" / "usr"
    (root / "lib" / "here").mkdir(parents=True)
    program(root / "bin", "wrk", "echo a library is missing >&2; exit 127")
    with pytest.raises(ToolMissing, match="does not run: a library is missing"):
        wrk.find(tmp_path / "tools")
