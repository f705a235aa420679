"""What leaves the repository: the wheel, the files that a stranger finds at the top. Images: tests/deploy."""

import subprocess
import sys
import zipfile
from pathlib import Path

from import_graph import ROOT, SHIPPED

TOP = """
pyproject.toml README.md LICENSE CHANGELOG.md CONTRIBUTING.md Makefile docker-compose.yml
service models training tests bench deploy docs/design.md docs/adr .ci/run
"""


def test_the_wheel_holds_the_four_packages_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(SHIPPED)
    assert "roadsight_training/judging/templates/report.html.j2" in names


def test_the_top_of_the_house_is_as_planned() -> None:
    for name in TOP.split():
        assert (ROOT / name).exists(), name
