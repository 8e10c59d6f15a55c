package org.portbouncer.launcher.mother.sight;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.mother.books.CounterPlaces;
import org.portbouncer.launcher.mother.books.CounterPlaces.RuleName;
import org.portbouncer.launcher.mother.ground.LiveSessions;

/** Reads what rules and bandwidth classes do. In the mother, from any thread. */
final class PolicyFigures {

  private final SharedArea area;
  private final CounterPlaces places;
  private final Told<ClassName> told = new Told<>();

  /** A class at its place: the next one there has another generation. */
  private record ClassName(int place, int generation) {}

  /** What ended sessions of the classes of a configuration have moved, in their order. */
  record Moved(long[] up, long[] down) {}

  PolicyFigures(SharedArea area, CounterPlaces places) {
    this.area = area;
    this.places = places;
  }

  /** What was decided, and for each rule in force what it can decide. */
  List<Figures.Decision> decisions(Configuration configuration) {
    Map<RuleName, AclCounters.Decision> inForce = new HashMap<>();
    inForce.put(new RuleName(CounterPlaces.NONE, CounterPlaces.NONE), AclCounters.Decision.PASS);
    for (Acl acl : configuration.acls()) {
      for (Rule rule : acl.rules()) {
        inForce.put(
            new RuleName(acl.name(), rule.name()),
            rule.action() == Rule.Action.PASS
                ? AclCounters.Decision.PASS
                : AclCounters.Decision.BLOCK);
      }
      inForce.put(new RuleName(acl.name(), CounterPlaces.NONE), AclCounters.Decision.BLOCK);
    }
    List<Figures.Decision> decisions = new ArrayList<>();
    places
        .rules()
        .forEach(
            (name, place) -> {
              for (AclCounters.Decision decision : AclCounters.Decision.values()) {
                long count = area.decisions().get(place, decision);
                if (count > 0 || inForce.get(name) == decision) {
                  decisions.add(
                      new Figures.Decision(name.acl(), name.rule(), decision.text(), count));
                }
              }
            });
    return decisions;
  }

  /** What ended sessions of the classes have moved; to be read before the live ones. */
  Moved moved(Epoch epoch) {
    int[] ofClasses = epoch.classes();
    Moved moved = new Moved(new long[ofClasses.length], new long[ofClasses.length]);
    for (int i = 0; i < ofClasses.length; i++) {
      moved.up()[i] = area.classes().endedBytes(ofClasses[i], Way.UP);
      moved.down()[i] = area.classes().endedBytes(ofClasses[i], Way.DOWN);
    }
    return moved;
  }

  /** The classes of the configuration in force, with what they allow now. */
  List<Figures.BandwidthClass> classes(Epoch epoch, Moved ended, LiveSessions live) {
    ClassBoard board = area.classes();
    List<Figures.BandwidthClass> classes = new ArrayList<>();
    List<BandwidthClass> configured = epoch.configuration().bandwidth();
    for (int i = 0; i < configured.size(); i++) {
      int place = epoch.classes()[i];
      Told.Bytes moved =
          told(place, ended.up()[i] + live.classUp(place), ended.down()[i] + live.classDown(place));
      ClassTerms terms = new ClassTerms();
      board.read(place, terms);
      classes.add(
          new Figures.BandwidthClass(
              configured.get(i).name(),
              terms.rate(Way.UP),
              terms.rate(Way.DOWN),
              burst(terms),
              configured.get(i).sharedBy().name().toLowerCase(Locale.ROOT),
              live.ofClass(place),
              moved.up(),
              moved.down(),
              board.throttledNanos(place)));
    }
    return classes;
  }

  /** The figures of a class under other terms than those in force since. */
  static Figures.BandwidthClass under(ClassTerms terms, Figures.BandwidthClass figures) {
    return new Figures.BandwidthClass(
        figures.name(),
        terms.rate(Way.UP),
        terms.rate(Way.DOWN),
        burst(terms),
        figures.sharedBy(),
        figures.sessions(),
        figures.bytesUp(),
        figures.bytesDown(),
        figures.throttledNanos());
  }

  private Told.Bytes told(int place, long up, long down) {
    int generation = area.classes().generation(place);
    told.forget(new ClassName(place, generation - 1));
    return told.tell(new ClassName(place, generation), up, down);
  }

  /** That of the faster way. */
  private static long burst(ClassTerms terms) {
    long burst = 0;
    for (int way = 0; way < Way.COUNT; way++) {
      burst = terms.rate(way) == 0 ? burst : Math.max(burst, terms.burst(way));
    }
    return burst;
  }
}
