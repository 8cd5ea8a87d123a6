"""Moves a face: facial actions, lids to an exact opening, gaze, the chain of the neck, lowered arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synth.basis import JOINTS, Basis, Lids
from synth.geometry import direction, head_matrix, rotation, rotation_vector, smooth

Array = NDArray[Any]

SIDES = ("Left", "Right")  # the driver's
NECK_SHARE = (0.22, 0.22, 0.22, 0.34)  # of the head's turn: three joints of the neck, then the head's own
LEVER = 0.72  # the drawn eyeballs are larger than real ones: the iris moves as far as on a real one
CLEARANCE_M = (0.0003, 0.0008, 0.0014)  # of the lids' second, third and fourth ring over the eyeball
LOWER_SHARE = 0.22  # of the way that shutting lids go: the lower one's
OVERLAP_M = 0.0002  # of shut lids
CENTRE_M = 0.004  # the lids' opening is measured this far to both sides of the eyeball's centre


@dataclass(frozen=True, slots=True)
class Look:
    """What a face does. Lids: 1 = this person's own open, 0 = shut; left and right are the driver's."""

    lids: tuple[float, float] = (1.0, 1.0)
    gaze_deg: tuple[float, float] = (0.0, 0.0)  # yaw + to the driver's left, pitch + up, against the head
    head_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)  # yaw, pitch, roll against the torso
    lean_deg: tuple[float, float] = (0.0, 0.0)  # the torso: forward +, to the driver's left +
    actions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Posed:
    """A person in a pose. Positions in metres in the seat's frame: origin = the head's joint of the upright person."""

    vertices: Array  # (n, 3)
    head: Array  # (3, 3) rotation of the head
    head_at: Array  # (3,) the head's joint
    rest: Array  # (n, 3) the same face, unturned, at the origin
    eyes: tuple[Array, Array]  # centres of the eyeballs, the driver's left and right
    eyes_rest: tuple[Array, Array]
    radii: tuple[float, float]
    gaze: tuple[Array, Array]  # unit vectors of the drawn iris, turned with the head
    opening: tuple[float, float]  # measured on the shape
    chain: tuple[tuple[Array, Array], ...]  # rotation and offset per skinning group

    def moved(self, shift: Array) -> Posed:
        """Return the same person elsewhere, `shift` metres away."""
        return replace(
            self,
            vertices=self.vertices + shift,
            head_at=self.head_at + shift,
            eyes=(self.eyes[0] + shift, self.eyes[1] + shift),
            chain=tuple((turn, move + shift) for turn, move in self.chain),
        )

    def with_head(self, points: Array) -> Array:
        """Return points (n, 3) that are fixed to the resting head, turned with it."""
        turn, move = self.chain[4]
        return np.asarray(points @ turn.T + move)


def radius(basis: Basis, shape: Array, side: int) -> float:
    """Return the eyeball's radius in metres."""
    name = ("eye_left", "eye_right")[side]
    rows = np.unique(basis.triangles(name))
    return float(np.linalg.norm(shape[rows] - shape[basis.count + JOINTS.index(name)], axis=1).mean())


def gap(shape: Array, lids: Lids, centre: Array) -> float:
    """Return the lids' vertical opening in metres about the eyeball's middle; negative when they overlap."""
    columns = centre[0] + np.array([-CENTRE_M, 0.0, CENTRE_M])
    return float(np.mean(_height(shape, lids, lids.upper, columns) - _height(shape, lids, lids.lower, columns)))


def _height(shape: Array, lids: Lids, which: Array, x: Array) -> Array:
    """Return the height (m) of one lid's margin at places `x`."""
    points = shape[lids.rims[2][which]]
    order = np.argsort(points[:, 0], kind="stable")
    return np.asarray(np.interp(x, points[order, 0], points[order, 2]))


def set_lids(shape: Array, own: Array, basis: Basis, side: int, opening: float) -> Array:
    """Return `shape` with one eye's lids at `opening` times the gap in `own` (the person's open face), all along."""
    lids, centre = basis.eyes[side], own[basis.count + JOINTS.index(("eye_left", "eye_right")[side])]
    wanted, name = opening * gap(own, lids, centre), f"eyeBlink{SIDES[side]}"
    shape = _raised(shape, own, lids, opening)
    now, shut = gap(shape, lids, centre), gap(basis.act(shape, {name: 1.0}), lids, centre)
    found = basis.act(shape, {name: (now - wanted) / (now - shut)})
    return _sealed(found, own, lids, opening, wanted - gap(found, lids, centre))


def _raised(shape: Array, own: Array, lids: Lids, opening: float) -> Array:
    """Return `shape` with the lower lid on its way up to meet the upper one: a shut eye's line is no bowl."""
    rim = lids.rims[2][lids.lower]
    whole = _height(own, lids, lids.upper, own[rim, 0]) - own[rim, 2]
    rise = LOWER_SHARE * max(0.0, 1 - opening) * np.maximum(0.0, whole)
    found = shape.copy()
    for ring, follows in enumerate((1.0, 1.0, 1.0, 0.85, 0.55, 0.25)):
        found[lids.rims[ring][lids.lower], 2] += follows * rise
    return found


