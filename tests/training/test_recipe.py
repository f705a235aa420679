from pathlib import Path

import pytest
import yaml

from roadsight_training.errors import BadRecipe
from roadsight_training.recipe import Augment, parse, read, text_of

SHIPPED = Path(__file__).parents[2] / "training" / "recipes"
TEXT = (SHIPPED / "traffic-sign.yaml").read_text()
STARTED = (SHIPPED / "road-object.yaml").read_text()  # from ImageNet weights


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_understood(path: Path) -> None:
    assert read(path).name == path.stem


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence:", "license:", r"^r\.yaml: unknown key 'license'; did you mean 'licence'\?$"),
        ("  epochs:", "  epoch:", r"unknown key 'fit\.epoch'; did you mean 'epochs'\?"),
        ("  hue:", "  hue_shift:", r"unknown key 'augment\.hue_shift'; did you mean 'hue'\?|known: "),
        ("  context:", "  contxt:", r"unknown key 'input\.contxt'; did you mean 'context'\?"),
        ("  dropout:", "  zzz:", r"unknown key 'network\.zzz'; known: activation, batch_norm, dropout, "),
        ("epochs: 30", "epochs: 0", r"fit\.epochs: Input should be greater than 0"),
        (
            "  dropout:",
            "  weights: imagnet\n  dropout:",
            r"network\.weights: .*'imagnet' is not none, .*did you mean 'imagenet'\?",
        ),
        ("margin: [-0.12, 0.35]", "margin: [0.3, 0.1]", r"augment\.margin: .*the lower first"),
        ("task: traffic_sign", "", r"task: Field required"),
        ("  split: train ", "  split: test ", r"data\.split: .*'test' is measured on, never trained on"),
        ("  split: train ", "  split: test_shift ", r"data\.split: .*'test_shift' is measured on, never trained on"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_nearest_known(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(BadRecipe, match=said):
        parse(TEXT.replace(old, new), Path("r.yaml"))


def test_what_is_no_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="not YAML"):
        parse("a: [", Path("r.yaml"))
    for nothing in ("", "- a list", "one word"):
        with pytest.raises(BadRecipe, match="a recipe is a YAML mapping of name, task"):
            parse(nothing, Path("r.yaml"))
    with pytest.raises(BadRecipe, match="no such file"):
        read(tmp_path / "r.yaml")


def test_a_recipe_says_only_what_is_other_than_in_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(STARTED)
    (tmp_path / "longer.yaml").write_text("extends: base.yaml\nname: longer\nfit: {epochs: 99}\n")
    (tmp_path / "cold.yaml").write_text("extends: longer.yaml\nname: cold\nnetwork: {weights: none}\n")
    base, cold = read(tmp_path / "base.yaml"), read(tmp_path / "cold.yaml")
    assert (cold.name, cold.network.weights, cold.fit.epochs) == ("cold", "none", 99)
    assert cold.fit.model_copy(update={"epochs": base.fit.epochs}) == base.fit
    assert (cold.data, cold.input, cold.augment) == (base.data, base.input, base.augment)


def test_the_text_of_a_run_needs_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(TEXT)
    path = tmp_path / "longer.yaml"
    path.write_text("extends: base.yaml\nname: longer\nfit: {epochs: 99}\n")
    alone = text_of(path)
    (tmp_path / "base.yaml").unlink()
    assert parse(alone, path).fit.epochs == 99
    with pytest.raises(BadRecipe, match=r"base\.yaml: no such file"):
        read(path)


def test_other_weights_do_not_keep_the_origin_of_those_they_replace(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(STARTED)
    path = tmp_path / "cold.yaml"
    path.write_text("extends: base.yaml\nname: cold\nnetwork: {weights: none}\n")
    assert "ImageNet" in read(tmp_path / "base.yaml").network.origin
    assert read(path).network.origin == "random"


def test_recipes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "snake.yaml"
    path.write_text("extends: snake.yaml\nname: snake\n")
    with pytest.raises(BadRecipe, match="more than 8 recipes extend one another"):
        read(path)


def test_an_option_that_is_inherited_can_be_taken_away(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        TEXT.replace("  epochs:", "  clip: 1\n  optimiser: momentum\n  momentum: 0.8\n  epochs:")
    )
    path = tmp_path / "adam.yaml"
    path.write_text("extends: base.yaml\nname: adam\nfit: {optimiser: adam, clip: null}\n")
    with pytest.raises(BadRecipe, match="momentum goes with optimiser"):
        read(path)
    path.write_text("extends: base.yaml\nname: adam\nfit: {optimiser: adam, momentum: null, clip: null}\n")
    assert (read(path).fit.optimiser, read(path).fit.clip) == ("adam", None)
    assert read(tmp_path / "base.yaml").fit.momentum == 0.8


def test_what_a_recipe_takes_away_may_be_inherited_from_afar(tmp_path: Path) -> None:
    (tmp_path / "first.yaml").write_text(STARTED.replace("  epochs:", "  clip: 1\n  epochs:"))
    (tmp_path / "second.yaml").write_text("extends: first.yaml\nname: second\n")
    path = tmp_path / "third.yaml"
    path.write_text("extends: second.yaml\nname: third\nfit: {clip: null}\naugment: null\n")
    assert read(tmp_path / "second.yaml").fit.clip == 1
    assert read(path).fit.clip is None
    assert read(path).augment == Augment()
    path.write_text("extends: second.yaml\nname: third\nnetwork: {weights: none}\n")
    assert read(path).network.origin == "random"


@pytest.mark.parametrize(
    ("part", "options", "said"),
    [
        ("transfer", {"train": "head", "stages": 2}, "stages goes with train: last_stages"),
        ("transfer", {"head_first": 0.5}, "head_first goes with train: head_then_all"),
        ("fit", {"momentum": 0.9}, "momentum goes with optimiser: momentum or nesterov or rmsprop"),
        ("fit", {"focal_gamma": 1}, "focal_gamma goes with loss: focal"),
        ("fit", {"schedule": "plateau", "step_every": 0.5}, "step_every goes with schedule: step"),
        ("fit", {"step_factor": 0.5}, "step_factor goes with schedule: step or plateau"),
        ("fit", {"plateau_patience": 2}, "plateau_patience goes with schedule: plateau"),
        ("transfer", {"train": "head", "layer_decay": 0.5}, "layer_decay goes with train: all or last_stages"),
        ("augment", {"flip": 0, "mirror": {"a": "b"}}, "mirror goes with flip: over 0"),
        ("augment", {"small": 0, "small_side": [9, 20]}, "small_side goes with small: over 0"),
        ("augment", {"small_side": [20, 9]}, "two numbers are expected, the lower first, both within 4 and 1024"),
        ("publish", {"precisions": [], "loss": 0.1}, "loss goes with precisions: float16 or int8"),
        ("publish", {"precisions": ["float16"], "spared": 1}, "spared goes with the precision int8"),
        ("publish", {"also": ["validation"]}, "validation is chosen on"),
        ("data", {"balance_by": "source"}, "balance_by goes with balance: weights or sampler"),
        ("data", {"hold_out_sources": ["a"]}, "validation is a fraction of the tracks, a split, or hold_out_sources"),
        ("data", {"validation": "train"}, "'train' is trained on, so validation needs another split, or a fraction"),
    ],
)
def test_an_option_without_effect_is_refused(part: str, options: dict[str, object], said: str) -> None:
    asked = yaml.safe_load(TEXT)
    asked[part] = asked.get(part, {}) | options
    with pytest.raises(BadRecipe, match=f"{part}.*{said}"):
        parse(yaml.safe_dump(asked), Path("r.yaml"))


def test_nothing_is_published_on_what_was_trained_on_or_chosen_by() -> None:
    asked = yaml.safe_load(TEXT) | {"publish": {"also": ["val"]}}
    assert parse(yaml.safe_dump(asked), Path("r.yaml")).publish.also == ("val",)
    for data in ({"validation": "val"}, {"split": "val"}):
        both = asked | {"data": asked["data"] | data}
        with pytest.raises(BadRecipe, match="publish: 'val' is trained on or chosen by"):
            parse(yaml.safe_dump(both), Path("r.yaml"))


def test_a_value_that_is_none_of_those_known_is_refused_with_them() -> None:
    said = "transfer.train: Input should be 'all', 'head', 'last_stages' or 'head_then_all'"
    with pytest.raises(BadRecipe, match=said):
        parse(f"{TEXT}transfer: {{train: heads}}\n", Path("r.yaml"))
