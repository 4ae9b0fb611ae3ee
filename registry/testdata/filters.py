"""Prints what MLflow's own parsers and its SQL store say about filters and orders of registered models and versions, one JSON object a line.
Run by hand with an mlflow 3.17.2:

    python -W ignore filters.py > filters.jsonl
"""

import json

from sqlalchemy.dialects import sqlite

from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils

store = SqlAlchemyStore.__new__(SqlAlchemyStore)
store._get_workspace_clauses = lambda table: []

TEXT_OPS = ["=", "!=", ">", "LIKE", "ilike", "IN", "not in", "==", "<>"]
VALUES = ["'x'", '"x"', "''", "'%x_'", "x", "1", "('a', 'b')", "('a',)", "()", "(1)", "'open"]
NUMBERS = ["1", "-1", "3.5", "'7'", "'x'", "x", "(1)", "('1')", '"8"']
KEYS = ["name", "`name`", "attribute.name", "attributes.name", "attr.name", "run_id", "attribute.run_id", "source_path", "source", "version", "version_number",
        "creation_timestamp", "last_updated_timestamp", "timestamp", "description", "tags.a", "tag.a", "tags.`a b`", 'tags."a b"', "tags.a.b",
        "tags.`mlflow.prompt.is_prompt`", "tags.mlflow.prompt.is_prompt", "params.a", "metrics.a", "current_stage", "user_id", "Name", "model_id"]
ODD = ["", "  ", "name = 'a' AND tags.b = 'c'", "name = 'a' OR name = 'b'", "NOT name = 'a'", "(name = 'a')", "name = 'a';", "name = 'a' AND", "AND name = 'a'",
       "name", "= 'a'", "name = 'a' 'b'", "name='a'AND tags.b='c'", "name LIKE '%a' and name != 'ab' And tags.c ILIKE 'X'", "run_id IN ('a','b') AND name = 'm'",
       "version_number > 1 AND version_number <= 3", "tags.a = 'x' AND tags.a != 'y'"]
ORDERS = ["name", "name ASC", "name DESC", "name desc", "timestamp", "timestamp ASC", "last_updated_timestamp DESC", "creation_timestamp", "creation_timestamp DESC",
          "version_number", "version_number desc", "run_id", "source_path", "tags.a", "attribute.name", "attribute.version_number DESC", "description", "",
          "name down", "name desc desc", "user_id", "current_stage", "metrics.a"]


def clauses(parser, build):
    def parse(text):
        parsed = parser.parse_search_filter(text)
        build(parsed)
        return [{"entity": c["type"], "key": c["key"], "op": c["comparator"].upper(), "value": c["value"]} for c in parsed]
    return parse


def order(parse):
    def run(text):
        terms = [str(t.compile(dialect=sqlite.dialect())) for t in parse([text])]
        column, direction = terms[0].split(".")[1].split(" ")
        return [{"entity": "attribute", "key": column, "op": direction, "value": None}]
    return run


DOMAINS = {
    "models": clauses(SearchModelUtils, lambda p: store._get_search_registered_model_filter_query(None, p, "sqlite")),
    "versions": clauses(SearchModelVersionUtils, lambda p: store._get_search_model_versions_filter_clauses(p, "sqlite")),
    "models order": order(store._parse_search_registered_models_order_by),
    "versions order": order(store._parse_search_model_versions_order_by),
}


def texts():
    for domain in ("models", "versions"):
        for key in KEYS:
            yield domain, f"{key} = 'x'"
        for key in ("name", "tags.a", "run_id", "source_path"):
            for op in TEXT_OPS:
                yield domain, f"{key} {op} 'x'"
            for value in VALUES:
                yield domain, f"{key} = {value}"
                yield domain, f"{key} IN {value}"
        for op in ("=", "!=", ">", ">=", "<", "<=", "LIKE", "IN"):
            yield domain, f"version_number {op} 2"
        for number in NUMBERS:
            yield domain, f"version_number = {number}"
        for text in ODD:
            yield domain, text
        for text in ORDERS:
            yield domain + " order", text


seen = set()
for domain, text in texts():
    if (domain, text) in seen:
        continue
    seen.add((domain, text))
    try:
        line = {"domain": domain, "text": text, "ok": True, "clauses": DOMAINS[domain](text)}
    except Exception:
        line = {"domain": domain, "text": text, "ok": False}
    print(json.dumps(line))
