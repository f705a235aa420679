"""`manifest.json` as text: what others write or change by hand is understood exactly, or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import colours
from roadsight_models import bundle
from roadsight_models.errors import BadBundle
from roadsight_models.manifest import Manifest, digest_of

SEALED = colours.manifest(temperature=0.1 + 0.2, licence="CC-BY \u00fc \u4f60").sealed()


def rewritten(tmp_path: Path, change: Callable[[str], str | bytes]) -> bundle.Bundle:
    """Loads a bundle after its manifest's text was changed."""
    path = colours.save(tmp_path).folder / "manifest.json"
    text = change(path.read_text())
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return bundle.load(path.parent)


def shuffled(value: Any, order: Callable[[list[str]], list[str]]) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], order) for key in order(list(value))}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@given(st.randoms(use_true_random=False), st.sampled_from([None, 1, 4]), st.booleans())
def test_the_digest_does_not_hang_on_order_or_layout(random: Any, indent: int | None, ascii_only: bool) -> None:
    fields = shuffled(json.loads(SEALED.model_dump_json()), lambda keys: random.sample(keys, len(keys)))
    again = Manifest.model_validate_json(json.dumps(fields, indent=indent, ensure_ascii=ascii_only))
    assert again == SEALED
    assert again.expected_digest() == SEALED.digest


def test_the_digest_is_the_same_in_every_release() -> None:
    """Published bundles are signed with it: this figure may only change with `schema_version`."""
    digest = colours.manifest().expected_digest()
    assert digest == "d986db724a7f389cd680e234047311e24c2e625e3caf17c4eef0a6fd3253c0a0"


def test_a_manifest_of_version_2_has_the_digest_that_it_had_then() -> None:
    written = colours.manifest().model_dump(mode="json", exclude={"robustness"}) | {"schema_version": 2}
    assert digest_of(written) == "73ef22749b42b7b29a512acd71fcbb4e1c48f6d2dc61a1c7d92ac886a5c7aad3"


@pytest.mark.parametrize("field", sorted(Manifest.model_fields.keys() - {"digest", "schema_version"}))
def test_the_digest_vouches_for_each_field(field: str) -> None:
    other: dict[str, object] = {
        "labels": ("green", "red", "blue"),  # their order is the contract
        "input": SEALED.input.model_copy(update={"context": 0.1}),
        "parity": {"max_difference": 0.0, "n": 2},
        "metrics": ({"name": "top1", "split": "test", "value": 0.5, "interval": None, "n": 1},),
        "provenance": SEALED.provenance.model_copy(update={"code": "other"}),
        "files": {"card.md": "0" * 64},
        "precisions": (
            {"name": "int8", "file": "x.onnx", "size": 1, "top1": 1, "latency_ratio": None, "golden_tolerance": 0.1},
        ),
        "robustness": (
            {
                **{"attack": "pgd", "parameters": "", "norm": "linf", "epsilon": 0.1, "target": None, "jpeg": None},
                **{"precision": "int8", "split": "test", "n": 1, "seed": 0, "clean_top1": 1, "robust_top1": 0},
                **{"interval": (0, 1), "steps": 1, "queries": 1},
            },
        ),
        "version": "1.0.1",
    }
    old = getattr(colours.manifest(), field)
    new = other.get(field, old + "x" if isinstance(old, str) else old * 0.5 if isinstance(old, float) else 1)
    assert colours.manifest(**{field: new}).expected_digest() != colours.manifest().expected_digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"temperature": 1.0', '"temperature": 1.5'),
        ('"red",\n    "green"', '"green",\n    "red"'),
        ('"context": 0.0', '"context": 0.01'),
        ('"licence": "Apache-2.0"', '"licence": "Apache-2.0 "'),
        ('"metrics": []', '"metrics": [{"name":"top1","split":"test","value":1,"interval":null,"n":9}]'),
        ('"version": "1.0.0"', '"version": "1.0.1"'),
        # Of two equal keys the last counts, as everywhere; the digest vouches for what counts.
        ('"task": "colour"', '"task": "colour", "task": "other"'),
    ],
)
def test_a_value_changed_after_publishing_is_found(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(BadBundle, match=r"manifest\.json: its digest does not match"):
        rewritten(tmp_path, lambda text: text.replace(old, new))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: "null",
        lambda text: text + "{}",
        lambda text: text[:-3],
        lambda text: "[" * 50_000,
        lambda text: "\ufeff" + text,
        lambda text: text.encode("utf-16"),
        lambda text: text.encode().replace(b"Apache", b"\xff\xfe"),
        lambda text: text.replace("Apache", "\\ud800"),
        lambda text: text.replace('"opset": 18', f'"opset": 1{"0" * 5000}'),
        lambda text: text.replace('"opset": 18', '"opset": 18.5'),
        lambda text: text.replace('"opset": 18', '"opset": null'),
        lambda text: text.replace('"temperature": 1.0', '"temperature": NaN'),
        lambda text: text.replace('"temperature": 1.0', '"temperature": Infinity'),
        lambda text: text.replace('"temperature": 1.0', '"temperature": 1e999'),
        lambda text: text.replace('"temperature": 1.0', '"temperature": -1.0'),
        lambda text: text.replace('"golden_tolerance": 0.001', '"golden_tolerance": 1e999'),
        lambda text: text.replace('"golden_tolerance": 0.001', '"golden_tolerance": 1'),
        lambda text: text.replace('"uncertain_below": 0.6', '"uncertain_below": 60'),
        lambda text: text.replace('"schema_version": 3', '"schema_version": "3"'),
        lambda text: text.replace('"area_or_linear"', '"cubic"'),
        lambda text: text.replace('"opset"', '"opset_version"'),
        lambda text: text.replace('"digest": "', '"digest": "sha256:'),
        lambda text: text.replace("classifier.onnx", "../classifier.onnx"),
    ],
)
def test_a_manifest_that_is_not_understood_is_refused_in_one_line(
    tmp_path: Path, change: Callable[[str], str | bytes]
) -> None:
    with pytest.raises(BadBundle, match=r"manifest\.json: ") as refused:
        rewritten(tmp_path, change)
    assert "\n" not in str(refused.value)
    assert "digest does not match" not in str(refused.value)


