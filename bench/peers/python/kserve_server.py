"""The Python kserve server: `kserve_server.py HTTP_PORT GRPC_PORT echo|first-ten|MODEL.onnx`. Its model is called bench."""

import logging
import sys

from kserve import InferOutput, InferResponse, Model, ModelServer

http_port, grpc_port, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


class Bench(Model):
    """Echoes, answers with the first ten numbers, or runs an ONNX model on one thread."""

    def __init__(self):
        super().__init__("bench")
        self.session = None

    def load(self):
        if what.endswith(".onnx"):
            # Neither is taken by the echo: a start without a model does not pay for them.
            global np
            import numpy as np
            import onnxruntime as ort

            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.session = ort.InferenceSession(what, options, providers=["CPUExecutionProvider"])
            self.names = [output.name for output in self.session.get_outputs()]
        self.ready = True
        return True

    def predict(self, payload, headers=None, response_headers=None):
        if isinstance(payload, dict):
            return self.predict_v1(payload["instances"])
        tensor = payload.inputs[0]
        if self.session is None and what == "echo":
            outputs = [InferOutput(tensor.name, list(tensor.shape), tensor.datatype, data=tensor.data)]
            outputs[0]._raw_data = getattr(tensor, "_raw_data", None)
        elif self.session is None:
            data = tensor.as_numpy().reshape(-1)[:10]
            outputs = [InferOutput("output-0", [len(data)], "FP32", data=data.tolist())]
        else:
            outputs = []
            for name, array in zip(self.names, self.session.run(None, {tensor.name: tensor.as_numpy()})):
                output = InferOutput(name, list(array.shape), "INT64" if array.dtype == np.int64 else "FP32")
                output.set_data_from_numpy(array, binary_data=payload.from_grpc)
                outputs.append(output)
        return InferResponse(response_id=payload.id, model_name=self.name, infer_outputs=outputs)

    def predict_v1(self, instances):
        if self.session is None:
            return {"predictions": instances}
        arrays = self.session.run(None, {self.session.get_inputs()[0].name: np.array(instances, np.float32)})
        rows = zip(*(array.tolist() for array in arrays))
        return {"predictions": [dict(zip(self.names, row)) for row in rows]}


if __name__ == "__main__":
    model = Bench()
    model.load()
    server = ModelServer(http_port=http_port, grpc_port=grpc_port, workers=1, enable_latency_logging=False)
    # Ours is measured with its logs at `error` too.
    logging.disable(logging.WARNING)
    server.start([model])
