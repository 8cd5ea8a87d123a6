"""Muon for convolutional networks: the update of each kernel is made orthogonal before it is taken."""

from __future__ import annotations

import math
from typing import Any

import keras


class ConvolutionMuon(keras.optimizers.Muon):  # type: ignore[misc]
    """Keras's Muon, which knows matrices only, with convolution kernels taken as matrices (inputs of a pixel, outputs).

    After K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), whose CIFAR-10 record does
    the same; scaled by 0.2 sqrt(longer side) after J. Liu et al., "Muon is scalable for LLM training" (2025), so that
    AdamW's learning rates and weight decays apply. Everything that is no hidden kernel is left to AdamW: biases,
    batch normalisation, and the layer named "classes".
    """

    def __init__(self, learning_rate: float, weight_decay: float) -> None:
        super().__init__(
            learning_rate, weight_decay=weight_decay, adam_weight_decay=weight_decay, exclude_layers=["classes"]
        )

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) != 4 and bool(super()._should_use_adamw(variable))

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        matrix = keras.ops.reshape(x, (-1, x.shape[-1]))
        return keras.ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        return x * (self.rms_rate * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1])))
