"""Calls a server with tritonclient.http."""

import gzip
import sys

import numpy as np
import tritonclient.http as triton
from checks import BINARY_VALUES, VALUES, array, check, examples, fails, main, same
from tritonclient.utils import InferenceServerException

ADDRESS = sys.argv[1]
CLIENT = triton.InferenceServerClient(ADDRESS, concurrency=8)


def tensor(name, values, datatype, binary=True):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def infer(model, inputs, **options):
    return CLIENT.infer(model, inputs, **options)


@check
def the_server_and_models_are_ready():
    assert CLIENT.is_server_live() and CLIENT.is_server_ready()
    for model in ["echo", "iris-onnx", "dtypes-onnx"]:
        assert CLIENT.is_model_ready(model), model
    assert not CLIENT.is_model_ready("unknown")


@check
def metadata_is_that_of_the_server_and_the_model():
    server = CLIENT.get_server_metadata()
    assert server["name"] == "kserve-ts", server
    for extension in ["binary_tensor_data", "model_repository", "statistics"]:
        assert extension in server["extensions"], server
    assert CLIENT.get_model_metadata("iris-onnx") == {
        "name": "iris-onnx",
        "versions": None,
        "platform": "onnxruntime",
        "inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
    }


def every_way():
    """Binary or JSON, in and out."""
    return [(binary_in, binary_out) for binary_in in [True, False] for binary_out in [True, False]]


@check
def every_datatype_comes_back_by_itself():
    for binary_in, binary_out in every_way():
        for datatype, values in (BINARY_VALUES if binary_in and binary_out else VALUES).items():
            if datatype == "FP16" and not binary_in:
                continue  # The client has no JSON for it.
            inputs = [tensor("x", values, datatype, binary_in)]
            outputs = [triton.InferRequestedOutput("x", binary_data=binary_out)]
            answer = infer("echo", inputs, outputs=outputs)
            assert answer.get_output("x")["datatype"] == datatype
            assert ("parameters" in answer.get_output("x") and answer.get_output("x")["parameters"] is not None) == binary_out
            same(answer.as_numpy("x"), values, (datatype, binary_in, binary_out))


@check
def all_datatypes_come_back_together():
    inputs = [tensor(datatype, values, datatype) for datatype, values in BINARY_VALUES.items()]
    answer = infer("echo", inputs, request_id="r-1")
    assert answer.get_response()["id"] == "r-1"
    for datatype, values in BINARY_VALUES.items():
        same(answer.as_numpy(datatype), values, datatype)


@check
def binary_and_json_tensors_mix():
    inputs = [tensor(name, VALUES[name], name, index % 2 == 0) for index, name in enumerate(VALUES) if name != "FP16"]
    outputs = [triton.InferRequestedOutput(made.name(), binary_data=index % 3 == 0) for index, made in enumerate(inputs)]
    answer = infer("echo", inputs, outputs=outputs)
    for made in inputs:
        same(answer.as_numpy(made.name()), VALUES[made.name()], made.name())


@check
def every_datatype_passes_onnxruntime():
    values = {name: value[:2] for name, value in VALUES.items()}
    for binary_out in [True, False]:
        inputs = [tensor(f"in_{name.lower()}", value, name) for name, value in values.items()]
        outputs = [triton.InferRequestedOutput(f"out_{name.lower()}", binary_data=binary_out) for name in values]
        answer = infer("dtypes-onnx", inputs, outputs=outputs)
        for name, value in values.items():
            same(answer.as_numpy(f"out_{name.lower()}"), value, (name, binary_out))


@check
def scalars_empty_and_large_tensors_keep_their_shape():
    for values in [np.array(1.5, np.float32), np.zeros((0, 3), np.float32), np.arange(24, dtype=np.float32).reshape(2, 3, 4)]:
        for binary in [True, False]:
            inputs = [tensor("x", values, "FP32", binary)]
            outputs = [triton.InferRequestedOutput("x", binary_data=binary)]
            same(infer("echo", inputs, outputs=outputs).as_numpy("x"), values, (values.shape, binary))
    image = np.random.default_rng(1).random((3, 224, 224), np.float32)
    for binary in [True, False]:
        same(infer("echo", [tensor("x", image, "FP32", binary)]).as_numpy("x"), image, binary)


@check
def the_model_answers_as_its_library_does():
    for example in examples("iris-onnx"):
        sent, = example["v2Request"]["inputs"]
        for binary in [True, False]:
            answer = infer("iris-onnx", [tensor("input", array(sent), "FP32", binary)])
            for expected in example["v2Response"]["outputs"]:
                got = answer.as_numpy(expected["name"])
                assert list(got.shape) == expected["shape"]
                assert np.allclose(got, array(expected), rtol=1e-5, atol=1e-5), (got, expected)


