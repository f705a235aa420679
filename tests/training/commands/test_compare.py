import pytest
import typer

from roadsight_training.commands.compare import seconds


@pytest.mark.parametrize(("budget", "wanted"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("0.5m", 30)])
def test_a_budget_is_a_number_with_its_unit(budget: str, wanted: float) -> None:
    assert seconds(budget) == wanted


@pytest.mark.parametrize("budget", ["10", "m", "0m", "-5m", "10 m", "ten minutes", "1d"])
def test_what_is_no_time_is_refused_with_what_is(budget: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time; 90s, 10m and 1h are"):
        seconds(budget)
