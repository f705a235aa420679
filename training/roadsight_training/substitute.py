"""An attacker who sees decisions alone: trains a network of his own on them, and attacks that one.

    pictures of his own --Victim, argmax--> labels --train--> substitute --Jacobian--> more pictures, until none is left
                                                                                       of what may be asked
    clean --gradient of the substitute--> pixels, which may fool the victim, too

Papernot et al. 2017, "Practical black-box attacks against machine learning" (arXiv:1602.02697). It needs torch, so it
is no part of the service.
"""

import hashlib
from dataclasses import InitVar, dataclass, field
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import torch

from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion, Indices
from roadsight_models.robustness.losses import cross_entropy
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats, to_pixels
from roadsight_training.learner import slopes, teach
from roadsight_training.networks import Network, build
from roadsight_training.recipe import Network as Options

# Convolutions and two dense layers, as in the paper, which finds that the choice limits an attacker little.
SUBSTITUTE = Options(name="lenet5", activation="relu", pooling="max", batch_norm=True, dropout=0.0)
SMALLEST = 32  # pixels a side, which it needs


class _Learnt:
    """What an attacker has; no fields of the attack, because they are no parameters."""

    _pictures: Pixels
    _networks: "WeakKeyDictionary[Victim, Network]"


@dataclass(frozen=True)
class Substitute(_Learnt):
    """PGD on a network that has learnt what the victim says, or FGSM if it takes one step.

    The substitute is trained once for each victim: by `learn`, or else by the first `run`.

    Raises:
        BadParameter: fewer than two pictures, or smaller ones than 32 x 32.
    """

    pictures: InitVar[Pixels]  # uint8 [M, h, w, 3], of the attacker: like those that are attacked, but none of them
    queries: int = 4000  # pictures that the victim is asked about, at most
    augment: float = 0.1  # how far a picture is moved to ask about it again, of [0, 1]
    epochs: int = 10  # over all pictures so far, each time that there are more
    steps: int = 10  # of the attack
    seed: int = 0  # of the substitute: weights, order and what is asked
    own: str = field(init=False)  # how many pictures there are, and which: for a report

    name: ClassVar[str] = "substitute"
    access: ClassVar[Access] = "decisions"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "Papernot et al. 2017, arXiv:1602.02697"

    def __post_init__(self, pictures: Pixels) -> None:
        if min(len(pictures), self.queries) < 2 or min(pictures.shape[1:3]) < SMALLEST:
            raise BadParameter("attack", f"a substitute needs two pictures or more, of {SMALLEST} px or more a side")
        used = pictures[: self.queries]
        object.__setattr__(
            self, "own", f"{len(used)} pictures, SHA-256 {hashlib.sha256(used.tobytes()).hexdigest()[:16]}"
        )
        object.__setattr__(self, "_pictures", used)
        object.__setattr__(self, "_networks", WeakKeyDictionary())

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. It does not ask the victim whether a picture fools it."""
        self.learn(victim)
        network, one = self._networks[victim], self.steps == 1
        size = np.float32(threat.epsilon * (1 if one else 2.5 / self.steps))
        pixels = clean if one else threat.random_start(clean, rng)
        for _ in range(self.steps):
            slope = slopes(network, pixels, lambda logits, rows: cross_entropy(logits, criterion.part(rows)).cotangent)
            pixels = threat.project(pixels + size * threat.step(slope), clean)
        return pixels

    def learn(self, victim: Victim) -> None:
        """Asks a victim `queries` times, and trains the substitute on what it says; once for each victim."""
        if victim not in self._networks:
            self._networks[victim] = self._taught(victim)

    def _taught(self, victim: Victim) -> Network:
        rng = np.random.default_rng(self.seed)
        frames, logits = self._pictures, victim.answers(self._pictures)
        labels, classes = logits.argmax(1), logits.shape[1]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = build(SUBSTITUTE, classes, (frames.shape[1], frames.shape[2]))
            while True:
                teach(network, frames, labels, self.epochs, rng)
                chosen = rng.permutation(len(frames))[: self.queries - len(frames)]
                if not len(chosen):
                    return network
                more = self._beside(network, to_floats(frames[chosen]), labels[chosen])
                frames = np.concatenate((frames, more))
                labels = np.concatenate((labels, victim.answers(more).argmax(1)))

    def _beside(self, network: Network, pixels: Floats, labels: Indices) -> Pixels:
        """Moves pictures along the Jacobian of what the victim said, where the substitute's answer changes most."""
        slope = slopes(network, pixels, lambda logits, rows: np.eye(logits.shape[1])[labels[rows]])
        return to_pixels((pixels + np.float32(self.augment) * np.sign(slope)).clip(0, 1))
