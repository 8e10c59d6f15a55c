package org.portbouncer.core.shared;

/** The two ways of a session, as indexes: no object is made of them where bytes move. */
public final class Way {

  /** Client to target. */
  public static final int UP = 0;

  /** Target to client. */
  public static final int DOWN = 1;

  public static final int COUNT = 2;

  private Way() {}
}
