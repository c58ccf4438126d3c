"""What simulated mice do: a chain of bouts for each animal, and the paths that follow from them.

Nothing here knows a keypoint, and nothing that a detector uses as a threshold decides anything: bouts begin by chance
and within reach, and speed and posture follow them with a lag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bitflow.errors import UsageError

BEHAVIOURS = ("rest", "walk", "rear", "groom", "investigate", "chase", "attack", "flee")
"""What a frame's label counts."""

REST, WALK, REAR, GROOM, INVESTIGATE, CHASE, ATTACK, FLEE = range(len(BEHAVIOURS))

LAG_S = 4 / 30
"""Time constant with which speed and posture follow the label: kinematics show an onset about 130 ms late."""


@dataclass(frozen=True)
class Style:
    """How a behaviour is done: duration (mean and SD of a lognormal, s), speed (body lengths/s), share of the full
    body length."""

    seconds: float
    spread: float
    speed: float
    elongation: float


STYLES: dict[int, Style] = {
    REST: Style(3.0, 1.2, 0.0, 0.82),
    WALK: Style(2.0, 0.9, 1.8, 1.0),
    REAR: Style(1.2, 0.5, 0.0, 0.58),
    GROOM: Style(3.0, 1.2, 0.0, 0.86),
    INVESTIGATE: Style(2.0, 0.8, 1.6, 0.97),
    CHASE: Style(2.0, 0.7, 5.0, 1.06),
    ATTACK: Style(1.2, 0.4, 1.2, 0.9),
    FLEE: Style(2.0, 0.7, 5.2, 1.08),
}

#: How often each is chosen when a bout ends; to flee is nobody's choice.
WEIGHTS: dict[int, float] = {
    REST: 0.13,
    WALK: 0.27,
    REAR: 0.14,
    GROOM: 0.135,
    INVESTIGATE: 0.2,
    CHASE: 0.15,
    ATTACK: 0.14,
}

#: Farthest centre from which a bout with another animal begins, in body lengths; farther off the animal walks there.
REACH: dict[int, float] = {INVESTIGATE: 1.1, CHASE: 3.5, ATTACK: 1.3}

LOST_BL = 1.8
"""A target that is farther away than this is no longer investigated."""

HURRY, HURRY_S = 0.5, 0.5
"""Speed wanders within a bout too: SD of its logarithm, and the time in which it is another."""

POSTURE_SPREAD, VIGOUR_SPREAD = 0.05, 0.35
TEMPER_SPREAD = 0.2
"""SD of the logarithm of each animal's own pace."""

TURN_RAD_S = 7.0
WALL_BL = 0.35


@dataclass(frozen=True, eq=False)
class Paths:
    """Where the animals are and what they do, frame by frame.

    Parameters
    ----------
    label, target
        ``(frames, animals)`` int8: index in `BEHAVIOURS`, and whom it is directed at, −1 for nobody.
    centre
        ``(frames, animals, 2)`` px.
    heading
        ``(frames, animals)`` rad, x right, y down.
    speed
        ``(frames, animals)`` body lengths/s.
    elongation
        ``(frames, animals)`` share of the full body length.
    vigour
        ``(frames, animals)`` how strongly paws, head and body beat in this bout, 1 on average.
    """

    label: NDArray[np.int8]
    target: NDArray[np.int8]
    centre: NDArray[np.float64]
    heading: NDArray[np.float64]
    speed: NDArray[np.float64]
    elongation: NDArray[np.float64]
    vigour: NDArray[np.float64]


@dataclass
class _Mouse:
    """One animal while its path is made."""

    x: float
    y: float
    heading: float
    length: float
    temper: float = 1.0
    speed: float = 0.0
    elongation: float = 0.9
    label: int = REST
    target: int = -1
    left: float = 0.0
    pace: float = 1.0
    posture: float = 1.0
    vigour: float = 1.0
    hurry: float = 0.0
    wish: float = 0.0
    intent: tuple[int, int] | None = field(default=None)


def mouse_paths(
    frames: int,
    lengths: NDArray[np.float64],
    *,
    arena: float,
    rate: float,
    random: np.random.Generator,
    without: Sequence[str] = (),
) -> Paths:
    """Let the animals behave for a while.

    Parameters
    ----------
    lengths
        ``(animals,)`` px from nose to tail base.
    arena
        Side of the square floor, px.
    rate
        Frames a second, Hz.
    without
        Behaviours that never happen: for tests of what must not be found. Without `chase` nobody flees.

    Raises
    ------
    UsageError
        An unknown behaviour, or none is left.
    """
    return _World(lengths, arena, rate, random, without).run(frames)


