"""Optimisers and schedules by name.

parameter groups, Fit --OPTIMISERS--> Optimizer
fraction of the run, Fit --SHAPES--> factor on the learning rate (plateau adds to it: see `patience.py`)
"""

import math
from collections.abc import Callable
from typing import Any

from torch import optim

from roadsight_training.recipe import Fit

Groups = list[dict[str, Any]]


def _fused(fit: Fit) -> bool:
    """One pass over the weights instead of many, which large networks wait for; Lightning does not clip with it."""
    return fit.clip is None


# The L2 penalty is in the groups, which leave vectors alone; AdamW takes it apart from the gradient.
OPTIMISERS: dict[str, Callable[[Groups, Fit], optim.Optimizer]] = {
    "sgd": lambda groups, fit: optim.SGD(groups, fit.learning_rate, fused=_fused(fit)),
    "momentum": lambda groups, fit: optim.SGD(groups, fit.learning_rate, fit.momentum, fused=_fused(fit)),
    "nesterov": lambda groups, fit: optim.SGD(
        groups, fit.learning_rate, fit.momentum, nesterov=True, fused=_fused(fit)
    ),
    "adagrad": lambda groups, fit: optim.Adagrad(groups, fit.learning_rate, fused=_fused(fit)),  # Duchi et al. 2011
    "adadelta": lambda groups, fit: optim.Adadelta(groups, fit.learning_rate),  # Zeiler 2012
    "rmsprop": lambda groups, fit: optim.RMSprop(groups, fit.learning_rate, momentum=fit.momentum),  # Hinton 2012
    "adam": lambda groups, fit: optim.Adam(groups, fit.learning_rate, fused=_fused(fit)),  # Kingma and Ba 2015
    "adamw": lambda groups, fit: optim.AdamW(
        groups, fit.learning_rate, fused=_fused(fit)
    ),  # Loshchilov and Hutter 2019
}

START, END = 1 / 25, 1 / 250_000  # of the peak: where one cycle begins and ends, as in PyTorch's


def _cosine(begin: float, end: float, fraction: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * fraction)) / 2


SHAPES: dict[str, Callable[[float, Fit], float]] = {  # of the fraction after the warm-up
    "constant": lambda fraction, fit: 1.0,
    "plateau": lambda fraction, fit: 1.0,
    "step": lambda fraction, fit: fit.step_factor ** math.floor(fraction / fit.step_every + 1e-9),
    "cosine": lambda fraction, fit: _cosine(1.0, 0.0, fraction),  # Loshchilov and Hutter 2017
    "one_cycle": lambda fraction, fit: _cosine(1.0, END, fraction),  # Smith and Topin 2018
}


def rate_factor(fraction: float, options: Fit) -> float:
    """What the peak learning rate is multiplied by.

    Args:
        fraction: of the steps that are done, 0 to 1.
        options: schedule and warm-up.
    """
    if fraction < options.warm_up:
        risen = fraction / options.warm_up
        return _cosine(START, 1.0, risen) if options.schedule == "one_cycle" else START + (1 - START) * risen
    return SHAPES[options.schedule](min((fraction - options.warm_up) / (1 - options.warm_up), 1.0), options)
