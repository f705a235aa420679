import json

from roadsight_training.judging.evaluation import measure
from training.judging.drawn import MANIFEST, TWO, logits, one_sign, sample


def test_the_names_at_the_top_of_the_json_are_stable_and_plain() -> None:
    figures = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST).figures()
    assert figures["n"] == 1
    assert all(isinstance(figures[name], float) for name in ("top1", "macro_f1", "mean_recall"))
    assert figures["per_kind"] == {
        "full": {
            "top1": 1.0,
            "interval": figures["top1_interval"],
            "n": 1,
            "mean_recall": 1.0,
            "classes": 1,
            "per_class": {"a": {"recall": 1.0, "interval": figures["top1_interval"], "n": 1}},
        }
    }


def test_a_class_that_the_split_lacks_is_listed_as_undefined() -> None:
    per_class = json.loads(json.dumps(measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST).figures()))[
        "per_class"
    ]
    assert list(per_class) == ["a", "b", "c", "d"]
    undefined = ("recall", "precision", "f1", "average_precision", "roc_auc")
    assert {name: per_class["d"][name] for name in undefined} == dict.fromkeys(undefined)


def test_a_long_list_of_mistakes_is_cut_and_counted() -> None:
    figures = measure(one_sign(*[0.9] * 120), [sample(0, path=f"{i}.png") for i in range(120)], TWO).figures()
    assert figures["wrong"] == 120
    mistakes = json.loads(json.dumps(figures["mistakes"]))
    assert len(mistakes) == 100
    assert mistakes[0] | {"probability": 0.9} == {
        "sample": 0, "path": "0.png", "truth": "other", "guess": "sign", "probability": 0.9,
    }  # fmt: skip
