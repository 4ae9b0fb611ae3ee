"""Prints what MLflow's own parsers say about filters and order_by clauses, one JSON object a line. Run by hand with an mlflow 3.17.2:

    python -W ignore filters.py > filters.jsonl
"""

import itertools
import json

from mlflow.store.tracking import sqlalchemy_store as store
from mlflow.utils.search_logged_model_utils import parse_filter_string
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils

KEYS = ["metrics.loss", "metric.`a b`", 'metrics."x.y"', "metrics.'q r'", "metrics.a.b.c"]
TEXT_KEYS = ["params.lr", "param.`a b`", "parameter.x", "parameters.x", "tags.mlflow.user", "tag.`mlflow.user`", 'tags."a.b"', "tags.'a b'"]
ATTRIBUTES = ["run_id", "run_name", "status", "user_id", "artifact_uri", "attribute.status", "attributes.run_name", "attr.user_id", "run.run_id",
              "`run name`", "attr.`Run name`", "attributes.`Run Name`"]
TIMES = ["start_time", "end_time", "created", "Created", "attribute.start_time"]
DATASETS = ["dataset.name", "datasets.digest", "dataset.context"]
NUMBERS = ["1", "-1", "0.5", ".5", "1.", "-1e3", "1.5E-3", "1e5", "+1", "- 1", "nan", "inf", "'1'", "0x10", "1_0", "abc", "1e400"]
VALUES = ["'x'", '"x"', "''", "'a\"b'", '"it\'s"', "x", "`x`", "1", "('a', 'b')", "('a',)", "('a', \"b\")", "()", "(1)", "('a' ; 'b')", "'open"]
OPS = ["=", "!=", ">", ">=", "<", "<=", "LIKE", "ilike", "IN", "not in", "==", "<>", "IS"]
ODD = [
    "metrics.a = 1 AND", "AND metrics.a = 1", "metrics.a=1 AND AND metrics.b=2", "metrics.a=1 metrics.b=2", "  ", "metrics.a>1AND metrics.b>2",
    "metrics.a > 1 and metrics.b < 2 And params.c = 'x'", "params.x = 'a' OR params.y = 'b'", "NOT params.x = 'a'", "(params.x = 'a')",
    "params.x = 'a';", "params.x = 'a'; params.y = 'b'", "-- hi", "metrics.a = 1 -- hi", "metrics.a = 1 /* hi */", "'a' = params.x", "1 = 1",
    "metrics.a between 1 and 2", "params.x = 'a' 'b'", "params.x = 'a' , params.y = 'b'", "tags.a IS NULL", "tags.a is not null",
    "params.a IS NULL AND tags.`b c` IS NOT NULL", "metrics.a IS NULL", "run_id IS NULL", "dataset.name IS NULL", "tags.a IS", "tags.a IS NOT",
    "tags.a NULL", "params.x NOT LIKE 'a'", "Metrics.a > 1", "METRICS.a > 1", "run name = 'x'", "name = 'x'", "lifecycle_stage = 'active'",
    "duration > 1", "experiment_id = '1'", "metrics. a = 1", "metrics .a = 1", "metrics.a/b > 1", "metrics.a-b > 1", "metrics.acc@1 > 1",
    "metrics.a:b > 1", "metrics.`a/b` > 1", "metrics.`a-b` > 1", "metrics.`acc@1` > 1", "metrics.1a > 2", "metrics.1 > 2", "params.1 = 'a'",
    "params.type = 'x'", "params.date = 'x'", "tags.user = 'x'", "tags.name = 'x'", "metrics.count > 1", "metrics.max > 1", "metrics.order > 1",
    "params.from = 'a'", "params.end = 'a'", "order = 1", "type = 'x'", "params.\u00e9 = '\u00fc'", "params.x = '\u65e5\u672c'",
    "metrics.a=1", "metrics.a\t=\n1", "params.x='a'AND params.y='b'", "params.`a b = 'x'", "params.x = 'a", "params.x = a'", "params.x", "params",
    "metrics", "metrics.", ".a = 1", "=", "= 1", "metrics.a >", "metrics.a 1", "metrics.a = 1 1", "`metrics`.a = 1", "`metrics`.`a` = 1",
    "metrics.a ! = 1", "params.x = 'it''s'", "params.x = \"a\"\"b\"", "run_id IN ('a','b') AND status = 'RUNNING'",
    "dataset.foo = 'x'", "dataset.name IN ('a', 'b') AND dataset.digest LIKE 'x%'", "foo.bar = 'x'", "start_time > 3.5", "tags.`a.b.c` ILIKE '%x_'",
    "params.x LIKE 1", "metrics.loss != 3 AND metrics.loss != 4",
]
EXPERIMENTS = [
    "name = 'a'", "name LIKE 'a%'", "name ILIKE 'a%'", "name != 'a'", "name > 'a'", "name IN ('a')", "attribute.name = 'a'", "attributes.name = 'a'",
    "attr.name = 'a'", "experiment_id = '1'", "experiment_id != '1'", "experiment_id IN ('1', '2')", "experiment_id NOT IN ('1')",
    "experiment_id = 'abc'", "experiment_id = 1", "experiment_id LIKE '1'", "experiment_id > '1'", "creation_time > 3", "creation_time > 3.5",
    "creation_time > '3'", "last_update_time <= 9", "tags.a = 'x'", "tag.a != 'x'", "tags.`a b` LIKE 'x%'", "tags.a IS NULL", "tags.a IS NOT NULL",
    "name IS NULL", "tags.a IN ('x')", "tags.a > 'x'", "metrics.a > 1", "params.a = 'x'", "lifecycle_stage = 'active'", "foo = 'x'",
    "name = 'a' AND tags.b = 'c'", "name = 'a' OR name = 'b'", "name = \"a\"", "`name` = 'a'", "name = a", "name = 1", "",
]
MODELS = [
    "name = 'a'", "name = \"a\"", "metrics.a > 1", "metric.a > 1", "tags.`a b` = 'x'", "params.x IN ('a', 'b')", "params.x in ('a')",
    "creation_timestamp > 3", "creation_time > 3", "last_updated_timestamp < 9", "status = 'READY'", "attributes.name = 'x'", "tags.a IS NULL",
    "name = 'a' OR name = 'b'", "metrics.a > 'x'", "name NOT IN ('a')", "model_type ILIKE 'A%'", "(name = 'a')", "name > 'a'", "name = 'a' AND",
    "metrics.a LIKE 'x'", "model_id = 'm-1'", "source_run_id = 'x'", "tag.a = 'x'", "param.a = 'x'", "attribute.name = 'x'", "params.x LIKE 'a%'",
    "metrics.`a b` >= -0.5 AND params.y != 'z'",
]
ORDERS = [
    "start_time", "start_time DESC", "metrics.a asc", "metrics.`a b` DESC", 'metrics."a b" desc', "params.x ASC NULLS LAST", "run_name",
    "created desc", "Created", "attribute.start_time", "tag.x", "tags.`mlflow.user` DESC", "dataset.name", "lifecycle_stage", "metrics.a b c",
    "start_time down", "timestamp", "timestamp desc", "", "start_time  DESC", "metrics.a/b desc", "metrics.'a b' desc", "metrics.a,b", "status",
    "user_id desc", "end_time", "artifact_uri", "run_id asc", "metric.a.b", "parameter.x", "run.status", "Metrics.a", "duration", "metrics.a\tdesc",
    "metrics.`desc`", "metrics.desc", "metrics.a DESC;", "-metrics.a", "metrics.1a", "params.lr desc, params.x", "`metrics`.`a`",
    "start_time desc desc", "metrics.type", "metrics.order desc",
]


