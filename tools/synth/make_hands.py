"""The hands of make_basis.py: the driver's left one with its forearm, in three poses."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from synth.geometry import rotation

Array = NDArray[Any]
FINGERS_DEG = {"flat": 5.0, "relaxed": 28.0, "curled": 62.0}


def hands(model: Any) -> dict[str, Array]:
    """Return the driver's left hand with its forearm in three poses, wrist at the origin."""
    labels = list(model.bone_labels)
    values = dict.fromkeys(model.phenotype_labels, 0.5) | {"age": 0.8}
    bones = np.asarray(model.vertex_bone_indices)
    weights = np.asarray(model.vertex_bone_weights)
    arm = [
        i for i, n in enumerate(labels) if n.endswith(".L") and n.startswith(("lowerarm", "wrist", "finger", "meta"))
    ]
    share = (weights * np.isin(bones, arm)).sum(axis=1)
    kept = share > 0.6
    triangles = np.asarray(model.faces)
    triangles = triangles[kept[triangles].all(axis=1)]
    indices = np.unique(triangles)
    back = np.full(len(kept), -1)
    back[indices] = np.arange(len(indices))
    poses = []
    for angle in FINGERS_DEG.values():
        pose = torch.eye(4)[None, None].repeat(1, len(labels), 1, 1)
        with torch.no_grad():
            rest = model(phenotype_kwargs=values)
        heads = rest["rest_bone_heads"][0].numpy()
        knuckles = heads[labels.index("finger5-1.L")] - heads[labels.index("finger2-1.L")]
        axis = knuckles / np.linalg.norm(knuckles)
        for finger in range(1, 6):
            for joint in range(1, 4):
                name = f"finger{finger}-{joint}.L"
                bend = np.radians(angle if finger > 1 else 0.35 * angle)
                pose[0, labels.index(name), :3, :3] = torch.from_numpy(rotation(axis * bend)).float()
        with torch.no_grad():
            out = model(pose_parameters=pose, phenotype_kwargs=values, pose_parameterization="local-ref")
        vertices = out["vertices"][0].numpy().astype(np.float64)
        wrist = out["bone_poses"][0, labels.index("wrist.L"), :3, 3].numpy()
        middle = out["bone_poses"][0, labels.index("finger3-1.L"), :3, 3].numpy()
        poses.append(framed(vertices[indices], wrist, middle, rest_axis(out, labels)))
    return {"hand_poses": np.array(poses, np.float16), "hand_faces": back[triangles].astype(np.uint16)}


def rest_axis(out: Any, labels: list[str]) -> Array:
    """Return the direction from the forefinger's to the little finger's knuckle."""
    across = (
        out["bone_poses"][0, labels.index("finger5-1.L"), :3, 3]
        - out["bone_poses"][0, labels.index("finger2-1.L"), :3, 3]
    )
    return np.asarray(across.numpy())


def framed(vertices: Array, wrist: Array, middle: Array, across: Array) -> Array:
    """Turn a hand so that z points from the wrist to the knuckles, x from forefinger to little finger."""
    z = (middle - wrist) / np.linalg.norm(middle - wrist)
    x = across - z * (across @ z)
    x /= np.linalg.norm(x)
    return np.asarray((vertices - wrist) @ np.stack([x, np.cross(z, x), z], axis=1))
