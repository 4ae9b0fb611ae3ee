package bailiwick;

import java.util.LinkedHashMap;
import java.util.Map;

/** Runs one case of MLflow's Java client against a server: {@code Main list} prints the cases' names, {@code Main NAME} runs one. */
public final class Main {
  /** A case: it returns when all went as it must, and throws otherwise. */
  interface Case {
    void run(World world) throws Exception;
  }

  private Main() {}

  private static Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    ExperimentCases.add(cases);
    RunCases.add(cases);
    RefusalCases.add(cases);
    ArtifactCases.add(cases);
    RegistryCases.add(cases);
    return cases;
  }

  public static void main(String[] args) throws Exception {
    Map<String, Case> cases = cases();
    if (args[0].equals("list")) {
      cases.keySet().forEach(System.out::println);
      return;
    }
    cases.get(args[0]).run(new World());
    System.out.println("ok " + args[0]);
  }
}
