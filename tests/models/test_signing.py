"""A signature vouches for every file of a bundle, and only the owner of a trusted key can make it."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import colours
from keys import Pair, make_pair, write_pair
from roadsight_models import bundle
from roadsight_models.cli import GROUP, build
from roadsight_models.errors import BadBundle, BadKey, UntrustedBundle
from roadsight_models.restate import restate
from roadsight_models.signing import SIGNATURE, check, sign_bundle

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ours(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "ours")


@pytest.fixture
def signed(tmp_path: Path, ours: Pair) -> Path:
    folder = colours.save(tmp_path / "bundles").folder
    assert sign_bundle(folder, ours.private) == folder / SIGNATURE
    return folder


def test_what_the_owner_of_a_trusted_key_signed_passes_and_still_loads(signed: Path, ours: Pair) -> None:
    check(signed, [ours.public])
    assert bundle.load(signed).manifest.name == "colours"


def test_one_of_several_trusted_keys_is_enough(signed: Path, ours: Pair, tmp_path: Path) -> None:
    check(signed, [make_pair(tmp_path, "other").public, ours.public])


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()], ids=["P-384", "P-521"])
def test_longer_curves_sign_too(signed: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    pair = write_pair(tmp_path, "long", ec.generate_private_key(curve))
    sign_bundle(signed, pair.private)
    check(signed, [pair.public])


def test_a_bundle_without_a_signature_is_told_how_to_get_one(tmp_path: Path, ours: Pair) -> None:
    folder = colours.save(tmp_path / "bundles").folder
    with pytest.raises(UntrustedBundle, match=r"not signed: no model\.sig; roadsight sign"):
        check(folder, [ours.public])


def test_a_strangers_signature_is_refused_and_every_key_says_why(signed: Path, tmp_path: Path) -> None:
    first, second = (make_pair(tmp_path, name).public for name in ("first", "second"))
    with pytest.raises(UntrustedBundle, match=r"first\.pub: Key mismatch.*second\.pub: Key mismatch"):
        check(signed, [first, second])


def test_a_changed_bundle_is_refused_even_where_its_digests_were_mended(
    signed: Path, ours: Pair, tmp_path: Path
) -> None:
    forged = colours.save(tmp_path / "forged", temperature=9.0).folder
    for path in forged.iterdir():
        shutil.copy(path, signed)
    assert bundle.load(signed).manifest.temperature == 9.0  # as far as digests can tell it is sound
    with pytest.raises(UntrustedBundle, match=r"manifest\.json"):
        check(signed, [ours.public])


@pytest.mark.parametrize("name", ["more.onnx", ".gitignore", ".tensorrt"])
def test_a_file_more_is_refused(signed: Path, ours: Pair, name: str) -> None:
    (signed / name).write_text("")
    with pytest.raises(UntrustedBundle, match="Extra files"):
        check(signed, [ours.public])


def test_a_file_less_and_a_link_are_refused(signed: Path, ours: Pair, tmp_path: Path) -> None:
    path = signed / bundle.GOLDEN
    shutil.move(path, tmp_path)
    with pytest.raises(UntrustedBundle, match="Missing files"):
        check(signed, [ours.public])
    path.symlink_to(tmp_path / bundle.GOLDEN)
    with pytest.raises(UntrustedBundle, match="symlink"):
        check(signed, [ours.public])


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"verificationMaterial": null}', b"[" * 5000])
def test_a_signature_that_is_none_is_refused(signed: Path, ours: Pair, content: bytes) -> None:
    (signed / SIGNATURE).write_bytes(content)
    with pytest.raises(UntrustedBundle, match=r"ours\.pub: ."):
        check(signed, [ours.public])


def test_a_signature_over_another_statement_is_refused(signed: Path, ours: Pair, tmp_path: Path) -> None:
    other = colours.save(tmp_path / "other", temperature=9.0).folder
    sign_bundle(other, make_pair(tmp_path, "stranger").private)
    mixed = json.loads((signed / SIGNATURE).read_text())
    mixed["dsseEnvelope"]["payload"] = json.loads((other / SIGNATURE).read_text())["dsseEnvelope"]["payload"]
    (other / SIGNATURE).write_text(json.dumps(mixed))  # says that we signed what we did not
    with pytest.raises(UntrustedBundle, match="InvalidSignature"):
        check(other, [ours.public])


def test_a_key_that_is_none_is_named_though_another_would_do(signed: Path, ours: Pair, tmp_path: Path) -> None:
    rsa_pair = write_pair(tmp_path, "rsa", rsa.generate_private_key(65537, 2048))
    brainpool = write_pair(tmp_path, "pool", ec.generate_private_key(ec.BrainpoolP256R1()))
    for bad in (tmp_path / "nowhere.pub", ours.private, rsa_pair.public, brainpool.public):
        with pytest.raises(BadKey, match=bad.name):
            check(signed, [ours.public, bad])
    for bad in (tmp_path / "nowhere.pem", ours.public, rsa_pair.private, brainpool.private):
        with pytest.raises(BadKey, match=bad.name):
            sign_bundle(signed, bad)


def test_a_damaged_bundle_is_not_signed(signed: Path, ours: Pair) -> None:
    (signed / bundle.CLASSIFIER).write_bytes(b"")
    with pytest.raises(BadBundle, match=r"classifier\.onnx"):
        sign_bundle(signed, ours.private)


def test_a_bundle_that_says_more_of_itself_must_be_signed_anew(signed: Path, ours: Pair) -> None:
    restate(bundle.load(signed), [], {})
    with pytest.raises(UntrustedBundle, match="not signed"):
        check(signed, [ours.public])
    sign_bundle(signed, ours.private)
    check(signed, [ours.public])


def test_the_command_signs(signed: Path, ours: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    (signed / SIGNATURE).unlink()
    command = EntryPoint("sign", "roadsight_models.signing:sign", GROUP)
    with pytest.raises(SystemExit, match="0"):
        build([command])(["sign", str(signed), "--key", str(ours.private)])
    assert capsys.readouterr().out.strip() == str(signed / SIGNATURE)
    check(signed, [ours.public])


def test_who_serves_without_keys_does_not_pay_for_the_library() -> None:
    code = "import roadsight_service.cli, sys; sys.exit('model_signing' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
