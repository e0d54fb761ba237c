"""Compares our .proto with the messages of Triton's client; prints the fields that are ours alone or not the same."""

import json
import os
import sys
import tempfile

from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from tritonclient.grpc import service_pb2

folder = sys.argv[1]
out = os.path.join(tempfile.mkdtemp(), "set.bin")
protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={out}", "grpc_predict_v2.proto"])
ours = descriptor_pb2.FileDescriptorSet.FromString(open(out, "rb").read()).file[0]
theirs = descriptor_pb2.FileDescriptorProto()
service_pb2.DESCRIPTOR.CopyToProto(theirs)


def fields(messages, prefix=""):
    found = {}
    for message in messages:
        name = prefix + message.name
        for field in message.field:
            found[f"{name}.{field.name}"] = (field.number, field.type, field.label, field.type_name)
        found.update(fields(message.nested_type, name + "."))
    return found


own, other = fields(ours.message_type), fields(theirs.message_type)
print(
    json.dumps(
        {"compared": len(own), "differences": [name for name in own if other.get(name) != own[name]]}
    )
)
