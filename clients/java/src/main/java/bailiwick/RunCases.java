package bailiwick;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.Page;

/** Runs and what is logged in them. */
final class RunCases {
  private RunCases() {}

  static void add(Map<String, Main.Case> cases) {
    cases.put("run-life", RunCases::life);
    cases.put("run-values", RunCases::values);
    cases.put("run-batch", RunCases::batch);
    cases.put("run-history", RunCases::history);
    cases.put("run-search", RunCases::search);
    cases.put("run-context", RunCases::context);
    cases.put("run-default-experiment", RunCases::defaultExperiment);
  }

  static Map<String, String> tagsOf(Run run) {
    return run.getData().getTagsList().stream().collect(Collectors.toMap(RunTag::getKey, RunTag::getValue));
  }

  static Map<String, String> paramsOf(Run run) {
    return run.getData().getParamsList().stream().collect(Collectors.toMap(Param::getKey, Param::getValue));
  }

  static Map<String, Double> metricsOf(Run run) {
    return new TreeMap<>(run.getData().getMetricsList().stream().collect(Collectors.toMap(Metric::getKey, Metric::getValue)));
  }

  static void life(World w) throws Exception {
    MlflowClient ada = w.ada();
    String experiment = ada.createExperiment(w.path("runs"));
    RunInfo made = ada.createRun(CreateRun.newBuilder().setExperimentId(experiment).setRunName("erster").setStartTime(1_700_000_000_123L)
        .setUserId("root").addTags(RunTag.newBuilder().setKey("kind").setValue("nightly")).build());
    String id = made.getRunId();
    Expect.equal(made.getRunUuid(), id);
    Expect.equal(made.getUserId(), w.name("ada"));
    Expect.equal(made.getStatus(), RunStatus.RUNNING);
    Expect.equal(made.getStartTime(), 1_700_000_000_123L);
    Expect.equal(made.getRunName(), "erster");
    Expect.that(made.getArtifactUri().contains(id), made);

    ada.setTag(id, "keep", "1");
    ada.setTag(id, "drop", "1");
    ada.deleteTag(id, "drop");
    Expect.missing(() -> { ada.deleteTag(id, "drop"); return null; });
    Map<String, String> tags = tagsOf(ada.getRun(id));
    Expect.equal(tags.get("kind") + tags.get("keep") + tags.get("drop"), "nightly1null");

    ada.setTerminated(id, RunStatus.FAILED, 1_700_000_001_000L);
    RunInfo ended = ada.getRun(id).getInfo();
    Expect.equal(ended.getStatus() + "@" + ended.getEndTime(), "FAILED@1700000001000");
    ada.deleteRun(id);
    Expect.equal(ada.getRun(id).getInfo().getLifecycleStage(), "deleted");
    Expect.fails(400, () -> { ada.logMetric(id, "late", 1); return null; }, "INVALID_PARAMETER_VALUE");
    ada.restoreRun(id);
    ada.logMetric(id, "late", 1);
    ada.setTerminated(id);
    Expect.equal(ada.getRun(id).getInfo().getStatus(), RunStatus.FINISHED);
  }

  static void values(World w) throws Exception {
    MlflowClient ada = w.ada();
    String run = ada.createRun(ada.createExperiment(w.path("values"))).getRunId();
    Map<String, Double> want = new TreeMap<>(Map.of("nan", Double.NaN, "tiny", Double.MIN_VALUE, "huge", Double.MAX_VALUE, "third", 1.0 / 3,
        "whole", 7.0));
    want.forEach((key, value) -> ada.logMetric(run, key, value, 1_700_000_000_000L, -3));
    // MLflow's own server keeps the largest finite number for an infinite one.
    ada.logMetric(run, "up", Double.POSITIVE_INFINITY);
    ada.logMetric(run, "down", Double.NEGATIVE_INFINITY);
    want.putAll(Map.of("up", Double.MAX_VALUE, "down", -Double.MAX_VALUE));
    Expect.equal(metricsOf(ada.getRun(run)), want);
    Metric point = ada.getMetricHistory(run, "third").get(0);
    Expect.equal(point.getStep() + "@" + point.getTimestamp(), "-3@1700000000000");

    ada.logParam(run, "größe/ä b", "ü\"\\\n\uD83D\uDE00");
    ada.logParam(run, "empty", "");
    ada.logParam(run, "again", "same");
    ada.logParam(run, "again", "same");
    Expect.equal(paramsOf(ada.getRun(run)), Map.of("größe/ä b", "ü\"\\\n\uD83D\uDE00", "empty", "", "again", "same"));
    Expect.fails(400, () -> { ada.logParam(run, "again", "other"); return null; }, "INVALID_PARAMETER_VALUE", "again");
    Expect.fails(400, () -> { ada.logParam(run, "bad\tkey", "x"); return null; }, "INVALID_PARAMETER_VALUE");
  }

