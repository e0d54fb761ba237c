"""Calls a server with the KServe SDK's InferenceRESTClient, over V1 and V2."""

import sys

import httpx
import numpy as np
from checks import BINARY_VALUES, VALUES, array, check, examples, fails_later, main, same
from kserve import InferInput, InferenceRESTClient, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

URL = sys.argv[1]

# What the client itself refuses to read or write is left out: FP16 as JSON, BYTES that are no text.
BINARY = BINARY_VALUES | {"BYTES": VALUES["BYTES"]}
JSON = {datatype: values for datatype, values in VALUES.items() if datatype != "FP16"}


def client(protocol):
    return InferenceRESTClient(RESTConfig(protocol=protocol, retries=1, timeout=30))


def tensor(name, values, datatype, binary):
    made = InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


@check
async def v1_is_live_and_its_models_ready():
    async with client("v1") as c:
        assert await c.is_server_live(URL)
        for model in ["echo", "iris-onnx"]:
            assert await c.is_model_ready(URL, model)
        error = await fails_later(c.is_model_ready(URL, "unknown"), httpx.HTTPStatusError)
        assert error.response.status_code == 404 and "unknown" in str(error), error


@check
async def v2_is_live_and_ready_and_its_models_too():
    async with client("v2") as c:
        assert await c.is_server_live(URL) and await c.is_server_ready(URL)
        for model in ["echo", "iris-onnx", "dtypes-onnx"]:
            assert await c.is_model_ready(URL, model)
        assert not await c.is_model_ready(URL, "unknown")


@check
async def v1_predicts_and_explains():
    async with client("v1") as c:
        instances = [1, 2.5, "größe", None, True, [1, [2]], {"a": {"b64": "AAE="}}]
        answer = await c.infer(URL, {"instances": instances}, model_name="moods")
        assert answer == {"predictions": instances}, answer
        answer = await c.explain(URL, "moods", {"instances": [1, 2]})
        assert answer == {"explanations": [{"why": 1}, {"why": 2}]}, answer
        for example in examples("iris-onnx"):
            answer = await c.infer(URL, example["v1Request"], model_name="iris-onnx")
            expected = example["v1Response"]["predictions"]
            assert [row["label"] for row in answer["predictions"]] == [row["label"] for row in expected]
            got = np.array([row["probabilities"] for row in answer["predictions"]])
            assert np.allclose(got, [row["probabilities"] for row in expected], rtol=1e-5, atol=1e-5)


@check
async def v2_returns_every_datatype():
    async with client("v2") as c:
        for binary_in, binary_out in [(True, True), (True, False), (False, True), (False, False)]:
            for datatype, values in (BINARY if binary_in and binary_out else VALUES if binary_in else JSON).items():
                request = InferRequest(
                    "echo",
                    [tensor("x", values, datatype, binary_in)],
                    request_id="r-1",
                    request_outputs=[RequestedOutput("x", {"binary_data": binary_out})],
                )
                answer = await c.infer(URL, request, model_name=request.model_name)
                assert answer.id == "r-1" and answer.model_name == "echo"
                output, = answer.outputs
                assert output.datatype == datatype and output.shape == list(values.shape)
                same(output.as_numpy(), values, (datatype, binary_in, binary_out))


@check
async def v2_returns_all_datatypes_together():
    async with client("v2") as c:
        for binary in [True, False]:
            sent = BINARY if binary else JSON
            request = InferRequest(
                "echo",
                [tensor(datatype, values, datatype, binary) for datatype, values in sent.items()],
                parameters={"binary_data_output": binary},
            )
            answer = await c.infer(URL, request, model_name=request.model_name)
            assert [output.name for output in answer.outputs] == list(sent)
            for output in answer.outputs:
                same(output.as_numpy(), sent[output.name], (output.name, binary))


@check
async def v2_passes_onnxruntime():
    values = {name: value[:2] for name, value in VALUES.items()}
    async with client("v2") as c:
        for binary in [True, False]:
            inputs = [tensor(f"in_{name.lower()}", value, name, binary or name == "FP16") for name, value in values.items()]
            request = InferRequest("dtypes-onnx", inputs, parameters={"binary_data_output": binary})
            answer = await c.infer(URL, request, model_name="dtypes-onnx")
            for name, value in values.items():
                same(answer.get_output_by_name(f"out_{name.lower()}").as_numpy(), value, (name, binary))
        for example in examples("iris-onnx"):
            sent, = example["v2Request"]["inputs"]
            for binary in [True, False]:
                request = InferRequest("iris-onnx", [tensor("input", array(sent), "FP32", binary)])
                answer = await c.infer(URL, request, model_name="iris-onnx")
                for expected in example["v2Response"]["outputs"]:
                    got = answer.get_output_by_name(expected["name"]).as_numpy()
                    assert np.allclose(got, array(expected), rtol=1e-5, atol=1e-5), (got, expected)


@check
async def v2_takes_a_dictionary():
    async with client("v2") as c:
        body = {"inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [1, 2.5]}]}
        answer = await c.infer(URL, body, model_name="echo")
        assert answer.outputs[0].data == [1, 2.5], answer
        request = InferRequest("moods", [tensor("x", VALUES["FP32"], "FP32", True)], parameters={"text": "a", "count": 1})
        same((await c.infer(URL, request, model_name=request.model_name)).outputs[0].as_numpy(), VALUES["FP32"], "parameters")


@check
async def headers_come_back_as_they_should():
    async with client("v2") as c:
        answered = {}
        body = {"inputs": [{"name": "x", "shape": [1], "datatype": "INT8", "data": [1]}]}
        await c.infer(URL, body, model_name="echo", headers={"x-request-id": "abc"}, response_headers=answered)
        assert answered["x-request-id"] == "abc" and answered["content-type"] == "application/json", answered


@check
async def failures_have_a_status_and_a_reason():
    async with client("v1") as v1, client("v2") as v2:
        wrong = InferRequest("iris-onnx", [tensor("input", np.ones((1, 3), np.float32), "FP32", True)])
        unknown = InferRequest("unknown", [tensor("x", np.ones(1, np.float32), "FP32", True)])
        failing = InferRequest("moods", [tensor("x", np.ones(1, np.float32), "FP32", True)], parameters={"fail": True})
        for call, status, reason in [
            (v1.infer(URL, {"instances": [1]}, model_name="unknown"), 404, "Model with name unknown does not exist."),
            (v1.infer(URL, {"instances": 1}, model_name="echo"), 400, "instances"),
            (v1.infer(URL, {"instances": [[1, 2, 3]]}, model_name="iris-onnx"), 400, "instances[0]"),
            (v1.explain(URL, "echo", {"instances": [1]}), 501, "explain"),
            (v2.infer(URL, unknown, model_name="unknown"), 404, "Model with name unknown does not exist."),
            (v2.infer(URL, wrong, model_name="iris-onnx"), 400, "inputs[0]"),
            (v2.infer(URL, {"inputs": []}, model_name="echo"), 400, "inputs"),
            (v2.infer(URL, failing, model_name="moods"), 500, "out of order"),
        ]:
            error = await fails_later(call, httpx.HTTPStatusError)
            assert error.response.status_code == status, (status, error)
            assert reason in str(error), (reason, error)


main()
