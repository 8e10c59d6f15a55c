package org.portbouncer.launcher.mother.handover;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.portbouncer.acl.BucketName;
import org.portbouncer.acl.Source;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.Limit;
import org.portbouncer.core.shared.LimitTable;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.ground.Ground;

/**
 * Enters sessions that workers of a server which died have told of into the books of this one: by
 * name, in a record, under limits, class, member and listener, as if they had begun here. In the
 * mother, on her loop's thread.
 */
final class Booking {

  /** Half of the numbers that every program which reads JSON has as they are: more ids follow. */
  private static final long MOST_ID = 1L << 52;

  private final Ground ground;
  private final Epoch epoch;
  private final Configuration configuration;
  private final SessionTable table;
  private final ClaimedSession claimed;
  private final Source source = new Source();
  private final BucketName bucket = new BucketName();
  private final Set<Long> ids = new HashSet<>();

  /** Connections of sessions that were entered, by the kernel's numbers: each is of one alone. */
  private final Set<Long> connections = new HashSet<>();

  private long highest;

  /**
   * @param epoch the configuration in force
   */
  Booking(Ground ground, Epoch epoch) {
    this.ground = ground;
    this.epoch = epoch;
    this.configuration = epoch.configuration();
    this.table = ground.table();
    this.claimed = new ClaimedSession();
  }

  /** The highest number of a session that was entered; 0 without one. */
  long highest() {
    return highest;
  }

  /** Why a session is not entered. */
  enum Refusal {
    NOT_CONFIGURED("of names that are not configured now"),
    UNFIT("that are not what was said"),
    NO_ROOM("without room here");

    private final String text;

    Refusal(String text) {
      this.text = text;
    }

    /** As the log says it, behind a number of sessions. */
    String text() {
      return text;
    }
  }

  /**
   * Enters a session.
   *
   * @param session has the descriptors that came
   * @return null, or why it cannot be: nothing is entered then
   */
  Refusal enter(OrphanSession said, Session session) {
    Places at = places(said.names());
    if (at == null) {
      return Refusal.NOT_CONFIGURED;
    }
    if (said.id() <= 0
        || said.id() >= MOST_ID
        || ids.contains(said.id())
        || !areItsOwn(session.descriptors())
        || !claimed.isTrue(said, session.descriptors(), at.listener, at.endpoint, at.target)) {
      return Refusal.UNFIT;
    }
    int record = ground.records().allocate();
    if (record < 0) {
      return Refusal.NO_ROOM;
    }
    begin(said, session, at, record);
    if (!limited(session.state(), at)) {
      leave(session);
      return Refusal.NO_ROOM;
    }
    if (at.bandwidth >= 0) {
      int slot = table.slot(record);
      bucket.of(configuration, epoch.places(), session.state(), at.bandwidth, slot);
      ground
          .area()
          .buckets()
          .acquire(
              record,
              epoch.classes()[at.bandwidth],
              bucket.sharedBy(),
              bucket.high(),
              bucket.low(),
              ground.loop().now(),
              ground.pid());
    }
    if (at.member >= 0) {
      int place = epoch.places().targets()[at.listener.group()][at.member];
      table.route().enter(record, ground.area().targets(), place, 0);
    }
    return null;
  }

  /** Whether its connections are two, and no other session's: who has one makes no more of it. */
  private boolean areItsOwn(Descriptors descriptors) {
    long client = Sockets.cookie(descriptors.peek(Descriptors.CLIENT));
    long target = Sockets.cookie(descriptors.peek(Descriptors.TARGET));
    return client != target && !connections.contains(client) && !connections.contains(target);
  }

  /** It is this server's now. */
  void taken(OrphanSession said, Session session) {
    ids.add(said.id());
    connections.add(Sockets.cookie(session.descriptors().peek(Descriptors.CLIENT)));
    connections.add(Sockets.cookie(session.descriptors().peek(Descriptors.TARGET)));
    highest = Math.max(highest, said.id());
    int slot = table.slot(session.state().record());
    ground.area().listeners().add(slot, ListenerCounters.Count.ACCEPTED, 1);
    ground.area().listeners().add(slot, ListenerCounters.Count.PASSED, 1);
  }

  /** Takes back what {@link #enter} has entered; the session's descriptors stay the caller's. */
  void leave(Session session) {
    SharedArea area = ground.area();
    int record = session.state().record();
    table.route().leave(record, area.targets());
    area.limits().release(record, ground.pid());
    area.buckets().release(record, ground.pid());
    table.free(record);
  }

