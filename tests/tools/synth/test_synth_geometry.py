"""Rotations, signs and projection against arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.camera import EYES, Camera, drawn_across, remap
from synth.geometry import box, direction, head_angles, head_matrix, normals, rotation, rotation_vector

angle = st.floats(-80, 80)


@given(angle, angle, angle)
def test_angles_come_back(yaw: float, pitch: float, roll: float) -> None:
    assert head_angles(head_matrix(yaw, pitch, roll)) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_signs_are_the_policys() -> None:
    forward, left, up = np.array([0, -1.0, 0]), np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
    assert head_matrix(30, 0, 0) @ forward == pytest.approx([0.5, -math.sqrt(0.75), 0])  # to the own left
    assert (head_matrix(0, 30, 0) @ forward)[2] == pytest.approx(0.5)  # up
    assert (head_matrix(0, 0, 30) @ left)[2] == pytest.approx(0.5)  # the left ear rises: towards the right shoulder
    assert (head_matrix(0, 0, 30) @ up)[0] < 0
    assert direction(30, 0) == pytest.approx([0.5, -math.sqrt(0.75), 0])


@given(st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_rotation_vectors_come_back(vector: list[float]) -> None:
    found = rotation(np.array(vector))
    assert found @ found.T == pytest.approx(np.eye(3), abs=1e-9)
    assert rotation_vector(found) == pytest.approx(vector, abs=1e-5)


def test_a_point_is_projected_where_arithmetic_says() -> None:
    camera = Camera("dash", (0.0, -1.0, 0.0), (0.0, 0.0, 0.0), 0.0, 90.0, (640, 480))
    # 90 degrees across: 1 m ahead, the picture is 2 m wide, 320 px a metre; the driver's left is the picture's right.
    assert camera.project(np.array([[0.0, 0, 0], [0.5, 0, 0], [0, 0, 0.25], [0.5, 1.0, 0]])) == pytest.approx(
        np.array([[319.5, 239.5], [479.5, 239.5], [319.5, 159.5], [399.5, 239.5]])
    )


def test_opengl_projects_alike() -> None:
    camera = Camera("pillar", (0.3, -0.7, 0.1), (0.02, -0.05, 0.01), 7.0, 50.0, (640, 480))
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (20, 3))
    clip = np.c_[points, np.ones(20)] @ camera.matrix().T
    flat = clip[:, :2] / clip[:, 3:]
    pixels = np.stack([(flat[:, 0] + 1) * 320 - 0.5, (1 - flat[:, 1]) * 240 - 0.5], 1)
    assert pixels == pytest.approx(camera.project(points), abs=1e-6)


@given(st.floats(-0.06, 0.02))
def test_distortion_is_undone_where_it_was_done(k1: float) -> None:
    camera = Camera("dash", (0.0, -1.0, 0.0), (0.0, 0.0, 0.0), 0.0, 60.0, (64, 48), k1)
    across = drawn_across(camera)
    straight = Camera("dash", camera.at, camera.to, 0.0, across, (64, 48))
    point = np.array([[0.31, 0.0, -0.17]])
    x, y = camera.project(point)[0]
    map_x, map_y = remap(camera, (64, 48), across)
    column, row = round(float(x)), round(float(y))
    near = straight.project(point)[0]
    # The maps are of whole pixels: compare with the slope between two of them.
    assert map_x[row, column] + (x - column) * (map_x[row, column + 1] - map_x[row, column]) == pytest.approx(
        near[0], abs=0.05
    )
    assert map_y[row, column] + (y - row) * (map_y[row + 1, column] - map_y[row, column]) == pytest.approx(
        near[1], abs=0.05
    )
    assert map_x.min() >= -0.51 and map_x.max() <= 63.51  # nothing is asked for that was not drawn


def test_a_face_that_looks_into_the_lens_has_no_angles_anywhere() -> None:
    for at in ((-0.4, -0.6, 0.2), (0.3, -0.7, -0.3), (0.0, -0.8, 0.0)):
        camera = Camera("mirror", at, (0.1, 0.0, 0.05), 0.0, 60.0, (640, 480))
        way = np.array(at) - EYES
        way /= np.linalg.norm(way)
        yaw, pitch = math.degrees(math.atan2(way[0], -way[1])), math.degrees(math.asin(way[2]))
        assert camera.head_seen(head_matrix(yaw, pitch, 0), EYES)[:2] == pytest.approx((0, 0), abs=1e-6)
        turned, _, _ = camera.head_seen(head_matrix(yaw + 20, pitch, 0), EYES)
        # About the upright axis, as far as the camera looks along it.
        assert math.sin(math.radians(turned)) == pytest.approx(
            math.sin(math.radians(20)) * math.cos(math.radians(pitch)), abs=0.01
        )


def test_a_camera_at_the_drivers_left_sees_a_level_face_turned_to_its_right() -> None:
    camera = Camera("pillar", (0.5, -0.5, 0.0), (0.0, 0.0, 0.0), 0.0, 60.0, (640, 480))
    assert camera.head_seen(np.eye(3), np.zeros(3)) == pytest.approx((-45, 0, 0), abs=1e-6)


def test_a_boxs_normals_point_outwards() -> None:
    vertices, faces = box(np.array([-1.0, -1, -1]), np.array([1.0, 1, 1]))
    assert ((normals(vertices, faces) * vertices).sum(axis=1) > 0.99).all()
