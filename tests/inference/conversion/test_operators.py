"""Single operators in small TFLite graphs: paddings, strides, resizing and slices, against LiteRT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
import onnxruntime
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from bitflow.errors import UsageError
from bitflow.inference.conversion import convert

OP = schema.BuiltinOperator
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


def options(kind: str, **values: Any) -> tuple[int, Any]:
    """Built-in options of a kind, with their number in the schema's union."""
    made = getattr(schema, f"{kind}T")()
    for name, value in values.items():
        setattr(made, name, value)
    return getattr(schema.BuiltinOptions, kind), made


def graph(
    operator: int,
    shape: Sequence[int],
    result: Sequence[int],
    constants: Sequence[np.ndarray] = (),
    chosen: tuple[int, Any] | None = None,
) -> bytes:
    """A TFLite file of one operator: its input, constants after it, one output."""
    model, part = schema.ModelT(), schema.SubGraphT()
    model.version = 3
    model.buffers = [schema.BufferT(), *(buffer(values) for values in constants)]
    kinds = {np.dtype(np.float32): schema.TensorType.FLOAT32, np.dtype(np.int32): schema.TensorType.INT32}
    part.tensors = [
        tensor("in", shape, schema.TensorType.FLOAT32, 0),
        *(tensor(f"c{i}", values.shape, kinds[values.dtype], i + 1) for i, values in enumerate(constants)),
        tensor("out", result, schema.TensorType.FLOAT32, 0),
    ]
    last = len(part.tensors) - 1
    part.inputs, part.outputs = [0], [last]
    step = schema.OperatorT()
    step.inputs, step.outputs = list(range(last)), [last]
    if chosen is not None:
        step.builtinOptionsType, step.builtinOptions = chosen
    part.operators = [step]
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode = operator, min(operator, 127)
    # only the second version of a depthwise convolution knows dilations
    code.version = 2 if operator == OP.DEPTHWISE_CONV_2D else 1
    model.operatorCodes, model.subgraphs = [code], [part]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def buffer(values: np.ndarray) -> Any:
    made = schema.BufferT()
    made.data = np.frombuffer(values.tobytes(), np.uint8)
    return made


def tensor(name: str, shape: Sequence[int], kind: int, number: int) -> Any:
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name.encode(), list(shape), kind, number
    return made


def agree(content: bytes, shape: Sequence[int]) -> None:
    """Both runtimes compute the same; ONNX Runtime for three items at once."""
    values = np.random.default_rng(0).normal(size=(3, *shape[1:])).astype(np.float32)
    lite = Interpreter(model_content=content)
    lite.allocate_tensors()
    theirs = []
    for item in values:
        lite.set_tensor(lite.get_input_details()[0]["index"], item[None])
        lite.invoke()
        theirs.append(lite.get_tensor(lite.get_output_details()[0]["index"]))
    session = onnxruntime.InferenceSession(convert(content, "small"), providers=["CPUExecutionProvider"])
    (ours,) = session.run(None, {"in": values})
    np.testing.assert_allclose(ours, np.concatenate(theirs), rtol=1e-5, atol=1e-5)


