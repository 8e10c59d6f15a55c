package org.portbouncer.launcher.manual;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.portbouncer.launcher.Version;
import picocli.CommandLine.Model.CommandSpec;

/** Writes all man pages, and the completion of shells. */
public final class Manual {

  private Manual() {}

  /**
   * Writes {@code man/*.1}, {@code man/*.5}, {@code completion/bouncer.bash} and, for zsh, {@code
   * completion/_bouncer}.
   *
   * @param bouncer the command, with all others below it
   * @param folder where
   * @param date what the pages bear, as 2026-11-01
   */
  public static void write(CommandSpec bouncer, Path folder, String date) throws IOException {
    CommandModel root = new CommandModel(bouncer);
    Path man = Files.createDirectories(folder.resolve("man"));
    String version = Version.text();
    for (CommandModel command : root.all()) {
      Files.writeString(
          man.resolve(command.page() + ".1"), CommandPage.of(root, command, date, version));
    }
    Files.writeString(man.resolve("bouncer.conf.5"), ConfigPage.of(date, version));
    Path completion = Files.createDirectories(folder.resolve("completion"));
    Files.writeString(completion.resolve("bouncer.bash"), BashCompletion.of(root));
    Files.writeString(completion.resolve("_bouncer"), ZshCompletion.of(root));
  }
}