  static void batch(World w) throws Exception {
    MlflowClient ada = w.ada();
    String run = ada.createRun(ada.createExperiment(w.path("batch"))).getRunId();
    List<Metric> metrics = new ArrayList<>();
    for (int step = 0; step < 500; step++) {
      metrics.add(Metric.newBuilder().setKey("loss").setValue(1.0 / (step + 1)).setTimestamp(1000 + step).setStep(step).build());
    }
    List<Param> params = List.of(Param.newBuilder().setKey("depth").setValue("4").build());
    List<RunTag> tags = List.of(RunTag.newBuilder().setKey("owner").setValue("ada").build());
    ada.logBatch(run, metrics, params, tags);
    ada.logBatch(run, null, null, List.of(RunTag.newBuilder().setKey("owner").setValue("eve").build()));
    Run got = ada.getRun(run);
    Expect.equal(metricsOf(got), Map.of("loss", 1.0 / 500));
    Expect.equal(paramsOf(got), Map.of("depth", "4"));
    Expect.equal(tagsOf(got).get("owner"), "eve");
  }

  static void history(World w) throws Exception {
    MlflowClient ada = w.ada();
    String run = ada.createRun(ada.createExperiment(w.path("history"))).getRunId();
    for (int batch = 0; batch < 3; batch++) {
      List<Metric> metrics = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        long step = batch * 1000 + i;
        metrics.add(Metric.newBuilder().setKey("m").setValue(step).setTimestamp(step).setStep(step).build());
      }
      ada.logBatch(run, metrics, List.of(), List.of());
    }
    List<Metric> history = ada.getMetricHistory(run, "m");
    Expect.equal(history.size(), 3000);
    for (int i = 0; i < 3000; i++) {
      Expect.equal(history.get(i).getStep(), (long) i);
    }
    Expect.equal(ada.getMetricHistory(run, "never").size(), 0);
  }

  static void search(World w) throws Exception {
    MlflowClient ada = w.ada();
    String experiment = ada.createExperiment(w.path("searched"));
    for (int i = 0; i < 7; i++) {
      String run = ada.createRun(experiment).getRunId();
      ada.logMetric(run, "acc", i);
      ada.logParam(run, "odd", String.valueOf(i % 2));
    }
    List<Double> got = new ArrayList<>();
    Page<Run> page = ada.searchRuns(List.of(experiment), "metrics.acc > 0.5", ViewType.ACTIVE_ONLY, 2, List.of("metrics.acc DESC"));
    for (; ; page = page.getNextPage()) {
      page.getItems().forEach(run -> got.add(metricsOf(run).get("acc")));
      if (!page.hasNextPage()) {
        break;
      }
    }
    Expect.equal(got, List.of(6.0, 5.0, 4.0, 3.0, 2.0, 1.0));
    Expect.equal(ada.searchRuns(List.of(experiment), "params.odd = '1'").size(), 3);
    Expect.equal(ada.listRunInfos(experiment).size(), 7);
    Expect.fails(400, () -> ada.searchRuns(List.of(experiment), "metrics.acc >>> 1"), "INVALID_PARAMETER_VALUE");
    Expect.equal(ada.searchRuns(List.of(experiment), "", ViewType.DELETED_ONLY, 10).getItems().size(), 0);
  }

  static void context(World w) throws Exception {
    MlflowClient ada = w.ada();
    MlflowContext context = new MlflowContext(ada);
    context.setExperimentId(ada.createExperiment(w.path("context")));
    String[] ids = new String[2];
    context.withActiveRun("outer", outer -> {
      ids[0] = outer.getId();
      outer.logParams(Map.of("a", "1", "b", "2"));
      outer.logMetrics(Map.of("x", 0.5, "y", 1.5), 3);
      outer.setTags(Map.of("t", "v"));
      ids[1] = context.startRun("inner", outer.getId()).getId();
    });
    Run outer = ada.getRun(ids[0]);
    Expect.equal(outer.getInfo().getStatus(), RunStatus.FINISHED);
    Expect.equal(metricsOf(outer), new TreeMap<>(Map.of("x", 0.5, "y", 1.5)));
    Expect.equal(tagsOf(outer).get("mlflow.runName"), "outer");
    Expect.equal(tagsOf(ada.getRun(ids[1])).get("mlflow.parentRunId"), ids[0]);
    context.setExperimentName(w.path("context"));
    Expect.equal(context.getExperimentId(), outer.getInfo().getExperimentId());
  }

  static void defaultExperiment(World w) throws Exception {
    MlflowClient ada = w.ada();
    RunInfo run = ada.createRun();
    Expect.equal(run.getExperimentId(), "0");
    Expect.equal(ada.getRun(run.getRunId()).getInfo().getUserId(), w.name("ada"));
  }
}
