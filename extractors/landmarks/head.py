"""Pose of a head from its mesh: alignment with the canonical face, and a check by perspective-n-point.

All faces of a recording are worked on at once; rotations are those from the axes of the canonical face to
MediaPipe's camera axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bitflow.extractors.landmarks import canonical, mesh


class Pose(NamedTuple):
    """Poses of n faces in MediaPipe's camera axes: x right, y up, z toward the viewer."""

    #: (n, 3, 3), from the axes of the canonical face.
    rotation: np.ndarray
    #: (n, 3) cm; z is negative in front of the camera.
    translation: np.ndarray
    #: (n,) size of the face relative to the canonical one.
    scale: np.ndarray


def face_pose(points: np.ndarray, width: int, height: int, fov: float = 63.0) -> Pose:
    """Pose of faces by weighted Procrustes analysis.

    Parameters
    ----------
    points
        ``(n, 468 or more, 3)`` meshes, px of the picture, z of the same scale.
    width, height
        Of the picture, px.
    fov
        Vertical field of view, degrees.

    Notes
    -----
    The steps are those of MediaPipe's face geometry module: the mesh is first taken for a weak-perspective
    picture, the scale that this gives places its points in depth, and the alignment is repeated on the
    points so unprojected.
    """
    px = 2.0 * np.tan(np.radians(fov) / 2.0) / height
    skin = points[:, : mesh.MESH_POINTS]
    basis = points[:, canonical.BASIS]
    x = (basis[..., 0] - width / 2.0) * px
    y = (height / 2.0 - basis[..., 1]) * px
    z = basis[..., 2] * px
    middle = (skin[..., 2].mean(axis=1) * px)[:, None]

    fit = _align(np.stack([x, y, -z], axis=-1))
    scale = fit.scale
    for _ in range(2):
        depth = (z - middle + 1.0) / scale[:, None]
        placed = np.stack([x * depth, y * depth, -depth], axis=-1)
        fit = _align(placed)
        scale = scale * fit.scale
    return fit


def _align(target: np.ndarray) -> Pose:
    """The similarity that takes the canonical basis to each of the targets ``(n, 33, 3)``, weighted least
    squares.

    After Umeyama (1991), with the scale as MediaPipe computes it.
    """
    weights = canonical.WEIGHTS
    total = weights.sum()
    source_centre = weights @ canonical.POINTS / total
    source = canonical.POINTS - source_centre
    target_centre = np.einsum("k,nki->ni", weights, target) / total
    spread = np.einsum("k,nki,kj->nij", weights, target, source)
    u, _, vt = np.linalg.svd(spread)
    mirrored = np.linalg.det(u) * np.linalg.det(vt) < 0
    u[mirrored, :, 2] *= -1.0
    rotation = u @ vt
    turned = np.einsum("nij,kj->nki", rotation, source)
    scale = np.einsum("k,nki,nki->n", weights, turned, target) / (weights @ (source * canonical.POINTS).sum(axis=1))
    translation = target_centre - scale[:, None] * (rotation @ source_centre)
    return Pose(rotation, translation, scale)


