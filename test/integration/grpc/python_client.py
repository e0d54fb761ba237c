"""Calls a server with gRPC's C core and Triton's messages; prints a line of JSON: each check, and what went wrong."""

import json
import sys
import threading
import time
import traceback

import grpc
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as stubs

ADDRESS = sys.argv[1]
ONLY = sys.argv[2:]
CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def client():
    return triton.InferenceServerClient(ADDRESS)


def tensor(name, values, datatype):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


def typed(datatype, field, values):
    request = pb.ModelInferRequest(model_name="m", id="7")
    given = request.inputs.add(name="x", datatype=datatype, shape=[len(values)])
    getattr(given.contents, field).extend(values)
    return request


def fails(call, code, details=None):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        assert details is None or details in error.details(), error.details()
        return error
    raise AssertionError("it did not fail")


@check
def the_server_and_model_are_ready():
    c = client()
    assert c.is_server_live() and c.is_server_ready() and c.is_model_ready("m")
    assert c.get_server_metadata().name == "kserve-ts"
    assert c.get_model_metadata("m").name == "m"
    index = c.get_model_repository_index().models
    assert [(m.name, m.state) for m in index] == [("m", "READY")]


@check
def every_raw_datatype_comes_back():
    values = {
        "BOOL": np.array([True, False]),
        "UINT8": np.array([0, 255], np.uint8),
        "UINT16": np.array([0, 65535], np.uint16),
        "UINT32": np.array([0, 2**32 - 1], np.uint32),
        "UINT64": np.array([0, 2**64 - 1], np.uint64),
        "INT8": np.array([-128, 127], np.int8),
        "INT16": np.array([-32768, 32767], np.int16),
        "INT32": np.array([-(2**31), 2**31 - 1], np.int32),
        "INT64": np.array([-(2**63), 2**63 - 1], np.int64),
        "FP16": np.array([1.5, 65504], np.float16),
        "FP32": np.array([np.nan, -0.0], np.float32),
        "FP64": np.array([np.inf, 1e308], np.float64),
        "BYTES": np.array([b"\xff\x00", "größe".encode()], np.object_),
    }
    c = client()
    inputs = [tensor(name, array, name) for name, array in values.items()]
    answer = c.infer("m", inputs, request_id="abc")
    assert answer.get_response().id == "abc"
    for name, array in values.items():
        got = answer.as_numpy(name)
        if name == "BYTES":
            assert list(got) == list(array), got
        else:
            assert got.dtype == array.dtype and got.tobytes() == array.tobytes(), (name, got)


@check
def every_typed_datatype_comes_back():
    with grpc.insecure_channel(ADDRESS) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        for datatype, field, values in [
            ("BOOL", "bool_contents", [True, False]),
            ("UINT8", "uint_contents", [0, 255]),
            ("UINT16", "uint_contents", [0, 65535]),
            ("UINT32", "uint_contents", [0, 2**32 - 1]),
            ("UINT64", "uint64_contents", [0, 2**64 - 1]),
            ("INT8", "int_contents", [-128, 127]),
            ("INT16", "int_contents", [-32768, 32767]),
            ("INT32", "int_contents", [-(2**31), 2**31 - 1]),
            ("INT64", "int64_contents", [-(2**63), 2**63 - 1]),
            ("FP32", "fp32_contents", [0.5, -0.0]),
            ("FP64", "fp64_contents", [0.1, 1e308]),
            ("BYTES", "bytes_contents", [b"\xff\x00", b""]),
        ]:
            answer = stub.ModelInfer(typed(datatype, field, values))
            assert list(getattr(answer.outputs[0].contents, field)) == values, (datatype, answer)
            assert not answer.raw_output_contents


@check
def outputs_are_chosen_and_ordered():
    inputs = [tensor(name, np.ones(2, np.float32), "FP32") for name in "abc"]
    outputs = [triton.InferRequestedOutput(name) for name in "ca"]
    answer = client().infer("m", inputs, outputs=outputs).get_response()
    assert [output.name for output in answer.outputs] == ["c", "a"]


@check
def parameters_and_large_tensors_pass():
    image = np.random.default_rng(1).random((3, 224, 224), np.float32)
    answer = client().infer(
        "m", [tensor("x", image, "FP32")], parameters={"text": "a", "count": 1, "flag": True}
    )
    assert np.array_equal(answer.as_numpy("x"), image)


@check
def both_compressions_pass():
    image = np.zeros((3, 224, 224), np.float32)
    for algorithm in ["gzip", "deflate"]:
        answer = client().infer("m", [tensor("x", image, "FP32")], compression_algorithm=algorithm)
        assert np.array_equal(answer.as_numpy("x"), image)


