"""How each TFLite operator is said in ONNX: one function an operator, registered under its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from bitflow.inference.conversion.graph import Graph

Rewrite = Callable[[Graph, Any], None]

REWRITES: dict[str, Rewrite] = {}


def rewrite(name: str) -> Callable[[Rewrite], Rewrite]:
    """Register how one operator of TFLite is written."""

    def register(function: Rewrite) -> Rewrite:
        REWRITES[name] = function
        return function

    return register


def write_operator(graph: Graph, operator: Any) -> None:
    """Write the ONNX nodes of one TFLite operator.

    Raises
    ------
    UsageError
        It is none of those that are known, or is used in a way that ONNX cannot say.
    """
    outputs = [int(number) for number in operator.outputs]
    if all(graph.is_constant(number) for number in outputs):
        return  # its result is a weight
    name = graph.operator_name(operator)
    if name not in REWRITES:
        raise graph.refuse(f"its operator {name} has no counterpart here")
    for number in outputs:
        if graph.shape(number)[:1] != (1,):
            raise graph.refuse(
                f"{name} makes a tensor of shape {graph.shape(number)}, whose first axis is no batch of 1"
            )
    REWRITES[name](graph, operator)


@rewrite("CONV_2D")
def _convolution(graph: Graph, operator: Any) -> None:
    weights = graph.constant(int(operator.inputs[1]))  # (out, height, width, in)
    _convolve(graph, operator, weights.transpose(0, 3, 1, 2), groups=1)


@rewrite("DEPTHWISE_CONV_2D")
def _depthwise_convolution(graph: Graph, operator: Any) -> None:
    weights = graph.constant(int(operator.inputs[1]))  # (1, height, width, channels · multiplier)
    channels = graph.shape(int(operator.inputs[0]))[3]
    _convolve(graph, operator, weights.transpose(3, 0, 1, 2), groups=channels)


def _convolve(graph: Graph, operator: Any, weights: np.ndarray, groups: int) -> None:
    source, output, options = int(operator.inputs[0]), int(operator.outputs[0]), operator.builtinOptions
    if weights.shape[1] * groups != graph.shape(source)[3]:
        raise graph.refuse("a convolution runs in groups")
    kernel = weights.shape[2:]
    strides, dilations = (options.strideH, options.strideW), (options.dilationHFactor, options.dilationWFactor)
    inputs = [graph.channels_first(source), graph.weight(weights)]
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        inputs.append(graph.weight(graph.constant(int(operator.inputs[2]))))
    name = graph.add(
        "Conv",
        *inputs,
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        pads=_pads(options.padding, graph.shape(source)[1:3], kernel, strides, dilations),
        group=groups,
    )
    graph.keep(output, _activated(graph, name, options.fusedActivationFunction))


@rewrite("MAX_POOL_2D")
def _largest(graph: Graph, operator: Any) -> None:
    source, options = int(operator.inputs[0]), operator.builtinOptions
    kernel, strides = (options.filterHeight, options.filterWidth), (options.strideH, options.strideW)
    pads = _pads(options.padding, graph.shape(source)[1:3], kernel, strides, (1, 1))
    name = graph.add("MaxPool", graph.channels_first(source), kernel_shape=kernel, strides=strides, pads=pads)
    graph.keep(int(operator.outputs[0]), _activated(graph, name, options.fusedActivationFunction))


def _pads(
    padding: int, sides: tuple[int, ...], kernel: tuple[int, ...], strides: tuple[int, int], dilations: tuple[int, int]
) -> list[int]:
    """Top, left, bottom, right: of an odd number of pixels TFLite's SAME puts the larger half at the end."""
    if padding == schema.Padding.VALID:
        return [0, 0, 0, 0]
    before, after = [], []
    for side, size, stride, dilation in zip(sides, kernel, strides, dilations, strict=True):
        total = max((-(-side // stride) - 1) * stride + (size - 1) * dilation + 1 - side, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return [*before, *after]


@rewrite("ADD")
def _sum(graph: Graph, operator: Any) -> None:
    first, second = (graph.channels_first(int(number)) for number in operator.inputs)
    name = graph.add("Add", first, second)
    graph.keep(int(operator.outputs[0]), _activated(graph, name, operator.builtinOptions.fusedActivationFunction))


@rewrite("RELU")
def _rectified(graph: Graph, operator: Any) -> None:
    graph.keep(int(operator.outputs[0]), graph.add("Relu", graph.channels_first(int(operator.inputs[0]))))


@rewrite("LOGISTIC")
def _sigmoid(graph: Graph, operator: Any) -> None:
    graph.keep(int(operator.outputs[0]), graph.add("Sigmoid", graph.channels_first(int(operator.inputs[0]))))


@rewrite("PRELU")
def _parametric(graph: Graph, operator: Any) -> None:
    """Rectify with a slope for each channel, as r + slope · (x − r) with r = max(x, 0).

    ONNX Runtime's own PRelu takes three to four times as long on a CPU. Slopes above 1 and below 0 occur, for which
    max(x, slope · x) is another function.
    """
    source, slopes = (int(number) for number in operator.inputs)
    if len(graph.shape(source)) != 4:
        raise graph.refuse("PRELU of a tensor that is no picture")
    name = graph.channels_first(source)
    positive = graph.add("Relu", name)
    negative = graph.add("Sub", name, positive)
    scaled = graph.add("Mul", negative, graph.channels_first(slopes))
    graph.keep(int(operator.outputs[0]), graph.add("Add", positive, scaled))


@rewrite("PAD")
def _padded(graph: Graph, operator: Any) -> None:
    source = int(operator.inputs[0])
    around = graph.constant(int(operator.inputs[1]))  # (axes, 2), channels last
    if len(around) != 4 or around[0].any():
        raise graph.refuse("PAD of a tensor that is no picture, or of the batch")
    begins, ends = around[[0, 3, 1, 2]].T.tolist()
    graph.keep(
        int(operator.outputs[0]),
        graph.add("Pad", graph.channels_first(source), graph.integers(*begins, *ends), mode="constant"),
    )


@rewrite("RESIZE_BILINEAR")
def _resized(graph: Graph, operator: Any) -> None:
    source, output, options = int(operator.inputs[0]), int(operator.outputs[0]), operator.builtinOptions
    (_, height, width, _), (_, taller, wider, _) = graph.shape(source), graph.shape(output)
    centred = "half_pixel" if options.halfPixelCenters else "asymmetric"
    mode = "align_corners" if options.alignCorners else centred
    # factors and not sizes: these would fix the batch
    factors = graph.weight(np.array([1, 1, taller / height, wider / width], np.float32))
    name = graph.add(
        "Resize", graph.channels_first(source), "", factors, mode="linear", coordinate_transformation_mode=mode
    )
    graph.keep(output, name)


@rewrite("DEPTH_TO_SPACE")
def _unfolded(graph: Graph, operator: Any) -> None:
    name = graph.channels_first(int(operator.inputs[0]))
    # DCR: the block's position is the slower part of the channel number, as in TFLite
    unfolded = graph.add("DepthToSpace", name, blocksize=operator.builtinOptions.blockSize, mode="DCR")
    graph.keep(int(operator.outputs[0]), unfolded)


@rewrite("CONCATENATION")
def _joined(graph: Graph, operator: Any) -> None:
    output, options = int(operator.outputs[0]), operator.builtinOptions
    rank = len(graph.shape(output))
    axis = options.axis % rank
    if axis == 0:
        raise graph.refuse("CONCATENATION along the batch")
    name = graph.add(
        "Concat",
        *(graph.channels_first(int(number)) for number in operator.inputs),
        axis=(0, 2, 3, 1)[axis] if rank == 4 else axis,
    )
    graph.keep(output, _activated(graph, name, options.fusedActivationFunction))


@rewrite("RESHAPE")
def _reshaped(graph: Graph, operator: Any) -> None:
    source, output = int(operator.inputs[0]), int(operator.outputs[0])
    # 0 takes over the batch, whatever it is
    shape = graph.integers(0, *graph.shape(output)[1:])
    graph.keep_channels_last(output, graph.add("Reshape", graph.channels_last(source), shape))


@rewrite("MEAN")
def _mean(graph: Graph, operator: Any) -> None:
    source, output = int(operator.inputs[0]), int(operator.outputs[0])
    axes = sorted(int(axis) % 4 for axis in np.atleast_1d(graph.constant(int(operator.inputs[1]))))
    if axes != [1, 2] or len(graph.shape(source)) != 4:
        raise graph.refuse("MEAN over other axes than height and width")
    kept = int(operator.builtinOptions.keepDims)
    graph.keep(output, graph.add("ReduceMean", graph.channels_first(source), axes=(2, 3), keepdims=kept))


@rewrite("FULLY_CONNECTED")
def _connected(graph: Graph, operator: Any) -> None:
    source, output, options = int(operator.inputs[0]), int(operator.outputs[0]), operator.builtinOptions
    weights = graph.constant(int(operator.inputs[1]))  # (out, in)
    if len(graph.shape(output)) != 2 or int(np.prod(graph.shape(source))) != weights.shape[1]:
        raise graph.refuse("FULLY_CONNECTED over more than the batch")
    name = graph.channels_last(source)
    if len(graph.shape(source)) != 2:
        name = graph.add("Reshape", name, graph.integers(0, weights.shape[1]))
    inputs = [name, graph.weight(weights)]
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        inputs.append(graph.weight(graph.constant(int(operator.inputs[2]))))
    connected = graph.add("Gemm", *inputs, transB=1)
    graph.keep(output, _activated(graph, connected, options.fusedActivationFunction))


@rewrite("STRIDED_SLICE")
def _part(graph: Graph, operator: Any) -> None:
    source, output, options = int(operator.inputs[0]), int(operator.outputs[0]), operator.builtinOptions
    shape = graph.shape(source)
    if options.ellipsisMask or options.newAxisMask or options.shrinkAxisMask or options.offset:
        raise graph.refuse("STRIDED_SLICE that adds or drops axes")
    begins, ends, steps = (graph.constant(int(number)).tolist() for number in operator.inputs[1:4])
    axes, lows, highs, strides = [], [], [], []
    for axis, (begin, end, step, side) in enumerate(zip(begins, ends, steps, shape, strict=True)):
        low = 0 if options.beginMask >> axis & 1 else begin % side if begin < 0 else begin
        high = side if options.endMask >> axis & 1 else end % side if end < 0 else end
        if step < 1:
            raise graph.refuse("STRIDED_SLICE backwards")
        if (low, min(high, side), step) == (0, side, 1):
            continue  # all of it; of the batch too, which is 1 in the file
        axes.append((0, 2, 3, 1)[axis] if len(shape) == 4 else axis)
        lows.append(low)
        highs.append(high)
        strides.append(step)
    if 0 in axes:
        raise graph.refuse("STRIDED_SLICE of the batch")
    ranges = (graph.integers(*numbers) for numbers in (lows, highs, axes, strides))
    graph.keep(output, graph.add("Slice", graph.channels_first(source), *ranges))


def _activated(graph: Graph, name: str, function: int) -> str:
    """What an operator's own activation makes of its result."""
    kinds = schema.ActivationFunctionType
    if function == kinds.NONE:
        return name
    if function == kinds.RELU:
        return graph.add("Relu", name)
    if function == kinds.RELU6:
        low, high = (graph.weight(np.array(limit, np.float32)) for limit in (0, 6))
        return graph.add("Clip", name, low, high)
    raise graph.refuse(f"activation {function} inside an operator")
