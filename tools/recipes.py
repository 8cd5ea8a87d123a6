"""Training recipes as data: the paper's printed protocol, and ours."""

from __future__ import annotations

from dataclasses import dataclass

from augment import BEST, PAPER, Strength


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a run beside architecture, data and seed."""

    stages: tuple[tuple[int, int], ...]  # (side in px, epochs): progressive resizing
    batch: int
    learning_rate: float
    validation: float  # share of Training
    augment: Strength
    weight_decay: float = 0.0
    cosine: bool = False
    warmup_epochs: float = 0.0
    votes: float = 0.0  # share of FER+ votes in the targets; the rest is the label
    smoothing: float = 0.0
    ema: float = 0.0  # decay a step; 0 = none
    drop_not_a_face: bool = False
    bfloat16: bool = False

    @property
    def epochs(self) -> int:
        return sum(count for _, count in self.stages)


RECIPES = {
    # Printed: Adam, cross-entropy, batch 32, rotation 20 degrees, shifts; 10 % validation. (Printed: 300 epochs.)
    "paper": Recipe(stages=((48, 300),), batch=32, learning_rate=1e-3, validation=0.10, augment=PAPER),
    "best": Recipe(
        stages=((32, 26), (40, 6), (48, 8)),
        batch=128,
        learning_rate=2e-3,
        validation=0.05,
        augment=BEST,
        weight_decay=0.02,
        cosine=True,
        warmup_epochs=1,
        votes=0.5,
        smoothing=0.05,
        ema=0.998,
        drop_not_a_face=True,
        bfloat16=True,
    ),
}
