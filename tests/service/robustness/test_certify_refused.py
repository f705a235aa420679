"""What can't be certified, and what belongs to an attack, is refused by name before a picture is asked about."""

from collections.abc import Iterator

import httpx
import pytest

from checking import House, checking

CERTIFY = "attack=certify"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with checking(tmp_path_factory.mktemp("bundles"), robustness_max_noisy_pictures=500) as house:
        yield house


@pytest.fixture(autouse=True)
def nothing_was_inferred(house: House) -> Iterator[None]:
    before = len(house.session.batches)
    yield
    assert len(house.session.batches) == before


def refusal(response: httpx.Response) -> str:
    assert (response.status_code, response.json()["code"]) == (422, "bad_parameter"), response.text
    return str(response.json()["detail"])


@pytest.mark.parametrize("sigma", ["0", "-0.1", "1.01", "nan", "inf", "", "eight", "8/0", "1" * 400])
def test_a_sigma_that_is_none(house: House, sigma: str) -> None:
    assert refusal(house.check(f"{CERTIFY}&sigma={sigma}")).startswith("sigma: ")


@pytest.mark.parametrize("n", ["0", "501", "-1", "1.5", "", "9" * 5000])
def test_an_n_that_is_none_or_over_the_cap(house: House, n: str) -> None:
    assert refusal(house.check(f"{CERTIFY}&n={n}")).startswith("n: expected a whole number from 1 to 500")


def test_an_n_that_could_prove_nothing_is_told_how_many_it_takes(house: House) -> None:
    assert refusal(house.check(f"{CERTIFY}&n=9")).endswith("it takes 10")


@pytest.mark.parametrize(
    "foreign", ["epsilon=8/255", "norm=l2", "steps=3", "restarts=2", "target=blue", "search=false", "image=true"]
)
def test_what_belongs_to_an_attack_is_refused(house: House, foreign: str) -> None:
    detail = refusal(house.check(f"{CERTIFY}&{foreign}"))
    assert detail.startswith(f"{foreign.partition('=')[0]}: ")
    assert "sigma and n" in detail


@pytest.mark.parametrize("attack", ["", "attack=pgd&", "attack=standard&", "attack=corruptions&"])
@pytest.mark.parametrize("own", ["sigma=0.1", "n=100"])
def test_an_attack_refuses_what_belongs_to_certify(house: House, attack: str, own: str) -> None:
    detail = refusal(house.check(attack + own))
    assert detail.startswith(f"{own.partition('=')[0]}: ")
    assert CERTIFY in detail


def test_a_misspelt_name_is_told_the_nearest(house: House) -> None:
    assert "did you mean 'certify'" in refusal(house.check("attack=certfy"))


def test_a_label_that_is_none(house: House) -> None:
    assert "did you mean 'red'" in refusal(house.check(f"{CERTIFY}&label=rad"))
