package bailiwick;

import java.util.Objects;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;

/** What a case holds to be true, and what it says when it is not. */
final class Expect {
  /** A call that is expected to fail. */
  interface Call {
    Object run() throws Exception;
  }

  private Expect() {}

  static void equal(Object got, Object want) {
    if (!Objects.equals(got, want)) {
      throw new AssertionError("got <" + got + ">, want <" + want + ">");
    }
  }

  static void that(boolean holds, Object about) {
    if (!holds) {
      throw new AssertionError("does not hold of <" + about + ">");
    }
  }

  static void contains(String text, String... parts) {
    for (String part : parts) {
      that(text.contains(part), "'" + part + "' in '" + text + "'");
    }
  }

  /** An HTTP error with this status whose body has these parts. */
  static void fails(int status, Call call, String... parts) throws Exception {
    MlflowHttpException error = thrown(MlflowHttpException.class, call);
    equal(error.getStatusCode(), status);
    contains(error.getBodyMessage(), parts);
  }

  /** A refusal that tells the level that would have helped, and who can give it. */
  static void refused(String level, String giver, Call call) throws Exception {
    fails(403, call, "PERMISSION_DENIED", "may not", "It takes " + level, "Who can give it:", giver);
  }

  static void missing(Call call) throws Exception {
    fails(404, call, "RESOURCE_DOES_NOT_EXIST");
  }

  /** A failure of the client itself, for example of the program that it starts for artifacts. */
  static void clientFails(Call call, String... parts) throws Exception {
    contains(String.valueOf(thrown(MlflowClientException.class, call).getMessage()), parts);
  }

  private static <E extends Exception> E thrown(Class<E> kind, Call call) throws Exception {
    Object got;
    try {
      got = call.run();
    } catch (Exception error) {
      if (kind.isInstance(error)) {
        return kind.cast(error);
      }
      throw error;
    }
    throw new AssertionError("expected " + kind.getSimpleName() + ", got <" + got + ">");
  }
}
