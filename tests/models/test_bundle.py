from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import colours
from roadsight_models import bundle
from roadsight_models.errors import BadBundle


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    saved = colours.save(tmp_path)
    loaded = bundle.load(tmp_path / "colours" / "1.0.0")
    assert loaded == saved
    assert loaded.manifest.labels == colours.LABELS
    assert loaded.golden().frames.shape == (4, 16, 16, 3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["manifest.json", "classifier.onnx", "golden.npz"]), st.data())
def test_one_flipped_bit_anywhere_is_refused_and_the_file_named(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    folder = colours.save(tmp_path_factory.mktemp("flip")).folder
    content = bytearray((folder / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 2))  # the manifest's last byte is a newline
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    (folder / name).write_bytes(content)
    with pytest.raises(BadBundle, match=name.replace(".", r"\.")):
        bundle.load(folder)


@pytest.mark.parametrize("name", ["manifest.json", "classifier.onnx", "golden.npz"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = colours.save(tmp_path).folder
    (folder / name).unlink()
    with pytest.raises(BadBundle, match=name):
        bundle.load(folder)


def test_an_unknown_schema_version_is_refused(tmp_path: Path) -> None:
    path = colours.save(tmp_path).folder / "manifest.json"
    path.write_text(path.read_text().replace('"schema_version": 3', '"schema_version": 4'))
    with pytest.raises(BadBundle, match="schema_version"):
        bundle.load(path.parent)


def test_a_published_version_never_changes(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with pytest.raises(BadBundle, match="exists already"):
        colours.save(tmp_path)


def test_a_bundle_that_can_not_be_loaded_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"golden\.npz"):
        bundle.save(tmp_path, colours.manifest(), {"classifier.onnx": colours.graph()})
    assert not list(tmp_path.rglob("*.*"))


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="over 20000000 bytes"):
        colours.save(tmp_path, files={"card.md": bytes(bundle.MAX_FILE_BYTES + 1)})


def test_the_folder_of_all_versions_is_not_a_bundle_and_the_error_helps(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with pytest.raises(BadBundle, match=r"the folder of a version is meant: 1\.0\.0"):
        bundle.load(tmp_path / "colours")


def test_the_newest_version_counts_by_number_not_by_letter(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0", "0.99.0"):
        colours.save(tmp_path, version=version)
    assert bundle.latest(tmp_path) == {"colours": tmp_path / "colours" / "1.10.0"}
