"""With trusted keys the service serves what their owners signed, and nothing else."""

import shutil
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import colours
from keys import Pair, make_pair
from roadsight_models import bundle, signing
from roadsight_models.errors import BadParameter, UntrustedBundle
from roadsight_models.signing import check, sign_bundle
from roadsight_service.registry import open_registry
from roadsight_service.settings import Settings
from running import launched, post, start


@pytest.fixture
def ours(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "ours")


def test_a_signed_bundle_serves(tmp_path: Path, ours: Pair) -> None:
    sign_bundle(colours.save(tmp_path / "bundles").folder, ours.private)
    with launched(tmp_path / "bundles", ROADSIGHT_PROVIDER="cpu", ROADSIGHT_TRUSTED_KEYS=str(ours.public)) as (url, _):
        assert post(url).status_code == 200


def test_an_unsigned_bundle_stops_the_start_in_one_line(tmp_path: Path, ours: Pair) -> None:
    folder = colours.save(tmp_path / "bundles").folder
    done = start(tmp_path / "bundles", ROADSIGHT_PROVIDER="cpu", ROADSIGHT_TRUSTED_KEYS=str(ours.public))
    assert done.returncode != 0
    assert f"error: {folder}: not signed" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_unsigned_bundle_among_signed_ones_stops_the_start(tmp_path: Path, ours: Pair) -> None:
    sign_bundle(colours.save(tmp_path).folder, ours.private)
    colours.save(tmp_path, name="other", task="other")
    with pytest.raises(UntrustedBundle, match=r"other/1\.0\.0: not signed"):
        open_registry(Settings(bundles=tmp_path, provider="cpu", trusted_keys=(ours.public,)))


@pytest.mark.parametrize("said", ["", " , "])
def test_keys_that_name_none_stop_the_start_rather_than_trust_everybody(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADSIGHT_TRUSTED_KEYS", said)
    with pytest.raises(ValidationError, match="names no key"):
        Settings()


def test_without_the_extra_the_start_says_what_to_install(
    tmp_path: Path, ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours.save(tmp_path)
    monkeypatch.setitem(sys.modules, "roadsight_models.signing", None)
    with pytest.raises(BadParameter, match=r"pip install 'roadsight\[signing\]'"):
        open_registry(Settings(bundles=tmp_path, trusted_keys=(ours.public,)))


def test_what_is_opened_is_what_was_checked_though_the_folder_is_changed_meanwhile(
    tmp_path: Path, ours: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = colours.save(tmp_path / "bundles").folder
    stranger = colours.save(tmp_path / "elsewhere", labels=("a", "b", "c")).folder
    sign_bundle(folder, ours.private)

    def check_and_swap(checked: Path, keys: tuple[Path, ...]) -> None:
        check(checked, keys)
        shutil.copytree(stranger, folder, dirs_exist_ok=True)

    monkeypatch.setattr(signing, "check", check_and_swap)
    registry = open_registry(Settings(bundles=tmp_path / "bundles", provider="cpu", trusted_keys=(ours.public,)))
    assert registry.sessions["colour"].manifest.labels == colours.LABELS
    with pytest.raises(UntrustedBundle, match=f"{folder}: "):  # in the folder's name, not that of the copy
        open_registry(Settings(bundles=tmp_path / "bundles", provider="cpu", trusted_keys=(ours.public,)))


def test_a_folder_that_is_larger_than_any_bundle_is_not_copied(tmp_path: Path, ours: Pair) -> None:
    folder = colours.save(tmp_path).folder
    sign_bundle(folder, ours.private)
    with (folder / "more").open("wb") as file:
        file.truncate(bundle.MAX_BUNDLE_BYTES)
    with pytest.raises(UntrustedBundle, match="over 50000000 bytes"):
        open_registry(Settings(bundles=tmp_path, provider="cpu", trusted_keys=(ours.public,)))
