package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.portbouncer.config.AdminAddress;
import org.portbouncer.config.AdminDefaults;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.Problem;
import org.portbouncer.core.sys.Accounts;
import org.portbouncer.launcher.admin.AdminClient;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.SafePlace;
import picocli.CommandLine.Option;

/** How a command finds the running server and asks it. */
final class ServerOptions {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Option(
      names = {"-s", "--socket"},
      paramLabel = "PATH",
      description = "The server's admin socket.")
  private Path socket;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The server's configuration, which names its admin socket.")
  private Path file;

  AdminClient connect() throws CommandException {
    return connect(PATIENCE);
  }

  AdminClient connect(Duration patience) throws CommandException {
    try {
      return AdminClient.connect(path(), patience);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Asks one thing on a connection of its own and returns the answer, which is not an error. */
  String ask(String request) throws CommandException {
    try (AdminClient client = connect()) {
      return ask(client, request);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Asks on a connection; an answer that is an error becomes an exception with its code. */
  static String ask(AdminClient client, String request) throws CommandException {
    try {
      return askOrClosed(client, request);
    } catch (AdminClient.ClosedException e) {
      throw failure(e);
    }
  }

  /** The same for one who expects the server to go. */
  static String askOrClosed(AdminClient client, String request)
      throws CommandException, AdminClient.ClosedException {
    String answer;
    try {
      answer = client.ask(request);
    } catch (AdminClient.ClosedException e) {
      throw e;
    } catch (IOException e) {
      throw failure(e);
    }
    if (answer.startsWith("{\"error\"")) {
      throw refusal(object(answer));
    }
    return answer;
  }

  /** An object that the server sent. */
  static Map<?, ?> object(String answer) throws CommandException {
    try {
      return Json.parseObject(answer);
    } catch (Json.MalformedException e) {
      throw unreadable(e);
    }
  }

  static CommandException unreadable(Json.MalformedException e) {
    return new CommandException(
        ExitCode.REFUSED, "the server's answer is not readable: " + e.getMessage(), e);
  }

  /** A path that the operator has written here is the operator's word; any other is looked at. */
  private Path path() throws CommandException {
    if (socket != null) {
      return socket;
    }
    if (file == null) {
      Path path = Path.of(AdminDefaults.commandSocketPath());
      boolean service = path.startsWith(AdminDefaults.serviceFolder());
      return safe(path, service ? ownerOf(AdminDefaults.serviceFolder()) : Set.of());
    }
    AdminAddress found = ConfigLoader.adminSocket(file);
    if (found.socket() == null) {
      throw new CommandException(
          ExitCode.REFUSED,
          found.problems().stream().map(Problem::toString).collect(Collectors.joining("; ")));
    }
    return safe(Path.of(found.socket()), serverUsers(found));
  }

  private static Set<Integer> ownerOf(Path folder) {
    try {
      return Set.of((Integer) Files.getAttribute(folder, "unix:uid"));
    } catch (IOException e) {
      return Set.of();
    }
  }

  /** Who may have made the socket, beside root and who runs this: whoever the server becomes. */
  private Set<Integer> serverUsers(AdminAddress found) {
    Set<Integer> users = new HashSet<>();
    Accounts.user(found.user()).ifPresent(user -> users.add(user.uid()));
    try {
      users.add((Integer) Files.getAttribute(file, "unix:uid"));
    } catch (IOException e) {
      return users; // it has just been read; one user less is trusted
    }
    return users;
  }

  private static Path safe(Path path, Set<Integer> trusted) throws CommandException {
    try {
      SafePlace.check(path, trusted);
      return path;
    } catch (AccessDeniedException e) {
      throw new CommandException(
          ExitCode.NO_SERVER, "no server is asked at " + path + ": permission denied", e);
    } catch (IOException e) {
      throw new CommandException(
          ExitCode.NO_SERVER, "no server is asked at " + path + ": " + e.getMessage(), e);
    }
  }

  /** What the server said no with. */
  static CommandException refusal(Map<?, ?> error) {
    int code = error.get("code") instanceof Long number ? number.intValue() : ExitCode.REFUSED;
    return new CommandException(code, String.valueOf(error.get("error")));
  }

  /** Why the server could not be asked, with the exit code for it. */
  static CommandException failure(IOException e) {
    int code =
        switch (e) {
          case AdminClient.NoServerException _ -> ExitCode.NO_SERVER;
          case AdminClient.ClosedException _ -> ExitCode.NO_SERVER;
          case AdminClient.TimedOutException _ -> ExitCode.TIMED_OUT;
          default -> ExitCode.REFUSED;
        };
    return new CommandException(code, e.getMessage(), e);
  }
}
