"""Stands in for the wrapper that KServe's image of TorchServe has before it (pytorch/serve, kubernetes/kserve): it takes the
models' names and TorchServe's address from config.properties, waits for their workers, and hands KServe's V1 requests on
port 8080 to TorchServe under the same path."""
import json
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONFIG = "/mnt/models/config/config.properties"
START_TIMEOUT_S = 180


def read_config():
    with open(CONFIG) as file:
        pairs = [line.split("=", 1) for line in file if "=" in line]
    return {name.strip(): value.strip() for name, value in pairs}


config = read_config()
names = list(json.loads(config["model_snapshot"])["models"])
inference = config["inference_address"].replace("0.0.0.0", "127.0.0.1")
management = config["management_address"].replace("0.0.0.0", "127.0.0.1")


def ask(url, body=None):
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def is_ready(name):
    try:
        status, body = ask(f"{management}/models/{name}")
    except OSError:
        return False
    return status == 200 and any(worker["status"] == "READY" for worker in json.loads(body)[0]["workers"])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say(self, status, value):
        self.answer(status, json.dumps(value).encode())

    def do_GET(self):
        if self.path == "/":
            return self.say(200, {"status": "alive"})
        if self.path == "/v1/models":
            return self.say(200, {"models": names})
        name = self.path.removeprefix("/v1/models/")
        if name not in names:
            return self.say(404, {"error": f"Model with name {name} does not exist."})
        ready = is_ready(name)
        self.say(200 if ready else 503, {"name": name, "ready": ready})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        name, _, verb = self.path.removeprefix("/v1/models/").partition(":")
        if name not in names or verb not in ("predict", "explain"):
            return self.say(404, {"error": f"Model with name {name} does not exist."})
        self.answer(*ask(inference + self.path, body))


deadline = time.monotonic() + START_TIMEOUT_S
while not all(map(is_ready, names)):
    if time.monotonic() > deadline:
        sys.exit(f"TorchServe does not load {', '.join(names)}")
    time.sleep(0.5)
ThreadingHTTPServer(("", 8080), Handler).serve_forever()
