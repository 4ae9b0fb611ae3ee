package bailiwick;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.mlflow.api.proto.Service.FileInfo;
import org.mlflow.tracking.MlflowClient;

/**
 * Artifacts, for which this client starts MLflow's Python command, some seconds each time: hence few calls. MLFLOW_PYTHON_EXECUTABLE names
 * the Python.
 */
final class ArtifactCases {
  private ArtifactCases() {}

  static void add(Map<String, Main.Case> cases) {
    cases.put("artifacts", ArtifactCases::artifacts);
    cases.put("artifacts-refused", ArtifactCases::refused);
  }

  static Path write(Path file, String text) throws Exception {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  static void artifacts(World w) throws Exception {
    MlflowClient ada = w.ada();
    String run = ada.createRun(ada.createExperiment(w.path("artifacts"))).getRunId();
    Path folder = Files.createTempDirectory("sent");
    write(folder.resolve("one.txt"), "one");
    write(folder.resolve("below/zwei ä.txt"), "zwei");
    ada.logArtifacts(run, folder.toFile(), "files");
    Map<String, Long> sizes = new TreeMap<>();
    for (FileInfo info : ada.listArtifacts(run, "files")) {
      sizes.put(info.getPath(), info.getIsDir() ? -1 : info.getFileSize());
    }
    Expect.equal(sizes, Map.of("files/below", -1L, "files/one.txt", 3L));
    File got = ada.downloadArtifacts(run, "files");
    Expect.equal(Files.readString(got.toPath().resolve("below/zwei ä.txt")), "zwei");
    Expect.equal(Files.readString(got.toPath().resolve("one.txt")), "one");
  }

  static void refused(World w) throws Exception {
    String run = w.ada().createRun(w.ada().createExperiment(w.path("kept"))).getRunId();
    File file = write(Files.createTempDirectory("sent").resolve("x.txt"), "x").toFile();
    try (MlflowClient rita = w.as("rita")) {
      Expect.clientFails(() -> { rita.logArtifact(run, file); return null; }, "may not", "It takes CAN_EDIT");
    }
    // Whoever may not see the run is told so before the Python command is started.
    try (MlflowClient bob = w.as("bob")) {
      Expect.refused("CAN_READ", w.name("ada"), () -> bob.downloadArtifacts(run));
    }
  }
}
