"""Writes what the real protobuf code of mlflow 3.17.2 does, for codec_test.go to compare with.

    python golden.py        (an interpreter with mlflow==3.17.2) writes encode.jsonl and lenient.jsonl beside this file

encode.jsonl: a message with every field set, as message_to_json prints it. lenient.jsonl: a body and what parse_dict makes of it ("mlflow",
null when it is refused); where this server answers differently on purpose, "ours" says how and "why".
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import generate
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor as F
from google.protobuf.json_format import Error
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import _reject_conflicting_field_aliases
from mlflow.utils.proto_json_utils import message_to_json, parse_dict

HERE = pathlib.Path(__file__).parent
TEXTS = ["plain", "", 'quote " and \\ and /', "é ü 漢字 🎉", "line\nbreak\ttab", "\x01\x1f\x7f", '<a href="x">&amp;</a>', "\u2028"]
FLOATS = [0.1, 1.0, -2.5e-7, 1e16, 123456789012345680.0, 3.141592653589793, 1e-5, 0.0001, 5e-324, -0.0, float("nan"), 1e15, 2e22]
INTS = [0, 1, -1, 1700000000000, 2**53 + 1, -(2**62), 2**63 - 1]
REFUSED = "refused"


class Filler:
    """Sets every field of a message, taking values in turn so that all of them come up somewhere."""

    def __init__(self):
        self.turn = 0

    def pick(self, values):
        self.turn += 1
        return values[self.turn % len(values)]

    def scalar(self, field):
        if field.type == F.TYPE_STRING:
            return self.pick(TEXTS)
        if field.type == F.TYPE_BYTES:
            return self.pick([b"", b"\x00\xff\xfe", b"bytes"])
        if field.type == F.TYPE_BOOL:
            return self.pick([True, False])
        if field.type == F.TYPE_ENUM:
            return self.pick([v.number for v in field.enum_type.values])
        if field.cpp_type in (F.CPPTYPE_DOUBLE, F.CPPTYPE_FLOAT):
            return self.pick(FLOATS) if field.type == F.TYPE_DOUBLE else 0.25
        if field.cpp_type in (F.CPPTYPE_UINT32, F.CPPTYPE_UINT64):
            return self.pick([0, 7, 2**32 - 1])
        return self.pick(INTS) if field.cpp_type == F.CPPTYPE_INT64 else self.pick([0, 12, -(2**31)])

    def fill(self, message, depth):
        for field in message.DESCRIPTOR.fields:
            if field.containing_oneof and message.WhichOneof(field.containing_oneof.name):
                continue
            self.fill_field(message, field, depth)

    def fill_field(self, message, field, depth):
        if generate.is_map(field):
            # One key, since protobuf prints maps in no particular order.
            getattr(message, field.name)[self.pick(TEXTS)] = self.scalar(field.message_type.fields_by_name["value"])
        elif field.message_type:
            if depth > 0:
                held = getattr(message, field.name)
                self.fill_message(held.add() if field.is_repeated else held, depth - 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(self.scalar(field) for _ in range(2))
        else:
            setattr(message, field.name, self.scalar(field))

    def fill_message(self, message, depth):
        name = message.DESCRIPTOR.full_name
        if name == "google.protobuf.Timestamp":
            message.FromNanoseconds(self.pick([0, 1700000000123456789, 1700000000500000000, 1700000000000001000]))
        elif name == "google.protobuf.Duration":
            message.FromNanoseconds(self.pick([1500000000, -1, 3600 * 10**9, -2000001000]))
        elif name == "google.protobuf.Value":
            parse_dict(self.pick([None, "text", 1.5, True, {"a": [1.5, None, {"b": "é"}]}, []]), message)
        elif name == "google.protobuf.FieldMask":
            message.FromJsonString("assessmentName,feedback.value")
        else:
            message.SetInParent()
            self.fill(message, depth)


def print_json(message):
    """What message_to_json means, without blanks and with the characters as they are."""
    return json.dumps(json.loads(message_to_json(message)), separators=(",", ":"), ensure_ascii=False)


def shaped():
    """The requests and responses with shapes, by Go name."""
    found = {}
    for _, method, _, wanted in generate.endpoints():
        for descriptor in (method.input_type, method.output_type) if wanted else ():
            found[generate.go_name(descriptor)] = message_factory.GetMessageClass(descriptor)
    return found


def parse(cls, body):
    """The message and its JSON as the handlers get it from a body, or None where parsing fails."""
    message = cls()
    try:
        value = json.loads(body) if body.strip() else None
        value = json.loads(value) if isinstance(value, str) else value
        value = {} if value is None else value
        _reject_conflicting_field_aliases(value, message.DESCRIPTOR)
        parse_dict(value, message)
        return json.loads(json.dumps(json.loads(message_to_json(message)), sort_keys=True))  # maps come in no particular order
    except (Error, MlflowException, ValueError, AttributeError, TypeError):
        return None


def lenient():
    """Yields (message, body, ours, why); ours is None where it is what mlflow does."""
    cut = "a fraction is cut off instead of the field being dropped"
    literal = "the literal is taken as it is written instead of the field being dropped"
    for value, ours, why in [
        ("1", None, ""),
        ("1.5", None, ""),
        ('"1.5"', None, ""),
        ('" 1.5 "', None, ""),
        ('"1e3"', None, ""),
        ('"NaN"', None, ""),
        ('"Infinity"', None, ""),
        ('"-Infinity"', None, ""),
        ('"inf"', None, ""),
        ('"-inf"', None, ""),
        ('"infinity"', None, ""),
        ("true", None, ""),
        ("false", None, ""),
        ("null", None, ""),
        ("-0", None, ""),
        ("-0.0", None, ""),
        ("1e-400", None, ""),
        ("12345678901234567890", None, ""),
        ('"1e400"', None, ""),
        ("NaN", {"value": "NaN"}, literal),
        ("Infinity", {"value": "Infinity"}, literal),
        ("-Infinity", {"value": "-Infinity"}, literal),
        ("1e400", {"value": "Infinity"}, literal),
        ("-1e400", {"value": "-Infinity"}, literal),
        ('"nan"', {"value": "NaN"}, "NaN in any case"),
        ('"abc"', None, ""),
        ('""', None, ""),
        ("[]", None, ""),
        ("{}", None, ""),
        ('"0x10"', None, ""),
        ('"1 0"', None, ""),
        ('"1_0"', REFUSED, "Python's digit separators are not numbers"),
    ]:
        yield "LogMetric", f'{{"value":{value}}}', ours, why
    for value, ours, why in [
        ("3", None, ""),
        ('"3"', None, ""),
        ("3.0", None, ""),
        ('"3.0"', None, ""),
        ("-3", None, ""),
        ("1e3", None, ""),
        ('"1e3"', None, ""),
        ("null", None, ""),
        ("3.5", {"step": 3}, cut),
        ("-3.5", {"step": -3}, cut),
        ('"3.5"', None, ""),
        ("true", None, ""),
        ('"abc"', None, ""),
        ('""', None, ""),
        ('" 3"', None, ""),
        ("9223372036854775807", None, ""),
        ("9223372036854775808", None, ""),
        ("-9223372036854775808", None, ""),
        ("1e30", None, ""),
        ('"9223372036854775807"', None, ""),
        ('"9223372036854775808"', None, ""),
        ("[]", None, ""),
        ("{}", None, ""),
        ("NaN", None, ""),
        ('"NaN"', None, ""),
        ("1e18", None, ""),
        ('"+3"', None, ""),
        ('"-0"', None, ""),
        ("999999999", None, ""),
        ("-99999999", None, ""),
        ("1234567890", None, ""),
    ]:
        yield "LogMetric", f'{{"step":{value}}}', ours, why
    for value in ["2147483647", "2147483648", "-2147483648", "-2147483649", '"5"', "5.0", "true"]:
        yield "SearchRuns", f'{{"max_results":{value}}}', None, ""
    for value in ['"ALL"', '"BAD"', '"all"', "1", '"3"', '""', "null", "[]"]:
        yield "SearchRuns", f'{{"run_view_type":{value}}}', None, ""
    yield "SearchRuns", '{"run_view_type":99}', {}, "an unknown number is ignored like an unknown name"
    yield "SearchRuns", '{"run_view_type":true}', REFUSED, "a boolean is no enum"
    for value in [
        '"x"',
        '""',
        "null",
        "1",
        "true",
        "[]",
        "{}",
        '"\\u00e9\\ud83c\\udf89"',
        '"\\ud800"',
        '"\\ud800\\u0041"',
        '"\\/\\b\\f\\n\\r\\t"',
    ]:
        yield "LogParam", f'{{"key":{value}}}', None, ""
    yield "LogParam", '{"key":"a\\u0000b"}', REFUSED, "NUL is in no text"
    for value in ["true", "false", "null", '"true"', "1", '"yes"']:
        yield "GetTrace", f'{{"allow_partial":{value}}}', None, ""
    for value in ['["1","2"]', "[]", "null", '"1"', "[1]", "[null]", '["1",{}]', "{}"]:
        yield "SearchRuns", f'{{"experiment_ids":{value}}}', None, ""
    for value in [
        '[{"key":"k","value":1}]',
        "[]",
        "[{}]",
        "[null]",
        "{}",
        "null",
        '[{"key":"k","value":"x"}]',
        '[{"modelId":"m"},{"datasetName":"d","unknown":[{"a":[]}]}]',
    ]:
        yield "LogBatch", f'{{"metrics":{value}}}', None, ""
    for body in [
        "",
        "  \n",
        "null",
        "{}",
        " { } ",
        '{"runId":"a"}',
        '{"run_id":"a"}',
        '{"run_id":"a","runUuid":"b"}',
        '{"run_id":"a","runId":"a"}',
        '{"runId":"a","run_id":null}',
        '{"RUN_ID":"a"}',
        '{"run_id":"a","run_id":"b"}',
        '{"unknown":1,"run_id":"a","other":{"x":[1,2,{"y":null}]}}',
        '"{\\"run_id\\":\\"a\\"}"',
        '"null"',
        "1",
        "true",
        '{"run_id":"a"} x',
        '{"run_id":}',
        "{",
        '{"run_id":"a",}',
        "{'run_id':1}",
        '{"run_id":"a" "b"}',
        '{"run_id" "a"}',
        "{1:2}",
        '{"run_id":"a}',
        '{"run_id":"\\x"}',
        '{"run_id":"\\u12"}',
        '{"run_id":"a\nb"}',
        '{"run_id":tru}',
        '{"x":01}',
        '{"x":1.}',
        '{"x":.5}',
        '{"x":+1}',
        '{"x":-}',
        '{"x":1e}',
        '{"x":NaN}',
        '{"x":nan}',
    ]:
        yield "GetRun", body, None, ""
    for body in ["[]", '"[]"', '"\\"{}\\""']:
        yield "GetRun", body, REFUSED, "what is no object is refused, empty or not"
    yield "GetRun", "\ufeff{}", {}, "bytes with a byte order mark are taken by json.loads, texts are not"
    for value in ['{"a":"1","b":""}', "{}", "null", '{"a":1}', '{"a":null}', "[]", '{"":"x"}']:
        yield "ProxyGetPresignedDownloadUrlResponse", f'{{"headers":{value}}}', None, ""
    for value in [
        '"2026-01-31T12:00:00Z"',
        '"2026-01-31T12:00:00.123456789Z"',
        '"2026-01-31T12:00:00.5+02:00"',
        '"2026-01-31"',
        '"x"',
        "1",
        "null",
        '"2026-01-31T12:00:00"',
    ]:
        yield "StartTraceV3", f'{{"trace":{{"trace_info":{{"request_time":{value}}}}}}}', None, ""
    for value in ['"1.5s"', '"-0.001s"', '"3s"', '"1.5"', '"1m"', "1", '"s"', '"0.000000001s"', '"0s"']:
        yield "StartTraceV3", f'{{"trace":{{"traceInfo":{{"executionDuration":{value}}}}}}}', None, ""
    for value in ['"text"', "1.5", "true", "null", '[1.5,"a",null]', '{"a":{"b":[]}}']:
        yield "CreateAssessment", f'{{"assessment":{{"feedback":{{"value":{value}}}}}}}', None, ""
    yield (
        "CreateAssessment",
        '{"assessment":{"feedback":{"value":[NaN]}}}',
        REFUSED,
        "a raw value is answered as it stands, so it must be JSON",
    )
    yield "CreateAssessment", '{"updateMask":"a"}', None, ""
    yield (
        "LogInputs",
        '{"run_id":"r","datasets":[{"dataset":{"name":"n","sourceType":"s"},"tags":[{"key":"k"}]}],"models":[{"modelId":"m"}]}',
        None,
        "",
    )
    yield "SearchLoggedModels", '{"orderBy":[{"fieldName":"f","ascending":false}],"experimentIds":["0"]}', None, ""


def write(name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / name).write_text(text, encoding="utf-8")


def encoded(messages):
    filler = Filler()
    for name, cls in messages.items():
        message = cls()
        filler.fill(message, 4)
        yield {"message": name, "want": print_json(message)}


def parsed(messages):
    for name, body, ours, why in lenient():
        row = {"message": name, "body": body, "mlflow": parse(messages[name], body)}
        yield row | ({"ours": None if ours == REFUSED else ours, "why": why} if why else {})


if __name__ == "__main__":
    write("encode.jsonl", encoded(shaped()))
    write("lenient.jsonl", parsed(shaped()))
