"""Calls a server with the KServe SDK's InferenceGRPCClient."""

import asyncio
import sys

import grpc
import numpy as np
from checks import BINARY_VALUES, VALUES, array, check, examples, fails_later, main, same
from kserve import InferenceGRPCClient, InferInput, InferRequest

ADDRESS = sys.argv[1]


def client():
    return InferenceGRPCClient(ADDRESS, timeout=30)


def raw(name, values, datatype):
    made = InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=True)
    return made


def typed(name, values, datatype):
    return InferInput(name, list(values.shape), datatype, data=values.ravel().tolist())


@check
async def the_server_and_models_are_ready():
    async with client() as c:
        assert await c.is_server_live() and await c.is_server_ready()
        for model in ["echo", "iris-onnx", "dtypes-onnx"]:
            assert await c.is_model_ready(model)
        error = await fails_later(c.is_model_ready("unknown"), grpc.RpcError)
        assert error.code() == grpc.StatusCode.NOT_FOUND, error


@check
async def every_raw_datatype_comes_back():
    async with client() as c:
        for datatype, values in BINARY_VALUES.items():
            answer = await c.infer(InferRequest("echo", [raw("x", values, datatype)], request_id="r-1"))
            assert answer.id == "r-1" and answer.model_name == "echo"
            same(answer.outputs[0].as_numpy(), values, datatype)
        inputs = [raw(datatype, values, datatype) for datatype, values in BINARY_VALUES.items()]
        answer = await c.infer(InferRequest("echo", inputs))
        assert [output.name for output in answer.outputs] == list(BINARY_VALUES)
        for output in answer.outputs:
            same(output.as_numpy(), BINARY_VALUES[output.name], output.name)


@check
async def every_typed_datatype_comes_back():
    sent = {datatype: values for datatype, values in VALUES.items() if datatype != "FP16"}  # It has no typed form.
    async with client() as c:
        for datatype, values in sent.items():
            answer = await c.infer(InferRequest("echo", [typed("x", values, datatype)]))
            same(answer.outputs[0].as_numpy(), values, datatype)
        answer = await c.infer(InferRequest("echo", [typed(datatype, values, datatype) for datatype, values in sent.items()]))
        for output in answer.outputs:
            same(output.as_numpy(), sent[output.name], output.name)


@check
async def the_models_answer_as_their_library_does():
    values = {name: value[:2] for name, value in VALUES.items()}
    async with client() as c:
        answer = await c.infer(InferRequest("dtypes-onnx", [raw(f"in_{name.lower()}", value, name) for name, value in values.items()]))
        for name, value in values.items():
            same(answer.get_output_by_name(f"out_{name.lower()}").as_numpy(), value, name)
        for example in examples("iris-onnx"):
            sent, = example["v2Request"]["inputs"]
            for make in [raw, typed]:
                answer = await c.infer(InferRequest("iris-onnx", [make("input", array(sent), "FP32")]))
                for expected in example["v2Response"]["outputs"]:
                    got = answer.get_output_by_name(expected["name"]).as_numpy()
                    assert list(got.shape) == expected["shape"]
                    assert np.allclose(got, array(expected), rtol=1e-5, atol=1e-5), (got, expected)


@check
async def calls_at_once_get_their_own_answers():
    async with client() as c:
        values = [np.full(1 + 500 * index, index, np.int32) for index in range(64)]
        calls = [c.infer(InferRequest("echo", [raw("x", value, "INT32")], request_id=str(index))) for index, value in enumerate(values)]
        for index, answer in enumerate(await asyncio.gather(*calls)):
            assert answer.id == str(index)
            same(answer.outputs[0].as_numpy(), values[index], index)


@check
async def parameters_pass():
    async with client() as c:
        request = InferRequest("echo", [raw("x", VALUES["FP32"], "FP32")], parameters={"text": "a", "count": 1, "flag": True})
        same((await c.infer(request)).outputs[0].as_numpy(), VALUES["FP32"], "parameters")


@check
async def failures_have_their_status():
    async with client() as c:
        for request, code, reason in [
            (InferRequest("unknown", [raw("x", VALUES["FP32"], "FP32")]), "NOT_FOUND", "Model with name unknown does not exist."),
            (InferRequest("iris-onnx", [raw("input", np.ones((1, 3), np.float32), "FP32")]), "INVALID_ARGUMENT", "inputs[0]"),
            (InferRequest("iris-onnx", [raw("x", np.ones((1, 4), np.float32), "FP32")]), "INVALID_ARGUMENT", "input"),
            (InferRequest("moods", [raw("x", VALUES["FP32"], "FP32")], parameters={"fail": True}), "INTERNAL", "out of order"),
        ]:
            error = await fails_later(c.infer(request), grpc.RpcError)
            assert error.code() == grpc.StatusCode[code], (code, error)
            assert reason in error.details(), (reason, error)


main()
