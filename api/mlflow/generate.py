"""Prints wire.gen.go: MLflow's wire shapes as Go, read from the protobuf descriptors inside the installed mlflow package.

python generate.py > wire.gen.go        (an interpreter with mlflow==3.17.2; gofmt on the PATH)
"""

import importlib
import re
import subprocess
import sys

import mlflow
from google.protobuf.descriptor import FieldDescriptor as F

WANT = "3.17.2"

# Modules whose services are declared; True where the messages get shapes, False where only the endpoint is listed.
SERVICES = {
    "service": True,
    "model_registry": True,
    "mlflow_artifacts": True,
    "databricks_artifacts": True,
    "webhooks": True,
    "databricks_filesystem_service": True,
    "databricks_tracing": False,
    "databricks_uc_registry_service": False,
    "databricks_managed_catalog_service": False,
    "unity_catalog_service": False,
    "unity_catalog_prompt_service": False,
}

# Kinds that this server does not serve: their endpoints are listed without shapes.
NO_SHAPES = re.compile(
    r"gateway|guardrail|secretsconfig|labelschema|reviewqueue|userqueue|issue|promptoptimization|attachmodel|detachmodel", re.I
)

# Go name prefix by proto package; the longest match counts. Two packages declare ListArtifacts, FileInfo and multipart uploads.
PREFIX = {
    "mlflow": "",
    "mlflow.artifacts": "Proxy",
    "mlflow.assessments": "",
    "mlflow.datasets": "Evaluation",
    "mlflow.filesystem": "Files",
    "opentelemetry.proto.common.v1": "Otel",
    "opentelemetry.proto.trace.v1": "Otel",
}

SCALARS = {
    F.TYPE_DOUBLE: "float64",
    F.TYPE_FLOAT: "float32",
    F.TYPE_BOOL: "bool",
    F.TYPE_STRING: "string",
    F.TYPE_INT64: "int64",
    F.TYPE_SINT64: "int64",
    F.TYPE_SFIXED64: "int64",
    F.TYPE_UINT64: "uint64",
    F.TYPE_FIXED64: "uint64",
    F.TYPE_INT32: "int32",
    F.TYPE_SINT32: "int32",
    F.TYPE_SFIXED32: "int32",
    F.TYPE_UINT32: "uint32",
    F.TYPE_FIXED32: "uint32",
}

# Well-known types: what their JSON form is in Go.
WELL_KNOWN = {
    "google.protobuf.Timestamp": "*time.Time",
    "google.protobuf.Duration": "*time.Duration",
    "google.protobuf.FieldMask": "*string",
    "google.protobuf.Value": "json.RawMessage",
    "google.protobuf.Struct": "json.RawMessage",
    "google.protobuf.ListValue": "json.RawMessage",
}

ZERO = {"string": '""', "bool": "false"}


def camel(snake):
    return "".join(part[:1].upper() + part[1:] for part in snake.split("_"))


def go_name(descriptor):
    names, scope = [], descriptor
    while scope is not None:
        names.insert(0, scope.name)
        scope = scope.containing_type
    return PREFIX[descriptor.file.package] + camel("_".join(names))


class Shapes:
    """The messages and enums reached from the wanted requests and responses, in the order they were met."""

    def __init__(self):
        self.messages, self.enums = {}, {}

    def add(self, message):
        if message.full_name in self.messages or message.full_name in WELL_KNOWN or message.GetOptions().map_entry:
            return
        self.messages[message.full_name] = message
        for field in message.fields:
            self.add_type(field)

    def add_type(self, field):
        if field.enum_type:
            self.enums[field.enum_type.full_name] = field.enum_type
        if is_map(field):
            self.add_type(field.message_type.fields_by_name["value"])
        elif field.message_type:
            self.add(field.message_type)


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def base_type(field):
    if field.type == F.TYPE_BYTES:
        return "[]byte"
    if field.enum_type:
        return go_name(field.enum_type)
    if field.message_type:
        return WELL_KNOWN.get(field.message_type.full_name) or "*" + go_name(field.message_type)
    return SCALARS[field.type]


def go_type(field):
    if is_map(field):
        entry = field.message_type.fields_by_name
        return f"map[{base_type(entry['key'])}]{base_type(entry['value'])}"
    base = base_type(field)
    if field.is_repeated:
        return "[]" + base
    return "*" + base if field.has_presence and field.type in SCALARS else base


def tag(field):
    alias = "" if field.json_name == field.name else "," + field.json_name
    return f'`wire:"{field.name}{alias}"`'


