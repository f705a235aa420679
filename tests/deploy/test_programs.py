"""Where Prometheus comes from."""

from pathlib import Path

import pytest

from roadsight_bench.errors import ToolMissing
from roadsight_monitoring.prometheus import Prometheus, find


def test_programs_on_path_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("prometheus", "promtool"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find(tmp_path / "tools") == Prometheus(str(tmp_path / "prometheus"), str(tmp_path / "promtool"))


def test_without_debian_they_must_be_installed_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"prometheus is not on PATH.*install prometheus"):
        find(tmp_path / "tools")