class _World:
    """The animals of one recording and the clock they live by."""

    def __init__(
        self,
        lengths: NDArray[np.float64],
        arena: float,
        rate: float,
        random: np.random.Generator,
        without: Sequence[str],
    ):
        unknown = [name for name in without if name not in BEHAVIOURS]
        if unknown:
            raise UsageError(f"no behaviour {unknown[0]!r}; there are {', '.join(BEHAVIOURS)}")
        self.random = random
        self.arena = arena
        self.step = 1.0 / rate
        self.follow = 1.0 - np.exp(-self.step / LAG_S)
        barred = {BEHAVIOURS.index(name) for name in without}
        barred |= {CHASE} if FLEE in barred else set()
        barred |= {INVESTIGATE, CHASE, ATTACK} if len(lengths) < 2 else set()
        weights = {kind: weight for kind, weight in WEIGHTS.items() if kind not in barred}
        if not weights:
            raise UsageError("a mouse must be left something to do: shorten the list of what is left out")
        # Each recording has parameters of its own, so that what was tuned on one seed is tested on other animals.
        self.styles = {
            kind: replace(
                style,
                seconds=style.seconds * np.exp(0.1 * random.standard_normal()),
                speed=style.speed * np.exp(0.07 * random.standard_normal()),
                elongation=style.elongation * np.exp(0.02 * random.standard_normal()),
            )
            for kind, style in STYLES.items()
        }
        self.kinds = list(weights)
        shares = np.array(list(weights.values())) * np.exp(0.15 * random.standard_normal(len(weights)))
        self.shares = shares / shares.sum()
        self.may_walk = WALK not in barred
        self.mice = []
        for length in lengths:
            x, y = random.uniform(0.2 * arena, 0.8 * arena, 2)
            self.mice.append(_Mouse(float(x), float(y), random.uniform(-np.pi, np.pi), float(length)))
            self.mice[-1].temper = float(np.exp(TEMPER_SPREAD * random.standard_normal()))

    def run(self, frames: int) -> Paths:
        n = len(self.mice)
        label, target = np.zeros((frames, n), np.int8), np.full((frames, n), -1, np.int8)
        state = np.zeros((frames, n, 6))
        for frame in range(-round(3.0 / self.step), frames):  # three seconds unseen, so that frame 0 lies inside bouts
            for who in range(n):
                self._live(who)
            for who, mouse in enumerate(self.mice):
                self._move(who)
                if frame >= 0:
                    label[frame, who], target[frame, who] = mouse.label, mouse.target
                    state[frame, who] = mouse.x, mouse.y, mouse.heading, mouse.speed, mouse.elongation, mouse.vigour
        return Paths(label, target, state[..., :2], *np.moveaxis(state[..., 2:], -1, 0))

    def _live(self, who: int) -> None:
        """Go on with the bout, begin what was intended when its target is in reach, or choose anew."""
        mouse = self.mice[who]
        mouse.left -= self.step
        if mouse.label == WALK and mouse.intent and self._in_reach(who, *mouse.intent):
            self._begin(who, *mouse.intent)
        elif mouse.left <= 0 or (mouse.label == INVESTIGATE and self._distance(who, mouse.target, True) > LOST_BL):
            self._choose(who)

    def _choose(self, who: int) -> None:
        mouse = self.mice[who]
        kinds, shares = self.kinds, self.shares
        if len(kinds) > 1 and mouse.label in kinds:  # the same again would be one longer bout
            shares = np.where(np.array(kinds) == mouse.label, 0.0, shares)
        kind = int(self.random.choice(kinds, p=shares / shares.sum()))
        if kind not in REACH:
            self._begin(who, kind, -1)
            return
        others = [other for other in range(len(self.mice)) if other != who]
        near = np.array([1.0 / (1.0 + self._distance(who, other)) for other in others])
        whom = int(self.random.choice(others, p=near / near.sum()))
        if self._in_reach(who, kind, whom):
            self._begin(who, kind, whom)
        elif self.may_walk:
            self._begin(who, WALK, -1)
            mouse.left *= 2.0
            mouse.intent = (kind, whom)
        else:
            self._begin(who, REST if REST in kinds else kinds[0], -1)

    def _begin(self, who: int, kind: int, whom: int) -> None:
        mouse, style = self.mice[who], self.styles[kind]
        spread = np.log1p((style.spread / STYLES[kind].seconds) ** 2)
        mouse.label, mouse.target, mouse.intent = kind, whom, None
        mouse.left = style.seconds * float(np.exp(np.sqrt(spread) * self.random.standard_normal() - spread / 2))
        # Bouts differ: a slow chase is about as fast as a hurried walk.
        mouse.pace = mouse.temper * float(np.exp(0.35 * self.random.standard_normal()))
        mouse.posture = float(np.exp(POSTURE_SPREAD * self.random.standard_normal()))
        mouse.vigour = float(np.exp(VIGOUR_SPREAD * self.random.standard_normal()))
        if kind == WALK:
            mouse.wish = self.random.uniform(-np.pi, np.pi)
        if kind in (CHASE, ATTACK):
            other = self.mice[whom]
            other.label, other.target, other.intent = (FLEE if kind == CHASE else ATTACK), who, None
            other.left, other.pace, other.posture = mouse.left, mouse.pace, mouse.posture

    def _in_reach(self, who: int, kind: int, whom: int) -> bool:
        engaged = (CHASE, ATTACK, FLEE)
        if kind != INVESTIGATE and self.mice[whom].label in engaged:
            return False
        return self._distance(who, whom, to_tail=kind == INVESTIGATE) < REACH[kind]

    def _distance(self, who: int, whom: int, to_tail: bool = False) -> float:
        a, b = self.mice[who], self.mice[whom]
        back = 0.45 * b.length if to_tail else 0.0
        return float(np.hypot(b.x - back * np.cos(b.heading) - a.x, b.y - back * np.sin(b.heading) - a.y) / a.length)

    def _move(self, who: int) -> None:
        """One step of the way, of speed and of posture."""
        mouse = self.mice[who]
        style = self.styles[mouse.label]
        mouse.hurry += -mouse.hurry * self.step / HURRY_S + HURRY * np.sqrt(2 * self.step / HURRY_S) * (
            self.random.standard_normal()
        )
        wish, speed = self._wanted(who, style.speed * mouse.pace * float(np.exp(mouse.hurry)))
        turn = (wish - mouse.heading + np.pi) % (2 * np.pi) - np.pi
        most = TURN_RAD_S * self.step * (1.6 if mouse.label in (CHASE, FLEE, ATTACK) else 1.0)
        if mouse.label not in (REST, REAR, GROOM):
            mouse.heading += float(np.clip(0.35 * turn * 30 * self.step, -most, most))
        mouse.heading = (mouse.heading + np.pi) % (2 * np.pi) - np.pi
        mouse.speed += self.follow * (speed - mouse.speed)
        mouse.elongation += self.follow * (style.elongation * mouse.posture - mouse.elongation)
        along = mouse.speed * mouse.length * self.step
        low, high = WALL_BL * mouse.length, self.arena - WALL_BL * mouse.length
        mouse.x = min(max(mouse.x + along * np.cos(mouse.heading), low), high)
        mouse.y = min(max(mouse.y + along * np.sin(mouse.heading), low), high)
        self._make_room(who)

    def _wanted(self, who: int, speed: float) -> tuple[float, float]:
        """Heading (rad) and speed (body lengths/s) that the bout asks for."""
        mouse = self.mice[who]
        if mouse.label == WALK and mouse.intent is None:
            mouse.wish += 1.6 * np.sqrt(self.step) * self.random.standard_normal()
            mouse.wish = self._off_the_wall(mouse, mouse.wish)
            return mouse.wish, speed
        whom = mouse.intent[1] if mouse.intent else mouse.target
        if whom < 0:
            return mouse.heading, speed
        other = self.mice[whom]
        back = 0.45 * other.length if mouse.label == INVESTIGATE else 0.0
        dx = other.x - back * np.cos(other.heading) - mouse.x
        dy = other.y - back * np.sin(other.heading) - mouse.y
        toward, apart = float(np.arctan2(dy, dx)), float(np.hypot(dx, dy) / mouse.length)
        if mouse.label == INVESTIGATE:  # the nose, half a length ahead of the centre, comes to the target's tail base
            return toward, float(np.clip(3.0 * (apart - 0.6), 0.0, speed))
        if mouse.label == CHASE:
            return toward, speed if apart > 1.1 else min(speed, 0.95 * other.speed)
        if mouse.label == ATTACK:
            return toward + 0.5 * self.random.standard_normal(), speed * (1.0 if apart > 0.5 else 0.3)
        if mouse.label == FLEE:
            return self._off_the_wall(mouse, toward + np.pi + 0.3 * self.random.standard_normal()), speed
        return toward, speed

    def _off_the_wall(self, mouse: _Mouse, wish: float) -> float:
        """A heading that leads along the wall or away from it where the wanted one runs into it."""
        ahead = 1.2 * mouse.length
        x, y = np.cos(wish), np.sin(wish)
        blocked_x = (mouse.x < ahead and x < 0) or (mouse.x > self.arena - ahead and x > 0)
        blocked_y = (mouse.y < ahead and y < 0) or (mouse.y > self.arena - ahead and y > 0)
        if blocked_x and blocked_y:
            return float(np.arctan2(self.arena / 2 - mouse.y, self.arena / 2 - mouse.x))
        if blocked_x:
            return float(np.arctan2(y if abs(y) > 0.2 else np.sign(self.arena / 2 - mouse.y), 0.1 * -np.sign(x)))
        if blocked_y:
            return float(np.arctan2(0.1 * -np.sign(y), x if abs(x) > 0.2 else np.sign(self.arena / 2 - mouse.x)))
        return float(wish)

    def _make_room(self, who: int) -> None:
        """Two bodies do not lie on one another."""
        mouse = self.mice[who]
        for other in self.mice:
            if other is mouse:
                continue
            dx, dy = mouse.x - other.x, mouse.y - other.y
            apart = float(np.hypot(dx, dy))
            least = 0.45 * mouse.length
            if apart < least:
                push = 0.3 * (least - apart) / max(apart, 1e-6)
                mouse.x, mouse.y = mouse.x + push * dx, mouse.y + push * dy
