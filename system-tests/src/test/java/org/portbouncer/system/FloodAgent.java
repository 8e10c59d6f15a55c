package org.portbouncer.system;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * Runs inside a bandwidth worker, as one that was taken over would: once a file is there it writes
 * to the control link and to standard error as fast as it can, lines of others among it.
 */
final class FloodAgent {
  private static final String FORGED = "2026-01-01T00:00:00.000Z ERROR mother[1] flood\n";

  private FloodAgent() {}

  /** Makes an agent of this class. */
  static Path jar(Path folder) throws IOException {
    Path jar = folder.resolve("agent.jar");
    String name = FloodAgent.class.getName();
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(new Attributes.Name("Premain-Class"), name);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        InputStream in = FloodAgent.class.getResourceAsStream("FloodAgent.class")) {
      out.putNextEntry(new JarEntry(name.replace('.', '/') + ".class"));
      in.transferTo(out);
    }
    return jar;
  }

  /** Called by the VM, before the worker's main method. */
  public static void premain(String begin) {
    if (System.getProperty("bouncer.worker", "").startsWith("bandwidth")) {
      for (boolean link : new boolean[] {true, false}) {
        Thread thread = new Thread(() -> flood(Path.of(begin), link), "flood");
        thread.setDaemon(true);
        thread.start();
      }
    }
  }

  /** What a message for the server's log begins with, as one that is an error. */
  private static byte[] log() throws ReflectiveOperationException {
    return new byte[] {
      code("org.portbouncer.core.control.Report", "LOG"),
      code("org.portbouncer.core.worker.ServerLog$Level", "ERROR")
    };
  }

  private static byte code(String type, String name) throws ReflectiveOperationException {
    for (Object constant : Class.forName(type).getEnumConstants()) {
      if (((Enum<?>) constant).name().equals(name)) {
        return ((Integer) constant.getClass().getMethod("code").invoke(constant)).byteValue();
      }
    }
    throw new ClassNotFoundException(name);
  }

  private static void flood(Path begin, boolean link) {
    byte[] text = ("flood \u001b[2J\u009b\r\n" + FORGED).getBytes(StandardCharsets.UTF_8);
    byte[] packet = new byte[text.length + 2];
    System.arraycopy(text, 0, packet, 2, text.length);
    try {
      System.arraycopy(log(), 0, packet, 0, 2);
      while (!Files.exists(begin)) {
        Thread.sleep(50);
      }
    } catch (InterruptedException | ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    while (true) {
      try {
        OutputStream out = new FileOutputStream(link ? FileDescriptor.in : FileDescriptor.err);
        while (true) {
          out.write(link ? packet : text);
        }
      } catch (IOException full) {
        // Again, until the worker ends.
      }
    }
  }
}
