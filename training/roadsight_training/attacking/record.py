"""What a run found, told by the bundle itself.

Results --entries--> Robustness --record--> manifest.json and card.md of the bundle
                                BadBundle
"""

from collections.abc import Sequence

from roadsight_models.bundle import Bundle
from roadsight_models.manifest import Robustness
from roadsight_models.restate import restate
from roadsight_models.robustness.attack import Attack
from roadsight_training.attacking.parameters import described
from roadsight_training.attacking.results import Results
from roadsight_training.card import CARD, attacked

OPTIONS = ("steps", "restarts", "own")  # of the command, by default those of the attack


def entries(results: Results, attacks: Sequence[Attack]) -> tuple[Robustness, ...]:
    """One an epsilon."""
    run = results.header
    return tuple(
        Robustness(
            attack=run["attack"],
            options=" ".join(f"--{name} {run[name]}" for name in OPTIONS if run.get(name) is not None),
            parameters=described(attacks),
            norm=run["norm"],
            epsilon=level.epsilon if run["norm"] else None,
            target=run["target"],
            jpeg=run["jpeg"],
            precision=run["precision"],
            split=run["split"],
            n=len(results.truth),
            seed=run["seed"],
            clean_top1=results.clean.value,
            robust_top1=level.robust.value,
            interval=level.robust.interval,
            steps=level.spent()["steps"],
            queries=level.spent()["queries"],
        )
        for level in results.levels
    )


def record(bundle: Bundle, measured: Sequence[Robustness]) -> Bundle:
    """Writes figures into a bundle that is there, and into its card where it has one; raises as `restate` does."""
    card = bundle.folder / CARD
    manifest = bundle.manifest.withstanding(measured)
    if CARD not in bundle.manifest.files:
        return restate(bundle, measured, {})
    text = attacked.inserted(card.read_text(encoding="utf-8"), manifest)
    return restate(bundle, measured, {CARD: text.encode()})