def default(field):
    base = base_type(field)
    if not field.has_default_value:
        return ZERO.get(base, "0")
    value = field.default_value
    return {True: "true", False: "false"}[value] if base == "bool" else repr(value)


def enum_default(field):
    return const_name(field.enum_type, field.enum_type.values_by_number[field.default_value])


def getter(message, field):
    base, held = base_type(field), f"orEmpty(m).{camel(field.name)}"
    result, body = go_type(field), held
    if not field.is_repeated and field.enum_type:
        body = f"cmp.Or({held}, {enum_default(field)})"
    elif result == "*" + base and field.type in SCALARS:
        result, body = base, f"deref({held}, {default(field)})"
    elif result == "*string":
        result, body = "string", f'deref({held}, "")'
    name = go_name(message)
    return f"func (m *{name}) Get{camel(field.name)}() {result} {{ return {body} }}"


def print_message(out, message, requests):
    name, use = go_name(message), requests.get(message.full_name)
    out.append(f"\n// {name} is {message.full_name}" + (f", the request of {use}." if use else "."))
    if not message.fields:
        out.append(f"type {name} struct{{}}")
        return
    out.append(f"type {name} struct {{")
    fields = sorted(message.fields, key=lambda f: f.number)  # the order in which protobuf prints them
    out += [f"\t{camel(f.name)} {go_type(f)} {tag(f)}" for f in fields]
    out.append("}\n\n// The getters of " + name + " give the proto default for what is unset, also on a nil receiver.")
    out += [getter(message, f) for f in fields]


def const_name(enum, value):
    screaming = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper() + "_"
    return go_name(enum) + camel(value.name.removeprefix(screaming).lower())


def print_enum(out, enum):
    name = go_name(enum)
    out.append(f"\n// {name} is the enum {enum.full_name}, held by name; empty means unset.\ntype {name} string\n")
    out.append(f"// The values of {name}.\nconst (")
    out += [f'\t{const_name(enum, v)} {name} = "{v.name}"' for v in enum.values]
    out.append(")\n")
    rows = ", ".join(f'{{{v.number}, "{v.name}"}}' for v in enum.values)
    out.append(
        f"// EnumValues gives the known names with their numbers.\nfunc ({name}) EnumValues() []EnumValue {{ return values{name} }}\n"
    )
    out.append(f"var values{name} = []EnumValue{{{rows}}}")


def full_path(endpoint):
    path = re.sub(r"<path:(\w+)>", r"{\1...}", endpoint.path)
    return f"/api/{endpoint.since.major}.0{path}"


def endpoints():
    """Yields (service, method, endpoint, shaped) for every HTTP endpoint of every declared service."""
    rpc = importlib.import_module("mlflow.protos.databricks_pb2").rpc
    for module, shaped in SERVICES.items():
        for service in importlib.import_module(f"mlflow.protos.{module}_pb2").DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                for endpoint in method.GetOptions().Extensions[rpc].endpoints:
                    yield service, method, endpoint, shaped and not NO_SHAPES.search(method.name)


def print_endpoints(out, rows):
    out.append("\n// DeclaredEndpoints is every endpoint that the services of the package declare, served by us or not.")
    out.append("var DeclaredEndpoints = []Endpoint{")
    for service, method, endpoint, shaped in rows:
        shapes = ""
        if shaped:
            shapes = f", Request: (*{go_name(method.input_type)})(nil), Response: (*{go_name(method.output_type)})(nil)"
        out.append(f'\t{{Method: "{endpoint.method}", Path: "{full_path(endpoint)}", Service: "{service.full_name}", RPC: "{method.name}",')
        out.append(f'\t\tMessage: "{method.input_type.full_name}"{shapes}}},')
    out.append("}")


def main():
    if mlflow.__version__ != WANT:
        sys.exit(f"mlflow {mlflow.__version__} is installed, {WANT} is wanted")
    rows, shapes, requests = list(endpoints()), Shapes(), {}
    for _, method, endpoint, shaped in rows:
        if shaped:
            requests.setdefault(method.input_type.full_name, f"{endpoint.method} {full_path(endpoint)}")
            shapes.add(method.input_type)
            shapes.add(method.output_type)
    out = [f"// Code generated by generate.py from mlflow {WANT}; DO NOT EDIT.\n\npackage mlflow\n"]
    out.append('import (\n\t"cmp"\n\t"encoding/json"\n\t"time"\n)')
    for message in shapes.messages.values():
        print_message(out, message, requests)
    for enum in shapes.enums.values():
        print_enum(out, enum)
    print_endpoints(out, rows)
    subprocess.run(["gofmt"], input="\n".join(out) + "\n", text=True, check=True)


if __name__ == "__main__":
    main()