@check
def outputs_are_chosen_and_ordered():
    inputs = [tensor(name, np.ones(2, np.float32), "FP32") for name in "abc"]
    answer = infer("echo", inputs, outputs=[triton.InferRequestedOutput(name) for name in "ca"])
    assert [output["name"] for output in answer.get_response()["outputs"]] == ["c", "a"]
    assert answer.as_numpy("b") is None


@check
def parameters_pass():
    answer = infer("echo", [tensor("x", VALUES["FP32"], "FP32")], parameters={"text": "a", "count": 1, "flag": True})
    same(answer.as_numpy("x"), VALUES["FP32"], "parameters")


@check
def a_text_that_is_none_cannot_go_as_json():
    outputs = [triton.InferRequestedOutput("x", binary_data=False)]
    error = fails(
        lambda: infer("echo", [tensor("x", BINARY_VALUES["BYTES"], "BYTES")], outputs=outputs),
        InferenceServerException,
    )
    assert error.status() == "400" and "binary" in error.message(), error


@check
def every_compression_passes_both_ways():
    for values in [np.zeros((64, 64), np.float32), np.random.default_rng(1).random((64, 64), np.float32)]:
        for binary in [True, False]:
            for sent in [None, "gzip", "deflate"]:
                for wanted in [None, "gzip", "deflate"]:
                    answer = infer(
                        "echo",
                        [tensor("x", values, "FP32", binary)],
                        outputs=[triton.InferRequestedOutput("x", binary_data=binary)],
                        request_compression_algorithm=sent,
                        response_compression_algorithm=wanted,
                    )
                    same(answer.as_numpy("x"), values, (binary, sent, wanted))


@check
def an_answer_is_compressed_where_that_is_wanted():
    values = np.zeros(65536, np.float32)
    body, length = triton.InferenceServerClient.generate_request_body([tensor("x", values, "FP32")])
    for wanted in ["gzip", "deflate"]:
        headers = {"Inference-Header-Content-Length": str(length), "Accept-Encoding": wanted}
        response = CLIENT._post("v2/models/echo/infer", body, headers, None)
        assert response.get("Content-Encoding") == wanted, response.headers
        compressed = response.read()
        assert len(compressed) < values.nbytes / 10
        answer = triton.InferenceServerClient.parse_response_body(
            compressed, False, int(response.get("Inference-Header-Content-Length")), wanted
        )
        same(answer.as_numpy("x"), values, wanted)


@check
def a_body_made_by_hand_is_read():
    values = VALUES["INT64"]
    body, length = triton.InferenceServerClient.generate_request_body([tensor("x", values, "INT64")], request_id="7")
    response = CLIENT._post("v2/models/echo/infer", body, {"Inference-Header-Content-Length": str(length)}, None)
    answer = triton.InferenceServerClient.parse_response_body(
        response.read(), False, int(response.get("Inference-Header-Content-Length"))
    )
    same(answer.as_numpy("x"), values, "by hand")


@check
def the_repository_is_listed_and_changed():
    def state():
        index = CLIENT.get_model_repository_index()
        return {item["name"]: (item["state"], CLIENT.is_model_ready(item["name"])) for item in index}

    ready = dict.fromkeys(["counter", "echo", "moods", "iris-onnx", "dtypes-onnx"], ("READY", True))
    assert state() == ready, state()
    CLIENT.unload_model("iris-onnx")
    assert state() == ready | {"iris-onnx": ("UNAVAILABLE", False)}, state()
    assert CLIENT.is_server_ready()
    CLIENT.load_model("iris-onnx")
    assert state() == ready, state()
    CLIENT.unload_model("moods", unload_dependents=True)
    CLIENT.load_model("moods")
    assert state() == ready, state()


@check
def a_load_with_a_configuration_or_of_an_unknown_model_is_refused():
    error = fails(lambda: CLIENT.load_model("unknown"), InferenceServerException)
    assert error.status() == "404", error
    error = fails(lambda: CLIENT.load_model("iris-onnx", config="{}"), InferenceServerException)
    assert error.status() == "400" and 'parameters["config"]' in error.message(), error
    error = fails(
        lambda: CLIENT.load_model("iris-onnx", config="{}", files={"file:1/model.onnx": b"abc"}),
        InferenceServerException,
    )
    assert error.status() == "400", error
    error = fails(lambda: CLIENT.unload_model("unknown"), InferenceServerException)
    assert error.status() == "404", error