def test_a_manifest_without_digest_was_never_published(tmp_path: Path) -> None:
    def unsealed(text: str) -> str:
        fields = json.loads(text)
        del fields["digest"]
        return json.dumps(fields)

    with pytest.raises(BadBundle, match="its digest does not match"):
        rewritten(tmp_path, unsealed)


@pytest.mark.parametrize("name", ["classifier.onnx", "golden.npz"])
def test_a_sealed_manifest_must_list_what_every_bundle_has(tmp_path: Path, name: str) -> None:
    def shortened(text: str) -> str:
        manifest = Manifest.model_validate_json(text)
        files = {file: digest for file, digest in manifest.files.items() if file != name}
        return manifest.model_copy(update={"files": files}).sealed().model_dump_json()

    with pytest.raises(BadBundle, match=f"lists no {name}"):
        rewritten(tmp_path, shortened)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("field", ["temperature", "golden_tolerance", "uncertain_below"])
def test_every_number_is_finite(field: str, value: float) -> None:
    with pytest.raises(ValidationError):
        colours.manifest(**{field: value})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_every_published_figure_is_finite(value: float) -> None:
    figure = {"name": "top1", "split": "test", "value": 0.9, "interval": (0.8, 0.95), "n": 7}
    colours.manifest(metrics=(figure,))
    for bad in ({"value": value}, {"interval": (0.8, value)}):
        with pytest.raises(ValidationError):
            colours.manifest(metrics=(figure | bad,))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "colours\n"),
        ("name", "-colours"),
        ("name", "a" * 65),
        ("name", ""),
        ("version", "1.0.0\n"),
        ("version", "01.0.0"),
        ("version", "1.0.1000000"),
        ("version", "\u0661.0.0"),
        ("version", "1.0.0-rc1"),
        ("task", "colour\n"),
        ("labels", ("red", 7)),
        ("schema_version", 0),
        ("files", {"a\n": "0" * 64}),
        ("files", {"a": "0" * 63}),
        ("files", {"a": "A" * 64}),
        ("digest", "0"),
    ],
)
def test_names_and_digests_have_one_spelling(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        colours.manifest(**{field: value})


def test_versions_are_ordered_by_number() -> None:
    versions = ["0.0.9", "0.0.10", "0.2.0", "0.10.0", "1.0.0", "2.0.0", "10.0.0", "999999.0.0"]
    assert sorted(versions, key=lambda version: colours.manifest(version=version).version_key) == versions
