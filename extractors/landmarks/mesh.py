"""Point numbers of the 468/478-point face mesh that the extractors read.

Right and left are the subject's; the subject's right is on the left of an unmirrored picture. The
numbering is that of MediaPipe's face mesh (Apache-2.0), see its `face_mesh_connections`.
"""

from __future__ import annotations

import numpy as np

MESH_POINTS = 468
IRIS_POINTS = 10

RIGHT_EYE_OUTER, RIGHT_EYE_INNER = 33, 133
LEFT_EYE_INNER, LEFT_EYE_OUTER = 362, 263
#: Pairs of upper and lower lid points across the eye, from its outer to its inner third.
RIGHT_LIDS = ((160, 144), (159, 145), (158, 153))
LEFT_LIDS = ((387, 373), (386, 374), (385, 380))
RIGHT_IRIS_CENTRE, LEFT_IRIS_CENTRE = 468, 473

UPPER_INNER_LIP, LOWER_INNER_LIP = 13, 14
RIGHT_INNER_MOUTH, LEFT_INNER_MOUTH = 78, 308
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291
UPPER_OUTER_LIP, LOWER_OUTER_LIP = 0, 17

RIGHT_BROW_OUTER, RIGHT_BROW_MIDDLE, RIGHT_BROW_INNER = 70, 105, 107
LEFT_BROW_OUTER, LEFT_BROW_MIDDLE, LEFT_BROW_INNER = 300, 334, 336

NOSE_TIP, NOSE_BRIDGE, CHIN, FOREHEAD = 1, 168, 152, 10
RIGHT_SIDE, LEFT_SIDE = 234, 454

#: Mesh points of an eye in the order of the iris model's 71 contour points: lid (16), three rings, brow.
RIGHT_EYE_REGION = np.array(
    [
        *(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
        *(130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190),
        *(226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189),
        *(35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245),
        *(156, 70, 63, 105, 66, 107, 55, 193),
    ]
)
LEFT_EYE_REGION = np.array(
    [
        *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398),
        *(359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414),
        *(446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413),
        *(265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465),
        *(383, 300, 293, 334, 296, 336, 285, 417),
    ]
)
#: How many of an eye region's points are the lid itself; the iris takes its depth from them.
LID_POINTS = 16
