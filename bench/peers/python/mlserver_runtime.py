"""MLServer's runtime of the benchmark; what it does is the parameter `uri`: echo, first-ten or MODEL.onnx."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse, ResponseOutput


class Bench(MLModel):
    async def load(self):
        self.what = self.settings.parameters.uri
        self.session = None
        if self.what.endswith(".onnx"):
            import onnxruntime as ort

            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.session = ort.InferenceSession(self.what, options, providers=["CPUExecutionProvider"])
            self.names = [output.name for output in self.session.get_outputs()]
        return True

    async def predict(self, payload):
        tensor = payload.inputs[0]
        if self.session is None and self.what == "echo":
            outputs = [
                ResponseOutput(name=tensor.name, shape=tensor.shape, datatype=tensor.datatype, data=tensor.data)
            ]
        elif self.session is None:
            array = NumpyCodec.decode_input(tensor).reshape(-1)[:10]
            outputs = [NumpyCodec.encode_output("output-0", array)]
        else:
            arrays = self.session.run(None, {tensor.name: NumpyCodec.decode_input(tensor)})
            outputs = [
                ResponseOutput(
                    name=name,
                    shape=list(array.shape),
                    datatype="INT64" if array.dtype == np.int64 else "FP32",
                    data=array.reshape(-1).tolist(),
                )
                for name, array in zip(self.names, arrays)
            ]
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=outputs)
