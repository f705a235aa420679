from pathlib import Path

from roadsight_models import errors
from roadsight_models.errors import RoadsightError
from roadsight_training import errors as training_errors

ROOT = Path(__file__).parents[2]


def family(base: type[RoadsightError] = RoadsightError) -> list[type[RoadsightError]]:
    return [base, *(error for child in base.__subclasses__() for error in family(child))]


def client_facing() -> list[type[RoadsightError]]:
    return [error for error in family() if error.__module__ == errors.__name__]


def test_no_two_errors_share_a_code() -> None:
    assert issubclass(training_errors.TrainingError, RoadsightError)  # so that its family is walked, too
    codes = [error.code for error in family()]
    assert len(codes) == len(set(codes))


def test_every_error_a_client_may_see_is_on_the_page_of_the_routes() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    for error in client_facing():
        if error.status != 500:
            assert f"| {error.status} | `{error.code}` |" in page, error


def test_every_error_says_when_it_is_raised() -> None:
    assert all(error.__doc__ for error in family())
