-- Databricks notebook source
-- MAGIC %md ## Revenue by month

-- COMMAND ----------

SELECT month, sum(amount) AS revenue
FROM sales.orders
GROUP BY month -- fiscal months

-- COMMAND ----------

-- MAGIC %python
-- MAGIC display(_sqldf)

-- COMMAND ----------

CREATE OR REPLACE TEMP VIEW top AS SELECT * FROM sales.orders LIMIT 10
