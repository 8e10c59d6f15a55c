package org.portbouncer.system;

/** Closes what a test class has opened, even when one of them fails or was never opened. */
final class Closing {
  private Closing() {}

  static void all(AutoCloseable... resources) throws Exception {
    Throwable first = null;
    for (AutoCloseable resource : resources) {
      try {
        if (resource != null) {
          resource.close();
        }
      } catch (Exception | AssertionError e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first instanceof Error error) {
      throw error;
    }
    if (first instanceof Exception exception) {
      throw exception;
    }
  }
}
