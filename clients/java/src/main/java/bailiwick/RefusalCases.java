package bailiwick;

import java.util.List;
import java.util.Map;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/** Being refused: the exception carries the reason. */
final class RefusalCases {
  private RefusalCases() {}

  static void add(Map<String, Main.Case> cases) {
    cases.put("refused-stranger", RefusalCases::stranger);
    cases.put("refused-reader", RefusalCases::reader);
    cases.put("refused-credential", RefusalCases::credential);
    cases.put("allowed-editor", RefusalCases::editor);
  }

  static void stranger(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = w.path("closed");
    String experiment = ada.createExperiment(name);
    String run = ada.createRun(experiment).getRunId();
    String giver = w.name("ada");
    try (MlflowClient bob = w.as("bob")) {
      Expect.refused("CAN_READ", giver, () -> bob.getExperiment(experiment));
      Expect.refused("CAN_READ", giver, () -> bob.getExperimentByName(name));
      Expect.refused("CAN_READ", giver, () -> bob.getRun(run));
      Expect.refused("CAN_READ", giver, () -> bob.getMetricHistory(run, "m"));
      Expect.refused("CAN_EDIT", giver, () -> bob.createRun(experiment));
      Expect.refused("CAN_EDIT", giver, () -> { bob.logParam(run, "p", "1"); return null; });
      Expect.refused("CAN_EDIT", giver, () -> { bob.deleteExperiment(experiment); return null; });
      Expect.refused("CAN_EDIT", giver, () -> bob.createExperiment(w.path("theirs")));
      Expect.equal(bob.searchExperiments("name = '" + name + "'").getItems().size(), 0);
    }
  }

  static void reader(World w) throws Exception {
    MlflowClient ada = w.ada();
    String experiment = ada.createExperiment(w.path("read"));
    String run = ada.createRun(experiment).getRunId();
    ada.logMetric(run, "m", 1);
    String giver = w.name("ada");
    try (MlflowClient rita = w.as("rita")) {
      Expect.equal(rita.getRun(run).getData().getMetrics(0).getValue(), 1.0);
      Expect.equal(rita.searchRuns(List.of(experiment), "metrics.m = 1").size(), 1);
      Expect.refused("CAN_EDIT", giver, () -> { rita.logMetric(run, "m", 2); return null; });
      Expect.refused("CAN_EDIT", giver, () -> { rita.setExperimentTag(experiment, "t", "v"); return null; });
      Expect.refused("CAN_EDIT", giver, () -> { rita.deleteRun(run); return null; });
    }
    Expect.equal(ada.getMetricHistory(run, "m").size(), 1);
  }

  static void editor(World w) throws Exception {
    String experiment = w.ada().createExperiment(w.path("edited"));
    try (MlflowClient ed = w.as("ed")) {
      String run = ed.createRun(experiment).getRunId();
      ed.logMetric(run, "m", 2);
      ed.setExperimentTag(experiment, "by", "ed");
      Expect.equal(w.ada().getRun(run).getInfo().getUserId(), w.name("ed"));
      ed.deleteExperiment(ed.createExperiment(w.path("edited-2")));
      Expect.refused("CAN_MANAGE", w.name("ada"), () -> { ed.renameExperiment(experiment, w.path("edited-3")); return null; });
    }
  }

  static void credential(World w) throws Exception {
    String experiment = w.ada().createExperiment(w.path("locked"));
    for (MlflowClient nobody : List.of(new MlflowClient(w.server()), new MlflowClient(new BasicMlflowHostCreds(w.server(), "dapi0")),
        new MlflowClient(new BasicMlflowHostCreds(w.server(), w.name("ada"), "wrong")))) {
      Expect.fails(401, () -> nobody.getExperiment(experiment), "error_code");
    }
    Expect.missing(() -> w.ada().getRun("0".repeat(32)));
  }
}
