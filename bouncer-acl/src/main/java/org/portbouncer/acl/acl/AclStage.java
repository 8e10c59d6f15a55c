package org.portbouncer.acl.acl;

import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Session;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;

/** The second stage: who may pass. Runs in the acl worker; asks nobody and waits for nothing. */
final class AclStage implements Stage {

  private final Worker worker;

  AclStage(Worker worker) {
    this.worker = worker;
  }

  @Override
  public StageId id() {
    return StageId.ACL;
  }

  @Override
  public void session(Session session) {
    SessionState state = session.state();
    if (state.deadline() != 0 && worker.loop().now() - state.deadline() > 0) {
      worker.end(session, Result.TIMEOUT, Term.CLIENT_TIMEOUT_SETUP);
    } else if (passes(session)) {
      worker.area().listeners().add(worker.slot(session), ListenerCounters.Count.PASSED, 1);
      worker.forward(session);
    } else {
      worker.end(session, Result.BLOCKED, Term.BLOCKED);
    }
  }

  private boolean passes(Session session) {
    Configuration configuration = worker.configuration(session);
    SessionState state = session.state();
    Listener listener = configuration.listeners().get(state.listener());
    if (listener.acl() < 0) {
      return true;
    }
    Acl acl = configuration.acls().get(listener.acl());
    int index = RuleMatcher.match(acl, state.memory(), state.client());
    if (index == RuleMatcher.NONE) {
      return false;
    }
    state.rule(index);
    worker.table().rule(state.record(), index);
    return acl.rules().get(index).action() == Rule.Action.PASS;
  }

  @Override
  public void endHeld(Session session, Result result, Term term) {
    throw new IllegalStateException("the acl stage holds no session");
  }

  @Override
  public int descriptorsPerSession() {
    return 0;
  }
}
