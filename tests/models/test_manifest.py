import pytest
from pydantic import ValidationError

import colours
from roadsight_models.manifest import Manifest


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="labelz"):
        colours.manifest(labelz=("a", "b"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Traffic Sign"),
        ("name", "../elsewhere"),
        ("version", "1.0"),
        ("task", "traffic-sign"),
        ("labels", ("stop", "stop")),
        ("labels", ("stop",)),
        ("temperature", 0.0),
        ("uncertain_below", 1.5),
        ("files", {"../manifest.json": "0" * 64}),
    ],
)
def test_a_value_out_of_bounds_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        colours.manifest(**{field: value})


def test_a_manifest_survives_json() -> None:
    manifest = colours.manifest().sealed()
    again = Manifest.model_validate_json(manifest.model_dump_json())
    assert again == manifest
    assert again.digest == again.expected_digest()


def test_the_digest_vouches_for_every_field() -> None:
    assert colours.manifest(temperature=1.1).expected_digest() != colours.manifest().expected_digest()


def test_a_manifest_is_frozen() -> None:
    with pytest.raises(ValidationError):
        colours.manifest().temperature = 2.0  # type: ignore[misc]
