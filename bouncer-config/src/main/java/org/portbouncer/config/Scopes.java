package org.portbouncer.config;

import java.util.function.Consumer;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.sys.Interfaces;

/**
 * Warns of interfaces that are named, behind a link-local address or by themselves, and not on this
 * machine now. They may come later, and {@code check} may run elsewhere, so that this is no error:
 * a connection to such a target fails until then; to listen there, or to have sockets go through
 * it, is refused at start. In the mother and in commands.
 */
final class Scopes {

  private Scopes() {}

  static void warn(Configuration configuration, Problems problems) {
    for (Listener listener : configuration.listeners()) {
      String who = "listeners." + listener.name();
      Consumer<String> say = warning(problems, listener.file(), listener.line());
      Endpoint before = null;
      for (Endpoint address : listener.listen()) {
        // Of a range once.
        if (before == null || !before.host().equals(address.host())) {
          address(address, who + ".listen", say);
        }
        before = address;
      }
      address(listener.target(), who + ".target", say);
      device(listener.sockets(), who + ".interface", say);
    }
    for (TargetGroup group : configuration.targets()) {
      boolean unnamed = group.name().startsWith("listeners.");
      String who = (unnamed ? group.name() + ".target" : "targets." + group.name()) + ", member ";
      Consumer<String> say = warning(problems, group.file(), group.line());
      for (TargetGroup.Member member : group.members()) {
        address(member.address(), who + member.name(), say);
        device(member.sockets(), who + member.name() + ", interface", say);
      }
    }
    for (Chain chain : configuration.chains()) {
      Consumer<String> say = warning(problems, chain.file(), chain.line());
      for (int i = 0; i < chain.hops().size(); i++) {
        address(chain.hops().get(i).proxy(), "chains." + chain.name() + ", proxy " + (i + 1), say);
      }
    }
  }

  private static Consumer<String> warning(Problems problems, String file, int line) {
    return words -> problems.add(file, line, words, Problem.Severity.WARNING);
  }

  private static void address(Endpoint address, String who, Consumer<String> say) {
    int percent = address.host().indexOf('%');
    if (percent < 0) {
      return;
    }
    String name = address.host().substring(percent + 1);
    if (!Interfaces.hasIpv6(name)) {
      String fault = Interfaces.isHere(name) ? "has no IPv6 address" : "is not on this machine";
      say.accept(
          who + ": the interface '" + name + "' of " + address.text() + " " + fault + " now");
    }
  }

  private static void device(SocketSettings sockets, String who, Consumer<String> say) {
    if (!sockets.device().isEmpty() && !Interfaces.isHere(sockets.device())) {
      say.accept(who + ": '" + sockets.device() + "' is not on this machine now");
    }
  }
}
