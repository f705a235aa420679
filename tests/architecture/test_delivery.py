"""What leaves the repository: the wheel, the image, the files that a stranger finds at the top."""

import subprocess
import sys
import zipfile
from pathlib import Path

import yaml

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


def test_the_image_copies_only_what_is_there_and_does_not_run_as_root() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert copied
    assert all((ROOT / word).exists() for word in copied)
    assert any(line.startswith("USER ") and line != "USER root" for line in lines)
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert (ROOT / compose["services"]["roadsight"]["build"]["dockerfile"]).is_file()
