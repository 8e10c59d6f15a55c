package org.portbouncer.launcher.manual;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.config.Schema;
import org.portbouncer.config.SchemaKey;
import org.portbouncer.config.ValueForm;

/** The man page of the configuration, of what the schema says of each key. */
final class ConfigPage {

  /** One that runs; a test checks it. */
  static final String EXAMPLE =
      """
      bouncer {
        listeners {
          web {
            listen = ["0.0.0.0:8080", "[::]:8080"]
            target = "group:app"
            acl = office
            timeouts { idle = 30m }
          }
        }
        targets.app {
          members = [
            { name = a, address = "192.0.2.10:80" }
            { name = b, address = "192.0.2.11:80" }
          ]
          balance = round-robin
          check { type = connect }
        }
        acls {
          office = [                 # the first that matches decides; no match blocks
            { name = guests, action = block, from = "10.9.0.0/16" }
            { name = staff, action = pass, from = ["10.0.0.0/8", "2001:db8::/32"] }
          ]
        }
        limits { max-sessions = 5000 }
      }
      """;

  private ConfigPage() {}

  /** Writes it. */
  static String of(String date, String version) {
    Roff page = new Roff("bouncer.conf", 5, date, version);
    page.section("NAME")
        .line("bouncer.conf \\- configuration of " + Roff.strong("bouncer") + "(1)");
    page.section("DESCRIPTION")
        .prose(
            "One file in HOCON: JSON with comments (`#`, `//`), without most of the quotes and"
                + " commas. Texts that hold a colon, a comma, a bracket, `#` or `//` need quotes."
                + " Everything is in one block, `bouncer { … }`.")
        .paragraph()
        .prose(
            "`include` works, relative to the file that includes, and so do substitutions,"
                + " `${name}`. Relative paths start at the folder of the file that names them."
                + " An unknown key is an error.")
        .paragraph()
        .prose(
            "`bouncer check FILE` finds every mistake at once, each with its line."
                + " `bouncer show-config FILE` shows every key with its value and where that came"
                + " from. `bouncer reload`, or HUP to the server, puts a changed file in force;"
                + " what a reload cannot change says so below.");
    page.section("FORMS OF VALUES");
    for (ValueForm form : ValueForm.all()) {
      page.entry(Roff.variable(form.name()), form.text());
    }
    page.section("KEYS")
        .prose("`NAME` stands for a name that you choose, `[]` for each element of a list.");
    String block = "";
    for (SchemaKey key : Schema.keys()) {
      String first = key.path().replaceFirst("[.].*", "");
      if (!first.equals(block)) {
        page.macro("SS", first);
        block = first;
      }
      page.entry(Roff.strong(key.path()), said(key));
    }
    page.section("EXAMPLES").literal(EXAMPLE);
    page.section("SEE ALSO")
        .line(
            Roff.strong("bouncer")
                + "(1), "
                + Roff.strong("bouncer-check")
                + "(1), "
                + Roff.strong("bouncer-show-config")
                + "(1), "
                + Roff.strong("bouncer-reload")
                + "(1)");
    return page.toString();
  }

  private static String[] said(SchemaKey key) {
    List<String> paragraphs = new ArrayList<>();
    String meaning = key.description();
    paragraphs.add(sentence(meaning));
    StringBuilder form = new StringBuilder("Form: ").append(key.type());
    if (key.isRequired()) {
      form.append("; required");
    } else if (key.literal()) {
      String value = key.defaultText().isEmpty() ? "\"\"" : key.defaultText();
      form.append("; default: `").append(value).append('`');
    } else {
      form.append("; where it is absent: ").append(key.defaultText());
    }
    form.append(key.restartOnly() ? "; changes with a restart only." : "; a reload changes it.");
    paragraphs.add(form.toString());
    return paragraphs.toArray(String[]::new);
  }

  /** A capital at the start, unless it is a word that is typed so, and a full stop at the end. */
  private static String sentence(String words) {
    char first = words.charAt(0);
    return Character.toUpperCase(first) + words.substring(1) + ".";
  }
}
