# Databricks notebook source
library(survival)
library(magrittr)

# COMMAND ----------

fit <- lung %>%
  subset(age %in% 40:70) %>%
  survfit(Surv(time, status) ~ sex, data = .)
summary(fit)

# COMMAND ----------

# MAGIC %python
# MAGIC print("from python")
