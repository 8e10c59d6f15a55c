package org.portbouncer.system;

import java.io.File;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Runs inside a real worker, as whoever has taken it over would: says to the mother, over the
 * worker's own control link, what a file's name asks for. Loaded as a Java agent, see {@link
 * ControlLinkIT}.
 */
public final class GarbageAgent {
  private static final int EPOCH = 66;
  private static final int MARK = 69;
  private static final int LOG = 70;
  private static final int READY = 65;

  private static final Map<String, Packet> PACKETS =
      Map.of(
          "epoch-without-its-number", new Packet(EPOCH, new byte[0], 0),
          "epoch-that-nobody-asked-for", new Packet(EPOCH, new byte[] {9, 0, 0, 0}, 0),
          "descriptors", new Packet(LOG, new byte[] {1, 'x'}, 100),
          "ready-again", new Packet(READY, new byte[0], 0),
          "mark-of-nobody", new Packet(MARK, new byte[] {1, 2, 3, 4}, 0),
          "noise", new Packet(200, new byte[9000], 3));

  private GarbageAgent() {}

  private record Packet(int code, byte[] body, int descriptors) {}

  /**
   * In the worker, before its main method.
   *
   * @param folder where the files appear
   */
  public static void premain(String folder) {
    if (System.getProperty("bouncer.worker", "").equals("acl/0")) {
      Thread.ofPlatform().daemon().name("garbage").start(() -> watch(new File(folder)));
    }
  }

  private static void watch(File folder) {
    try {
      while (true) {
        for (Map.Entry<String, Packet> one : PACKETS.entrySet()) {
          if (new File(folder, one.getKey()).delete()) {
            say(one.getValue());
          }
        }
        Thread.sleep(20);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** With the server's own code, which is on a worker's class path and not on the tests'. */
  private static void say(Packet packet) throws ReflectiveOperationException {
    Class<?> type = Class.forName("org.portbouncer.core.control.ControlChannel");
    Constructor<?> constructor = type.getConstructor(int.class);
    Object channel = constructor.newInstance(0);
    ByteBuffer body =
        (ByteBuffer) type.getMethod("begin", int.class).invoke(channel, packet.code());
    body.put(packet.body());
    for (int i = 0; i < packet.descriptors(); i++) {
      type.getMethod("attach", int.class).invoke(channel, 0);
    }
    type.getMethod("send").invoke(channel);
  }
}
