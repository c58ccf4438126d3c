"""Head pose: a canonical face projected by formula comes back with the angles it was turned by."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bitflow import assets
from bitflow.extractors.landmarks import canonical, mesh
from bitflow.extractors.landmarks.head import (
    face_pose,
    pose_angles,
    refine_pnp,
    reprojection_error,
    rotation_between,
    rotation_from_angles,
)

WIDTH, HEIGHT, FOV = 1280, 720, 63.0
POSES = list(itertools.product((-25, -12.5, 0, 12.5, 25), (-40, -20, 0, 20, 40), (-15, 0, 15)))


def projected(pitch: float, yaw: float, roll: float, place=(0.0, 0.0, -60.0), noise=0.0, seed=0) -> np.ndarray:
    """A mesh (468, 3) px whose basis points are the canonical ones, seen by a pinhole camera.

    The other points are put at the basis' centre, which they may be: only their mean depth is read.
    """
    points = np.tile(canonical.POINTS.mean(axis=0), (mesh.MESH_POINTS, 1))
    points[canonical.BASIS] = canonical.POINTS
    turned = points @ rotation_from_angles(pitch, yaw, roll)[0].T + place
    focal = HEIGHT / (2 * np.tan(np.radians(FOV / 2)))
    depth = -turned[:, 2]
    x = focal * turned[:, 0] / depth + WIDTH / 2
    y = HEIGHT / 2 - focal * turned[:, 1] / depth
    z = (depth - depth.mean()) * focal / depth.mean()
    seen = np.column_stack([x, y, z])
    ocular = np.linalg.norm(seen[33] - seen[263])
    return seen + np.random.default_rng(seed).normal(0, noise * ocular, seen.shape)


@pytest.fixture(scope="module")
def noisy():
    meshes = np.stack([projected(*pose, noise=0.01, seed=i) for i, pose in enumerate(POSES)])
    return meshes, np.concatenate([rotation_from_angles(*pose) for pose in POSES])


def test_a_perfect_face_gives_its_pose_back_to_a_hundredth_of_a_degree():
    place = (3.0, -2.0, -55.0)
    meshes = np.stack([projected(*pose, place=place) for pose in POSES])
    pose = face_pose(meshes, WIDTH, HEIGHT, FOV)
    pitch, yaw, roll = pose_angles(pose.rotation)
    assert np.column_stack([pitch, yaw, roll]) == pytest.approx(np.array(POSES, float), abs=0.01)
    assert pose.translation == pytest.approx(np.tile(place, (len(POSES), 1)), abs=0.01)
    assert reprojection_error(meshes, pose, WIDTH, HEIGHT, FOV).max() < 0.01


def test_one_percent_of_noise_costs_half_a_degree(noisy):
    meshes, truth = noisy
    error = rotation_between(face_pose(meshes, WIDTH, HEIGHT, FOV).rotation, truth)
    assert np.median(error) <= 0.6
    assert error.max() <= 1.5


def test_angles_have_the_documented_signs():
    def nose(pitch, yaw, roll):
        seen = projected(pitch, yaw, roll)
        return seen[canonical.BASIS[0]], seen

    tip, _ = nose(20, 0, 0)
    assert tip[1] < nose(0, 0, 0)[0][1], "nose up is up in the picture"
    tip, _ = nose(0, 20, 0)
    assert tip[0] > nose(0, 0, 0)[0][0], "nose to the subject's left is right in the picture"
    _, seen = nose(0, 0, 20)
    assert seen[263, 1] < seen[33, 1], "anticlockwise: the eye on the right of the picture rises"
    up = projected(0, 0, 20)
    pitch, yaw, roll = pose_angles(face_pose(up[None], WIDTH, HEIGHT, FOV).rotation)
    assert (pitch[0], yaw[0], roll[0]) == pytest.approx((0, 0, 20), abs=0.01)


def test_angles_and_rotations_are_inverse_and_agree_with_scipy():
    rotation = np.concatenate([rotation_from_angles(*pose) for pose in POSES])
    assert np.column_stack(pose_angles(rotation)) == pytest.approx(np.array(POSES, float), abs=1e-9)
    pitch, yaw, roll = np.array(POSES, float).T
    expected = Rotation.from_euler("YXZ", np.column_stack([yaw, -pitch, roll]), degrees=True).as_matrix()
    assert rotation == pytest.approx(expected, abs=1e-12)


def test_perspective_n_point_finds_what_opencv_finds(noisy):
    import cv2

    meshes, _ = noisy
    found = refine_pnp(meshes, face_pose(meshes, WIDTH, HEIGHT, FOV), WIDTH, HEIGHT, FOV)
    focal = HEIGHT / (2 * np.tan(np.radians(FOV / 2)))
    camera = np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]])
    flip = np.diag([1.0, -1.0, -1.0])
    for points, rotation in zip(meshes, found.rotation, strict=True):
        good, turn, _ = cv2.solvePnP(canonical.POINTS @ flip, points[canonical.BASIS, :2], camera, None)
        assert good
        theirs = flip @ cv2.Rodrigues(turn)[0] @ flip
        assert rotation_between(rotation[None], theirs[None])[0] < 0.01


def test_the_angle_between_rotations_is_the_angle_of_their_quotient():
    a, b = rotation_from_angles(10, 20, 5), rotation_from_angles(-5, 30, 0)
    expected = Rotation.from_matrix(a[0] @ b[0].T).magnitude()
    assert rotation_between(a, b)[0] == pytest.approx(np.degrees(expected))


def test_the_table_of_33_points_is_that_of_the_bundle():
    path = assets.locate("face_geometry")
    if path is None:
        pytest.skip("the face landmarker bundle is not at hand")
    basis, weights, points = canonical.read_geometry(path)
    assert basis.tolist() == canonical.BASIS.tolist()
    assert weights == pytest.approx(canonical.WEIGHTS, abs=1e-7)
    assert points.shape == (mesh.MESH_POINTS, 3)
    assert points[basis] == pytest.approx(canonical.POINTS, abs=1e-6)