def pose_angles(rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pitch, yaw, roll in degrees ``(n,)`` of rotations ``(n, 3, 3)``, with the signs of the `head_pose`
    table.

    Examples
    --------
    >>> tuple(float(a[0]) for a in pose_angles(np.eye(3)[None]))
    (0.0, 0.0, 0.0)
    """
    yaw = np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2])
    pitch = np.arcsin(np.clip(rotation[:, 1, 2], -1.0, 1.0))
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])
    return np.degrees(pitch) + 0.0, np.degrees(yaw) + 0.0, np.degrees(roll) + 0.0


def rotation_from_angles(pitch: np.ndarray, yaw: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """Rotations ``(n, 3, 3)`` from angles in degrees; the inverse of `pose_angles`."""
    p, y, r = (np.radians(np.atleast_1d(np.asarray(angle, np.float64))) for angle in (pitch, yaw, roll))
    zero, one = np.zeros_like(p), np.ones_like(p)

    def matrix(*rows: tuple[np.ndarray, ...]) -> np.ndarray:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    about_y = matrix((np.cos(y), zero, np.sin(y)), (zero, one, zero), (-np.sin(y), zero, np.cos(y)))
    # Nose up turns about -x, since x × z = -y.
    about_x = matrix((one, zero, zero), (zero, np.cos(p), np.sin(p)), (zero, -np.sin(p), np.cos(p)))
    about_z = matrix((np.cos(r), -np.sin(r), zero), (np.sin(r), np.cos(r), zero), (zero, zero, one))
    return about_y @ about_x @ about_z


def rotation_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle in degrees ``(n,)`` between rotations ``(n, 3, 3)``."""
    trace = np.einsum("nij,nij->n", a, b)
    return np.degrees(np.arccos(np.clip((trace - 1.0) / 2.0, -1.0, 1.0)))


def reprojection_error(points: np.ndarray, pose: Pose, width: int, height: int, fov: float = 63.0) -> np.ndarray:
    """Root mean square distance in px ``(n,)`` of the basis points from the posed canonical face."""
    gaps = _project(pose, width, height, fov)[0] - points[:, canonical.BASIS, :2]
    return np.sqrt((gaps**2).sum(axis=-1).mean(axis=-1))


def _project(pose: Pose, width: int, height: int, fov: float) -> tuple[np.ndarray, np.ndarray]:
    """The posed canonical basis: px of the picture ``(n, 33, 2)``, and places in camera axes ``(n, 33,
    3)`` cm.
    """
    focal = height / (2.0 * np.tan(np.radians(fov) / 2.0))
    turned = np.einsum("nij,kj->nki", pose.rotation, canonical.POINTS) * pose.scale[:, None, None]
    placed = turned + pose.translation[:, None]
    depth = np.maximum(-placed[..., 2:], 1e-3)
    xy = placed[..., :2] / depth * (focal, -focal) + (width / 2.0, height / 2.0)
    return xy, placed


def refine_pnp(
    points: np.ndarray, start: Pose, width: int, height: int, fov: float = 63.0, iterations: int = 8
) -> Pose:
    """Perspective-n-point: the pose that projects the canonical basis best onto x and y alone, depth left
    out.

    Levenberg–Marquardt from `start` for all faces at once.
    """
    n = len(points)
    focal = height / (2.0 * np.tan(np.radians(fov) / 2.0))
    target = points[:, canonical.BASIS, :2]
    ones = np.ones(n)
    # A scale other than 1 is depth by another name: take it into the distance.
    pose = Pose(start.rotation, start.translation / start.scale[:, None], ones)
    damping = np.full(n, 1e-3)
    projected, placed = _project(pose, width, height, fov)
    cost = ((projected - target) ** 2).sum(axis=(1, 2))
    for _ in range(iterations):
        jacobian = _pnp_jacobian(pose, placed, focal)
        gaps = (projected - target).reshape(n, -1)
        normal = np.einsum("nai,naj->nij", jacobian, jacobian)
        slope = np.einsum("nai,na->ni", jacobian, gaps)
        diagonal = np.einsum("nii->ni", normal)
        normal = normal + (damping[:, None] * diagonal + 1e-12)[:, :, None] * np.eye(6)
        change = -np.linalg.solve(normal, slope[..., None])[..., 0]
        tried = Pose(_small_rotation(change[:, :3]) @ pose.rotation, pose.translation + change[:, 3:], ones)
        tried_projected, tried_placed = _project(tried, width, height, fov)
        tried_cost = ((tried_projected - target) ** 2).sum(axis=(1, 2))
        better = tried_cost < cost
        pick = better[:, None, None]
        pose = Pose(
            np.where(pick, tried.rotation, pose.rotation),
            np.where(better[:, None], tried.translation, pose.translation),
            ones,
        )
        projected = np.where(pick, tried_projected, projected)
        placed = np.where(pick, tried_placed, placed)
        cost = np.where(better, tried_cost, cost)
        damping = np.where(better, damping / 5.0, damping * 10.0)
    return pose


def _pnp_jacobian(pose: Pose, placed: np.ndarray, focal: float) -> np.ndarray:
    """Change of the projections ``(n, 66, 6)`` px with a small rotation about the head's origin and a
    translation.
    """
    depth = np.maximum(-placed[..., 2], 1e-3)
    by_place = np.zeros((*placed.shape[:2], 2, 3))
    by_place[..., 0, 0] = focal / depth
    by_place[..., 0, 2] = focal * placed[..., 0] / depth**2
    by_place[..., 1, 1] = -focal / depth
    by_place[..., 1, 2] = -focal * placed[..., 1] / depth**2
    arm = placed - pose.translation[:, None]
    zero = np.zeros_like(arm[..., 0])
    by_turn = np.stack(
        [
            np.stack([zero, arm[..., 2], -arm[..., 1]], axis=-1),
            np.stack([-arm[..., 2], zero, arm[..., 0]], axis=-1),
            np.stack([arm[..., 1], -arm[..., 0], zero], axis=-1),
        ],
        axis=-2,
    )
    joined = np.concatenate([by_place @ by_turn, by_place], axis=-1)
    return joined.reshape(len(placed), -1, 6)


def _small_rotation(vectors: np.ndarray) -> np.ndarray:
    """Rotations ``(n, 3, 3)`` about axis vectors ``(n, 3)`` rad (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=1)
    axis = vectors / np.maximum(angle, 1e-12)[:, None]
    cross = np.zeros((len(vectors), 3, 3))
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    cross -= cross.transpose(0, 2, 1)
    s, c = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.eye(3) + s * cross + (1.0 - c) * (cross @ cross)
