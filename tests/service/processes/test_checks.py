"""Checks of robustness beside lanes that are processes: what serves is attacked, and the answer is the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import colour_gradient
from checking import ENOUGH, ONE_LESS, House, checking, lasting
from running import launched, post
from service.processes.lanes import Running, check, children, serve_processes


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, House]]:
    """The same model in processes and in threads."""
    root = tmp_path_factory.mktemp("bundles")
    colour_gradient.save(root)
    with serve_processes(root, robustness_enabled=True) as running, checking(tmp_path_factory.mktemp("same")) as house:
        yield running, house


def test_a_check_finds_what_the_served_model_says(both: tuple[Running, House]) -> None:
    url = both[0].url
    served = post(url).json()["regions"][0]["results"][0]
    checks = [check(url, f"epsilon={epsilon}").json() for epsilon in (ENOUGH, ONE_LESS)]
    assert [each["verdict"] for each in checks] == ["broken", "robust"]
    assert all(each["clean"] == served for each in checks)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"epsilon={ENOUGH}&image=true", 200),
        ("attack=pgd&epsilon=1&search=true&seed=7&region=[0,0,40,30]", 200),
        ("norm=l2&epsilon=14.5&attack=pgd&target=2&label=red", 200),
        ("label=blue", 200),
        ("attack=certify&n=50&sigma=0.25", 200),
        ("version=1.0.0&attack=corruptions", 200),
        ("version=1.0.1", 404),
        ("attack=fgsm&steps=3", 422),
        ("norm=l3&epsilon=0.1", 422),
        ("epsilon=256/255", 422),
        ("target=red", 422),
        ("region=[90,0,99,9]", 422),
    ],
)
def test_it_is_the_answer_that_a_thread_gives(both: tuple[Running, House], query: str, status: int) -> None:
    ours, theirs = check(both[0].url, query), both[1].check(query)
    assert (ours.status_code, theirs.status_code) == (status, status), ours.text
    assert lasting(ours.json()) == lasting(theirs.json())


def test_a_picture_that_is_none_is_told_as_ever(both: tuple[Running, House]) -> None:
    refused = check(both[0].url, "", b"no picture")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_image")


def test_the_serving_process_loads_nothing_for_it(tmp_path: Path) -> None:
    colour_gradient.save(tmp_path)
    switched_on = {"ROADSIGHT_PROVIDER": "cpu", "ROADSIGHT_LANES": "1", "ROADSIGHT_ROBUSTNESS_ENABLED": "true"}
    with launched(tmp_path, **switched_on) as (url, process), ThreadPoolExecutor(1) as pool:
        assert pool.submit(check, url, "").result().json()["verdict"] == "robust"
        (zygote,) = children(process.pid)
        for library, loaded in (("onnxruntime", True), ("numpy", True), ("cv2", True)):
            assert (library in Path(f"/proc/{zygote}/maps").read_text()) is loaded
            assert library not in Path(f"/proc/{process.pid}/maps").read_text()
