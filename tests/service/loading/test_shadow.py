"""Before a model serves it is compared with the one that does, on frames that live clients send."""

from pathlib import Path

import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_service.loading import shadow
from service.loading.house import ask, house, load, loads, refuses_red, save, serves, while_loading

STRIPES = encoded(striped(RED, GREEN, BLUE))
LABELS = colours.LABELS
EACH = "?regions=[[0,0,40,40],[40,0,80,40],[80,0,120,40],[0,0,2,2]]"  # the last is too small for either


def test_one_that_agrees_serves_and_is_told_on_how_many_frames(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0", labels=LABELS)
    save(tmp_path, "2.0.0", labels=LABELS)
    with house(tmp_path) as running:
        stripes = lambda: ask(running.url, STRIPES, EACH)  # noqa: E731
        loaded = while_loading(running, stripes, shadow_frames=5, max_disagreement=0)
        assert loaded.json()["compared"] == dict(frames=5, failed=0, regions=20, differing=0, disagreement=0)
        assert serves(running.url) == "2.0.0"


def test_one_that_differs_too_often_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0", labels=LABELS)
    save(tmp_path, "2.0.0", labels=("red", "blue", "green"))
    with house(tmp_path) as running:
        stripes = lambda: ask(running.url, STRIPES, EACH)  # noqa: E731
        before = running.zygote
        refused = while_loading(running, stripes, shadow_frames=3, max_disagreement=0.49)
        assert (refused.status_code, refused.json()["reason"]) == (422, "disagreement")
        assert "6 of 12 regions" in refused.json()["detail"]
        assert running.zygote == before
        assert serves(running.url) == "1.0.0"
        loaded = while_loading(running, stripes, shadow_frames=3, max_disagreement=0.5)
        assert loaded.json()["compared"]["disagreement"] == 0.5
        assert (loads(running.url, "failed"), loads(running.url, "loaded")) == (1, 1)


def test_one_that_fails_on_all_of_them_or_often_is_refused_however_much_it_may_differ(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0", labels=LABELS)
    save(tmp_path, "2.0.0", {"classifier.onnx": refuses_red()}, labels=LABELS)
    with house(tmp_path, load_max_errors=1) as running:
        for frames in (1, 2):
            refused = while_loading(running, lambda: ask(running.url), shadow_frames=frames)
            assert refused.json()["reason"] == "too_many_errors"
            assert f"failed on {frames} of {frames} live frames" in refused.json()["detail"]
        assert serves(running.url) == "1.0.0"


def test_where_too_few_frames_come_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "WAIT_S", 0.1)
    save(tmp_path, "2.0.0")
    with house(tmp_path) as running:
        refused = load(running.url, "colours@2.0.0", shadow_frames=5)
        assert (refused.status_code, refused.json()["reason"]) == (422, "too_few_frames")
        assert "0 of 5 frames" in refused.json()["detail"]
        assert serves(running.url) == "1.0.0"
