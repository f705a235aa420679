from pathlib import Path

import pytest

from roadsight_training.errors import BadRecipe
from roadsight_training.recipe import parse, read

SHIPPED = Path(__file__).parents[2] / "training" / "recipes"
TEXT = (SHIPPED / "traffic-sign.yaml").read_text()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_understood(path: Path) -> None:
    assert read(path).name == path.stem


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence:", "license:", r"^r\.yaml: unknown key 'license'; did you mean 'licence'\?$"),
        ("  epochs:", "  epoch:", r"unknown key 'fit\.epoch'; did you mean 'epochs'\?"),
        ("  hue:", "  hue_shift:", r"unknown key 'augment\.hue_shift'; did you mean 'hue'\?|known: "),
        ("  context:", "  contxt:", r"unknown key 'input\.contxt'; did you mean 'context'\?"),
        ("  dropout:", "  zzz:", r"unknown key 'network\.zzz'; known: dropout, name, origin, weights"),
        ("epochs: 12", "epochs: 0", r"fit\.epochs: Input should be greater than or equal to 1"),
        ("weights: imagenet", "weights: imagnet", r"network\.weights: Input should be 'imagenet' or 'none'"),
        ("margin: [-0.08, 0.25]", "margin: [0.3, 0.1]", r"augment\.margin: .*the lower first"),
        ("task: traffic_sign", "", r"task: Field required"),
        ("  split: train ", "  split: test ", r"data\.split: .*'test' is measured on, never trained on"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_nearest_known(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(BadRecipe, match=said):
        parse(TEXT.replace(old, new), Path("r.yaml"))


def test_what_is_no_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="not YAML"):
        parse("a: [", Path("r.yaml"))
    with pytest.raises(BadRecipe, match="valid dictionary"):
        parse("", Path("r.yaml"))
    with pytest.raises(BadRecipe, match="no such file"):
        read(tmp_path / "r.yaml")
