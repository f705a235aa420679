from roadsight_training.judging.mistakes import mistakes
from training.judging.drawn import answers, one_sign


def test_the_most_confident_mistake_comes_first_and_equals_keep_their_order() -> None:
    found = mistakes(answers(one_sign(0.75, 0.9, 0.25, 0.75, 0.6), [0, 0, 1, 1, 0]))
    assert [(wrong.sample, wrong.truth, wrong.guess) for wrong in found] == [
        (1, "other", "sign"), (0, "other", "sign"), (2, "sign", "other"), (4, "other", "sign"),
    ]  # fmt: skip
    assert [round(wrong.probability, 6) for wrong in found] == [0.9, 0.75, 0.75, 0.6]


def test_a_network_without_fault_has_none() -> None:
    assert mistakes(answers(one_sign(0.1, 0.9), [0, 1])) == ()
