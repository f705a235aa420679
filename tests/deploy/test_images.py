"""What the Dockerfiles promise: pinned bases, no tools and no root in what is shipped, and no fault a linter knows."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import image
from import_graph import ROOT

DEPLOY = ROOT / "deploy"
each_final = pytest.mark.parametrize(
    ("name", "stage"), [("Dockerfile", "cpu"), ("Dockerfile", "gpu"), ("training.Dockerfile", "final")]
)


@pytest.mark.parametrize("name", ["Dockerfile", "training.Dockerfile"])
def test_hadolint_finds_nothing(name: str) -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint, "pip install '.[dev]' brings it"
    done = subprocess.run([hadolint, DEPLOY / name], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


@each_final
def test_every_base_has_a_tag_and_a_place_for_its_digest(name: str, stage: str) -> None:
    stages = image.read_stages(DEPLOY / name)
    (base,) = {each.base for each in stages.values()} - stages.keys()
    assert base == "python:${PYTHON_TAG}${PYTHON_DIGEST}"
    arguments = [line for line in (DEPLOY / name).read_text().splitlines() if line.startswith("ARG ")]
    assert arguments[0].startswith("ARG PYTHON_TAG=3.") and arguments[1] == "ARG PYTHON_DIGEST="


@each_final
def test_what_is_shipped_runs_as_nobody_and_was_built_elsewhere(name: str, stage: str) -> None:
    line = image.lineage(image.read_stages(DEPLOY / name), stage)
    assert [user for each in line for user in each.values("USER")] == ["10001:10001"]
    # All that is run in it takes a tool away; packages come from the stage that had them.
    assert [step for each in line for step in each.values("RUN")] == [
        "pip uninstall --yes --root-user-action ignore pip"
    ]
    assert [step for each in line for step in each.values("COPY") if step.startswith("--from=build")]


@each_final
def test_what_is_copied_is_there_and_not_ignored(name: str, stage: str) -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = [step for each in image.read_stages(DEPLOY / name).values() for step in each.values("COPY")]
    sources = [word for step in copied if not step.startswith("--from=") for word in step.split()[:-1]]
    assert all((ROOT / source).exists() for source in sources)
    assert not {Path(source).parts[0] for source in sources} & set(ignored)


def test_the_stage_that_is_built_by_default_is_for_cpus() -> None:
    assert list(image.read_stages(DEPLOY / "Dockerfile"))[-1] == "cpu"


@pytest.mark.parametrize(("stage", "provider"), [("cpu", "cpu"), ("gpu", "cuda")])
def test_each_names_its_provider_so_that_nothing_falls_back_unseen(stage: str, provider: str) -> None:
    line = image.lineage(image.read_stages(DEPLOY / "Dockerfile"), stage)
    assert image.environment(line, ROOT)["ROADSIGHT_PROVIDER"] == provider


@pytest.mark.parametrize("stage", ["build", "build-gpu"])
def test_each_brings_what_a_setting_may_ask_for(stage: str) -> None:
    (step,) = [step for step in image.read_stages(DEPLOY / "Dockerfile")[stage].values("RUN") if "roadsight[" in step]
    extras = set(step.partition("roadsight[")[2].partition("]")[0].split(","))
    assert {"signing", "tracing"} <= extras  # ROADSIGHT_TRUSTED_KEYS, ROADSIGHT_TRACES


@pytest.mark.parametrize("line", ["ADD https://x /y", "RUN echo 'a' # b\nVOLUME /x"])
def test_the_reader_refuses_what_it_does_not_know(tmp_path: Path, line: str) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM x\n{line}\n")
    with pytest.raises(AssertionError, match=r"^(ADD|VOLUME)"):
        image.read_stages(tmp_path / "Dockerfile")
