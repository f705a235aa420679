"""A Dockerfile read, and its steps done without an engine.

Dockerfile --read_stages--> stages --built--> a folder in the place of the image's root --command, env--> processes

It knows what our files use: ARG before FROM, COPY of folders, RUN, ENV, and the forms in brackets. Anything else is
refused.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from import_graph import ROOT

KNOWN = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
MOVED = re.compile(r"(?<![\w.])/(?=(src|opt)\b)")


@dataclass
class Stage:
    """From one FROM to the next."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def values(self, keyword: str) -> list[str]:
        """What follows a keyword, in order."""
        return [value for word, value in self.steps if word == keyword]


def read_stages(path: Path) -> dict[str, Stage]:
    """All stages by name; the last one is `final` where it has none."""
    stages: dict[str, Stage] = {}
    for keyword, value in _instructions(path):
        assert keyword in KNOWN, keyword
        if keyword == "FROM":
            base, _, name = value.partition(" AS ")
            stages[name or "final"] = Stage(base)
        elif stages:
            stages[next(reversed(stages))].steps.append((keyword, value))
    return stages


def lineage(stages: dict[str, Stage], name: str) -> list[Stage]:
    """A stage and those it is built on, the oldest first."""
    stage = stages[name]
    return [*lineage(stages, stage.base), stage] if stage.base in stages else [stage]


def _instructions(path: Path) -> Iterator[tuple[str, str]]:
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for whole in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        keyword, _, value = whole.partition(" ")
        yield keyword, value.strip()


def environment(stages: list[Stage], root: Path) -> dict[str, str]:
    """What ENV sets, with `/opt` under `root`; PATH goes before the one there is."""
    found = {"PATH": os.environ["PATH"]}
    for stage in stages:
        for value in stage.values("ENV"):
            pairs = (part.partition("=") for part in shlex.split(value))
            found |= {name: moved(said, root).replace("$PATH", found["PATH"]) for name, _, said in pairs}
    return found


def words(stages: list[Stage], keyword: str) -> list[str]:
    """The last ENTRYPOINT, CMD or HEALTHCHECK ... CMD, which must be written as a list."""
    said = [value for stage in stages for value in stage.values(keyword)][-1]
    listed: list[str] = json.loads(said[said.index("[") :])
    return listed


def moved(text: str, root: Path) -> str:
    """The same with `/src` and `/opt` under `root`."""
    return MOVED.sub(f"{root}/", text)


def only_copies(stage: Stage) -> Stage:
    """The stage without RUN and without what it takes from other stages, which lies there already."""
    kept = [(word, said) for word, said in stage.steps if word == "COPY" and not said.startswith("--from=")]
    return Stage(stage.base, kept)


def build(stage: Stage, root: Path, libraries: Path) -> None:
    """Does COPY and RUN under `root`. Packages come from `libraries`, none from an index."""
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONPATH": str(libraries)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    place = root / "src"
    for keyword, value in stage.steps:
        if keyword == "COPY":
            *sources, target = value.split()
            for source in sources:
                _copy(ROOT / source, place / target if target.startswith(".") else Path(moved(target, root)))
        if keyword == "RUN":
            command = ["bash", "-euo", "pipefail", "-c", moved(value, root)]
            subprocess.run(command, cwd=place, env=os.environ | offline | {"PATH": path}, check=True, timeout=120)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(exist_ok=True)
        shutil.copy(source, target)


def link_libraries(folder: Path) -> Path:
    """Every package that the tests have, but not Roadsight: what an index would give."""
    folder.mkdir()
    for site in (Path(entry) for entry in sys.path if entry.endswith("site-packages")):
        for path in site.iterdir():
            ours = re.match(r"_*(editable__+)?_*roadsight", path.name) or path.suffix == ".pth"
            if not ours and not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    return folder
