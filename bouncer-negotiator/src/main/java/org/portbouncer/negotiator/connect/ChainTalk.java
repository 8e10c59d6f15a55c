package org.portbouncer.negotiator.connect;

import org.portbouncer.core.session.Cause;

/**
 * The proxies on the way of one session, where it has any: leads the {@link ChainDialogue} through
 * them, and says whose fault it is where an answer does not come. Belongs to a {@link
 * ConnectAttempt}; on the thread of the connect worker's loop.
 */
final class ChainTalk {

  private final ConnectStage stage;
  private final ConnectGoal goal;
  private final ChainDialogue.Owner owner;

  /** Made for the first session that goes through a chain. */
  private ChainDialogue dialogue;

  ChainTalk(ConnectStage stage, ConnectGoal goal, ChainDialogue.Owner owner) {
    this.stage = stage;
    this.goal = goal;
    this.owner = owner;
  }

  /** Speaks with the first of the proxies. */
  void begin(int fd) {
    if (dialogue == null) {
      dialogue = new ChainDialogue(stage.worker(), stage.resolver(), owner);
    }
    dialogue.begin(fd, goal.chain(), goal.target());
  }

  private boolean isSpeaking() {
    return dialogue != null && dialogue.isSpeaking();
  }

  /** Whether who is late is the target: no chain, or its last proxy is waited for. */
  boolean isTargetsLateness() {
    return goal.chain() == null || isSpeaking() && dialogue.isAtTarget();
  }

  /** What an answer that does not come in time is, where no name is looked up. */
  Cause lateness() {
    return isSpeaking() ? Cause.PROXY_LATE : Cause.NO_ANSWER;
  }

  /** Ends what is spoken. */
  void clear() {
    if (dialogue != null) {
      dialogue.clear();
    }
  }
}
