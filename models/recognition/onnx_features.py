"""Measuring inside an ONNX graph: statistics of streams, windows, and how signed channels disagree.

The same arithmetic as `bitflow.datasets.windows` and `bitflow.models.recognition.discord`, written as nodes; tests hold
the two together. ``B`` clips are padded to ``T`` bins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bitflow.datasets.windows import STATISTICS, VALID_SHARE, FeatureSchema
from bitflow.models.recognition import discord
from bitflow.models.recognition.experts import LEAST_SEEN_S
from bitflow.models.recognition.onnx_graph import LAST, Graph

#: Inputs that are no stream.
BINS, POLARITY, BASELINE, GAPS = "bins", "polarity", "baseline", "gaps"


@dataclass(frozen=True)
class View:
    """Stretches of a stream: values ``(B, W, L, D)``, NaN where not seen, and how long each is ``(B, W, 1)`` bins."""

    values: str
    lengths: str


@dataclass
class Measured:
    """What the graph measures of clips; everything is made once."""

    graph: Graph
    schema: FeatureSchema
    signed: tuple[str, ...]
    _made: dict[object, str] = field(default_factory=dict)

    def bins(self) -> str:
        """Length of every clip, ``(B,)`` int64."""
        return self.graph.input(BINS, ["B"], "INT64")

    def stream(self, name: str) -> str:
        """A stream's columns ``(B, T, D)``; NaN where not seen."""
        return self._once(("stream", name), lambda: self._stream(name))

    def whole(self, name: str) -> str:
        """`experts.clip_statistics` of a stream, ``(B, D × 8)``."""

        def make() -> str:
            g = self.graph
            values = g.op("Unsqueeze", self.stream(name), g.whole(1))
            length = g.op("Unsqueeze", g.number(self.bins()), g.whole(1, 2))
            least = g.op("Div", g.constant(LEAST_SEEN_S * self.schema.rate), length)
            least = g.op("Unsqueeze", g.op("Min", least, g.constant(VALID_SHARE)), g.whole(3))
            made = statistics(g, View(values, length), least)
            return g.op("Squeeze", made, g.whole(1))

        return self._once(("whole", name), make)

    def windows(self, name: str, seconds: float, hop: float) -> str:
        """`windows.seen_statistics` of a stream in windows, ``(B, W, D × 8)``."""
        return self._once(
            ("windows", name, seconds, hop),
            lambda: self._windowed(self.stream(name), seconds, hop, STATISTICS),
        )

    def moments(self, how: str, streams: Sequence[str], seconds: float, hop: float) -> str:
        """Mean and 90th percentile of `discord.moments` in windows, ``(B, W, pairs × 6)``."""

        def make() -> str:
            g = self.graph
            parts = []
            for a, b in discord.pairs(streams):
                product, opposition, distance = self._compared(how, a, b)
                parts += [product, opposition, distance]
            values = g.op("Concat", *(g.op("Unsqueeze", part, g.whole(2)) for part in parts), axis=2)
            return self._windowed(values, seconds, hop, ("mean", "p90"), seen=False)

        return self._once(("moments", how, tuple(streams), seconds, hop), make)

    def discord(self, how: str, streams: Sequence[str]) -> str:
        """`discord.discord_features`, ``(B, pairs × 10)``."""

        def make() -> str:
            parts = [self._pooled(how, a, b) for a, b in discord.pairs(streams)]
            return self.graph.op("Concat", *parts, axis=1)

        return self._once(("discord", how, tuple(streams)), make)

    def gaps(self) -> str:
        """`gaps.gap_features` come from words and are an input, ``(B, 16)``."""
        from bitflow.models.recognition.gaps import NAMES

        return self.graph.input(GAPS, ["B", len(NAMES)])

    def spread(self, logits: str, seconds: float, hop: float) -> str:
        """`heads.spread_moments`: logits of windows ``(B, W, K)`` to their mean over every bin ``(B, T, K)``."""
        g = self.graph
        width, step = self._sizes(seconds, hop)
        times = g.range(g.length(self._any_stream(), 1))
        last = g.op("Div", times, g.constant(step, np.int64))
        most = g.op("Sub", g.length(logits, 1), g.whole(1))
        totals, counts = [], []
        for back in range(-(-width // step)):
            at = g.op("Sub", last, g.constant(back, np.int64))
            inside = g.op("And", g.op("GreaterOrEqual", at, g.whole(0)), g.op("LessOrEqual", at, most))
            end = g.op("Add", g.op("Mul", at, g.constant(step, np.int64)), g.constant(width, np.int64))
            inside = g.op("And", inside, g.op("Less", times, end))
            safe = g.op("Max", g.op("Min", at, most), g.whole(0))
            value = g.where(g.op("Unsqueeze", inside, g.whole(0, 2)), g.op("Gather", logits, safe, axis=1))
            totals.append(g.filled(value))
            counts.append(g.number(g.known(value)))
        total, count = g.op("Sum", *totals), g.op("Sum", *counts)
        mean = g.op("Div", total, g.op("Max", count, g.constant(1.0)))
        seen = g.op("And", g.op("Greater", count, g.constant(0.5)), g.op("Unsqueeze", self._inside(), g.whole(2)))
        return g.where(seen, mean)

    def _once(self, key: object, make: Callable[[], str]) -> str:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _any_stream(self) -> str:
        """Something ``(B, T, …)`` whose T is that of the clips."""
        name = next(iter(self.schema.streams), None)
        return self.stream(name) if name is not None else self.graph.input(POLARITY, ["B", "T"], "FLOAT")

    def _inside(self) -> str:
        """Bins that are not padding, ``(B, T)``."""

        def make() -> str:
            g = self.graph
            name = next(iter(self.schema.streams), None)
            like = g.input(f"mask_{name}", ["B", "T"], "BOOL") if name else g.input(POLARITY, ["B", "T"], "FLOAT")
            return g.op("Less", g.range(g.length(like, 1)), g.op("Unsqueeze", self.bins(), g.whole(1)))

        return self._once("inside", make)

    def _stream(self, name: str) -> str:
        g = self.graph
        values = g.input(f"values_{name}", ["B", "T", len(self.schema.streams[name].names)], "FLOAT")
        mask = g.input(f"mask_{name}", ["B", "T"], "BOOL")
        seen = g.op("Unsqueeze", g.op("And", mask, self._inside()), g.whole(2))
        return g.where(seen, g.number(values))

    def _sizes(self, seconds: float, hop: float) -> tuple[int, int]:
        rate = self.schema.rate
        return max(1, round(seconds * rate)), max(1, round(hop * rate))

    def _windowed(self, values: str, seconds: float, hop: float, names: Sequence[str], *, seen: bool = True) -> str:
        """Statistics of windows, ``(B, W, D × names)``; of windows behind a clip's end NaN."""
        g = self.graph
        width, step = self._sizes(seconds, hop)
        size = g.length(values, 1)
        room = g.op("Max", g.op("Sub", size, g.whole(width)), g.whole(0))
        count = g.op("Add", g.op("Div", room, g.whole(step)), g.whole(1))
        starts = g.range(count, step)
        index = g.op("Add", g.op("Unsqueeze", starts, g.whole(1)), g.constant(np.arange(width)[None], np.int64))
        safe = g.op("Min", index, g.op("Sub", size, g.whole(1)))
        bins = self.bins()
        inside = g.op("Less", index, g.op("Unsqueeze", bins, g.whole(1, 2)))  # (B, W, L)
        view = g.where(g.op("Unsqueeze", inside, g.whole(3)), g.op("Gather", values, safe, axis=1))
        length = g.op("Unsqueeze", g.op("Min", g.number(bins), g.constant(float(width))), g.whole(1, 2))
        made = statistics(g, View(view, length), g.constant(VALID_SHARE), names, seen=seen)
        ends = g.op("Add", starts, g.constant(width, np.int64))
        whole = g.op("LessOrEqual", ends, g.op("Unsqueeze", bins, g.whole(1)))
        first = g.op("Equal", starts, g.whole(0))
        return g.where(g.op("Unsqueeze", g.op("Or", whole, first), g.whole(2)), made)

    def _channel(self, stream: str) -> str:
        """`discord.signed_channel`, ``(B, T)``."""
        g = self.graph
        names = self.schema.streams[stream].names if stream in self.schema.streams else ()
        place = {name.rpartition(".")[2]: i for i, name in reversed(list(enumerate(names)))}

        def column(*wanted: str) -> str:
            return g.op("Gather", self.stream(stream), g.whole(*(place[name] for name in wanted)), axis=2)

        def one(name: str) -> str:
            return g.op("Squeeze", column(name), g.whole(2))

        if "valence" in place:
            return one("valence")
        if stream == "text":
            return g.where(self._inside(), g.number(g.input(POLARITY, ["B", "T"], "FLOAT")))
        if stream == "face":
            up, down = (
                g.op("ReduceMean", column(*(n for n in group if n in place)), axes=[2], keepdims=0)
                for group in (discord.PLEASED, discord.DISPLEASED)
            )
            return g.op("Sub", up, down)
        if stream == "body":
            return one("approach")
        parts = []
        if "loudness" in place:
            parts.append(g.op("Div", one("loudness"), g.constant(discord.LOUDNESS_DB)))
        if "f0" in place:
            pitch = g.op("Max", g.filled(one("f0")), g.constant(1.0))
            octaves = g.op("Div", g.op("Log", g.op("Div", pitch, g.constant(discord.PITCH_HZ))), g.constant(np.log(2)))
            parts.append(g.where(g.known(one("f0")), octaves))
        present = [g.any(g.known(part), 1) for part in parts]  # a part that the clip never has does not count
        fine = [g.op("Or", g.known(part), g.op("Not", there)) for part, there in zip(parts, present, strict=True)]
        both = fine[0] if len(fine) == 1 else g.op("And", *fine)
        count = g.op("Sum", *(g.number(there) for there in present))
        total = g.op("Sum", *(g.filled(part) for part in parts))
        mean = g.op("Div", total, g.op("Max", count, g.constant(1.0)))
        return g.where(g.op("And", both, g.op("Greater", count, g.constant(0.5))), mean)

    def _centred(self, how: str, stream: str) -> str:
        """`discord.centred_channels` of one stream, ``(B, T)``."""
        return self._once(("centred", how, stream), lambda: self._centre(how, stream))

    def _centre(self, how: str, stream: str) -> str:
        g = self.graph
        values = self._once(("channel", stream), lambda: self._channel(stream))
        if how == "none":
            return self._smooth(values)
        centre = median(g, values)
        away = g.op("Sub", values, centre)
        spread = g.op("Mul", median(g, g.op("Abs", away)), g.constant(1.4826))
        deviation = g.op("Max", standard_deviation(g, values), g.constant(1e-6))
        spread = g.op("Where", g.op("Greater", spread, g.constant(1e-6)), spread, deviation)
        if how == "participant":
            given = g.input(BASELINE, ["B", len(self.signed), 2])
            own = g.op("Gather", given, g.whole(self.signed.index(stream)), axis=1)  # (B, 1, 2)
            theirs = [g.op("Squeeze", g.op("Gather", own, g.whole(k), axis=2), g.whole(2)) for k in (0, 1)]
            there = g.known(theirs[0])
            centre = g.op("Where", there, theirs[0], centre)
            spread = g.op("Where", there, theirs[1], spread)
        return self._smooth(g.op("Div", g.op("Sub", values, centre), spread))

    def _smooth(self, values: str) -> str:
        g = self.graph
        width = max(1, round(discord.SMOOTHING_S * self.schema.rate))
        first = (width - 1) // 2
        size = g.length(values, 1)
        sides = g.whole(0, width - 1 - first, 0, first)

        def moving(parts: str) -> str:
            padded = g.op("Pad", parts, sides)
            shifted = []
            for k in range(width):
                end = g.op("Add", size, g.whole(k))
                shifted.append(g.op("Slice", padded, g.whole(k), end, g.whole(1)))
            return g.op("Sum", *shifted)

        known = g.known(values)
        total, count = moving(g.filled(values)), moving(g.number(known))
        return g.where(known, g.op("Div", total, g.op("Max", count, g.constant(1.0))))

    def _compared(self, how: str, a: str, b: str) -> tuple[str, str, str]:
        """Product, opposition and distance of two channels, ``(B, T)`` each."""
        g = self.graph
        first, second = self._centred(how, a), self._centred(how, b)
        product = self._once(("product", how, a, b), lambda: g.op("Mul", first, second))
        distance = g.op("Abs", g.op("Sub", first, second))
        opposed = g.where(g.known(product), g.op("Max", g.op("Neg", g.filled(product)), g.constant(0.0)))
        return product, opposed, distance

    def _pooled(self, how: str, a: str, b: str) -> str:
        """`discord._pooled`, ``(B, 10)``."""
        g = self.graph
        product, opposed, distance = self._compared(how, a, b)
        known = g.known(product)
        count = g.count(known, 1)
        safe = g.op("Max", count, g.constant(1.0))
        few = g.op("Max", g.op("Round", g.op("Mul", count, g.constant(discord.EXTREME))), g.constant(1.0))
        rank = g.number(g.range(g.length(product, 1)))

        def mean(values: str) -> str:
            return g.op("Div", g.sum(g.filled(values), 1), safe)

        def extreme(values: str, *, top: bool) -> str:
            ordered = g.ordered(values, 1)
            if top:
                above = g.op("GreaterOrEqual", rank, g.op("Sub", count, few))
                chosen = g.op("And", above, g.op("Less", rank, count))
            else:
                chosen = g.op("Less", rank, few)
            kept = g.op("Where", chosen, ordered, g.constant(0.0))
            return g.op("Div", g.sum(kept, 1), few)

        share = g.op("And", known, g.op("Greater", g.filled(opposed), g.constant(discord.OPPOSED)))
        first, second = (g.where(known, self._centred(how, stream)) for stream in (a, b))
        spreads = [standard_deviation(g, values) for values in (first, second)]
        apart = [g.op("Sub", values, mean(values)) for values in (first, second)]
        moving = g.op("And", *(g.op("Greater", spread, g.constant(1e-9)) for spread in spreads))
        scale = g.op("Max", g.op("Mul", *spreads), g.constant(1e-300))
        together = g.op("Div", mean(g.op("Mul", *apart)), scale)
        numbers = [
            *(mean(product), standard_deviation(g, product), extreme(product, top=True), extreme(product, top=False)),
            *(mean(opposed), extreme(opposed, top=True), g.op("Div", g.count(share, 1), safe)),
            *(mean(distance), extreme(distance, top=True), g.where(moving, together)),
        ]
        return g.where(g.op("Greater", count, g.constant(2.5)), g.op("Concat", *numbers, axis=1))


def median(g: Graph, values: str) -> str:
    """Of what is known along axis 1 of ``(B, T)``, ``(B, 1)``."""
    ordered = g.ordered(values, 1)
    last = g.op("Sub", g.count(g.known(values), 1), g.constant(1.0))
    middle = g.op("Max", g.op("Mul", last, g.constant(0.5)), g.constant(0.0))
    two = [g.op("GatherElements", ordered, g.index(g.op(how, middle)), axis=1) for how in ("Floor", "Ceil")]
    return g.op("Mul", g.op("Add", *two), g.constant(0.5))


def standard_deviation(g: Graph, values: str) -> str:
    """Of what is known along axis 1 of ``(B, T)``, ``(B, 1)``."""
    count = g.op("Max", g.count(g.known(values), 1), g.constant(1.0))
    mean = g.op("Div", g.sum(g.filled(values), 1), count)
    away = g.filled(g.op("Sub", values, mean))
    return g.op("Sqrt", g.op("Div", g.sum(g.op("Mul", away, away), 1), count))


def statistics(g: Graph, view: View, least: str, names: Sequence[str] = STATISTICS, *, seen: bool = True) -> str:
    """`windows.window_statistics` of stretches ``(B, W, L, D)``, ``(B, W, D × names)``.

    Parameters
    ----------
    least
        Share of a stretch that must have been seen, a number or ``(B, W, 1, 1)``.
    seen
        Make NaN of a stretch of which nothing but its share is known.
    """
    values = view.values
    known = g.known(values)
    count = g.count(known, 2)  # (B, W, 1, D)
    safe = g.op("Max", count, g.constant(1.0))
    share = g.op("Div", count, g.op("Unsqueeze", view.lengths, g.whole(3)))
    mean = g.op("Div", g.sum(g.filled(values), 2), safe)
    away = g.filled(g.op("Sub", values, mean))
    made: dict[str, str] = {"mean": mean}
    if "sd" in names:
        made["sd"] = g.op("Sqrt", g.op("Div", g.sum(g.op("Mul", away, away), 2), safe))
    ordered = g.ordered(values, 2)
    last = g.op("Max", g.op("Sub", count, g.constant(1.0)), g.constant(0.0))
    for name, at in (("p10", 0.1), ("p90", 0.9)):
        if name in names:
            place = g.op("Mul", last, g.constant(at))
            below = g.op("Floor", place)
            above = g.op("Min", g.op("Add", below, g.constant(1.0)), last)
            low, high = (g.op("GatherElements", ordered, g.index(each), axis=2) for each in (below, above))
            between = g.op("Mul", g.op("Sub", high, low), g.op("Sub", place, below))
            made[name] = g.op("Min", g.op("Add", low, between), g.constant(LAST))
    if "slope" in names:
        clock = g.op("Unsqueeze", g.number(g.range(g.length(values, 2))), g.whole(1))  # (L, 1)
        clock = g.op("Mul", g.number(known), clock)
        clock = g.op("Sub", clock, g.op("Div", g.sum(clock, 2), safe))
        clock = g.op("Mul", g.number(known), clock)
        wide = g.sum(g.op("Mul", clock, clock), 2)
        rising = g.op("Div", g.sum(g.op("Mul", clock, away), 2), g.op("Max", wide, g.constant(1e-300)))
        made["slope"] = g.op("Where", g.op("Greater", wide, g.constant(0.0)), rising, g.constant(0.0))
    if "mean_change" in names:
        size = g.length(values, 2)
        later = g.op("Slice", values, g.whole(1), size, g.whole(2))
        sooner = g.op("Slice", values, g.whole(0), g.op("Sub", size, g.whole(1)), g.whole(2))
        change = g.op("Sub", later, sooner)
        moved = g.known(change)
        steps = g.op("Max", g.count(moved, 2), g.constant(1.0))
        change = g.filled(change)
        made["mean_change"] = g.op("Div", g.sum(g.op("Abs", change), 2), steps)
        centred = g.op("Sub", change, g.op("Div", g.sum(change, 2), steps))
        centred = g.op("Mul", g.number(moved), centred)
        made["sd_change"] = g.op("Sqrt", g.op("Div", g.sum(g.op("Mul", centred, centred), 2), steps))
    made["valid"] = share
    fine = g.op("GreaterOrEqual", share, least)
    parts = [made[name] if name == "valid" else g.where(fine, made[name]) for name in names]
    stacked = g.op("Concat", *(g.op("Unsqueeze", part, g.whole(4)) for part in parts), axis=4)  # (B, W, 1, D, names)
    shape = g.op("Concat", g.length(values, 0), g.length(values, 1), g.whole(-1), axis=0)
    flat = g.rounded(g.op("Reshape", stacked, shape))
    if not seen:
        return flat
    behaviour = g.any(g.any(g.known(parts[0]), 3), 2)  # (B, W, 1, 1)
    return g.where(g.op("Squeeze", behaviour, g.whole(3)), flat)
