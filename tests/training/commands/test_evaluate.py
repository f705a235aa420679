import io

from rich.console import Console

from roadsight_training.commands.evaluate import table
from roadsight_training.judging.answers import Reading
from roadsight_training.judging.evaluation import measure
from training.judging.drawn import TWO, logits, one_sign, sample


def printed(*arguments: object, **options: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(table(measure(*arguments, **options), "a title"))  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row(text: str, name: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line[1:].strip().startswith(f"{name} "))
    return [cell.strip() for cell in line.split("│")[1:-1]]


def test_a_split_of_one_class_says_that_curves_are_undefined() -> None:
    text = printed(one_sign(0.9, 0.2), [sample(1, side=18), sample(1, side=70)], TWO)
    assert row(text, "top-1")[:2] == ["top-1", "50.00%"]
    assert row(text, "mean area under ROC")[1:] == ["undefined", "", "2"]
    assert row(text, "top-1, px 16-24")[1:] == ["100.00%", "20.65% .. 100.00%", "1"]
    assert "kind" not in text  # there is one kind only
    assert row(text, "recall, sign")[1] == "50.00%"


def test_parts_with_too_few_images_are_left_to_the_json() -> None:
    samples = [sample(1, source="a"), sample(1, source="a"), sample(1, source="b")]
    text = printed(one_sign(0.9, 0.9, 0.9), samples, TWO, min_support=2)
    assert "source a" in text
    assert "source b" not in text


def test_the_table_shows_the_weakest_classes_alone() -> None:
    labels = tuple(f"class{i}" for i in range(20))
    always_the_first = logits(*[(0.81, *[0.01] * 19)] * 20)
    text = printed(always_the_first, [sample(i) for i in range(20)], Reading(labels))
    assert text.count("recall, class") == 10
