"""Which precisions are measured, and on which provider."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import colours
import fake_gpu
from bench.rounds import round_of
from colours import INT8
from roadsight_bench import __main__ as command
from roadsight_bench import service
from roadsight_bench.cases import CASES
from roadsight_bench.launch import Launch
from roadsight_bench.measure import FULL, QUICK, Plan, Round
from roadsight_bench.wrk import Tool
from roadsight_models import precision


@pytest.mark.parametrize(("has_dot_products", "names"), [(True, ["S3", "S3-int8"]), (False, ["S3"])])
def test_what_the_service_picks_is_measured_beside_float32(
    has_dot_products: bool, names: list[str], tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours.save(tmp_path, {INT8.file: colours.graph()}, name="s3", precisions=(INT8,))
    asked: list[str] = []

    def measured(case: object, bundle: object, provider: str, precision: str, *_: object) -> list[Round]:
        assert provider == "cpu"
        asked.append(precision)
        return [round_of()]

    monkeypatch.setattr(command, "measure", measured)
    monkeypatch.setattr(precision, "has_dot_products", lambda: has_dot_products)
    command.main(["S3"], tmp_path, tmp_path / "results.json")
    document = json.loads((tmp_path / "results.json").read_text())
    assert [name for name in document if name in CASES or "-" in name] == names
    assert asked == ["float32", "int8"][: len(names)]


@pytest.mark.parametrize(
    ("asked", "plan"),
    [({}, FULL), ({"rounds": 2}, replace(FULL, rounds=2)), ({"rounds": 2, "quick": True}, QUICK)],
    ids=["by itself", "two rounds", "quick"],
)
def test_it_is_measured_as_often_as_was_asked(
    asked: dict[str, int], plan: Plan, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours.save(tmp_path, name="s3")
    plans: list[object] = []

    def measured(*given: object) -> list[Round]:
        plans.append(given[4])
        return [round_of()]

    monkeypatch.setattr(command, "measure", measured)
    command.main(["S3"], tmp_path, tmp_path / "results.json", **asked)  # type: ignore[arg-type]  # as it takes them
    assert plans == [plan]
    assert json.loads((tmp_path / "results.json").read_text())["quick"] is (plan == QUICK)


def test_on_a_gpu_float16_is_measured_beside_float32_and_the_limit_is_in_buckets(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = INT8.model_copy(update={"name": "float16", "file": "classifier.float16.onnx", "latency_ratio": None})
    colours.save(tmp_path, {half.file: colours.graph()}, name="s3", precisions=(half,))
    fake_gpu.install(monkeypatch)
    asked: list[tuple[str, str]] = []
    started = service.launch

    def on_the_cpu(root: Path, model: str, provider: str, precision: str, lanes: int) -> Launch:
        asked.append((provider, precision))
        return started(root, model, "cpu", precision, lanes)

    monkeypatch.setattr(service, "launch", on_the_cpu)
    command.main(["S3"], tmp_path, tmp_path / "results.json", "cuda", quick=True)
    document = json.loads((tmp_path / "results.json").read_text())
    assert asked == [("cuda", "float32"), ("cuda", "float16")]
    assert {"S3", "S3-float16"} < document.keys()
    assert document["provider"] == "cuda"
    assert all(document["S3"][load]["limit_per_s"] > 0 for load in ("c4", "c16", "c64"))
