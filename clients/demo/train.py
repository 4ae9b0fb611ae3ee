"""What a data scientist has in her repository: it trains a model, and registers it. Usage: train.py EXPERIMENT MODEL C"""

import sys

import mlflow
import pandas
from sklearn.linear_model import LogisticRegression

experiment, name, strength = sys.argv[1:]
mlflow.set_experiment(experiment)
customers = pandas.DataFrame({"age": range(20, 60), "calls": [i % 7 for i in range(40)], "left": [int(i % 7 > 3) for i in range(40)]})
with mlflow.start_run(run_name=f"C={strength}") as run:
    mlflow.log_input(mlflow.data.from_pandas(customers, source="customers.csv", name="customers", targets="left"), context="training")
    mlflow.log_param("C", strength)
    model = LogisticRegression(C=float(strength)).fit(customers[["age", "calls"]], customers["left"])
    mlflow.sklearn.log_model(model, name="model", registered_model_name=name, pip_requirements=["scikit-learn"])
print(run.info.run_id)
