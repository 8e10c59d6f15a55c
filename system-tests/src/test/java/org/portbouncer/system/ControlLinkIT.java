package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that was taken over says what it likes to the mother. */
class ControlLinkIT {
  @TempDir private Path folder;
  private final int port = Ports.free();

  /** A jar of the agent alone. */
  private Path agent() throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue("Premain-Class", GarbageAgent.class.getName());
    Path jar = folder.resolve("agent.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file, manifest)) {
      for (Class<?> type : GarbageAgent.class.getNestMembers()) {
        String name = type.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(name));
        try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
          in.transferTo(out);
        }
      }
    }
    return jar;
  }

  private static JsonNode worker(BouncerServer server) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(w -> w.path("stage").asText().equals("acl"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void shouldReplaceAWorkerThatSaysWhatNoWorkerSaysAndHarmNobodyElse() throws Exception {
    // Confinement would keep the agent from its files; what a worker may say is the same.
    String config =
        """
        listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
        workers { io = 1 }
        confine = false
        timeouts { drain = 1s }
        """
            .formatted(port);
    String setup = "export BOUNCER_WORKER_JAVA_OPTS='-javaagent:%s=%s'".formatted(agent(), folder);
    try (BouncerServer server = BouncerServer.startAfter(setup, folder, config);
        Client live = Client.to(port)) {
      live.echo("before");
      server.status();
      Map<String, Integer> descriptors = ProcessTree.descriptors(server.pid());
      for (String word :
          new String[] {
            "epoch-without-its-number",
            "descriptors",
            "mark-of-nobody",
            "noise",
            "epoch-that-nobody-asked-for",
            "ready-again"
          }) {
        sayAndAwaitSuccessor(server, word);
        live.echo("after " + word);
      }
      try (Client client = Client.to(port)) {
        client.echo("a new one");
      }
      await("no descriptor of a worker's is left in the mother")
          .untilAsserted(
              () ->
                  assertThat(ProcessTree.descriptors(server.pid()))
                      .allSatisfy(
                          (kind, n) ->
                              assertThat(n)
                                  .isLessThanOrEqualTo(descriptors.getOrDefault(kind, 0))));
      assertThat(server.err().lines().stream().filter(l -> l.contains("said what no worker says")))
          .hasSize(6);
    }
  }

  private void sayAndAwaitSuccessor(BouncerServer server, String word) throws IOException {
    long old = worker(server).path("pid").asLong();
    Files.createFile(folder.resolve(word));
    await("a successor after " + word)
        .untilAsserted(
            () -> {
              JsonNode worker = worker(server);
              assertThat(worker.path("pid").asLong()).as("%s", word).isNotEqualTo(old);
              assertThat(worker.path("state").asText()).isEqualTo("ready");
            });
  }
}
