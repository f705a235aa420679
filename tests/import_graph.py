"""Reads the import graph off the source, without importing anything."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = {
    "roadsight_models": ROOT / "models",
    "roadsight_service": ROOT / "service",
    "roadsight_client": ROOT / "service",
    "roadsight_training": ROOT / "training",
}
PACKAGES = SHIPPED | {"roadsight_bench": ROOT / "bench", "roadsight_monitoring": ROOT / "deploy"}


@dataclass(frozen=True)
class Module:
    """A source file, and the dotted names that it imports."""

    name: str
    path: Path
    tree: ast.Module
    imports: frozenset[str]

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.name.partition(".")[0]


def modules() -> dict[str, Module]:
    """Every module of the packages, by dotted name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted((folder / package).rglob("*.py")):
            name = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
            tree = ast.parse(path.read_text())
            found[name] = Module(name, path, tree, frozenset(_imports(tree)))
    return found


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute in this house"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def edges(found: dict[str, Module]) -> dict[str, set[str]]:
    """module -> modules of ours that it imports; `from a.b import c` means a.b.c if that is a module, else a.b."""
    graph: dict[str, set[str]] = {}
    for name, module in found.items():
        targets = (wanted if wanted in found else wanted.rpartition(".")[0] for wanted in module.imports)
        graph[name] = {target for target in targets if target in found and target != name}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """One circle of imports, if there is any."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for target in sorted(graph[name]):
            if found := visit(target, [*path, name]):
                return found
        done.add(name)
        return None

    return next((found for name in sorted(graph) if (found := visit(name, []))), None)
