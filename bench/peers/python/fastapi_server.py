"""What one writes by hand with FastAPI and uvicorn: `fastapi_server.py PORT echo|first-ten|MODEL.onnx`."""

import sys

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

port, what = int(sys.argv[1]), sys.argv[2]
session = None
if what.endswith(".onnx"):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(what, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

app = FastAPI()


@app.get("/v2/health/ready")
async def ready():
    return {"ready": True}


@app.post("/v1/models/bench:predict")
async def predict(request: Request):
    instances = orjson.loads(await request.body())["instances"]
    if session is None:
        return answer({"predictions": instances})
    arrays = session.run(None, {session.get_inputs()[0].name: np.array(instances, np.float32)})
    rows = zip(*(array.tolist() for array in arrays))
    return answer({"predictions": [dict(zip(names, row)) for row in rows]})


@app.post("/v2/models/bench/infer")
async def infer(request: Request):
    body = await request.body()
    json_bytes = request.headers.get("inference-header-content-length")
    if json_bytes is None:
        call = orjson.loads(body)
    else:
        call = orjson.loads(body[: int(json_bytes)])
    tensor = call["inputs"][0]
    if session is None and what == "echo":
        return answer({"model_name": "bench", "id": call.get("id"), "outputs": [tensor]})
    if json_bytes is None:
        array = np.array(tensor["data"], np.float32).reshape(tensor["shape"])
    else:
        array = np.frombuffer(body, np.float32, offset=int(json_bytes)).reshape(tensor["shape"])
    if session is None:
        outputs = [output("output-0", array.reshape(-1)[:10])]
    else:
        outputs = [output(*named) for named in zip(names, session.run(None, {tensor["name"]: array}))]
    return answer({"model_name": "bench", "id": call.get("id"), "outputs": outputs})


def output(name, array):
    datatype = "INT64" if array.dtype == np.int64 else "FP32"
    return {"name": name, "shape": array.shape, "datatype": datatype, "data": array.reshape(-1).tolist()}


def answer(value):
    return Response(orjson.dumps(value), media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
