"""Trains a tiny network on datasets (JSON, one a line) and says what it tells of other windows.

train.py DATASETS WINDOWS NETWORK ANSWERS
"""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SECONDS = 15
HIDDEN = 24
STEPS = 400


def windows_of(dataset):
    """Power second by second about each reading, and the states at it."""
    seconds = np.array(dataset["timestamps"])
    power = np.array(dataset["consumption"], dtype=np.float32)
    for index, second in enumerate(seconds):
        about = second - SECONDS // 2 + np.arange(SECONDS)
        if about[0] < seconds[0] or about[-1] > seconds[-1]:
            continue
        places = np.searchsorted(seconds, about, side="right") - 1
        yield power[places], dataset["state_bitmaps"][index]


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def main():
    datasets, windows, network, answers = sys.argv[1:]
    with open(datasets) as lines:
        pairs = [pair for line in lines for pair in windows_of(json.loads(line))]
    x = np.stack([power for power, _ in pairs])
    y = np.array([states for _, states in pairs], dtype=np.float32)
    mean, spread = x.mean(), x.std()
    x = (x - mean) / spread
    random = np.random.RandomState(1)
    first = random.randn(SECONDS, HIDDEN).astype(np.float32) * 0.5
    bias = random.randn(HIDDEN).astype(np.float32)
    second = np.zeros((HIDDEN, y.shape[1]), np.float32)
    offset = np.zeros(y.shape[1], np.float32)
    hidden = np.tanh(x @ first + bias)
    for _ in range(STEPS):
        error = (sigmoid(hidden @ second + offset) - y) / len(y)
        second -= 2 * hidden.T @ error
        offset -= 2 * error.sum(axis=0)

    # What is to be scaled first is scaled in the weights.
    bias = (bias - mean / spread * first.sum(axis=0)).astype(np.float32)
    first = (first / spread).astype(np.float32)
    weights = {"first": first, "bias": bias, "second": second, "offset": offset}
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["power", "first", "bias"], ["summed"]),
            helper.make_node("Tanh", ["summed"], ["hidden"]),
            helper.make_node("Gemm", ["hidden", "second", "offset"], ["scores"]),
            helper.make_node("Sigmoid", ["scores"], ["on"]),
        ],
        "devices",
        [helper.make_tensor_value_info("power", TensorProto.FLOAT, [1, SECONDS])],
        [helper.make_tensor_value_info("on", TensorProto.FLOAT, [1, y.shape[1]])],
        [numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()],
    )
    opset = helper.make_opsetid("", 13)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), network)
    with open(windows) as lines:
        power = np.array([json.loads(line) for line in lines], dtype=np.float32)
    told = sigmoid(np.tanh(power @ first + bias) @ second + offset)
    with open(answers, "w") as file:
        json.dump(told.tolist(), file)


main()
