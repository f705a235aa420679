from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box
from roadsight_training import loading
from roadsight_training.datasets.balance import balance_weights
from roadsight_training.datasets.pictures import Picture
from roadsight_training.datasets.sample import Sample
from roadsight_training.loading import (
    Batch,
    Order,
    TrainingBatches,
    TrainingLoader,
    Turn,
    Weights,
    crop_all,
    evaluation_loader,
)
from roadsight_training.recipe import Augment
from roadsight_training.transforms import Augmentation
from training.tiny import shape

RULE = CropRule(width=16, height=16, context=0.0, resize="area_or_linear", min_side=8)
LABELS = "disc", "square", "ring"
PICTURES = [Picture(shape(seed % 3, seed), Box(3, 3, 21, 21), seed % 3) for seed in range(20)]


def batches(seed: int = 0, world: int = 1, weights: Weights | None = None, **augment: object) -> TrainingBatches:
    augmentation = Augmentation(Augment.model_validate(augment), RULE, LABELS)
    return TrainingBatches(PICTURES, augmentation, Order(len(PICTURES), 4, seed, world), weights)


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def rows(order: Order, steps: Sequence[int], ranks: Sequence[int] = (0,)) -> list[int]:
    return [int(row) for step in steps for rank in ranks for row in order.rows(Turn(step, rank))]


def test_a_batch_is_the_same_whatever_came_before_it() -> None:
    used = batches(mixup=0.4)
    for step in range(7):
        used[Turn(step, 0)]
    torch.manual_seed(99)
    np.random.seed(99)
    late = used[Turn(7, 0)]
    torch.manual_seed(1)
    assert same(late, batches(mixup=0.4)[Turn(7, 0)])


def test_another_step_process_or_seed_is_another_batch() -> None:
    wanted = batches(world=2)[Turn(3, 0)]
    for other in (batches(world=2)[Turn(4, 0)], batches(world=2)[Turn(3, 1)], batches(seed=1, world=2)[Turn(3, 0)]):
        assert not torch.equal(other.frames, wanted.frames)


def test_the_same_picture_looks_different_in_each_pass() -> None:
    one_each = TrainingBatches(PICTURES[:1], batches().augmentation, Order(1, 4, seed=0))
    assert not torch.equal(one_each[Turn(0, 0)].frames, one_each[Turn(1, 0)].frames)


def test_torchs_generator_is_left_as_it_was() -> None:
    before = torch.random.get_rng_state()
    batches(mixup=0.4)[Turn(0, 0)]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_batch_is_frames_with_what_they_show_and_how_much_they_count() -> None:
    weights = np.arange(60).reshape(20, 3) / 9.5  # of each picture, with each label
    shown = batches(weights=weights)
    frames, targets, counts = shown[Turn(2, 0)]
    chosen = shown.order.rows(Turn(2, 0))
    assert (frames.dtype, frames.shape) == (torch.uint8, (4, 16, 16, 3))
    assert targets.argmax(1).tolist() == [PICTURES[row].index for row in chosen]
    np.testing.assert_allclose(counts.numpy(), weights[chosen, targets.argmax(1)], rtol=1e-6)
    assert counts.dtype == targets.dtype == torch.float32
    assert batches()[Turn(2, 0)].weights.tolist() == [1, 1, 1, 1]


def test_a_mirrored_or_mixed_picture_counts_as_what_it_then_shows() -> None:
    weights = np.tile((1.0, 10.0, 100.0), (20, 1))
    _, targets, counts = batches(weights=weights, flip=1.0, mirror={"disc": "square", "ring": "ring"})[Turn(2, 0)]
    chosen = batches().order.rows(Turn(2, 0))
    assert targets.argmax(1).tolist() == [(1, 0, 2)[PICTURES[row].index] for row in chosen]
    assert counts.tolist() == [(10, 1, 100)[PICTURES[row].index] for row in chosen]
    _, targets, counts = batches(weights=weights, mixup=1.0)[Turn(2, 0)]
    np.testing.assert_allclose(counts.numpy(), targets.numpy() @ weights[0], rtol=1e-6)


def test_a_pass_shows_every_picture_at_most_once_and_the_next_in_another_order() -> None:
    order = Order(22, 4, seed=0)
    assert order.steps_a_pass == 5
    first, second = (rows(order, range(begin, begin + 5)) for begin in (0, 5))
    assert len(set(first)) == len(set(second)) == 20
    assert first != second
    assert len(set(rows(order, range(500)))) == 22  # who sits out changes


@pytest.mark.parametrize("world", [2, 3])
def test_the_processes_of_a_step_share_a_pass_without_overlap(world: int) -> None:
    order = Order(26, 4, seed=0, world=world)
    assert order.steps_a_pass == 26 // (4 * world)
    shown = rows(order, range(order.steps_a_pass), range(world))
    assert len(shown) == len(set(shown)) == order.steps_a_pass * 4 * world


def test_fewer_pictures_than_a_batch_are_a_smaller_batch() -> None:
    assert sorted(rows(Order(3, 8, seed=0), [0])) == [0, 1, 2]
    assert len(set(rows(Order(6, 8, seed=0, world=2), [0], [0, 1]))) == 6


def test_the_sampler_shows_rare_classes_as_often_as_common_ones() -> None:
    indices = [0] * 90 + [1] * 10
    samples = [Sample(f"{i}", index, None, "train", "full", f"{i}", f"{i}", "drawn") for i, index in enumerate(indices)]
    order = Order(100, 10, seed=0, odds=balance_weights(samples, "class"))
    counts = Counter(indices[row] for row in rows(order, range(300)))
    assert counts[1] / counts.total() == pytest.approx(0.5, abs=0.04)


def test_a_worker_makes_the_batches_that_the_training_process_would() -> None:
    alone, helped = (TrainingLoader(batches(), steps=3, workers=workers) for workers in (0, 1))
    for _ in range(2):
        assert all(same(one, other) for one, other in zip(alone, helped, strict=True))


def test_a_loader_that_is_put_back_goes_on_at_its_step() -> None:
    unbroken = TrainingLoader(batches(), steps=4, workers=0)
    wanted = [batch for _ in range(2) for batch in unbroken]
    broken = TrainingLoader(batches(), steps=4, workers=0)
    for _, batch in zip(range(3), broken, strict=False):
        last = batch
    assert same(last, wanted[2])
    resumed = TrainingLoader(batches(), steps=4, workers=0)
    resumed.load_state_dict(broken.state_dict())
    rest_of_the_round, next_round = list(resumed), list(resumed)
    assert (len(rest_of_the_round), len(next_round)) == (1, 4)
    assert all(same(*pair) for pair in zip(rest_of_the_round + next_round, wanted[3:], strict=True))


def test_validation_sees_every_picture_once_in_order_as_the_service_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "VALIDATION_BATCH", 8)
    shown = list(evaluation_loader(PICTURES, RULE, classes=3))
    assert [len(batch.frames) for batch in shown] == [8, 8, 4]
    assert torch.equal(torch.cat([batch.frames for batch in shown]), torch.from_numpy(crop_all(PICTURES, RULE)))
    assert torch.cat([batch.targets for batch in shown]).argmax(1).tolist() == [one.index for one in PICTURES]
    assert all((batch.weights == 1).all() for batch in shown)
