#!/usr/bin/python3
"""Stands in for TensorFlow Serving's tensorflow_model_server, whose binary is in no package registry: the newest version
below --model_base_path, loaded by TensorFlow itself, over TF Serving's REST."""
import argparse
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--model_name", default="default")
parser.add_argument("--model_base_path", required=True)
parser.add_argument("--rest_api_port", type=int, default=8501)
options, _ = parser.parse_known_args()

version = max((name for name in os.listdir(options.model_base_path) if name.isdigit()), key=int)
model = tf.saved_model.load(os.path.join(options.model_base_path, version))
predict = model.signatures["serving_default"]
(input_name, spec), = predict.structured_input_signature[1].items()
base = f"/v1/models/{options.model_name}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != base:
            return self.answer(404, {"error": f"no model at {self.path}"})
        status = {"version": version, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        self.answer(200, {"model_version_status": [status]})

    def do_POST(self):
        instances = json.loads(self.rfile.read(int(self.headers["content-length"])))["instances"]
        if self.path != base + ":predict":
            return self.answer(404, {"error": f"no model at {self.path}"})
        try:
            outputs = predict(**{input_name: tf.constant(instances, dtype=spec.dtype)})
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            return self.answer(400, {"error": str(error)})
        values = {name: tensor.numpy().tolist() for name, tensor in outputs.items()}
        rows = next(iter(values.values())) if len(values) == 1 else [dict(zip(values, row)) for row in zip(*values.values())]
        self.answer(200, {"predictions": rows})


ThreadingHTTPServer(("", options.rest_api_port), Handler).serve_forever()
