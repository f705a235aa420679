"""A bundle that is there says more of itself: figures and text, never another graph."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import colours
from roadsight_models import bundle
from roadsight_models.errors import BadBundle
from roadsight_models.manifest import Manifest, Robustness, digest_of
from roadsight_models.restate import restate

MEASURED = Robustness(
    attack="pgd", parameters="pgd: steps 40", norm="linf", epsilon=8 / 255, target=None, jpeg=None,
    precision="float32", split="test", n=1000, seed=0, clean_top1=0.98, robust_top1=0.25, interval=(0.22, 0.28),
    steps=31.5, queries=33.5,
)  # fmt: skip


def another(**changes: object) -> Robustness:
    return Robustness.model_validate(MEASURED.model_dump() | changes)


def saved(root: Path) -> bundle.Bundle:
    return colours.save(root, {"card.md": b"before\n"})


def older(root: Path, version: int, *unknown: str) -> bundle.Bundle:
    """The bundle as it was written when the manifest had fewer fields."""
    path = saved(root).folder / "manifest.json"
    written = json.loads(path.read_text())
    fields = {name: value for name, value in written.items() if name not in unknown} | {"schema_version": version}
    path.write_text(json.dumps(fields | {"digest": digest_of(fields)}))
    return bundle.load(path.parent)


def test_figures_and_texts_change_and_nothing_else(tmp_path: Path) -> None:
    before = saved(tmp_path)
    graph = before.classifier.read_bytes()
    after = restate(before, [MEASURED], {"card.md": b"after\n"})
    assert after == bundle.load(before.folder)
    assert after.manifest.robustness == (MEASURED,)
    assert (after.folder / "card.md").read_bytes() == b"after\n"
    assert after.classifier.read_bytes() == graph
    same = {"robustness", "digest", "files"}
    assert after.manifest.model_dump(exclude=same) == before.manifest.model_dump(exclude=same)
    assert after.manifest.digest == after.manifest.expected_digest() != before.manifest.digest


def test_nothing_else_is_left_beside_it(tmp_path: Path) -> None:
    restate(saved(tmp_path), [MEASURED], {})
    assert [path.name for path in (tmp_path / "colours").iterdir()] == ["1.0.0"]


def test_the_same_question_has_one_answer_the_newest(tmp_path: Path) -> None:
    first = restate(saved(tmp_path), [MEASURED, another(epsilon=4 / 255)], {})
    second = restate(first, [another(robust_top1=0.2, seed=1), another(split="validation")], {})
    found = [(one.epsilon, one.split, one.robust_top1) for one in second.manifest.robustness]
    assert found == [(8 / 255, "test", 0.2), (4 / 255, "test", 0.25), (8 / 255, "validation", 0.25)]


@pytest.mark.parametrize(("version", "unknown"), [(1, ("precisions", "robustness")), (2, ("robustness",))])
def test_an_older_manifest_keeps_its_digest_until_it_says_more(
    tmp_path: Path, version: int, unknown: tuple[str, ...]
) -> None:
    before = older(tmp_path, version, *unknown)
    assert before.manifest.schema_version == version
    assert before.manifest.robustness == ()
    after = restate(before, [MEASURED], {})
    assert after.manifest.schema_version == 3
    assert after.manifest.robustness == (MEASURED,)


@pytest.mark.parametrize("name", ["classifier.onnx", "golden.npz", "../1.0.1/card.onnx"])
def test_a_graph_is_never_replaced(tmp_path: Path, name: str) -> None:
    before = saved(tmp_path)
    with pytest.raises(BadBundle, match="what is published never changes"):
        restate(before, [MEASURED], {name: b"other"})
    assert bundle.load(before.folder) == before


def test_a_text_with_a_name_that_leads_elsewhere_is_refused_and_the_bundle_stays(tmp_path: Path) -> None:
    before = saved(tmp_path)
    with pytest.raises(BadBundle):
        restate(before, [MEASURED], {"../card.md": b"other"})
    assert bundle.load(before.folder) == before


def test_a_damaged_graph_is_not_sealed_as_if_it_were_the_published_one(tmp_path: Path) -> None:
    before = saved(tmp_path)
    before.classifier.write_bytes(before.classifier.read_bytes() + b"\0")
    with pytest.raises(BadBundle, match="differs from the manifest's"):
        restate(before, [MEASURED], {})


@pytest.mark.parametrize(
    "change",
    [
        {"robust_top1": 1.1},
        {"clean_top1": -0.1},
        {"epsilon": -0.1},
        {"epsilon": float("nan")},
        {"norm": "l1"},
        {"jpeg": 0},
        {"n": 0},
        {"steps": float("inf")},
        {"precision": "int4"},
        {"verdict": "robust"},
    ],
)
def test_a_figure_out_of_bounds_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        another(**change)


def test_figures_survive_json() -> None:
    manifest = colours.manifest(robustness=(MEASURED, another(norm=None, epsilon=None))).sealed()
    again = Manifest.model_validate_json(manifest.model_dump_json())
    assert again == manifest
    assert digest_of(json.loads(manifest.model_dump_json())) == manifest.digest
