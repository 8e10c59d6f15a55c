package org.portbouncer.launcher.privilege;

/** The kernel does not make sockets as the configuration wants them; the message is for people. */
public final class SocketsRefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  SocketsRefusedException(String message) {
    super(message);
  }
}
