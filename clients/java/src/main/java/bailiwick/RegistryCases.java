package bailiwick;

import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersionStatus;
import org.mlflow.api.proto.ModelRegistry.RegisteredModel;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.Page;

/** The model registry. This client reads it by methods of its own, and changes it by the requests that it sends as they are. */
final class RegistryCases {
  private RegistryCases() {}

  static void add(Map<String, Main.Case> cases) {
    cases.put("registry-model", RegistryCases::model);
    cases.put("registry-version", RegistryCases::version);
    cases.put("registry-stages", RegistryCases::stages);
    cases.put("registry-search", RegistryCases::search);
    cases.put("registry-refused", RegistryCases::refused);
    cases.put("registry-download", RegistryCases::download);
  }

  /** A flat JSON object of texts. */
  static String json(String... pairs) {
    List<String> fields = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) {
      fields.add('"' + pairs[i] + "\":\"" + pairs[i + 1].replace("\"", "\\\"") + '"');
    }
    return "{" + String.join(",", fields) + "}";
  }

  static String create(MlflowClient client, String name) {
    client.sendPost("registered-models/create", json("name", name));
    return name;
  }

  /** Where the files of the run are that the suite made, as this client is told. */
  static String source(MlflowClient client) {
    return client.getRun(World.given("RUN")).getInfo().getArtifactUri() + "/model";
  }

  static String addVersion(MlflowClient client, String name, String source) {
    return client.sendPost("model-versions/create", json("name", name, "source", source, "run_id", World.given("RUN")));
  }

  static String move(MlflowClient client, String name, String version, String stage) {
    return client.sendPost("model-versions/transition-stage", json("name", name, "version", version, "stage", stage));
  }

  static void model(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = create(ada, w.model("größe x"));
    RegisteredModel made = ada.getRegisteredModel(name);
    Expect.equal(made.getName(), name);
    Expect.equal(made.getUserId(), w.name("ada"));
    Expect.that(made.getCreationTimestamp() > 1_600_000_000_000L && made.getLatestVersionsCount() == 0, made);
    ada.sendPatch("registered-models/update", json("name", name, "description", "new"));
    ada.sendPost("registered-models/set-tag", json("name", name, "key", "team", "value", "a"));
    RegisteredModel changed = ada.getRegisteredModel(name);
    Expect.equal(changed.getDescription(), "new");
    Expect.that(changed.getTagsList().stream().anyMatch(t -> t.getKey().equals("team") && t.getValue().equals("a")), changed);
    Expect.fails(400, () -> create(ada, name), "RESOURCE_ALREADY_EXISTS", name);
    ada.sendPost("registered-models/rename", json("name", name, "new_name", name + "-2"));
    Expect.missing(() -> ada.getRegisteredModel(name));
    Expect.equal(ada.getRegisteredModel(name + "-2").getDescription(), "new");
  }

  static void version(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = create(ada, w.model("v"));
    String source = source(ada);
    addVersion(ada, name, source);
    ada.sendPatch("model-versions/update", json("name", name, "version", "1", "description", "first"));
    ModelVersion got = ada.getModelVersion(name, "1");
    Expect.equal(got.getStatus(), ModelVersionStatus.READY);
    Expect.equal(got.getCurrentStage() + got.getDescription() + got.getVersion(), "Nonefirst1");
    Expect.equal(got.getSource(), source);
    Expect.equal(got.getRunId(), World.given("RUN"));
    String uri = ada.getModelVersionDownloadUri(name, "1");
    Expect.that(uri.endsWith("/model-registry/" + name + "/1"), uri);
    Expect.equal(ada.getRegisteredModel(name).getLatestVersions(0).getVersion(), "1");
    Expect.missing(() -> ada.getModelVersion(name, "2"));
    Expect.fails(400, () -> ada.getModelVersion(name, "x"), "INVALID_PARAMETER_VALUE");
    Expect.fails(400, () -> addVersion(ada, name, "/etc"), "INVALID_PARAMETER_VALUE");
  }

  static void stages(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = create(ada, w.model("s"));
    addVersion(ada, name, source(ada));
    addVersion(ada, name, source(ada));
    move(ada, name, "1", "Production");
    ada.sendPost("model-versions/transition-stage",
        "{\"name\":\"" + name + "\",\"version\":\"2\",\"stage\":\"Production\",\"archive_existing_versions\":true}");
    Map<String, String> stages = ada.getLatestVersions(name).stream()
        .collect(Collectors.toMap(ModelVersion::getCurrentStage, ModelVersion::getVersion));
    Expect.equal(stages, Map.of("Archived", "1", "Production", "2"));
    Expect.equal(ada.getLatestVersions(name, List.of("Production")).get(0).getVersion(), "2");
    Expect.equal(ada.getLatestVersions(name, List.of("Staging")).size(), 0);
    Expect.fails(400, () -> move(ada, name, "1", "Garden"), "INVALID_PARAMETER_VALUE", "Garden");
  }

  static void search(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = create(ada, w.model("found"));
    for (int i = 0; i < 5; i++) {
      addVersion(ada, name, source(ada));
    }
    String filter = "name = '" + name + "'";
    List<String> got = new ArrayList<>();
    Page<ModelVersion> page = ada.searchModelVersions(filter, 2, List.of("version_number ASC"));
    for (; ; page = page.getNextPage()) {
      page.getItems().forEach(v -> got.add(v.getVersion()));
      if (!page.hasNextPage()) {
        break;
      }
    }
    Expect.equal(got, List.of("1", "2", "3", "4", "5"));
    Expect.equal(ada.searchModelVersions(filter).getItems().size(), 5);
    Expect.that(ada.searchModelVersions().getItems().size() >= 5, "all versions");
    Expect.fails(400, () -> ada.searchModelVersions("name ~~ 'x'"), "INVALID_PARAMETER_VALUE");
  }

  /** On a model where Rita reads, Ed manages staging versions and Bob has nothing. */
  static void refused(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = World.given("GRADED");
    String giver = w.name("ada");
    addVersion(ada, name, source(ada));
    String newest = ada.getLatestVersions(name, List.of("None")).get(0).getVersion();
    try (MlflowClient bob = w.as("bob"); MlflowClient rita = w.as("rita"); MlflowClient ed = w.as("ed")) {
      Expect.missing(() -> bob.getRegisteredModel(name));
      Expect.missing(() -> bob.getLatestVersions(name));
      Expect.missing(() -> bob.getModelVersionDownloadUri(name, newest));
      Expect.equal(bob.searchModelVersions("name = '" + name + "'").getItems().size(), 0);
      Expect.equal(rita.getModelVersion(name, newest).getName(), name);
      Expect.refused("CAN_EDIT", giver, () -> addVersion(rita, name, source(rita)));
      Expect.refused("CAN_EDIT", giver, () -> rita.sendPatch("registered-models/update", json("name", name, "description", "x")));
      Expect.refused("CAN_MANAGE_STAGING_VERSIONS", giver, () -> move(rita, name, newest, "Staging"));
      move(ed, name, newest, "Staging");
      Expect.refused("CAN_MANAGE_PRODUCTION_VERSIONS", giver, () -> move(ed, name, newest, "Production"));
      Expect.refused("CAN_MANAGE", giver, () -> ed.sendPost("registered-models/rename", json("name", name, "new_name", name + "-x")));
    }
  }

  static void download(World w) throws Exception {
    MlflowClient ada = w.ada();
    String name = create(ada, w.model("down"));
    addVersion(ada, name, source(ada));
    move(ada, name, "1", "Production");
    File got = ada.downloadLatestModelVersion(name, "Production");
    Expect.equal(Files.readString(got.toPath().resolve("MLmodel")), "flavors: {}\n");
    Expect.equal(Files.readString(got.toPath().resolve("data/weights.bin")), "weights");
    Expect.clientFails(() -> ada.downloadLatestModelVersion(name, "Staging"), "No model version found");
  }
}
