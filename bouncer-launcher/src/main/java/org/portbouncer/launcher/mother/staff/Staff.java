package org.portbouncer.launcher.mother.staff;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.portbouncer.core.config.Configuration.Workers;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.SocketRights;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which workers there are, and how a reload changes their number: new ones start first and get
 * sessions afterwards; those that are too many get no new sessions and end when they have none.
 *
 * <p>Each io worker has an inbox of its own. Before it may end, every worker of the stage before it
 * has closed that inbox, so that what it finds there is the last. In the mother, on her loop's
 * thread; {@link #all} from any.
 */
public final class Staff {

  private static final Logger LOG = LoggerFactory.getLogger(Staff.class);

  private final Ground ground;
  private final Inboxes inboxes;
  private final List<WorkerProcess> all = new CopyOnWriteArrayList<>();

  /** Places on the board that were left; they stay their stage's, whose counts are there. */
  private final Map<StageId, Deque<Integer>> freePlaces = new EnumMap<>(StageId.class);

  /** All that a stage has or had, from any thread. */
  private final Map<StageId, List<Integer>> places = new EnumMap<>(StageId.class);

  private int usedPlaces;

  /** Control links to processes that have ended. */
  private final Deque<ControlChannel> spareLinks = new ArrayDeque<>();

  private Confinement confinement;
  private WorkerWatcher watcher;

  /** Io workers that get sessions, and which set of them this is. */
  private List<WorkerProcess> lanes = List.of();

  private int lanesVersion;

  /**
   * Inboxes of another server's io workers, which get all sessions from now on; empty as a rule.
   */
  private List<Inboxes.Inbox> successors = List.of();

  Staff(Ground ground, Inboxes inboxes) {
    this.ground = ground;
    this.inboxes = inboxes;
    for (StageId stage : StageId.values()) {
      freePlaces.put(stage, new ArrayDeque<>());
      places.put(stage, new CopyOnWriteArrayList<>());
    }
  }

  /** Says how those that are added from now on are confined, and who is told of them. */
  void begin(Confinement how, WorkerWatcher whom) {
    confinement = how;
    watcher = whom;
  }

  /** What connect workers keep for their sockets. */
  public SocketRights rights() {
    return confinement.rights();
  }

  /** All workers, running or not, by stage and index. */
  public List<WorkerProcess> all() {
    return all;
  }

  /** The places on the board where a stage's workers count, those that are gone included. */
  public List<Integer> places(StageId stage) {
    return places.get(stage);
  }

  /**
   * Adds the workers that are missing; they are to be started by the caller.
   *
   * @throws StartException where there is no room; none is added then
   */
  List<WorkerProcess> add(Workers counts) throws StartException {
    List<WorkerProcess> added = new ArrayList<>();
    try {
      for (StageId stage : StageId.values()) {
        for (int have = staying(stage).size(); have < count(counts, stage); have++) {
          added.add(add(stage));
        }
      }
    } catch (StartException e) {
      added.forEach(this::remove);
      throw e;
    }
    return added;
  }

  private WorkerProcess add(StageId stage) throws StartException {
    Integer place = freePlaces.get(stage).poll();
    if (place == null) {
      if (usedPlaces == WorkerBoard.PLACES) {
        throw new StartException(
            "no room for one more worker: too many still end that older reloads made superfluous");
      }
      place = usedPlaces++;
      places.get(stage).add(place);
    }
    Inboxes.Inbox inbox;
    try {
      inbox = inboxes.forWorker(stage);
    } catch (StartException e) {
      freePlaces.get(stage).add(place);
      throw e;
    }
    WorkerProcess worker =
        new WorkerProcess(
            ground.loop(), confinement, spareLinks, watcher, stage, freeIndex(stage), place, inbox);
    int at = 0;
    while (at < all.size() && isBefore(all.get(at), worker)) {
      at++;
    }
    all.add(at, worker);
    return worker;
  }

  /** The order of listings. */
  private static boolean isBefore(WorkerProcess one, WorkerProcess other) {
    return one.stage() == other.stage()
        ? one.index() < other.index()
        : one.stage().compareTo(other.stage()) < 0;
  }

  /** The lowest number that no worker of the stage has, one that is ending included. */
  private int freeIndex(StageId stage) {
    int index = 0;
    for (WorkerProcess worker : all) {
      if (worker.stage() == stage && worker.index() == index) {
        index++;
      }
    }
    return index;
  }

  private List<WorkerProcess> staying(Predicate<StageId> which) {
    return all.stream().filter(one -> which.test(one.stage()) && !one.leaving()).toList();
  }

  private List<WorkerProcess> staying(StageId stage) {
    return staying(one -> one == stage);
  }

  /** Those that hold live sessions and do not leave, running or not. */
  List<WorkerProcess> forwarding() {
    return staying(StageId::forwards);
  }

  public static int count(Workers counts, StageId stage) {
    return switch (stage) {
      case NEGOTIATE -> counts.negotiate();
      case ACL -> counts.acl();
      case CONNECT -> counts.connect();
      case BANDWIDTH -> counts.bandwidth();
      case IO -> counts.io();
    };
  }

  /** Forgets a worker that has no process. */
  void remove(WorkerProcess worker) {
    if (all.remove(worker)) {
      inboxes.release(worker.inbox());
      ground.area().workers().sessions(worker.place(), 0);
      ground.area().workers().leave(worker.place());
      freePlaces.get(worker.stage()).add(worker.place());
    }
  }

  /**
   * Gives sessions to the workers that are wanted, and has those leave that are too many.
   *
   * @return how many leave
   */
  int adopt(Workers counts) {
    int leave = 0;
    for (StageId stage : StageId.values()) {
      List<WorkerProcess> staying = staying(stage);
      for (int i = count(counts, stage); i < staying.size(); i++) {
        staying.get(i).leave();
        leave++;
        LOG.info(
            "worker {} is not needed any more: it ends with its last session",
            staying.get(i).name());
      }
    }
    List<WorkerProcess> wanted = staying(StageId::inboxEach);
    if (!wanted.equals(lanes)) {
      lanes = wanted;
      lanesVersion++;
      for (WorkerProcess worker : all) {
        if (worker.stage().choosesInbox()) {
          tellLanes(worker);
        }
      }
    }
    letGo();
    return leave;
  }

  /** The io workers that get sessions. */
  List<WorkerProcess> lanes() {
    return lanes;
  }

  /** Tells a worker of the stage before io who gets sessions now. */
  void tellLanes(WorkerProcess worker) {
    worker
        .link()
        .lanes(
            lanesVersion,
            successors.isEmpty() ? lanes.stream().map(WorkerProcess::inbox).toList() : successors);
  }

  /** Has all sessions go to another server's io workers, and those of this one leave. */
  void handOver(List<Inboxes.Inbox> inboxes) {
    successors = inboxes;
    lanes = List.of();
    lanesVersion++;
    for (WorkerProcess worker : all) {
      if (worker.stage().choosesInbox()) {
        tellLanes(worker);
      } else if (worker.stage().inboxEach()) {
        worker.leave();
      }
    }
    letGo();
  }

  /** Inboxes of another server's io workers, to which live sessions go; empty as a rule. */
  List<Inboxes.Inbox> successors() {
    return successors;
  }

  /** Takes note of the places on the board that workers of the server before have. */
  void inherit(List<List<Integer>> taken) {
    for (StageId stage : StageId.values()) {
      for (int place : taken.get(stage.ordinal())) {
        places.get(stage).add(place);
        usedPlaces = Math.max(usedPlaces, place + 1);
      }
    }
  }

  /** A worker of the server before has left its place: it is for another of its stage. */
  public void free(StageId stage, int place) {
    freePlaces.get(stage).add(place);
  }

  /** Ends those that leave and that nobody can send to any more; call it when anything changed. */
  void letGo() {
    for (WorkerProcess worker : all) {
      if (worker.leaving()) {
        if (!worker.running() && isIdle(worker)) {
          remove(worker);
        } else if (!worker.stage().inboxEach() || isCutOff(worker)) {
          worker.drain();
        }
      }
    }
  }

  /** Whether nothing is left that this worker alone could do, were it running. */
  boolean isIdle(WorkerProcess worker) {
    return !worker.stage().inboxEach() || isCutOff(worker) && worker.inbox().isEmpty();
  }

  /** Gives up workers that were added for a reload which has failed. */
  public void dismiss(List<WorkerProcess> added) {
    for (WorkerProcess worker : added) {
      worker.leave();
      worker.destroy();
    }
    letGo();
  }

  /** Whether no worker has the inbox of this one any more. */
  private boolean isCutOff(WorkerProcess worker) {
    if (lanes.contains(worker)) {
      return false;
    }
    for (WorkerProcess sender : all) {
      if (sender.stage().choosesInbox()
          && sender.running()
          && sender.lanesVersion() < lanesVersion) {
        return false;
      }
    }
    return true;
  }

  /** Whether a worker runs in that process. */
  public boolean isWorker(int pid) {
    return all.stream().anyMatch(one -> one.pid() == pid);
  }

  /** Whether a worker has said that this is its keeper. */
  public boolean isKeeper(int pid) {
    return all.stream().anyMatch(one -> one.keeper() != null && one.keeper().is(pid));
  }

  /**
   * All workers but those that die again and again, whom nobody can wait for, and those that are
   * about to end because they are not needed.
   */
  public List<WorkerProcess> dependable() {
    return all.stream()
        .filter(one -> !one.leaving())
        .filter(one -> one.state() == WorkerState.READY || one.starts().pauses().last() == 0)
        .toList();
  }

  /** A worker that runs and does not know that configuration; null where all do. */
  public WorkerProcess ignorant(int epoch) {
    for (WorkerProcess worker : all) {
      if (worker.running() && worker.knows() < epoch) {
        return worker;
      }
    }
    return null;
  }

  /** For each stage the places of its workers, those that are gone included. */
  public List<List<Integer>> allPlaces() {
    return Arrays.stream(StageId.values()).map(stage -> List.copyOf(places(stage))).toList();
  }
}
