package org.portbouncer.acl.acl;

import org.portbouncer.acl.Source;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.AclCounters.Decision;
import org.portbouncer.core.shared.Limit;
import org.portbouncer.core.shared.LimitTable;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Places;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;

/**
 * The second stage: who may pass, and how many at once. Runs in the acl worker; asks nobody and
 * waits for nothing.
 */
final class AclStage implements Stage {

  private final Worker worker;
  private final Policies policies = new Policies();
  private final Source source = new Source();
  private final ConnectLines connectLines;

  AclStage(Worker worker) {
    this.worker = worker;
    this.connectLines =
        new ConnectLines(
            worker.loop().timers(),
            count ->
                worker
                    .log()
                    .warn(
                        worker.loop().now(),
                        "connect lines of blocked clients that were left out: " + count));
  }

  @Override
  public StageId id() {
    return StageId.ACL;
  }

  @Override
  public Runnable prepare(Epoch epoch) {
    Configuration configuration = epoch.configuration();
    AclPolicy[] acls = new AclPolicy[configuration.acls().size()];
    for (int i = 0; i < acls.length; i++) {
      Acl acl = configuration.acls().get(i);
      acls[i] = new AclPolicy(acl);
    }
    return () -> policies.add(epoch.number(), acls);
  }

  @Override
  public void retired(int oldest) {
    policies.retire(oldest);
  }

  @Override
  public void withdrawn(int epoch) {
    policies.remove(epoch);
  }

  @Override
  public void session(Session session) {
    if (worker.outOfTime(session)) {
      worker.end(session, Result.TIMEOUT, Term.CLIENT_TIMEOUT_SETUP);
      return;
    }
    Result refusal = decide(session);
    if (refusal == null) {
      worker.area().listeners().add(worker.slot(session), ListenerCounters.Count.PASSED, 1);
      worker.forward(session);
    } else {
      worker.end(session, refusal, Term.BLOCKED);
    }
  }

  /** Why the session may not pass; null where it may. */
  private Result decide(Session session) {
    Configuration configuration = worker.configuration(session);
    SessionState state = session.state();
    int acl = configuration.listeners().get(state.listener()).acl();
    Places places = worker.places(session);
    if (acl < 0) {
      count(places.noAcl(), Decision.PASS);
      return null;
    }
    AclPolicy policy = policies.of(state.epoch())[acl];
    int index = match(policy.matcher(), state);
    int place = places.rule(acl, index);
    if (index == RuleMatcher.NONE) {
      count(place, Decision.BLOCK);
      worker.because(session, Cause.NO_RULE, 0);
      return Result.BLOCKED;
    }
    state.rule(index);
    worker.table().rule(state.record(), index);
    Rule rule = policy.rule(index);
    if (rule.logConnect()
        && (rule.action() == Rule.Action.PASS || connectLines.mayWrite(worker.loop().now()))) {
      worker.logConnect(session);
    }
    if (rule.action() == Rule.Action.BLOCK) {
      count(place, Decision.BLOCK);
      return Result.BLOCKED;
    }
    boolean within =
        withinLimits(
            state,
            configuration,
            policy.perRule(index),
            policy.perSource(index),
            rule.shared() ? place : LimitTable.OWN);
    count(place, within ? Decision.PASS : Decision.LIMITED);
    if (within) {
      return null;
    }
    worker.because(session, worker.area().limits().reached(), 0);
    return Result.LIMITED;
  }

  private int match(RuleMatcher matcher, SessionState state) {
    SessionTable table = worker.table();
    boolean other = state.relayed() && table.route().hasPeer(state.record());
    return matcher.match(
        state.memory(),
        state.client(),
        state.local(),
        other ? table.memory() : state.memory(),
        other ? table.route().peerOffset(state.record()) : state.client(),
        System.currentTimeMillis());
  }

  private void count(int place, Decision decision) {
    worker.area().decisions().count(place, decision);
  }

  /**
   * Counts the session under the rule's limits, if it keeps to them.
   *
   * @param part where this server's part of the rule's stands; {@link LimitTable#OWN} for all of it
   */
  private boolean withinLimits(
      SessionState state, Configuration configuration, Limit perRule, Limit perSource, int part) {
    if (perRule == null && perSource == null) {
      return true;
    }
    source.of(state.memory(), state.client(), configuration.sourcePrefix());
    LimitTable limits = worker.area().limits();
    LimitTable.Outcome outcome =
        limits.take(
            state.record(),
            perRule,
            perSource,
            source.high(),
            source.low(),
            worker.loop().now(),
            worker.pid(),
            worker.area().parts(),
            part);
    if (outcome == LimitTable.Outcome.NO_ROOM) {
      worker.count(WorkerBoard.Count.LIMIT_TABLE_FULL, 1);
      worker
          .log()
          .warn(
              worker.loop().now(),
              "no room to count one more source: session " + state.id() + " is refused");
    }
    return outcome == LimitTable.Outcome.TAKEN;
  }
}
