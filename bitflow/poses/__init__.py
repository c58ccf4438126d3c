"""Poses of animals: the table `poses`, and the value that everything which reads or makes it passes on.

>>> from bitflow.poses import read_poses
>>> poses = read_poses(store["mouse_07"])  # doctest: +SKIP
>>> poses.points.shape  # frames, animals, keypoints, x and y  # doctest: +SKIP
(1800, 3, 12, 2)
"""

from bitflow.poses.facts import PoseFacts, Scale
from bitflow.poses.series import PoseSeries
from bitflow.poses.table import poses_schema, read_facts, read_poses, stream_poses, write_poses

__all__ = [
    "PoseFacts",
    "PoseSeries",
    "Scale",
    "poses_schema",
    "read_facts",
    "read_poses",
    "stream_poses",
    "write_poses",
]
