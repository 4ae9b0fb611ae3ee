# Databricks notebook source
# MAGIC %md
# MAGIC # Churn, weekly training
# MAGIC
# MAGIC Trains on the **last 90 days** and logs to `/Users/ana@example.com/churn`.
# MAGIC - owner: Ana
# MAGIC - data: `sales.events`

# COMMAND ----------

# MAGIC %pip install scikit-learn==1.5.2
# MAGIC %pip install -r requirements.txt

# COMMAND ----------

# MAGIC %run ./setup $env="prod"

# COMMAND ----------

# DBTITLE 1,Load the events
import mlflow
import pandas as pd

df = spark.table("sales.events").where("day >= current_date() - 90").toPandas()

# COMMAND ----------

# DBTITLE 0,Look at it
# MAGIC %sql
# MAGIC -- how many a day
# MAGIC SELECT day, count(*) AS n
# MAGIC FROM sales.events
# MAGIC GROUP BY day

# COMMAND ----------

with mlflow.start_run(run_name="weekly"):
    model = train(df)


    # two blank lines above, and a literal "# MAGIC" in the text
    mlflow.log_metric("auc", score(model, df))

# COMMAND ----------


