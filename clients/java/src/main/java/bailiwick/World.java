package bailiwick;

import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/** What the suite says in the environment: the server, the people on it, where to play, and how to sign in. */
final class World {
  static String given(String name) {
    String value = System.getenv(name);
    if (value == null || value.isEmpty()) {
      throw new IllegalStateException(name + " is not set: clients/test_java.py sets it");
    }
    return value;
  }

  String server() {
    return given("SERVER");
  }

  /** A client that is signed in as a person, in the way that WAY names. */
  MlflowClient as(String person) {
    String way = given("WAY");
    switch (way) {
      case "token":
        return new MlflowClient(new BasicMlflowHostCreds(server(), token(person)));
      case "password":
        return new MlflowClient(new BasicMlflowHostCreds(server(), name(person), token(person)));
      case "databricks":
        return new MlflowClient(); // MLFLOW_TRACKING_URI is databricks: section DEFAULT of the file that DATABRICKS_CONFIG_FILE names
      case "profile":
        return new MlflowClient("databricks://" + person);
      default:
        throw new IllegalStateException("no way to sign in is called " + way);
    }
  }

  MlflowClient ada() {
    return as("ada");
  }

  String name(String person) {
    return given(person.toUpperCase() + "_NAME");
  }

  String token(String person) {
    return given(person.toUpperCase() + "_TOKEN");
  }

  /** A path in Ada's folder that no other case uses. */
  String path(String name) {
    return given("FOLDER") + "/" + given("MARK") + "-" + name;
  }

  /** A name in the registry that no other case uses. */
  String model(String name) {
    return given("MARK") + "-" + name;
  }
}
