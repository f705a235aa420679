"""The plan of the house (docs/design.md), as far as a machine can check it."""

import ast
import statistics
import subprocess
from pathlib import Path

import pytest

from import_graph import PACKAGES, ROOT, Module, circle, edges, modules
from roadsight_models import bundle

MODULES = modules()
MAY_IMPORT = {
    "roadsight_models": {"roadsight_models"},
    "roadsight_training": {"roadsight_training", "roadsight_models"},
    "roadsight_service": {"roadsight_service", "roadsight_models", "roadsight_client"},
    "roadsight_client": {"roadsight_client"},
    "roadsight_bench": {"roadsight_bench", "roadsight_models"},  # the service is behind a socket
    "roadsight_monitoring": {"roadsight_monitoring", "roadsight_bench"},  # for what it fetches of Debian
}
# The process of the benchmark that makes bundles and ends before anything is measured.
EXPORTS = ("roadsight_bench.export", "roadsight_bench.packing")
CORRUPTIONS = ("corruptions", "corrupted", "noise", "blur", "weather", "digital")
each_module = pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.name)


def top_levels(module: Module) -> set[str]:
    return {name.partition(".")[0] for name in module.imports}


@each_module
def test_imports_go_down_only(module: Module) -> None:
    may = MAY_IMPORT[module.package] | ({"roadsight_training"} if module.name in EXPORTS else set())
    assert (top_levels(module) & PACKAGES.keys()) <= may


def test_no_module_imports_itself_in_a_circle() -> None:
    assert circle(edges(MODULES)) is None


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


@each_module
def test_torch_stays_where_bundles_are_made(module: Module) -> None:
    heavy = {"torch", "torchvision", "timm", "pytorch_lightning", "torchmetrics", "onnx", "onnxscript"}
    makes_bundles = module.package == "roadsight_training" or module.name in EXPORTS
    assert makes_bundles or not top_levels(module) & heavy


def test_nothing_that_measures_imports_what_exports() -> None:
    assert [name for name, targets in edges(MODULES).items() if targets & set(EXPORTS)] == ["roadsight_bench.export"]


@each_module
def test_nothing_trains_on_what_the_benchmark_measures(module: Module) -> None:
    rooms = ("roadsight_training.judging", "roadsight_training.card", "roadsight_training.commands")
    measures = module.name.startswith(rooms)  # or tells what was measured
    corruptions = tuple(f"roadsight_models.robustness.{name}" for name in CORRUPTIONS)
    corrupts = any(name.startswith(corruptions) for name in module.imports)
    assert measures or module.package != "roadsight_training" or not corrupts


@each_module
def test_fastapi_stays_in_the_app_and_its_routes(module: Module) -> None:
    at_the_door = module.name == "roadsight_service.app" or module.name.startswith("roadsight_service.routes")
    assert at_the_door or not top_levels(module) & {"fastapi", "starlette"}


@each_module
def test_a_module_says_what_it_is_for(module: Module) -> None:
    assert ast.get_docstring(module.tree)


@each_module
def test_functions_fit_on_a_screen(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


def test_files_and_functions_are_short_as_a_rule() -> None:
    files = [len(module.path.read_text().splitlines()) for module in MODULES.values()]
    assert statistics.median(files) < 150
    assert max(files) <= 250


def test_there_are_as_many_lines_of_tests_as_of_code() -> None:
    code = sum(len(module.path.read_text().splitlines()) for module in MODULES.values())
    tests = sum(len(path.read_text().splitlines()) for path in (ROOT / "tests").rglob("*.py"))
    assert tests >= code


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def test_no_picture_of_a_data_set_and_no_large_file_is_committed() -> None:
    for path in tracked():
        assert path.suffix.lower() not in {".jpg", ".jpeg", ".webp", ".ppm", ".zip"}, path
        assert path.stat().st_size <= 20_000_000, path


def test_every_shipped_bundle_is_small_enough_and_says_its_licence() -> None:
    for folder in bundle.latest(ROOT / "models" / "bundles").values():
        loaded = bundle.load(folder)
        assert loaded.manifest.licence
        assert sum(path.stat().st_size for path in folder.iterdir()) <= bundle.MAX_BUNDLE_BYTES
