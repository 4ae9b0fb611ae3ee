"""Fills a real MLflow store (3.17.2, SQLite) with runs, experiments and logged models and prints them with the answers to searches, metric
histories and samples, as one JSON document. Run by hand:

    python -W ignore searches.py > searches.json
"""

import json
import random
import tempfile

from mlflow.entities import (Dataset, DatasetInput, InputTag, LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric, Param, RunTag, ViewType)
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

random.seed(7)
folder = tempfile.mkdtemp()
store = SqlAlchemyStore(f"sqlite:///{folder}/db.sqlite", f"{folder}/artifacts")
WORDS = ["alpha", "Alpha", "beta", "Beta_1", "gamma%", "a_b", "", "x y", "delta", "ALPHABET"]
NAN, INF = float("nan"), float("inf")
exps = [store.create_experiment(f"e{i}") for i in range(2)]

runs = []
for i in range(60):
    tags = [RunTag(k, random.choice(WORDS)) for k in ("owner", "a b", "mlflow.note") if random.random() < 0.7]
    run = store.create_run(random.choice(exps), random.choice(["ann", "bob", "Ann"]), random.choice([1000, 2000, 3000, 4000 + i]), tags,
                           random.choice(["first", "Second", "third run"]) + str(i % 7))
    rid = run.info.run_id
    params = [Param(k, random.choice(WORDS)) for k in ("lr", "kind", "depth x") if random.random() < 0.7]
    metrics = [Metric(k, random.choice([0.0, 0.5, -1.5, 3.0, 1e9, NAN, INF, -INF, random.random()]), random.choice([5, 6]), random.choice([0, 1, 2]))
               for k in ("loss", "acc", "loss", "m/x") if random.random() < 0.8]
    store.log_batch(rid, metrics, params, [])
    if random.random() < 0.5:
        inputs = [DatasetInput(Dataset(random.choice(["train", "Test"]), random.choice(["d1", "d2"]), "local", "s"),
                               [InputTag("mlflow.data.context", random.choice(["training", "eval"]))] if random.random() < 0.7 else [])]
        store.log_inputs(rid, inputs)
    if random.random() < 0.6:
        store.update_run_info(rid, random.choice([3, 4, 5]), random.choice([7000, 8000, 9000]), None)
    if random.random() < 0.15:
        store.delete_run(rid)
    runs.append((rid, metrics))

