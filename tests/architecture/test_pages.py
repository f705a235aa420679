"""What the pages name is there: files of ours, plots, headings."""

import re
import subprocess
from pathlib import Path

import pytest

from import_graph import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "bench" / "README.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def git(*words: str) -> list[str]:
    """The lines that it prints; `check-ignore` ends with 1 where there are none."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()


OURS = {name.partition("/")[0] for name in git("ls-files")}


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def paths(text: str) -> list[str]:
    """Names in backticks that begin at the top of the repository: `docs/scale.md`, `docs/adr/0017`, `docs/*/x.json`."""
    return [name for name in re.findall(r"`([\w.*/-]+)`", prose(text)) if name.partition("/")[0] in OURS]


def lost(names: list[str]) -> list[str]:
    """Those that are neither there, nor the beginning of one that is, nor what a command writes and git ignores."""
    gone = [name for name in names if not any(ROOT.glob(name.rstrip("/") + "*"))]
    return sorted(set(gone) - set(git("check-ignore", *gone))) if gone else []


def links(text: str) -> list[str]:
    return [name for name in re.findall(r"\]\(([^)]+)\)", prose(text)) if "://" not in name]


def anchors(page: Path) -> set[str]:
    """Its headings, as a link names them."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@each_page
def test_every_file_of_ours_that_a_page_names_is_there(page: Path) -> None:
    assert lost(paths(page.read_text())) == []


@each_page
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in links(page.read_text()):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_every_section_that_a_page_sends_to_is_there(page: Path) -> None:
    for name, heading in re.findall(r'`(docs/[\w-]+\.md)`, "([^"]+)"', page.read_text()):
        assert re.search(rf"^#+ {re.escape(heading)}$", (ROOT / name).read_text(), re.MULTILINE), (name, heading)


def test_every_page_of_the_docs_is_named_on_the_front_page() -> None:
    named = paths((ROOT / "README.md").read_text())
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= set(named)


def test_a_name_that_is_wrong_would_be_found() -> None:
    text = "`docs/adr/0017`, `docs/nowhere.md`, `bench/results.json`, `POST /v1/classify`\n```\n`docs/gone.md`\n```\n"
    assert paths(text) == ["docs/adr/0017", "docs/nowhere.md", "bench/results.json"]
    assert lost(paths(text)) == ["docs/nowhere.md"]
    assert links("[a](gone.md) [b](https://kept.org) ![c](plot.png)") == ["gone.md", "plot.png"]
