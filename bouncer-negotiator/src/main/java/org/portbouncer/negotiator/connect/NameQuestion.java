package org.portbouncer.negotiator.connect;

import java.net.InetAddress;

/**
 * One question at a time for the addresses of a name, which can be given up: an answer that comes
 * later is nobody's. Part of whoever asks; on the thread of the connect worker's loop.
 */
final class NameQuestion implements Resolver.Asker {

  /** Who asks; told once for each {@link #ask}, unless {@link #giveUp} comes first. */
  interface Owner {

    /**
     * The answer.
     *
     * @param found empty where the name has no address
     * @param why in words, where it has none
     */
    void resolved(InetAddress[] found, String why);
  }

  private final Resolver resolver;
  private final Owner owner;
  private boolean open;
  private int use;

  NameQuestion(Resolver resolver, Owner owner) {
    this.resolver = resolver;
    this.owner = owner;
  }

  /**
   * Asks; the answer may come before this returns.
   *
   * @param keepNanos how long an answer serves, as {@link Resolver#resolve} has it
   */
  void ask(String host, long keepNanos) {
    open = true;
    resolver.resolve(host, keepNanos, this);
  }

  /** Whether an answer is waited for. */
  boolean isOpen() {
    return open;
  }

  void giveUp() {
    open = false;
    use++;
  }

  @Override
  public int use() {
    return use;
  }

  @Override
  public void resolved(int usedThen, InetAddress[] found, String why) {
    if (usedThen == use && open) {
      open = false;
      owner.resolved(found, why);
    }
  }
}