QUERIES = [
    ("", []), ("", ["metrics.loss ASC"]), ("", ["metrics.loss DESC"]), ("", ["metrics.acc"]), ("", ["params.lr"]), ("", ["params.lr DESC", "metrics.loss"]),
    ("", ["tags.owner ASC"]), ("", ["end_time ASC"]), ("", ["end_time DESC"]), ("", ["start_time ASC"]), ("", ["status", "user_id DESC"]),
    ("", ["run_id DESC"]), ("", ["run_name"]), ("", ["tags.`a b` DESC", "params.`depth x`"]), ("", ["metrics.`m/x` DESC"]), ("", ["metrics.none"]),
    ("metrics.loss > 0", []), ("metrics.loss >= 0.5", ["metrics.loss"]), ("metrics.loss < 0", []), ("metrics.loss <= 0", []), ("metrics.loss = 0", []),
    ("metrics.loss != 0", []), ("metrics.loss != 0.5", []), ("metrics.`m/x` > -2", []), ("metrics.loss > 1e300", []), ("metrics.loss = 1e400", []),
    ("params.lr = 'alpha'", []), ("params.lr != 'alpha'", []), ("params.lr LIKE 'alpha%'", []), ("params.lr ILIKE 'ALPHA%'", []),
    ("params.lr LIKE '%a_b%'", []), ("params.lr LIKE '_eta'", []), ("params.lr ILIKE '%A'", []), ("params.lr LIKE ''", []), ("params.lr LIKE '%'", []),
    ("params.lr = ''", []), ("params.lr LIKE '%ph%be%'", []), ("params.lr LIKE 'a%a'", []), ("params.lr ILIKE '_lpha'", []), ("params.lr LIKE 'gamma%'", []),
    ("params.lr IS NULL", []), ("params.lr IS NOT NULL AND tags.owner IS NULL", []), ("params.`depth x` = 'x y'", []), ("params.none IS NULL", []),
    ("params.none = 'a'", []), ("tags.owner = 'alpha' AND tags.`a b` != 'beta'", []), ("tags.mlflow.note LIKE '%e%'", []),
    ("tags.mlflow.runName LIKE 'first%'", []), ("run_name = 'Second1'", []), ("run_name ILIKE 'second%'", []), ("`run name` LIKE '%run%'", []),
    ("status = 'RUNNING'", []), ("status != 'RUNNING'", []), ("status LIKE 'F%'", []), ("user_id = 'ann'", []), ("user_id ILIKE 'ANN'", []),
    ("start_time = 1000", []), ("start_time > 2000.5", []), ("end_time > 7000", []), ("end_time != 7000", []), ("end_time <= 7000", []),
    ("created < 3000", []), ("dataset.name = 'train'", []), ("dataset.name != 'train'", []), ("datasets.digest IN ('d1', 'd9')", []),
    ("dataset.digest NOT IN ('d1')", []), ("dataset.context = 'eval'", []), ("dataset.context != 'eval'", []), ("dataset.name ILIKE 'T%' AND dataset.context LIKE 'tr%'", []),
    ("artifact_uri LIKE '%artifacts'", []), ("artifact_uri LIKE '%@0@%'", []), ("run_id = '@0@'", []), ("run_id IN ('@0@', '@1@', '@2@')", ["run_id"]),
    ("run_id NOT IN ('@0@')", []), ("run_id LIKE '%a%'", []), ("metrics.loss > -5 AND params.lr != 'zzz' AND status = 'FINISHED'", ["metrics.acc DESC"]),
    ("metrics.loss > 0 AND metrics.loss < 2", []),
]


def number(v):
    return {NAN: "NaN"}.get(v, v) if v == v else "NaN"


def fill(text):
    for i in range(3):
        text = text.replace(f"@{i}@", runs[i][0])
    return text


answers = []
for view in (ViewType.ACTIVE_ONLY, ViewType.ALL):
    for text, order in QUERIES:
        found = store.search_runs(exps, fill(text), view, 1000, order, None)
        answers.append({"filter": fill(text), "order": order, "view": int(view), "ids": [r.info.run_id for r in found]})

shown = []
for rid, logged in runs:
    r = store.get_run(rid)
    shown.append({
        "id": rid, "experiment": r.info.experiment_id, "name": r.info.run_name, "user": r.info.user_id, "status": r.info.status, "start": r.info.start_time,
        "end": r.info.end_time, "stage": r.info.lifecycle_stage, "uri": r.info.artifact_uri.replace(folder, "/store"),
        "logged": [[m.key, str(m.value), m.timestamp, m.step] for m in logged],
        "latest": {k: str(v) for k, v in r.data.metrics.items()},
        "params": r.data.params, "tags": r.data.tags,
        "datasets": [[d.dataset.name, d.dataset.digest, (d.tags or [InputTag("", "")])[0].value] for d in r.inputs.dataset_inputs],
    })

busy = store.create_run(exps[0], "ann", 1, [], "busy").info.run_id
points = [Metric("m", random.choice([0.0, NAN, INF, 1.5, -2.0]), random.choice([1, 2, 3]), random.choice([0, 1, 2, 7])) for _ in range(300)]
for i in range(0, 300, 30):
    store.log_batch(busy, points[i:i + 30], [], [])
plain = lambda ms: [[str(m.value), m.timestamp, m.step] for m in ms]
history = {
    "logged": plain(points), "history": plain(store.get_metric_history(busy, "m")),
    "samples": [{"max": n, "first": a, "last": b, "points": [[str(m.value), m.timestamp, m.step]
                 for m in store.get_metric_history_bulk_interval([busy], "m", n, a, b)]}
                for n in (1, 2, 3, 7, 10, 25, 49, 1000) for a, b in ((None, None), (1, 7), (5, 6))],
}

