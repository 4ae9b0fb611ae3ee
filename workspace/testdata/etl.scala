// Databricks notebook source
import org.apache.spark.sql.functions._

val events = spark.read.parquet("/mnt/events")
  .filter(col("day") > "2024-01-01")

// COMMAND ----------

// MAGIC %sh
// MAGIC ls -l /mnt/events | head
// MAGIC df -h

// COMMAND ----------

// DBTITLE 1,Write, partitioned
events.write.partitionBy("day").mode("overwrite").save("/mnt/out")
