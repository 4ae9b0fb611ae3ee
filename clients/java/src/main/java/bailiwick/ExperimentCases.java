package bailiwick;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.Service.CreateExperiment;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.ExperimentTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ExperimentsPage;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.Page;

/** Experiments, from first to last. */
final class ExperimentCases {
  private ExperimentCases() {}

  static void add(Map<String, Main.Case> cases) {
    cases.put("sign-in", ExperimentCases::signIn);
    cases.put("experiment-life", ExperimentCases::life);
    cases.put("experiment-tags", ExperimentCases::tags);
    cases.put("experiment-by-name", ExperimentCases::byName);
    cases.put("experiment-search", ExperimentCases::search);
  }

  static void signIn(World w) throws Exception {
    MlflowClient ada = w.ada();
    String id = ada.createExperiment(w.path("signed"));
    Expect.equal(ada.createRun(id).getUserId(), w.name("ada"));
  }

  static void life(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = w.path("life");
    String id = ada.createExperiment(name);
    Experiment made = ada.getExperiment(id);
    Expect.equal(made.getName(), name);
    Expect.equal(made.getLifecycleStage(), "active");
    Expect.that(made.getCreationTime() > 1_600_000_000_000L && made.getLastUpdateTime() >= made.getCreationTime(), made);
    Expect.that(made.getArtifactLocation().contains(id), made);
    Expect.fails(400, () -> ada.createExperiment(name), "RESOURCE_ALREADY_EXISTS");

    ada.renameExperiment(id, name + "-2");
    Expect.equal(ada.getExperiment(id).getName(), name + "-2");
    ada.deleteExperiment(id);
    Expect.equal(ada.getExperiment(id).getLifecycleStage(), "deleted");
    ada.restoreExperiment(id);
    Expect.equal(ada.getExperiment(id).getLifecycleStage(), "active");
    Expect.missing(() -> ada.getExperiment("123456789"));
  }

  static void tags(World w) throws Exception {
    MlflowClient ada = w.ada();
    String id = ada.createExperiment(CreateExperiment.newBuilder().setName(w.path("tagged"))
        .addTags(ExperimentTag.newBuilder().setKey("team").setValue("größe")).build());
    ada.setExperimentTag(id, "tier", "1");
    ada.setExperimentTag(id, "tier", "2");
    List<ExperimentTag> tags = ada.getExperiment(id).getTagsList();
    Expect.equal(valueOf(tags, "team"), "größe");
    Expect.equal(valueOf(tags, "tier"), "2");
  }

  static String valueOf(List<ExperimentTag> tags, String key) {
    return tags.stream().filter(t -> t.getKey().equals(key)).map(ExperimentTag::getValue).findFirst().orElse("(none)");
  }

  static void byName(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = w.path("named ä/b".replace('/', '_'));
    Expect.that(ada.getExperimentByName(name).isEmpty(), name);
    String id = ada.createExperiment(name);
    Expect.equal(ada.getExperimentByName(name).get().getExperimentId(), id);
  }

  static void search(World w) throws Exception {
    MlflowClient ada = w.ada();
    List<String> want = new ArrayList<>();
    for (int i = 4; i >= 0; i--) {
      want.add(w.path("found-" + i));
      ada.createExperiment(want.get(want.size() - 1));
    }
    String like = "name LIKE '" + w.path("found-") + "%'";
    Page<Experiment> page = ada.searchExperiments(like, ViewType.ACTIVE_ONLY, 2, List.of("name DESC"));
    List<String> got = new ArrayList<>();
    for (; ; page = page.getNextPage()) {
      for (Experiment e : page.getItems()) {
        got.add(e.getName());
      }
      if (!page.hasNextPage()) {
        break;
      }
    }
    Expect.equal(got, want);
    ExperimentsPage all = ada.searchExperiments(like);
    Expect.equal(all.getItems().size(), 5);
    Expect.that(!ada.searchExperiments().getItems().isEmpty(), "all experiments");
  }
}
