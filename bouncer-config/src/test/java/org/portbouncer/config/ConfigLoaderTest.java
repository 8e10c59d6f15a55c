package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.Timeouts;

class ConfigLoaderTest extends ConfigLoaderCase {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "limts { } | unknown key 'limts', did you mean 'limits'?",
        "limits { max_session = 5 } | unknown key 'max_session' in limits, did you mean"
            + " 'max-sessions'?",
        "workers { frobnicate = 5 } | unknown key 'frobnicate' in workers; known: negotiate, acl,"
            + " connect, bandwidth, io, spares",
        "limits { max-sessions = 0 } | limits.max-sessions: '0' is not a whole number, 1 to"
            + " 1000000",
        "limits = 5 | limits must be a block { … }, not a number",
        "timeouts { idle = 10 } | timeouts.idle: '10' needs a unit, as in 10s, 500ms or 1h",
        "timeouts { idle = [1] } | timeouts.idle: expected duration, found a list [ … ]",
        "bandwidth { x { up = 1 Mb/s } } | bandwidth.x.up: '1 Mb/s' has the unknown unit 'Mb/s',"
            + " did you mean 'Mbit/s'?",
        "listeners.b { listen = \"127.0.0.1:1\", acl = all, target = \"tcp://h:1/x\" } |"
            + " listeners.b.target: 'tcp://h:1/x' is a URL; an address is HOST:PORT, as in h:1",
        "listeners.b { target = \"h:1\", acl = all, listen = \"http://127.0.0.1:80\" } |"
            + " listeners.b.listen: 'http://127.0.0.1:80' is a URL; an address is HOST:PORT, as in"
            + " 127.0.0.1:80",
        "listeners.b { listen = \"127.0.0.1:1\", acl = all, target = \"a:80, b:80\" } |"
            + " listeners.b.target: 'a:80, b:80' holds several addresses; a list of them is"
            + " [\"a:80\", \"b:80\"]",
        "listeners.b { listen = \"127.0.0.1:1\", acl = all, target = \"unix:@name\" } |"
            + " listeners.b.target: 'unix:@name' is an abstract name, which nobody guards: not"
            + " possible here; a socket is a path, and unix:./@name a file of that name",
        "listeners.b { target = \"h:1\", acl = all, listen = \"[fe80::1]:80\" } |"
            + " listeners.b.listen: '[fe80::1]:80' is link-local, and needs its interface, as in"
            + " [fe80::1%eth0]:80",
        "listeners.b { target = \"h:1\", acl = all, listen = \"[2001:db8::1%eth0]:80\" } |"
            + " listeners.b.listen: '[2001:db8::1%eth0]:80' has an interface, which only link-local"
            + " addresses (fe80::) have",
        "listeners.b { listen = \"127.0.0.1:1\", acl = all, target = \"fe80::1%eth0:80\" } |"
            + " listeners.b.target: 'fe80::1%eth0:80' needs brackets; [fe80::1%eth0]:80 was meant",
        "bandwidth { x { up = 10 Mbps } } | bandwidth.x.up: '10 Mbps' has the unknown unit 'Mbps',"
            + " did you mean 'Mbit/s'?",
        "bandwidth { x { up = 10 MBps } } | bandwidth.x.up: '10 MBps' has the unknown unit 'MBps',"
            + " did you mean 'MB/s'?",
        "bandwidth { x { up = 10 mbit } } | bandwidth.x.up: '10 mbit' has the unknown unit 'mbit',"
            + " did you mean 'Mbit/s'?",
        "bandwidth { x { up = 10 MiBps } } | bandwidth.x.up: '10 MiBps' has the unknown unit"
            + " 'MiBps', did you mean 'MiB/s'?",
        "bandwidth { x { } } | bandwidth.x limits nothing; it needs 'up' or 'down'",
        "listeners.web.bandwidth = slow | listeners.web.bandwidth: no bandwidth class 'slow'; none"
            + " is defined",
        "listeners.web.acl = al | listeners.web.acl: no acl 'al', did you mean 'all'?",
        "listeners.b { listen = \"127.0.0.1:8080\", target = \"h:1\", acl = all } |"
            + " listeners.b.listen: the address 127.0.0.1:8080 is used already, by listener 'web'"
            + " at b.conf:2",
        "listeners.b { listen = \"*:8080\", target = \"h:1\", acl = all } | listeners.b.listen: the"
            + " address *:8080 overlaps that of listener 'web' at b.conf:2",
        "listeners.b { listen = [], target = \"h:1\", acl = all } | listeners.b.listen names no"
            + " address",
        "listeners.b { listen = \"localhost:1\", target = \"h:1\", acl = all } |"
            + " listeners.b.listen: 'localhost' is a name; listening needs an address, as in"
            + " 127.0.0.1:1",
        "listeners.b { listen = \"internal:http\", target = \"h:1\", acl = all } |"
            + " listeners.b.listen: 'internal:http' is a target, not an address to listen on",
        "listeners.b { listen = \"127.0.0.1:1\", target = \"h:70000\", acl = all } |"
            + " listeners.b.target: 'h:70000' has the port '70000'; 0 to 65535 is possible",
        "listeners.b { listen = \"127.0.0.1:1\", acl = all } | listeners.b needs 'target': where"
            + " sessions go: HOST:PORT, [v6]:PORT, HOST:+N, udp: and one of these, unix:PATH,"
            + " group:NAME, or internal:http, internal:echo, internal:discard; of a list of"
            + " HOST:PORT the first that can be connected",
        "listeners.b { listen = [\"udp::1\", \":2\"], target = \"udp:h:1\", acl = all } |"
            + " listeners.b.listen mixes udp: and others; all of a listener are of one kind",
        "listeners.b { listen = \"udp::1\", target = \"h:1\", acl = all } | listeners.b.target:"
            + " datagrams go to a udp: target, and h:1 is none",
        "listeners.b { listen = \":1\", target = \"udp:h:1\", acl = all } | listeners.b.target:"
            + " udp:h:1 takes datagrams, and clients of listen connect",
        "listeners.b { listen = \"udp::1\", target = [\"udp:h:1\", \"h:2\"], acl = all } |"
            + " listeners.b.target mixes udp: and TCP; all of a list are of one kind",
        "listeners.b { listen = \"udp::1\", target = \"udp:h:1\", acl = all, send-proxy = v1 } |"
            + " listeners.b.send-proxy: a v1 header is for connections; datagrams take v2",
        "targets.g.members = [ { address = \"udp:h:1\", send-proxy = v1 } ], listeners.b { listen ="
            + " \"udp::1\", target = \"group:g\", acl = all } |"
            + " listeners.b.send-proxy: a v1 header is for connections; datagrams take v2",
        "listeners.b { listen = \"udp:unix:x\", target = \"udp:h:1\", acl = all } |"
            + " listeners.b.listen: 'udp:unix:x' is not possible; behind udp: is HOST:PORT or"
            + " [v6]:PORT",
        "listeners.b { listen = \"udp:*:8080\", target = \"udp:h:1\", acl = all }, listeners.c {"
            + " listen = \"udp:127.0.0.1:8080\", target = \"udp:h:1\", acl = all } |"
            + " listeners.c.listen: the address udp:127.0.0.1:8080 overlaps that of listener 'b' at"
            + " b.conf:4",
        "acls.x = [ { action = allow } ] | acls.x.#1.action: 'allow' is not one of pass, block",
        "acls.x = [ { action = pass, from = [\"10.1.2.3/8\"] } ] | acls.x.#1.from: 10.1.2.3/8 has"
            + " host bits set; 10.0.0.0/8 or 10.1.2.3/32 was meant",
        "acls.x = [ { action = pass, from = [] } ] | 'from' is empty; leave it out to match"
            + " everyone",
        "acls.x = [ { action = pass, from = \"file:no.nets\" } ] | acls.x.#1.from: the list no.nets"
            + " cannot be read: no such file",
        "acls.x = [ { action = pass, max-sessions = 0 } ] | acls.x.#1.max-sessions: '0' is not a"
            + " whole number, from 1",
        "acls.x = [ { action = pass, name = a }, { action = pass, name = a } ] | acls.x has a"
            + " second rule 'a'; the first is at b.conf:4",
        "acls.x = { action = pass } | acls.x must be a list of rules [ { … } ], not a block { … }",
        "state-transfer.mode = file | state-transfer.mode: 'file' is not one of inline, file-fd,"
            + " shm",
        "state-transfer.padding = 17 MiB | state-transfer.padding: '17 MiB' is too much; at most 16"
            + " MiB",
        "state-transfer.shm.slots = 0 | state-transfer.shm.slots: '0' is not a whole number, 1 to"
            + " 65536",
        "source-prefix.v4 = 33 | source-prefix.v4: '33' is not a whole number, 0 to 32",
        "admin.mode = 0888 | admin.mode: '0888' is not octal permissions such as 0600",
        "log.level = information | log.level: 'information' is not one of error, warn, info, debug,"
            + " trace",
        "log.levels.conect = debug | log.levels: 'conect' is neither a stage nor a package of"
            + " org.portbouncer, did you mean 'connect'?",
        "log.levels.org.portbouncer = debug | log.levels.org: a name with dots needs quotes, as in"
            + " \"org.portbouncer.launcher.mother\" = debug",
        "log.levels.io = loud | log.levels.io: 'loud' is not one of error, warn, info, debug,"
            + " trace",
        "log.access.to = file | log.access.to: 'file' is not one of stdout, file:/path, syslog,"
            + " none",
        "metrics.listen = \"unix:/m\" | metrics.listen: 'unix:/m' is not HOST:PORT, as in"
            + " 127.0.0.1:9464",
        "user = no.such.user | user: this machine has no user 'no.such.user'",
        "group = no.such.group | group: this machine has no group 'no.such.group'",
        "confine = never | confine: 'never' is not one of true, false",
        "user = ${nobody-has-this} | Could not resolve substitution to a value: ${nobody-has-this}",
      })
  void shouldNameTheLineWhenValueIsWrong(String line, String message) throws IOException {
    List<String> errors =
        problems(START + line + "\n}\n").stream()
            .filter(problem -> !problem.contains("warning: "))
            .toList();
    assertThat(errors).containsExactly("b.conf:4: " + message);
  }

  @Test
  void shouldReportEveryMistakeWhenThereAreSeveral() throws IOException {
    assertThat(
            problems(
                START
                    + "limts = 1\nworkers { io = none,\n acl = 0 }\nuser = ${a}\ngroup = ${b}\n}"))
        .containsExactly(
            "b.conf:4: unknown key 'limts', did you mean 'limits'?",
            "b.conf:5: workers.io: 'none' is not a whole number, 1 to 64",
            "b.conf:6: workers.acl: '0' is not a whole number, 1 to 64",
            "b.conf:7: Could not resolve substitution to a value: ${a}",
            "b.conf:8: Could not resolve substitution to a value: ${b}");
  }

  @Test
  void shouldFindTheAdminSocketWhateverElseIsWrong() throws IOException {
    Path file = file("b.conf", "bouncer { limts = 1, admin { socket = run/a.sock, mood = 7 } }");
    assertThat(ConfigLoader.adminSocket(file))
        .isEqualTo(new AdminAddress(folder.resolve("run/a.sock").toString(), "", List.of()));
    assertThat(ConfigLoader.adminSocket(file("c.conf", "bouncer { listeners = 5 }")).socket())
        .isEqualTo(AdminDefaults.socketPath());
  }

  @Test
  void shouldSayWhatKeepsTheAdminSocketFromBeingFound() throws IOException {
    for (String text : List.of("bouncer {\n  admin {\n", "bouncer {\n  admin.socket = []\n}")) {
      AdminAddress found = ConfigLoader.adminSocket(file("b.conf", text));
      assertThat(found.socket()).isNull();
      assertThat(found.problems())
          .singleElement()
          .asString()
          .matches(Pattern.quote(folder + "/b.conf") + ":\\d: .*");
    }
  }

  @Test
  void shouldNameTheLineWhenSyntaxIsWrong() throws IOException {
    assertThat(problems("bouncer {\n  user = a\n  group = 0.0.0.0:1\n}"))
        .singleElement()
        .asString()
        .startsWith("b.conf:3: ");
  }

  @Test
  void shouldSayWhyWhenFileCannotBeRead() {
    Path missing = folder.resolve("none.conf");
    assertThat(ConfigLoader.load(missing).problems())
        .extracting(Problem::toString)
        .containsExactly(missing + ": cannot be read: no such file");
    assertThat(ConfigLoader.load(folder).problems())
        .extracting(Problem::toString)
        .containsExactly(folder + ": cannot be read: is a directory");
  }

  @Test
  void shouldNameTheListsLineWhenNetworkInFileIsWrong() throws IOException {
    file("p.nets", "# partners\n192.0.2.0/24 # one\n\nnonsense\n10.0.0.1/8\r\n");
    assertThat(problems(START + "acls.x = [ { action = pass, from = \"file:p.nets\" } ]\n}"))
        .containsExactly(
            "p.nets:4: 'nonsense' is not an address or network such as 10.0.0.0/8 or 2001:db8::/32",
            "p.nets:5: 10.0.0.1/8 has host bits set; 10.0.0.0/8 or 10.0.0.1/32 was meant");
  }

  @Test
  void shouldLoadListFastWhenItHoldsManyNetworks() throws IOException {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < 100_000; i++) {
      list.append(i >> 15).append('.').append(i >> 7 & 255).append('.').append(i << 1 & 255);
      list.append(".0/24\n");
    }
    file("many.nets", list.toString());
    String text = START + "acls.x = [ { action = pass, from = \"file:many.nets\" } ]\n}";
    long start = System.nanoTime();
    LoadResult result = load(text);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    NetworkSet networks = result.configuration().acls().get(1).rules().getFirst().from();
    assertThat(networks.size()).isEqualTo(100_000);
    assertThat(took).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void shouldTakePathsFromTheNamingFileWhenIncluded() throws IOException {
    Files.createDirectory(folder.resolve("sub"));
    file(
        "sub/part.conf",
        "acls { x = [ { action = pass, from = \"file:x.nets\" } ] }\nworkers.io = x");
    file("sub/x.nets", "10.0.0.0/8\n");
    assertThat(problems(START + "include \"sub/part.conf\"\n}"))
        .containsExactly("sub/part.conf:2: workers.io: 'x' is not a whole number, 1 to 64");
  }

  @Test
  void shouldNameTheSubstitutionsLineWhenEnvironmentIsWrong() throws IOException {
    assertThat(problems(START + "workers {\n io = ${?PATH}\n acl = ${?NOT_SET_ANYWHERE}\n}\n}"))
        .singleElement()
        .asString()
        .startsWith("b.conf:5: workers.io: '");
  }

  @Test
  void shouldFillInDefaultsWhenNothingIsWritten() throws IOException {
    Configuration configuration = load(START + "}").configuration();
    assertThat(configuration.timeouts()).isEqualTo(new Timeouts(10_000, 10_000, 0, 0, 30_000));
    assertThat(configuration.drainMs()).isEqualTo(30_000);
    assertThat(configuration.maxSessions()).isEqualTo(10_000);
    assertThat(configuration.admin().mode()).isEqualTo(0600);
    assertThat(configuration.metrics().listen()).isNull();
    assertThat(configuration.workers().io()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(configuration.listeners().getFirst().timeouts()).isEqualTo(configuration.timeouts());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bouncer {~  listeners {~    web { | b.conf:4: the file ends, and a '}' is missing: the"
            + " block of line 3 is open",
        "bouncer {~ listeners.web.listen = 127.0.0.1:8080~} | b.conf:2: ':' is out of place: a text"
            + " with ':', '=', ',', '[' or '#' in it needs quotes, as in \"127.0.0.1:8080\"; else a"
            + " ',' or a '\"' is missing before",
        "bouncer {~ listeners.web.listen = [::]:8080~} | b.conf:2: '[' begins a list, and ':'"
            + " cannot be its first element; a text with ':', '=', ',', '[' or '#' in it needs"
            + " quotes, as in \"127.0.0.1:8080\"",
        "bouncer { }~}~ | b.conf:2: unbalanced close brace '}' with no open brace",
      })
  void shouldSayWhatIsMissingWhenTheFileIsNotHocon(String text, String words) throws IOException {
    assertThat(problems(text.replace('~', '\n') + "\n")).containsExactly(words);
  }

  @Test
  void shouldIncludeEveryFileOfAPatternInOrder() throws IOException {
    Files.createDirectory(folder.resolve("conf.d"));
    file("conf.d/20-late.conf", "limits { max-sessions = 20 }");
    file("conf.d/10-early.conf", "limits { max-sessions = 10 }\nsource-prefix { v4 = 24 }");
    file("conf.d/.hidden.conf", "limits { max-sessions = 99 }");
    file("conf.d/other.txt", "limits { max-sessions = 98 }");
    LoadResult loaded = load(START + "include \"conf.d/*.conf\"\n}");
    assertThat(loaded.problems()).isEmpty();
    assertThat(loaded.configuration().maxSessions()).isEqualTo(20);
    assertThat(loaded.configuration().sourcePrefix().v4()).isEqualTo(24);
    assertThat(problems(START + "include \"conf.d/*.none\"\n}")).isEmpty();
    assertThat(problems(START + "include \"no.d/*.conf\"\n}"))
        .containsExactly("b.conf:4: warning: the included file 'no.d/*.conf' does not exist");
    file("conf.d/30-twice.conf", "acls { all = [ { action = block } ] }");
    assertThat(problems(START + "include \"conf.d/*.conf\"\n}"))
        .containsExactly(
            "b.conf:3: warning: the acl 'all' is written a second time, the first is at"
                + " conf.d/30-twice.conf:1: this one counts, and the first does not");
  }

  @Test
  void shouldReadAListThatBeginsWithAByteOrderMark() throws IOException {
    file("some.nets", "\ufeff10.0.0.0/8\n192.0.2.0/24\n");
    LoadResult loaded =
        load(START.replace("action = pass", "action = pass, from = \"file:some.nets\"") + "}");
    assertThat(loaded.problems()).isEmpty();
    assertThat(loaded.configuration().acls().getFirst().rules().getFirst().from().size())
        .isEqualTo(2);
  }

  @Test
  void shouldShowValuesAndTheirOriginWhenAskedForTheEffectiveOnes() throws IOException {
    Path file = file("b.conf", START + "timeouts { idle = 5m }\n}");
    List<String> lines = EffectiveConfig.of(file).stream().map(Object::toString).toList();
    assertThat(lines)
        .contains(
            "listeners.web.timeouts.idle = \"300s\"  # " + file + ":4; timeouts.idle",
            "listeners.web.timeouts.connect = \"10s\"  # default",
            "timeouts.idle = \"5m\"  # " + file + ":4",
            "limits.max-sessions = 10000  # default",
            "name = \"any\"  # " + file + ":3",
            "from = null  # default");
    // Without a cluster none of its settings is one.
    List<String> single =
        Schema.keys().stream()
            .map(SchemaKey::path)
            .filter(path -> !path.contains("NAME") && !path.startsWith("cluster."))
            .toList();
    assertThat(EffectiveConfig.of(file)).extracting(EffectiveConfig.Entry::key).containsAll(single);
  }
}
