package org.portbouncer.system;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The clients of one server, on its own machine: they open sessions as long as it lets them, or one
 * after another. One thread.
 */
final class Demand implements AutoCloseable {

  /** A session that passed: it was let in after the one and before the other, nanoTime. */
  record Passed(long after, long before) {}

  private final int port;
  private final FutureTask<Void> task;
  private final Deque<Client> open = new ArrayDeque<>();
  private final List<Passed> passed = new ArrayList<>();
  private volatile int wanted;
  private volatile boolean keeps;
  private volatile boolean oneByOne;
  private volatile boolean renews;
  private volatile int live;
  private volatile boolean ended;

  Demand(Namespace where, int port) {
    this.port = port;
    task = new FutureTask<>(where.entered(this::work));
    Thread.ofPlatform().daemon().start(task);
  }

  /** So many sessions at once, if it may. */
  void want(int sessions) {
    wanted = sessions;
  }

  /** No new session from now on; those that are there stay. */
  void keep() {
    keeps = true;
  }

  /** New sessions one after another, some 40 a second, each closed at once. */
  void oneByOne(boolean yes) {
    oneByOne = yes;
  }

  /** Ends its oldest session again and again, some 40 a second, and asks for another. */
  void renews(boolean yes) {
    renews = yes;
  }

  /** Sessions that live now: never more than those that the server has let in. */
  int live() {
    return live;
  }

  /** Sessions that were let in one by one, so far. */
  List<Passed> passed() {
    synchronized (passed) {
      return List.copyOf(passed);
    }
  }

  private Void work() throws IOException {
    while (!ended) {
      while (open.size() > wanted) {
        live = open.size() - 1;
        open.pop().close();
      }
      if (renews && !open.isEmpty()) {
        live = open.size() - 1;
        open.removeLast().close();
      }
      while (!keeps && open.size() < wanted && opens()) {
        live = open.size();
      }
      if (oneByOne) {
        long after = System.nanoTime();
        if (opens()) {
          synchronized (passed) {
            passed.add(new Passed(after, System.nanoTime()));
          }
          open.pop().close();
        }
      }
      Pause.millis(20);
    }
    live = 0;
    for (Client client : open) {
      client.close();
    }
    return null;
  }

  private boolean opens() throws IOException {
    Client client;
    try {
      client = Client.to(port);
    } catch (ConnectException nobody) {
      if (keeps) {
        return false;
      }
      throw nobody;
    }
    try {
      client.echo("x");
      open.push(client);
      return true;
    } catch (EOFException | SocketException refused) {
      client.close();
      return false;
    }
  }

  @Override
  public void close() throws ExecutionException {
    ended = true;
    try {
      task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the clients end", e);
    }
  }
}
