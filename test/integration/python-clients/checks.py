"""What the checks of every client share: the values they send, and how they say what came of it."""

import asyncio
import inspect
import json
import os
import sys
import traceback

import numpy as np

CHECKS = {}
FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "models")

# Values of every datatype, its limits among them.
VALUES = {
    "BOOL": np.array([True, False, True]),
    "UINT8": np.array([0, 255], np.uint8),
    "UINT16": np.array([0, 65535], np.uint16),
    "UINT32": np.array([0, 2**32 - 1], np.uint32),
    "UINT64": np.array([0, 2**53 + 1, 2**64 - 1], np.uint64),
    "INT8": np.array([-128, 127], np.int8),
    "INT16": np.array([-32768, 32767], np.int16),
    "INT32": np.array([-(2**31), 2**31 - 1], np.int32),
    "INT64": np.array([-(2**63), 2**53 + 1, 2**63 - 1], np.int64),
    "FP16": np.array([1.5, -65504, 2**-24], np.float16),
    "FP32": np.array([0.1, -3.4e38, 1.4e-45, -0.0], np.float32),
    "FP64": np.array([0.1, 1.7e308, 5e-324, -0.0], np.float64),
    "BYTES": np.array([b"", b"a", "größe 日本".encode()], np.object_),
}

# What only a binary form can carry.
BINARY_VALUES = VALUES | {
    "FP16": np.array([np.nan, np.inf, -0.0], np.float16),
    "FP32": np.array([np.nan, -np.inf], np.float32),
    "FP64": np.array([np.nan, np.inf], np.float64),
    "BYTES": np.array([b"\xff\x00", b""], np.object_),
}


def check(function):
    CHECKS[function.__name__] = function
    return function


def same(got, expected, what):
    """Fails where two arrays differ in a single bit, in their datatype or in their shape."""
    if expected.dtype == np.object_:
        texts = [value.encode() if isinstance(value, str) else value for value in got.ravel()]
        assert texts == list(expected.ravel()), (what, got, expected)
    else:
        assert got.dtype == expected.dtype, (what, got.dtype, expected.dtype)
        assert got.tobytes() == expected.tobytes(), (what, got, expected)
    assert list(got.shape) == list(expected.shape), (what, got.shape, expected.shape)


def examples(model):
    with open(os.path.join(FIXTURES, model, "examples.json"), encoding="utf-8") as file:
        return json.load(file)


def array(tensor):
    """A tensor of an example, which JSON has written."""
    types = {"FP32": np.float32, "INT64": np.int64}
    return np.array(tensor["data"], types[tensor["datatype"]]).reshape(tensor["shape"])


def fails(call, kind, expected="a failure"):
    """The failure of a call."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"expected {expected}")


async def fails_later(awaitable, kind, expected="a failure"):
    """The failure of a call that is awaited."""
    try:
        await awaitable
    except kind as error:
        return error
    raise AssertionError(f"expected {expected}")


def main():
    """Runs the checks and prints a line of JSON: each, and what went wrong."""
    results = {}
    for name, function in CHECKS.items():
        try:
            asyncio.run(function()) if inspect.iscoroutinefunction(function) else function()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
    sys.stdout.write(json.dumps(results) + "\n")