@check
def statistics_count():
    def counts(model):
        stats, = CLIENT.get_inference_statistics(model)["model_stats"]
        assert stats["name"] == model and stats["version"] == "", stats
        inference = stats["inference_stats"]
        for name in ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit"]:
            assert isinstance(inference[name]["count"], int) and isinstance(inference[name]["ns"], int), stats
        return inference["success"]["count"], inference["fail"]["count"], stats["last_inference"]

    success, fail, _ = counts("echo")
    infer("echo", [tensor("x", VALUES["FP32"], "FP32")])
    outputs = [triton.InferRequestedOutput("y")]
    fails(lambda: infer("echo", [tensor("x", VALUES["FP32"], "FP32")], outputs=outputs), InferenceServerException)
    after = counts("echo")
    assert after[:2] == (success + 1, fail + 1) and after[2] > 1_600_000_000_000, (success, fail, after)
    names = {stats["name"] for stats in CLIENT.get_inference_statistics()["model_stats"]}
    assert names == {"counter", "echo", "moods", "iris-onnx", "dtypes-onnx"}, names
    error = fails(lambda: CLIENT.get_inference_statistics("unknown"), InferenceServerException)
    assert error.status() == "404", error


@check
def calls_at_once_get_their_own_answers():
    values = [np.full(1 + 500 * index, index, np.int32) for index in range(64)]
    calls = [CLIENT.async_infer("echo", [tensor("x", value, "INT32")], request_id=str(index)) for index, value in enumerate(values)]
    for index, call in enumerate(calls):
        answer = call.get_result()
        assert answer.get_response()["id"] == str(index)
        same(answer.as_numpy("x"), values[index], index)
    failing = CLIENT.async_infer("unknown", [tensor("x", values[0], "INT32")])
    assert fails(failing.get_result, InferenceServerException).status() == "404"


@check
def failures_have_a_status_and_a_reason():
    values = np.ones((1, 4), np.float32)
    for call, status, reason in [
        (lambda: infer("unknown", [tensor("x", values, "FP32")]), "404", "Model with name unknown does not exist."),
        (lambda: infer("größe", [tensor("x", values, "FP32")]), "404", "Model with name größe does not exist."),
        (lambda: infer("iris-onnx", [tensor("x", values, "FP32")]), "400", "input"),
        (lambda: infer("iris-onnx", [tensor("input", values[:, :3], "FP32")]), "400", "inputs[0]"),
        (lambda: infer("iris-onnx", [tensor("input", values.astype(np.float64), "FP64")]), "400", "FP64"),
        (lambda: infer("echo", [tensor("x", values, "FP32")], outputs=[triton.InferRequestedOutput("y")]), "400", "'y'"),
        (lambda: infer("echo", [tensor("x", values, "FP32")], model_version="3"), None, "version"),
        (lambda: infer("moods", [tensor("x", values, "FP32")], parameters={"fail": True}), "500", "out of order"),
        (lambda: CLIENT.get_model_metadata("unknown"), "404", "unknown"),
        (lambda: CLIENT.get_model_config("echo"), "404", "/v2/models/echo/config"),
        (lambda: CLIENT.get_log_settings(), "404", "/v2/logging"),
        (lambda: CLIENT.get_system_shared_memory_status(), "404", "/v2/systemsharedmemory"),
    ]:
        error = fails(call, InferenceServerException)
        assert status is None or error.status() == status, (status, error)
        assert reason in error.message(), (reason, error)


@check
def shared_memory_is_refused():
    shared = triton.InferInput("x", [2], "FP32")
    shared.set_shared_memory("region", 8)
    error = fails(lambda: infer("echo", [shared]), InferenceServerException)
    assert error.status() == "400", error


@check
def a_body_that_is_not_what_it_says_is_refused():
    body, length = triton.InferenceServerClient.generate_request_body([tensor("x", VALUES["FP32"], "FP32")])
    for headers, sent in [
        ({"Inference-Header-Content-Length": str(len(body) + 1)}, body),
        ({"Inference-Header-Content-Length": str(length)}, body[:-1]),
        ({"Inference-Header-Content-Length": str(length)}, body + b"x"),
        ({"Inference-Header-Content-Length": str(length), "Content-Encoding": "gzip"}, body),
        ({"Inference-Header-Content-Length": str(length), "Content-Encoding": "gzip"}, gzip.compress(body)[:-4]),
    ]:
        response = CLIENT._post("v2/models/echo/infer", sent, headers, None)
        assert response.status_code == 400, (headers, response.status_code)
        response.read()
    assert CLIENT.is_server_live()


main()
