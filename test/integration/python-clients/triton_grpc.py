"""Calls a server with tritonclient.grpc."""

import queue
import sys

import numpy as np
import tritonclient.grpc as triton
from checks import BINARY_VALUES, VALUES, array, check, examples, fails, main, same
from tritonclient.utils import InferenceServerException

ADDRESS = sys.argv[1]
CLIENT = triton.InferenceServerClient(ADDRESS)


def tensor(name, values, datatype):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


@check
def the_server_and_models_are_ready():
    assert CLIENT.is_server_live() and CLIENT.is_server_ready()
    for model in ["echo", "iris-onnx", "dtypes-onnx"]:
        assert CLIENT.is_model_ready(model), model


@check
def metadata_is_that_of_the_server_and_the_model():
    server = CLIENT.get_server_metadata(as_json=True)
    assert server["name"] == "kserve-ts" and "model_repository" in server["extensions"], server
    assert CLIENT.get_model_metadata("iris-onnx", as_json=True) == {
        "name": "iris-onnx",
        "platform": "onnxruntime",
        "inputs": [{"name": "input", "datatype": "FP32", "shape": ["-1", "4"]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": ["-1"]},
            {"name": "probabilities", "datatype": "FP32", "shape": ["-1", "3"]},
        ],
    }


@check
def every_datatype_comes_back():
    for datatype, values in BINARY_VALUES.items():
        answer = CLIENT.infer("echo", [tensor("x", values, datatype)])
        assert answer.get_output("x").datatype == datatype
        same(answer.as_numpy("x"), values, datatype)
    inputs = [tensor(datatype, values, datatype) for datatype, values in BINARY_VALUES.items()]
    answer = CLIENT.infer("echo", inputs, request_id="r-1")
    assert answer.get_response().id == "r-1"
    for datatype, values in BINARY_VALUES.items():
        same(answer.as_numpy(datatype), values, datatype)


@check
def every_datatype_passes_onnxruntime():
    values = {name: value[:2] for name, value in VALUES.items()}
    answer = CLIENT.infer("dtypes-onnx", [tensor(f"in_{name.lower()}", value, name) for name, value in values.items()])
    for name, value in values.items():
        same(answer.as_numpy(f"out_{name.lower()}"), value, name)


@check
def scalars_and_empty_tensors_keep_their_shape():
    for values in [np.array(1.5, np.float32), np.zeros((0, 3), np.float32), np.ones((2, 3, 4), np.float32)]:
        same(CLIENT.infer("echo", [tensor("x", values, "FP32")]).as_numpy("x"), values, values.shape)


@check
def the_model_answers_as_its_library_does():
    for example in examples("iris-onnx"):
        sent, = example["v2Request"]["inputs"]
        answer = CLIENT.infer("iris-onnx", [tensor("input", array(sent), "FP32")])
        for expected in example["v2Response"]["outputs"]:
            got = answer.as_numpy(expected["name"])
            assert list(got.shape) == expected["shape"]
            assert np.allclose(got, array(expected), rtol=1e-5, atol=1e-5), (got, expected)


@check
def outputs_are_chosen_and_ordered():
    inputs = [tensor(name, np.ones(2, np.float32), "FP32") for name in "abc"]
    answer = CLIENT.infer("echo", inputs, outputs=[triton.InferRequestedOutput(name) for name in "ca"])
    assert [output.name for output in answer.get_response().outputs] == ["c", "a"]


@check
def both_compressions_pass():
    values = np.zeros((64, 64), np.float32)
    for algorithm in ["gzip", "deflate"]:
        same(CLIENT.infer("echo", [tensor("x", values, "FP32")], compression_algorithm=algorithm).as_numpy("x"), values, algorithm)


@check
def the_repository_is_listed_and_changed():
    def state():
        return {item.name: item.state for item in CLIENT.get_model_repository_index().models}

    ready = dict.fromkeys(["counter", "echo", "moods", "iris-onnx", "dtypes-onnx"], "READY")
    assert state() == ready, state()
    CLIENT.unload_model("iris-onnx")
    assert state() == ready | {"iris-onnx": "UNAVAILABLE"}, state()
    assert CLIENT.is_server_ready()
    fails(lambda: CLIENT.infer("iris-onnx", [tensor("input", np.ones((1, 4), np.float32), "FP32")]), InferenceServerException)
    CLIENT.load_model("iris-onnx")
    assert state() == ready, state()


@check
def a_load_with_a_configuration_or_of_an_unknown_model_is_refused():
    error = fails(lambda: CLIENT.load_model("unknown"), InferenceServerException)
    assert error.status() == "StatusCode.NOT_FOUND", error
    error = fails(lambda: CLIENT.unload_model("unknown"), InferenceServerException)
    assert error.status() == "StatusCode.NOT_FOUND", error
    error = fails(lambda: CLIENT.load_model("iris-onnx", config="{}"), InferenceServerException)
    assert error.status() == "StatusCode.INVALID_ARGUMENT", error


@check
def statistics_count():
    def success(model):
        stats, = CLIENT.get_inference_statistics(model).model_stats
        assert stats.name == model
        return stats.inference_stats.success.count

    before = success("echo")
    CLIENT.infer("echo", [tensor("x", VALUES["FP32"], "FP32")])
    assert success("echo") == before + 1
    names = {stats.name for stats in CLIENT.get_inference_statistics().model_stats}
    assert names == {"counter", "echo", "moods", "iris-onnx", "dtypes-onnx"}, names


@check
def calls_at_once_get_their_own_answers():
    answers = queue.Queue()
    values = [np.full(1 + 500 * index, index, np.int32) for index in range(64)]
    for index, value in enumerate(values):
        CLIENT.async_infer(
            "echo", [tensor("x", value, "INT32")], lambda result, error: answers.put((result, error)), request_id=str(index)
        )
    seen = set()
    for _ in values:
        result, error = answers.get(timeout=30)
        assert error is None, error
        index = int(result.get_response().id)
        seen.add(index)
        same(result.as_numpy("x"), values[index], index)
    assert len(seen) == len(values)


class Stream:
    """A stream of its own, whose answers are taken one by one."""

    def __enter__(self):
        self.answers = queue.Queue()
        self.client = triton.InferenceServerClient(ADDRESS)
        self.client.start_stream(callback=lambda result, error: self.answers.put((result, error)))
        return self

    def __exit__(self, *_):
        self.client.stop_stream()
        self.client.close()

    def ask(self, count, request_id, **options):
        self.client.async_stream_infer(
            "counter", [tensor("n", np.array([count], np.int32), "INT32")], request_id=request_id, **options
        )

    def take(self):
        result, error = self.answers.get(timeout=30)
        if error is not None:
            return error
        response = result.get_response()
        final = response.parameters.get("triton_final_response")
        values = result.as_numpy("count")
        return response.id, None if values is None else values.tolist(), final is not None and final.bool_param


@check
def a_stream_has_any_number_of_answers_for_each_request():
    with Stream() as stream:
        for count, request_id in [(3, "a"), (0, "b"), (2, "c")]:
            stream.ask(count, request_id)
        got = [stream.take() for _ in range(5)]
        assert got == [("a", [0], False), ("a", [1], False), ("a", [2], False), ("c", [0], False), ("c", [1], False)], got
        stream.ask(1, "d", parameters={"note": "more"})
        assert stream.take() == ("d", [0], False)


@check
def a_decoupled_stream_says_which_answer_is_the_last():
    with Stream() as stream:
        for count in [2, 0]:
            stream.ask(count, str(count), enable_empty_final_response=True)
        got = [stream.take() for _ in range(4)]
        assert got == [("2", [0], False), ("2", [1], False), ("2", None, True), ("0", None, True)], got


@check
def a_stream_goes_on_after_a_request_that_fails():
    with Stream() as stream:
        stream.ask(9, "a")
        stream.ask(1, "b")
        got = [stream.take() for _ in range(7)]
        assert got == [("a", [count], False) for count in range(7)], got
        error = stream.take()
        assert isinstance(error, InferenceServerException) and "seven is too many" in error.message(), error
        assert stream.take() == ("b", [0], False)


@check
def a_stream_that_is_left_ends():
    stream = Stream().__enter__()
    stream.ask(5, "a", parameters={"slow": True})
    assert stream.take()[0] == "a"
    stream.client.stop_stream(cancel_requests=True)
    stream.client.close()
    assert CLIENT.is_model_ready("counter")


@check
def failures_have_their_status():
    values = np.ones((1, 4), np.float32)
    for call, status, reason in [
        (lambda: CLIENT.infer("unknown", [tensor("x", values, "FP32")]), "NOT_FOUND", "Model with name unknown does not exist."),
        (lambda: CLIENT.infer("iris-onnx", [tensor("input", values[:, :3], "FP32")]), "INVALID_ARGUMENT", "inputs[0]"),
        (lambda: CLIENT.infer("iris-onnx", [tensor("input", values.astype(np.int32), "INT32")]), "INVALID_ARGUMENT", "INT32"),
        (lambda: CLIENT.infer("moods", [tensor("x", values, "FP32")], parameters={"fail": True}), "INTERNAL", "out of order"),
        (lambda: CLIENT.get_model_metadata("unknown"), "NOT_FOUND", "unknown"),
        (lambda: CLIENT.get_model_config("echo"), "UNIMPLEMENTED", ""),
        (lambda: CLIENT.is_model_ready("unknown"), "NOT_FOUND", "unknown"),
    ]:
        error = fails(call, InferenceServerException, status)
        assert error.status() == f"StatusCode.{status}", (status, error)
        assert reason in error.message(), (reason, error)


main()
