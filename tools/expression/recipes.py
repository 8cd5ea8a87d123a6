"""Training recipes as data: the paper's printed protocol, and ours."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from expression.augment import BEST, PAPER, WIDER, Strength
from expression.fer2013 import SIDE_PX


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a run beside architecture, data and seed."""

    stages: tuple[tuple[int, int], ...]  # (side in px, epochs): progressive resizing
    batch: int
    learning_rate: float
    validation: float  # share of Training
    augment: Strength
    dropout: str = "best"  # which of networks.DROPOUT
    weight_decay: float = 0.0  # decoupled (AdamW); 0 = plain Adam
    muon: bool = False  # orthogonal updates of the hidden kernels (muon.py), needs a weight decay
    cosine: bool = False  # fall to zero over the run, after the warm-up
    warmup_epochs: float = 0.0
    votes: float = 0.0  # share of FER+ votes in the targets; the rest is the label
    taught: float = 0.0  # share of a teacher's probabilities (teach.py) in the targets
    smoothing: float = 0.0  # share of the targets spread evenly over the classes
    ema: float = 0.0  # decay a step of the moving average of weights; 0 = none
    drop_not_a_face: bool = False  # leave out what most FER+ taggers call no face
    bfloat16: bool = False

    @property
    def epochs(self) -> int:
        return sum(count for _, count in self.stages)

    def side(self, epoch: int) -> int:
        """Picture size in px of an epoch (from 0); the last stage's for any later one."""
        for side, count in self.stages:
            if epoch < count:
                return side
            epoch -= count
        return self.stages[-1][0]

    def at_full_size(self, epochs: int) -> Recipe:
        """The same for so many epochs, all on 48 px pictures."""
        return dataclasses.replace(self, stages=((SIDE_PX, epochs),))

    def lasting(self, epochs: int) -> Recipe:
        """The same for so many epochs: cut off, or with more of them on 48 px pictures at the end."""
        stages: list[tuple[int, int]] = []
        left = epochs
        for side, count in self.stages:
            stages += [(side, min(count, left))] if left else []
            left -= min(count, left)
        if left and stages and stages[-1][0] == SIDE_PX:
            left += stages.pop()[1]
        return dataclasses.replace(self, stages=(*stages, *([(SIDE_PX, left)] if left else [])))

    def work(self, epoch: int) -> int:
        """What an epoch costs, as far as it hangs on the pictures' size: px of one."""
        return self.side(epoch) ** 2


_BEST = Recipe(
    stages=((32, 28), (40, 7), (48, 13)),
    batch=128,
    learning_rate=4e-3,
    validation=0.05,
    augment=BEST,
    weight_decay=0.04,
    muon=True,
    cosine=True,
    warmup_epochs=1,
    votes=0.5,
    smoothing=0.05,
    ema=0.998,
    drop_not_a_face=True,
    bfloat16=True,
)

_TAUGHT = dataclasses.replace(
    _BEST,
    stages=((SIDE_PX, 36),),
    augment=WIDER,
    warmup_epochs=0.5,
    votes=0.0,
    taught=0.75,
    smoothing=0.0,
)

RECIPES = {
    # Printed: Adam, cross-entropy, batch 32, 300 epochs, rotation to 20 degrees, shifts, a tenth for validation. Not
    # printed: the learning rate (Keras's default here), the dropout rates and the precision (a third cheaper here).
    "paper": Recipe(
        stages=((SIDE_PX, 300),),
        batch=32,
        learning_rate=1e-3,
        validation=0.10,
        augment=PAPER,
        dropout="paper",
        bfloat16=True,
    ),
    "best": _BEST,
    # To go on from trained weights (--start) with the targets of teach.py (--taught); then once more from there, with
    # new targets and a greater share of the label: in the end it is the labels' habits that count, not a teacher's.
    "taught": _TAUGHT,
    "again": dataclasses.replace(_TAUGHT, stages=((SIDE_PX, 15),), learning_rate=2e-3, taught=0.4),
}


def find(name: str, arch: str) -> Recipe:
    """Return recipe `name` (a key of RECIPES) as it applies to `arch`."""
    recipe = RECIPES[name]
    if name == "paper" and arch == "vgg16":
        # Printed for VGG16: 100 epochs, and an 80/20 split.
        return dataclasses.replace(recipe.at_full_size(100), validation=0.20)
    if arch == "cnn10":
        return recipe
    # Only cnn10 keeps its weights when the pictures change their size, and making cnn6's 3200x2048 kernel orthogonal
    # would make each of its steps four times as long (2.2 s against 0.5 s of two x86-64 cores).
    recipe = recipe.at_full_size(recipe.epochs)
    return dataclasses.replace(recipe, muon=False, learning_rate=1e-3) if recipe.muon else recipe