@check
def failures_have_their_status():
    with grpc.insecure_channel(ADDRESS) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        wrong = typed("FP32", "fp32_contents", [1])
        wrong.inputs[0].shape[0] = 2
        fails(
            lambda: stub.ModelInfer(wrong),
            grpc.StatusCode.INVALID_ARGUMENT,
            "inputs[0].contents.fp32_contents: expected 2 elements for shape [2], got 1",
        )
        unknown = typed("FP32", "fp32_contents", [1])
        unknown.model_name = "größe"
        fails(
            lambda: stub.ModelInfer(unknown),
            grpc.StatusCode.NOT_FOUND,
            "Model with name größe does not exist.",
        )
        fails(
            lambda: stub.ModelConfig(pb.ModelConfigRequest(name="m")),
            grpc.StatusCode.UNIMPLEMENTED,
        )
        fails(
            lambda: stub.RepositoryModelLoad(pb.RepositoryModelLoadRequest(model_name="other")),
            grpc.StatusCode.NOT_FOUND,
        )
        both = typed("FP32", "fp32_contents", [1])
        both.raw_input_contents.append(b"\0\0\0\0")
        fails(lambda: stub.ModelInfer(both), grpc.StatusCode.INVALID_ARGUMENT, "contents field must not")


@check
def a_message_above_the_limit_is_refused_and_the_channel_stays():
    with grpc.insecure_channel(ADDRESS) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        large = pb.ModelInferRequest(model_name="m")
        large.inputs.add(name="x", datatype="UINT8", shape=[12_000_000])
        large.raw_input_contents.append(bytes(12_000_000))
        fails(
            lambda: stub.ModelInfer(large),
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "SERVER: Received message larger than max (120000",
        )
        assert stub.ServerLive(pb.ServerLiveRequest()).live


@check
def metadata_comes_back_as_it_should():
    with grpc.insecure_channel(ADDRESS) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        answer, call = stub.ModelInfer.with_call(
            typed("FP32", "fp32_contents", [1]),
            metadata=[("x-request-id", "abc"), ("trace-bin", b"\x00\xff")],
        )
        assert ("x-request-id", "abc") in [(k, v) for k, v in call.initial_metadata()]
        assert call.code() == grpc.StatusCode.OK


@check
def a_deadline_and_a_cancellation_end_a_call():
    with grpc.insecure_channel(ADDRESS) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        slow = typed("FP32", "fp32_contents", [60_000])
        slow.parameters["wait"].bool_param = True
        fails(lambda: stub.ModelInfer(slow, timeout=0.2), grpc.StatusCode.DEADLINE_EXCEEDED)
        call = stub.ModelInfer.future(slow)
        time.sleep(0.1)
        call.cancel()
        assert call.cancelled()
        assert stub.ServerLive(pb.ServerLiveRequest()).live


@check
def a_hundred_calls_at_once_get_their_own_answers():
    with grpc.insecure_channel(ADDRESS) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        for _ in range(5):
            futures = {}
            for index in range(100):
                values = np.full(1 + 500 * index, index, np.int32)
                request = pb.ModelInferRequest(model_name="m", id=str(index))
                request.inputs.add(name="x", datatype="INT32", shape=[len(values)])
                request.raw_input_contents.append(values.tobytes())
                futures[index] = (stub.ModelInfer.future(request), values)
            for index, (future, values) in futures.items():
                answer = future.result()
                assert answer.id == str(index)
                assert answer.raw_output_contents[0] == values.tobytes()


@check
def keep_alive_pings_are_welcome():
    options = [
        ("grpc.keepalive_time_ms", 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    with grpc.insecure_channel(ADDRESS, options) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        for _ in range(4):
            time.sleep(1.2)
            assert stub.ServerLive(pb.ServerLiveRequest()).live


def calls_until_the_server_is_gone():
    """Prints a line once it is calling; then what failed, once nothing answers any more."""
    problems, answered = [], [0]
    channel = grpc.insecure_channel(ADDRESS, [("grpc.enable_retries", 0)])
    stub = stubs.GRPCInferenceServiceStub(channel)

    def call():
        while True:
            try:
                stub.ModelInfer(typed("FP32", "fp32_contents", [1, 2, 3]))
                answered[0] += 1
                if answered[0] == 200:
                    print("calling", flush=True)
            except grpc.RpcError as error:
                if "onnect" not in error.details():
                    problems.append(f"{error.code().name}: {error.details()}")
                return

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"answered": answered[0], "problems": problems}))


def main():
    if ONLY == ["until-gone"]:
        return calls_until_the_server_is_gone()
    results = {}
    for name, function in CHECKS.items():
        try:
            function()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
    print(json.dumps(results))


main()
