"""Parts of an animal's body, in other words than the keypoints' names."""

from __future__ import annotations

from bitflow.models.asking.phrases import phrases

#: Words by the part's role.
ROLES: dict[str, tuple[str, ...]] = {
    "centre": phrases(
        "centre, center, body center, body centre, animal center, animal centre, mouse centre, mouse center, "
        "centroid, center of the body, centre of the body, center of mass, centre of mass, middle of the body, "
        "center point, centre point, body, animals center, animals centre, center of the animal, "
        "centre of the animal, body midpoint, trunk, torso"
    ),
    "nose": phrases("nose, snout, muzzle, nose tip, tip of the nose, nose point, face"),
    "neck": phrases("neck, nape"),
    "tail_base": phrases(
        "tail base, base of tail, base of the tail, rear end, rear, bottom, butt, bum, rump, backside, "
        "back side, posterior, hindquarters, hind end, hind quarters, back end, behind, anogenital region, "
        "anogenital area, genitals, anus, tail, tail root, root of the tail, tail region, rear part"
    ),
    "left_ear": phrases("left ear"),
    "right_ear": phrases("right ear"),
}