def runs(text):
    clauses = SearchUtils.parse_search_filter(text)
    for c in clauses:
        key, op = SearchUtils.translate_key_alias(c["key"]), c["comparator"].upper()
        SearchUtils.is_attribute(c["type"], key, op)
        for check in (SearchUtils.is_metric, SearchUtils.is_param, SearchUtils.is_tag, SearchUtils.is_dataset):
            check(c["type"], op)
        if c["type"] == "metric":
            c["value"] = float(c["value"])
        c["key"], c["comparator"] = key, op
    return clauses


def experiments(text):
    clauses = SearchExperimentsUtils.parse_search_filter(text)
    store._get_search_experiments_filter_clauses(clauses, "sqlite")
    return clauses


def models(text):
    return [
        {"type": c.entity.type.value.rstrip("s"), "key": c.entity.key.removesuffix("_ms"), "comparator": c.op, "value": c.value}
        for c in parse_filter_string(text)
    ]


def order(text):
    kind, key, ascending = SearchUtils.parse_order_by_for_search_runs(text)
    if kind == "dataset":
        raise ValueError("refused by the store")
    return [{"type": kind, "key": SearchUtils.translate_key_alias(key), "comparator": "ASC" if ascending else "DESC", "value": None}]


def verdict(domain, parse, text):
    try:
        clauses = parse(text)
    except Exception:
        return {"domain": domain, "text": text, "ok": False}
    names = {"parameter": "param", "param": "param"}
    out = []
    for c in clauses:
        value = c["value"]
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            value = str(value)
        out.append({"entity": names.get(c["type"], c["type"]), "key": c["key"], "op": c["comparator"].upper(), "value": value})
    return {"domain": domain, "text": text, "ok": True, "clauses": out}


def texts():
    yield from (f"{k} {o} 1" for k in KEYS for o in OPS)
    yield from (f"metrics.loss > {n}" for n in NUMBERS)
    yield from (f"start_time >= {n}" for n in NUMBERS)
    yield from (f"{k} = 'x'" for k in TEXT_KEYS + ATTRIBUTES + DATASETS)
    yield from (f"{k} {o} 'x'" for k in ("params.lr", "tags.a", "user_id", "dataset.name") for o in OPS)
    yield from (f"{k} > 5" for k in TIMES)
    yield from (f"{k} {o} {v}" for k, o in (("params.lr", "="), ("run_id", "IN"), ("status", "="), ("dataset.digest", "NOT IN"), ("user_id", "IN"))
                for v in VALUES)
    yield from ODD


seen = set()
for domain, parse, source in (("runs", runs, texts()), ("experiments", experiments, EXPERIMENTS), ("models", models, MODELS), ("order", order, ORDERS)):
    for text in itertools.chain(source):
        if (domain, text) not in seen:
            seen.add((domain, text))
            print(json.dumps(verdict(domain, parse, text)))
