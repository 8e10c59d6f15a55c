package org.portbouncer.launcher.metrics;

import java.util.HashMap;
import java.util.Map;
import org.portbouncer.core.shared.TimeHistogram;
import org.portbouncer.launcher.admin.MemberView;

/** What happened between two samples. In the mother, on the thread that answers. */
final class Rates {

  private final double seconds;
  private final Figures then;
  private final Map<String, Figures.Listener> listeners = new HashMap<>();
  private final Map<String, Figures.BandwidthClass> classes = new HashMap<>();
  private final Map<Member, MemberView> members = new HashMap<>();

  /** What keeps its counts over reloads. */
  private record Member(String group, String name, String address) {
    static Member of(MemberView member) {
      return new Member(member.group(), member.name(), member.address());
    }
  }

  Rates(History.Sample now, History.Sample before) {
    seconds = (now.nanos() - before.nanos()) / 1e9;
    then = before.figures();
    then.listeners().forEach(listener -> listeners.put(listener.name(), listener));
    then.classes().forEach(each -> classes.put(each.name(), each));
    then.members().forEach(each -> members.put(Member.of(each), each));
  }

  /** Per second; 0 where no time has passed. */
  double perSecond(long difference) {
    return seconds <= 0 ? 0 : Math.max(0, difference) / seconds;
  }

  /** The same listener then; itself where it was not there yet. */
  Figures.Listener before(Figures.Listener listener) {
    return listeners.getOrDefault(listener.name(), listener);
  }

  /** The same class then; itself where it was not there yet. */
  Figures.BandwidthClass before(Figures.BandwidthClass each) {
    return classes.getOrDefault(each.name(), each);
  }

  /** The same member then; itself where it was not there yet. */
  MemberView before(MemberView member) {
    return members.getOrDefault(Member.of(member), member);
  }

  /** What the stage's hops took since then. */
  TimeHistogram hops(Figures.Stage stage) {
    return stage.hops().since(then.stages().get(stage.id().ordinal()).hops());
  }

  /** How much of one core the worker took since then, 1 for all of it. */
  double cpuShare(Figures.Worker worker) {
    for (Figures.Worker before : then.workers()) {
      if (before.stage() == worker.stage() && before.index() == worker.index()) {
        return perSecond(worker.cpuNanos() - before.cpuNanos()) / 1e9;
      }
    }
    return 0;
  }
}
