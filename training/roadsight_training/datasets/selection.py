"""Which samples are trained on, and which are kept to choose by.

Samples --without--> Samples --hold_back, apart--> training part, validation part --few--> at most n images a class
        BadSplit             BadSplit
"""

from collections import defaultdict
from collections.abc import Collection, Sequence

import numpy as np

from roadsight_training.datasets.sample import Sample
from roadsight_training.errors import BadSplit

Parts = tuple[tuple[Sample, ...], tuple[Sample, ...]]  # training, validation


def hold_back(
    samples: Sequence[Sample], fraction: float, seed: int, sources: Sequence[str] = (), seen: Collection[str] = ()
) -> Parts:
    """Takes whole groups out for validation, from every class of every source about `fraction` and at least one.

    A group counts to the source and class of its first sample. A class that has a single group in a source keeps it for
    training there; only if validation would lack the class altogether is one of all its groups held back.

    Args:
        samples: what there is.
        fraction: of the groups.
        seed: fixes the choice.
        sources: hold these back whole, and nothing else.
        seen: groups that the network was trained on before; they are never held back.

    Returns:
        training part, validation part; no group is in both.

    Raises:
        BadSplit: no class has two groups, or one that was never trained on; a source is unknown, or was trained on; or
            the sources leave nothing to train on.
    """
    held = _of_sources(samples, sources) if sources else _of_each_class(samples, fraction, seed, seen)
    if not held.isdisjoint(seen):
        raise BadSplit(f"the network that training starts from, or a teacher, was trained on {', '.join(sources)}")
    train = tuple(sample for sample in samples if sample.group not in held)
    if not train:
        raise BadSplit(f"nothing is left to train on without the sources {', '.join(sources)}")
    return train, tuple(sample for sample in samples if sample.group in held)


def apart(training: Sequence[Sample], validation: Sequence[Sample], seen: Collection[str] = ()) -> Parts:
    """Takes two splits of a data set as the training part and the validation part.

    Raises:
        BadSplit: one of them is empty, a group is in both, or the network was trained on it before.
    """
    if not training or not validation:
        raise BadSplit(f"nothing is left to {'validate' if training else 'train'} on")
    shown = {sample.group for sample in training}.union(seen)
    if both := [sample.group for sample in validation if sample.group in shown]:
        raise BadSplit(f"group {both[0]!r} is in the split for validation, and is trained on or was")
    return tuple(training), tuple(validation)


def without(samples: Sequence[Sample], sources: Sequence[str]) -> tuple[Sample, ...]:
    """Leaves sources out.

    Raises:
        BadSplit: one is unknown, or nothing is left.
    """
    _check_known(samples, sources, "leave out")
    kept = tuple(sample for sample in samples if sample.source not in sources)
    if not kept:
        raise BadSplit(f"nothing is left without the sources {', '.join(sources)}")
    return kept


def few(samples: Sequence[Sample], per_class: int, seed: int) -> tuple[Sample, ...]:
    """Takes at most `per_class` images of each class, in turn from its groups; both are shuffled, the order is kept."""
    rng = np.random.default_rng(seed)
    by_class: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, sample in enumerate(samples):
        by_class[sample.index][sample.group].append(row)
    chosen: set[int] = set()
    for _, groups in sorted(by_class.items()):
        order = [rng.permutation(rows) for rows in groups.values()]
        places = rng.permutation(len(order))
        turns = sorted((turn, places[i], row) for i, rows in enumerate(order) for turn, row in enumerate(rows))
        chosen.update(row for _, _, row in turns[:per_class])
    return tuple(sample for row, sample in enumerate(samples) if row in chosen)


def _of_sources(samples: Sequence[Sample], sources: Sequence[str]) -> set[str]:
    _check_known(samples, sources, "hold back")
    return {sample.group for sample in samples if sample.source in sources}


def _check_known(samples: Sequence[Sample], sources: Sequence[str], what: str) -> None:
    known = {sample.source for sample in samples}
    if unknown := [source for source in sources if source not in known]:
        raise BadSplit(f"no source {unknown[0]!r} to {what}; there are: {', '.join(sorted(known))}")


def _of_each_class(samples: Sequence[Sample], fraction: float, seed: int, seen: Collection[str]) -> set[str]:
    rng = np.random.default_rng(seed)
    first = {sample.group: sample for sample in reversed(samples)}
    counted: dict[tuple[str, int], list[str]] = defaultdict(list)  # source and class -> groups that count to them
    showing: dict[int, list[str]] = defaultdict(list)  # class -> all groups that show it
    for group in dict.fromkeys(sample.group for sample in samples):
        counted[first[group].source, first[group].index].append(group)
    for group, index in dict.fromkeys((sample.group, sample.index) for sample in samples):
        showing[index].append(group)

    def draw(groups: list[str]) -> list[str]:
        count = min(max(1, round(fraction * len(groups))), len(groups) - 1)
        order = [groups[i] for i in rng.permutation(len(groups))]
        return [group for group in order if group not in seen][:count]

    held = {group for _, groups in sorted(counted.items()) for group in draw(groups)}
    for _, groups in sorted(showing.items()):
        if held.isdisjoint(groups):
            held.update(draw(groups))
    if not held:
        never = ", of which one was never trained on" if seen else ""
        raise BadSplit(f"no class has two tracks or groups{never}, so none can be held back for validation")
    return held