  private void begin(OrphanSession said, Session session, Places at, int record) {
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(said.id(), record, table.generation(record));
    state.origin(epoch.number(), at.index, at.endpointIndex);
    OrphanSession.Times times = said.times();
    state.accepted(times.accepted());
    state.client(MemorySegment.ofArray(said.addresses().client()), 0);
    state.local(MemorySegment.ofArray(said.addresses().local()), 0);
    state.rule(at.rule);
    state.bandwidth(at.bandwidth);
    table.admit(record, state, epoch.places().listeners()[at.index], times.acceptedWallMs());
    table.rule(record, at.rule);
    table.bandwidth(record, at.bandwidth);
    table.setUp(record, times.accepted() + times.setupMicros() * 1_000L);
    table.addThrottled(record, times.throttled());
    OrphanSession.Position position = said.position();
    table.moved(record, position.up(), position.down(), times.activity());
    byte[] peer = said.addresses().peer();
    if (peer.length > 0) {
      table.route().peer(record, MemorySegment.ofArray(peer), 0);
    }
    byte[] server = said.addresses().server();
    if (server.length > 0) {
      table.route().server(record, MemorySegment.ofArray(server), 0);
    }
    if (at.member >= 0 || said.names().attempts() > 0) {
      table.route().attempt(record, at.member, said.names().attempts());
    }
    if (at.chain >= 0) {
      table.route().chain(record, at.chain, 0);
    }
    SessionFlow flows = table.flow();
    flows.begin(record, -1, -1, position.up(), position.down(), position.flags());
    for (int way = 0; way < Way.COUNT; way++) {
      if (position.carried(way) > 0) {
        flows.held(record, way, 0, position.carried(way));
        flows.pipe(record, way, position.inPipe(way) ? 0 : -1);
      }
    }
  }

  /** Counts it under the limits of its rule, which it may be above. */
  private boolean limited(SessionState state, Places at) {
    if (at.rule < 0) {
      return true;
    }
    Acl acl = configuration.acls().get(at.listener.acl());
    Rule rule = acl.rules().get(at.rule);
    source.of(state.memory(), state.client(), configuration.sourcePrefix());
    return ground
            .area()
            .limits()
            .adopt(
                state.record(),
                Limit.perRule(acl, rule),
                Limit.perSource(acl, rule),
                source.high(),
                source.low(),
                ground.loop().now(),
                ground.pid())
        == LimitTable.Outcome.TAKEN;
  }

  // Names.

  /** Where the names of a session stand in the configuration; -1 for none. */
  private record Places(
      int index,
      Listener listener,
      int endpointIndex,
      Endpoint endpoint,
      Endpoint target,
      int rule,
      int bandwidth,
      int member,
      int chain) {}

  /** Null where one of them does not stand there, or as something else. */
  private Places places(OrphanSession.Names names) {
    int index = find(configuration.listeners(), Listener::name, names.listener());
    if (index < 0) {
      return null;
    }
    Listener listener = configuration.listeners().get(index);
    int endpoint = find(listener.listen(), Endpoint::text, names.endpoint());
    Acl acl = listener.acl() < 0 ? null : configuration.acls().get(listener.acl());
    int rule = acl == null ? -1 : find(acl.rules(), Rule::name, names.rule());
    int bandwidth = find(configuration.bandwidth(), one -> one.name(), names.bandwidth());
    int chain = find(configuration.chains(), one -> one.name(), names.chain());
    TargetGroup group = listener.group() < 0 ? null : configuration.targets().get(listener.group());
    int member =
        group == null ? -1 : find(group.members(), TargetGroup.Member::name, names.member());
    boolean known =
        endpoint >= 0
            && !listener.udp()
            && listener.target().kind() != Endpoint.Kind.INTERNAL
            && names.acl().equals(acl == null ? "" : acl.name())
            && (acl == null) == (rule < 0)
            && (rule < 0 || acl.rules().get(rule).action() == Rule.Action.PASS)
            && names.bandwidth().isEmpty() == (bandwidth < 0)
            && names.chain().isEmpty() == (chain < 0)
            && names.member().isEmpty() == (group == null)
            && (group == null) == (member < 0)
            && (member < 0 || group.members().get(member).address().text().equals(names.address()));
    if (!known) {
      return null;
    }
    Endpoint target = member < 0 ? listener.target() : group.members().get(member).address();
    return new Places(
        index,
        listener,
        endpoint,
        listener.listen().get(endpoint),
        target,
        rule,
        bandwidth,
        member,
        chain);
  }

  private static <T> int find(List<T> all, Function<T, String> name, String wanted) {
    for (int i = 0; i < all.size(); i++) {
      if (name.apply(all.get(i)).equals(wanted)) {
        return i;
      }
    }
    return -1;
  }
}
