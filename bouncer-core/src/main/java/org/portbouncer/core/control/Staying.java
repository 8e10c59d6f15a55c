package org.portbouncer.core.control;

/**
 * Why a session stays in the worker of a mother who has died, where another server asks for it; in
 * the order in which they are counted.
 */
public enum Staying {
  /** It is one of datagrams, with buffers and times that no record has. */
  DATAGRAMS("of datagrams"),

  /** Its target is served inside the worker. */
  INTERNAL("to internal targets"),

  /** It is about to end, or nobody can tell where its bytes are. */
  ENDING("ending");

  private final String text;

  Staying(String text) {
    this.text = text;
  }

  /** As the log says it, behind a number of sessions. */
  public String text() {
    return text;
  }
}