models = []
for i in range(30):
    m = store.create_logged_model(random.choice(exps), random.choice(["one", "two", "Three"]), random.choice([None, runs[i][0]]),
                                  [LoggedModelTag(k, random.choice(WORDS)) for k in ("t", "a b") if random.random() < 0.7],
                                  [LoggedModelParameter(k, random.choice(WORDS[:6])) for k in ("p",) if random.random() < 0.7],
                                  random.choice([None, "llm", "Agent"]))
    alive = [r for r in runs if r[0] in {s["id"] for s in shown if s["stage"] == "active"}]
    for _ in range(random.randint(0, 4)):
        name, digest = random.choice([(None, None), ("train", "d1"), ("train", "d2"), ("test", "d1")])
        store.log_metric(random.choice(alive)[0], Metric(random.choice(["acc", "loss"]), random.choice([0.1, 0.2, 0.9, 5.0]), random.choice([1, 2]),
                                                   random.choice([0, 1]), m.model_id, name, digest))
    if random.random() < 0.6:
        store.finalize_logged_model(m.model_id, random.choice([LoggedModelStatus.READY, LoggedModelStatus.FAILED]))
    if random.random() < 0.1:
        store.delete_logged_model(m.model_id)
    models.append(m.model_id)

MODEL_QUERIES = [
    ("", None, []), ("name = 'one'", None, []), ("name != 'one'", None, []), ("name ILIKE 't%'", None, []), ("name IN ('one', 'two')", None, []),
    ("model_type = 'llm'", None, []), ("model_type != 'llm'", None, []), ("params.p = 'alpha'", None, []), ("params.p IN ('alpha', 'beta')", None, []),
    ("tags.t LIKE 'a%'", None, []), ("tags.`a b` != 'alpha'", None, []), ("metrics.acc > 0.15", None, []), ("metrics.acc != 0.9", None, []),
    ("metrics.acc > 0.15", [{"dataset_name": "train"}], []), ("metrics.acc > 0.15", [{"dataset_name": "train", "dataset_digest": "d2"}], []),
    ("", [{"dataset_name": "train"}], []), ("", [{"dataset_name": "train", "dataset_digest": "d1"}, {"dataset_name": "test"}], []),
    ("name = 'one'", [{"dataset_name": "test"}], []), ("", None, [{"field_name": "name"}]), ("", None, [{"field_name": "name", "ascending": False}]),
    ("", None, [{"field_name": "metrics.acc"}]), ("", None, [{"field_name": "metrics.acc", "ascending": False}]),
    ("", None, [{"field_name": "metrics.loss", "dataset_name": "train"}]),
    ("", None, [{"field_name": "metrics.acc", "dataset_name": "train", "dataset_digest": "d1", "ascending": False}]),
    ("", None, [{"field_name": "model_type"}, {"field_name": "creation_time"}]), ("", None, [{"field_name": "source_run_id", "ascending": False}]),
    ("metrics.acc <= 0.9 AND name != 'two'", None, [{"field_name": "metrics.acc"}]), ("", None, [{"field_name": "model_id"}]),
]
model_answers = [{"filter": f, "datasets": d or [], "order": o,
                  "ids": [m.model_id for m in store.search_logged_models(exps, f, d, 1000, o)]} for f, d, o in MODEL_QUERIES]
shown_models = []
for mid in models:
    m = store.get_logged_model(mid, allow_deleted=True)
    gone = mid not in {x.model_id for x in store.search_logged_models(exps, max_results=1000)}
    shown_models.append({
        "id": mid, "experiment": m.experiment_id, "name": m.name, "type": m.model_type or "", "status": str(m.status), "run": m.source_run_id or "",
        "created": m.creation_timestamp, "updated": m.last_updated_timestamp, "stage": "deleted" if gone else "active", "params": m.params, "tags": m.tags,
        "metrics": [[x.key, x.value, x.timestamp, x.step, x.dataset_name or "", x.dataset_digest or "", x.run_id or ""] for x in m.metrics or []],
    })

print(json.dumps({"runs": shown, "searches": answers, "history": history, "models": shown_models, "model_searches": model_answers}, separators=(",", ":")))
