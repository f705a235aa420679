"""A bundle and the disk: two writers, no room, names that lead elsewhere, files that are none."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import colours
from roadsight_models import bundle
from roadsight_models.errors import BadBundle

CONTENT = {"classifier.onnx": colours.graph(), "golden.npz": colours.golden()}


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() or path.is_symlink()}


def test_of_two_writers_of_one_version_one_wins_and_nothing_is_left_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, load = threading.Barrier(4), bundle.load

    def meet(folder: Path) -> bundle.Bundle:
        loaded = load(folder)
        if folder.name.startswith(".draft"):
            ready.wait(20)  # all drafts are whole before the first is published
        return loaded

    monkeypatch.setattr(bundle, "load", meet)

    def publish(writer: int) -> str:
        try:
            bundle.save(tmp_path, colours.manifest(licence=f"of {writer}"), CONTENT)
        except BadBundle as error:
            return str(error)
        return f"of {writer}"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(publish, range(4)))
    winner = load(tmp_path / "colours" / "1.0.0").manifest.licence
    assert sorted(winner == what for what in said) == [False, False, False, True]
    assert sum("exists already" in what for what in said) == 3
    assert [path.name for path in (tmp_path / "colours").iterdir()] == ["1.0.0"]


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    write, written = Path.write_bytes, 0

    def full(path: Path, data: bytes) -> int:
        nonlocal written
        written += 1
        if written == fails_at:
            write(path, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "write_text", lambda path, text: full(path, text.encode()))
    with pytest.raises(OSError, match="No space left"):
        bundle.save(tmp_path, colours.manifest(), CONTENT)
    assert not files(tmp_path)
    assert bundle.latest(tmp_path) == {}


def test_after_a_failure_the_version_can_still_be_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(OSError, match="Input/output"):
            colours.save(tmp_path)
    assert colours.save(tmp_path).manifest.version == "1.0.0"


@pytest.mark.parametrize(
    "name", ["../stray", "../../stray", "below/stray", "/stray", ".stray", "a b", "", "..", "stray\n", "x" * 65]
)
def test_a_name_that_leads_elsewhere_is_refused_before_a_byte_is_written(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    target = str(tmp_path / "stray") if name == "/stray" else name
    with pytest.raises(BadBundle, match="files"):
        bundle.save(root, colours.manifest(), CONTENT | {target: b"x"})
    assert not files(tmp_path)


def test_a_bundle_can_not_bring_a_manifest_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"manifest\.json"):
        bundle.save(tmp_path, colours.manifest(), CONTENT | {"manifest.json": b"{}"})
    assert not files(tmp_path)


def test_what_a_manifest_said_of_files_and_digest_before_counts_for_nothing(tmp_path: Path) -> None:
    stale = colours.manifest(files={"gradient.onnx": "0" * 64}, digest="0" * 64)
    assert set(bundle.save(tmp_path, stale, CONTENT).manifest.files) == set(CONTENT)


def test_a_bundle_over_the_limit_in_all_is_refused(tmp_path: Path) -> None:
    thirds = {f"part{i}.bin": bytes(bundle.MAX_FILE_BYTES) for i in range(3)}
    with pytest.raises(BadBundle, match="over 50000000 bytes in all"):
        bundle.save(tmp_path, colours.manifest(), CONTENT | thirds)
    assert not files(tmp_path)


def test_a_file_that_grew_over_the_limit_is_not_even_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = colours.save(tmp_path).folder
    monkeypatch.setattr(bundle, "MAX_FILE_BYTES", 1)
    with pytest.raises(BadBundle, match="over 1 bytes"):
        bundle.load(folder)


def test_files_beside_the_bundle_s_own_are_left_alone(tmp_path: Path) -> None:
    folder = colours.save(tmp_path).folder
    (folder / "notes.txt").write_text("engines and notes of operations may lie here")
    (folder / ".tensorrt").mkdir()
    assert "notes.txt" not in bundle.load(folder).manifest.files


@pytest.mark.parametrize("name", ["manifest.json", "classifier.onnx", "golden.npz"])
def test_a_folder_in_place_of_a_file_is_no_file(tmp_path: Path, name: str) -> None:
    folder = colours.save(tmp_path).folder
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(BadBundle, match=f"{name}: no such file"):
        bundle.load(folder)


@pytest.mark.parametrize("name", ["manifest.json", "classifier.onnx", "golden.npz"])
def test_a_link_is_as_good_as_what_it_points_to(tmp_path: Path, name: str) -> None:
    folder = colours.save(tmp_path).folder
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder / name, elsewhere)
    (folder / name).symlink_to(elsewhere)
    assert bundle.load(folder).manifest.task == "colour"
    elsewhere.write_bytes(elsewhere.read_bytes()[:-2])
    with pytest.raises(BadBundle, match=name):
        bundle.load(folder)
    elsewhere.unlink()
    with pytest.raises(BadBundle, match=f"{name}: no such file"):
        bundle.load(folder)


def test_two_files_can_not_change_places(tmp_path: Path) -> None:
    folder = colours.save(tmp_path, files={"card.md": b"one", "notes.md": b"two"}).folder
    (folder / "card.md").write_bytes(b"two")
    (folder / "notes.md").write_bytes(b"one")
    with pytest.raises(BadBundle, match=r"card\.md: its SHA-256"):
        bundle.load(folder)


def test_a_bundle_moved_or_copied_elsewhere_is_the_same_bundle(tmp_path: Path) -> None:
    saved = colours.save(tmp_path / "here")
    copied = shutil.copytree(saved.folder, tmp_path / "there")
    assert bundle.load(copied).manifest == saved.manifest


def test_others_may_read_what_was_published(tmp_path: Path) -> None:
    assert colours.save(tmp_path).folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "stray", [".draft-x1", "1.0", "2", "1.0.0.0", "9.9.9-rc1", "v9.9.9", "9.9.9 ", "\u00b2.0.0", "\u0662.0.0", "latest"]
)
def test_what_is_no_version_is_never_the_newest(tmp_path: Path, stray: str) -> None:
    saved = colours.save(tmp_path)
    shutil.copytree(saved.folder, tmp_path / "colours" / stray)
    assert bundle.latest(tmp_path) == {"colours": saved.folder}


def test_a_version_without_manifest_or_an_empty_root_has_no_newest(tmp_path: Path) -> None:
    assert bundle.latest(tmp_path / "nowhere") == {}
    (tmp_path / "colours" / "1.0.0").mkdir(parents=True)
    (tmp_path / "readme.md").write_text("bundles live here")
    assert bundle.latest(tmp_path) == {}


def test_each_name_has_its_own_newest(tmp_path: Path) -> None:
    for name, version in (("b", "1.0.0"), ("a", "2.0.0"), ("a", "10.0.0"), ("b", "0.9.9")):
        colours.save(tmp_path, name=name, version=version)
    newest = bundle.latest(tmp_path)
    assert list(newest) == ["a", "b"]
    assert {name: folder.name for name, folder in newest.items()} == {"a": "10.0.0", "b": "1.0.0"}