def draws(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize(
    ("side", "stride", "kernel", "dilation"), [(8, 2, 3, 1), (7, 2, 3, 1), (9, 1, 5, 2), (8, 3, 2, 1)]
)
@pytest.mark.parametrize("activation", [0, 1, 3])
def test_convolutions_pad_at_the_end_first(padding, side, stride, kernel, dilation, activation):
    reach = (kernel - 1) * dilation + 1
    out = -(-side // stride) if padding == SAME else (side - reach) // stride + 1
    chosen = options(
        "Conv2DOptions",
        padding=padding,
        strideH=stride,
        strideW=stride,
        dilationHFactor=dilation,
        dilationWFactor=dilation,
        fusedActivationFunction=activation,
    )
    content = graph(
        OP.CONV_2D, (1, side, side, 3), (1, out, out, 4), (3 * draws(4, kernel, kernel, 3), draws(4)), chosen
    )
    agree(content, (1, side, side, 3))


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolutions_keep_channels_apart(multiplier):
    chosen = options(
        "DepthwiseConv2DOptions",
        padding=SAME,
        strideH=2,
        strideW=2,
        depthMultiplier=multiplier,
        dilationHFactor=1,
        dilationWFactor=1,
    )
    weights = (draws(1, 3, 3, 3 * multiplier), draws(3 * multiplier))
    content = graph(OP.DEPTHWISE_CONV_2D, (1, 6, 8, 3), (1, 3, 4, 3 * multiplier), weights, chosen)
    agree(content, (1, 6, 8, 3))


@pytest.mark.parametrize("padding", [SAME, VALID])
def test_the_largest_of_a_window_ignores_the_padding(padding):
    chosen = options("Pool2DOptions", padding=padding, strideH=2, strideW=2, filterHeight=3, filterWidth=3)
    out = 4 if padding == SAME else 3
    agree(graph(OP.MAX_POOL_2D, (1, 7, 7, 2), (1, out, out, 2), (), chosen), (1, 7, 7, 2))


@pytest.mark.parametrize(("aligned", "centred"), [(False, False), (True, False), (False, True)])
def test_resizing_samples_where_the_flags_say(aligned, centred):
    chosen = options("ResizeBilinearOptions", alignCorners=aligned, halfPixelCenters=centred)
    size = (np.array([8, 12], np.int32),)
    agree(graph(OP.RESIZE_BILINEAR, (1, 4, 6, 2), (1, 8, 12, 2), size, chosen), (1, 4, 6, 2))


def test_padding_may_add_channels():
    around = np.array([[0, 0], [1, 2], [0, 1], [2, 3]], np.int32)
    agree(graph(OP.PAD, (1, 4, 5, 3), (1, 7, 6, 8), (around,), options("PadOptions")), (1, 4, 5, 3))


def test_depth_becomes_space_block_by_block():
    agree(
        graph(OP.DEPTH_TO_SPACE, (1, 2, 3, 12), (1, 4, 6, 3), (), options("DepthToSpaceOptions", blockSize=2)),
        (1, 2, 3, 12),
    )


@pytest.mark.parametrize("slope", [-5.4, 0.25, 19.8])
def test_slopes_may_be_negative_or_steep(slope):
    slopes = np.full((1, 1, 3), slope, np.float32)
    agree(graph(OP.PRELU, (1, 4, 4, 3), (1, 4, 4, 3), (slopes,)), (1, 4, 4, 3))


@pytest.mark.parametrize("kept", [True, False])
def test_means_over_the_picture(kept):
    axes = (np.array([1, 2], np.int32),)
    result = (1, 1, 1, 3) if kept else (1, 3)
    agree(graph(OP.MEAN, (1, 4, 5, 3), result, axes, options("ReducerOptions", keepDims=kept)), (1, 4, 5, 3))


def test_pictures_are_flattened_in_the_order_of_their_pixels():
    shape = (np.array([1, -1, 2], np.int32),)
    agree(graph(OP.RESHAPE, (1, 3, 4, 6), (1, 36, 2), shape, options("ReshapeOptions")), (1, 3, 4, 6))


def test_connected_layers_read_pictures_too():
    chosen = options("FullyConnectedOptions", fusedActivationFunction=1)
    agree(graph(OP.FULLY_CONNECTED, (1, 2, 2, 3), (1, 5), (draws(5, 12), draws(5)), chosen), (1, 2, 2, 3))


def test_slices_leave_the_batch_alone():
    ranges = ((0, 1, 0, 2), (1, 4, 5, 6), (1, 1, 2, 1))
    constants = tuple(np.array(numbers, np.int32) for numbers in ranges)
    content = graph(OP.STRIDED_SLICE, (1, 5, 5, 6), (1, 3, 3, 4), constants, options("StridedSliceOptions"))
    agree(content, (1, 5, 5, 6))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (graph(OP.COS, (1, 4), (1, 4)), "COS"),
        (graph(OP.RESHAPE, (1, 4), (2, 2), (np.array([2, 2], np.int32),), options("ReshapeOptions")), "batch of 1"),
        (graph(OP.RELU, (2, 4), (2, 4)), "batch of 1"),
        (
            graph(OP.MEAN, (1, 4, 4, 2), (1, 4, 4), (np.array([3], np.int32),), options("ReducerOptions")),
            "height and width",
        ),
    ],
)
def test_what_onnx_cannot_say_for_any_batch_is_refused_with_the_reason(content, named):
    with pytest.raises(UsageError, match=rf"small cannot be converted.*{named}"):
        convert(content, "small")