def _sealed(shape: Array, own: Array, lids: Lids, opening: float, missing: float) -> Array:
    """Shift the upper lid's rings so that its margin stands at `opening` of the own gap at every place."""
    rim = lids.rims[2][lids.upper]
    x_own, x_now = own[rim, 0], shape[rim, 0]
    gap_own = np.maximum(0.0, _height(own, lids, lids.upper, x_own) - _height(own, lids, lids.lower, x_own))
    # Shut lids overlap by a hair's breadth: no sliver of the eye shows between their straight edges.
    target = _height(shape, lids, lids.lower, x_now) + opening * gap_own - OVERLAP_M * smooth(0.1, 0.0, opening)
    move = target - shape[rim, 2]
    # The measured middle is met exactly; the rest follows as far as the lid's own form leaves open.
    share = smooth(0.55, 0.0, opening)
    move = missing + share * (move - missing)
    found = shape.copy()
    for ring, follows in enumerate((1.0, 1.0, 1.0, 0.8, 0.5, 0.2)):
        found[lids.rims[ring][lids.upper], 2] += follows * move
    return found


def clear_of_eyeball(shape: Array, lids: Lids, centre: Array, radius_m: float) -> None:
    """Push the lids' margins out of the eyeball, in place, without changing their height."""
    for ring, spare in zip(lids.rims[1:], CLEARANCE_M, strict=False):
        away = shape[ring] - centre
        flat = np.hypot(away[:, 0], away[:, 2])
        needed = np.sqrt(np.maximum(0.0, (radius_m + spare) ** 2 - flat**2))
        shape[ring, 1] = np.minimum(shape[ring, 1], centre[1] - needed)


def pose(basis: Basis, own: Array, look: Look, arms_deg: float = 24.0) -> Posed:
    """Return a person (`own`: (n + joints, 3), open eyes, nothing else) with a look."""
    shape = basis.act(own, {k: v for k, v in look.actions.items() if not k.startswith("eyeBlink")})
    yaw, pitch = look.gaze_deg
    shape = basis.act(shape, _gaze_actions(yaw, pitch))
    radii, centres, measured = [], [], []
    for side, name in enumerate(("eye_left", "eye_right")):
        # Gaze actions roll the coarse eyeball too: the eye's place is where it was.
        centre = own[basis.count + JOINTS.index(name)]
        size = radius(basis, own, side)
        shape = set_lids(shape, own, basis, side, look.lids[side])
        clear_of_eyeball(shape, basis.eyes[side], centre, size)
        radii.append(size)
        centres.append(centre)
        measured.append(max(0.0, gap(shape, basis.eyes[side], centre)) / gap(own, basis.eyes[side], centre))
    chain = _chain(basis, own, look, arms_deg)
    rest = shape[: basis.count]
    turned = np.zeros_like(rest)
    for group, (turn, move) in enumerate(chain):
        weight = basis.weights[:, group : group + 1]
        touched = weight[:, 0] > 0
        turned[touched] += weight[touched] * (rest[touched] @ turn.T + move)
    head, move = chain[4]
    iris = direction(*_drawn(yaw, pitch))
    return Posed(
        vertices=turned,
        head=head,
        head_at=move.copy(),
        rest=rest,
        eyes=(head @ centres[0] + move, head @ centres[1] + move),
        eyes_rest=(centres[0], centres[1]),
        radii=(radii[0], radii[1]),
        gaze=(head @ iris, head @ iris),
        opening=(measured[0], measured[1]),
        chain=chain,
    )


def _drawn(yaw: float, pitch: float) -> tuple[float, float]:
    """Return the angles by which the large eyeball shows the displacement that a real one's gaze has."""
    moved = LEVER * np.sin(np.radians([yaw, pitch]))
    return float(np.degrees(np.arcsin(moved[0]))), float(np.degrees(np.arcsin(moved[1])))


def _gaze_actions(yaw: float, pitch: float) -> dict[str, float]:
    """The skin around the eyes follows the gaze (its lids are set afterwards)."""
    up, down = max(0.0, pitch) / 30, max(0.0, -pitch) / 35
    left, right = max(0.0, yaw) / 35, max(0.0, -yaw) / 35
    return {
        **{f"eyeLookUp{side}": up for side in SIDES},
        **{f"eyeLookDown{side}": down for side in SIDES},
        "eyeLookOutLeft": left,
        "eyeLookInRight": left,
        "eyeLookInLeft": right,
        "eyeLookOutRight": right,
    }


def _chain(basis: Basis, own: Array, look: Look, arms_deg: float) -> tuple[tuple[Array, Array], ...]:
    """Return each skinning group's rotation and offset: torso, three of the neck, head, left and right arm."""
    joint = {name: own[basis.count + number] for number, name in enumerate(JOINTS)}
    forward, aside = np.radians(look.lean_deg)
    lean = rotation(np.array([forward, 0, 0])) @ rotation(np.array([0, aside, 0]))
    # The seat holds the hips: the torso leans about a point in the small of the back.
    hips = np.array([0.0, 0.1, -0.55])
    turn, move = lean, hips - lean @ hips
    groups = [(turn, move)]
    whole = rotation_vector(head_matrix(*look.head_deg))
    for name, share in zip(("neck01", "neck02", "neck03", "head"), NECK_SHARE, strict=True):
        at = turn @ joint[name] + move
        turn = turn @ rotation(whole * share)
        move = at - turn @ joint[name]
        groups.append((turn, move))
    for name, sign in (("arm_left", 1.0), ("arm_right", -1.0)):
        down = rotation(np.array([np.radians(-12.0), np.radians(sign * arms_deg), 0.0]))
        swing = lean @ down
        at = lean @ joint[name] + groups[0][1]
        groups.append((swing, at - swing @ joint[name]))
    return tuple(groups)
