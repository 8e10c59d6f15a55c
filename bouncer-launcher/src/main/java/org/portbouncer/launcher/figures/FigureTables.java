package org.portbouncer.launcher.figures;

import java.util.List;
import org.portbouncer.core.shared.WorkerBoard;

/** Every table of figures. A new figure is a row in one of them. */
public final class FigureTables {

  public static final FigureTable<Figures.Server> SERVER =
      FigureTable.of(all -> List.of(all.server()), ServerTables::server);

  public static final FigureTable<Figures.Sessions> SESSIONS =
      FigureTable.of(all -> List.of(all.sessions()), ServerTables::sessions);

  /** Those that a reload took away count on in the metrics. */
  public static final FigureTable<Figures.Listener> LISTENERS =
      FigureTable.of(Figures::listeners, ListenerTables::listener);

  /** Of listeners whose clients do not connect. */
  public static final FigureTable<Figures.Listener> DATAGRAMS =
      FigureTable.of(
          all -> all.listeners().stream().filter(one -> one.datagrams() != null).toList(),
          ListenerTables::datagrams);

  public static final FigureTable<Figures.Stage> STAGES =
      FigureTable.of(Figures::stages, WorkerTables::stage);

  public static final FigureTable<Figures.Worker> WORKERS =
      FigureTable.of(Figures::workers, WorkerTables::worker);

  /** All spares together. */
  public static final FigureTable<Figures.Spares> SPARES =
      FigureTable.of(all -> List.of(all.spares()), WorkerTables::spares);

  public static final FigureTable<Figures.Spare> EACH_SPARE =
      FigureTable.of(all -> all.spares().all(), WorkerTables::spare);

  /** What workers count, all of them together. */
  public static final FigureTable<Counts<WorkerBoard.Count>> ALL_WORKERS =
      FigureTable.of(all -> List.of(all.counts()), ServerTables::workers);

  public static final FigureTable<Figures.Decision> DECISIONS =
      FigureTable.of(Figures::decisions, PolicyTables::decision);

  public static final FigureTable<Figures.BandwidthClass> CLASSES =
      FigureTable.of(Figures::classes, PolicyTables::bandwidth);

  public static final FigureTable<MemberView> MEMBERS =
      FigureTable.of(Figures::members, TargetTables::member);

  public static final FigureTable<Figures.Transfer> TRANSFER =
      FigureTable.of(all -> List.of(all.transfer()), ServerTables::transfer);

  public static final FigureTable<Figures.AccessLog> ACCESS_LOG =
      FigureTable.of(all -> List.of(all.accessLog()), ServerTables::accessLog);

  public static final FigureTable<Figures.ServerLog> SERVER_LOG =
      FigureTable.of(all -> List.of(all.serverLog()), ServerTables::serverLog);

  public static final FigureTable<Counts<PauseReason>> PAUSES =
      FigureTable.of(all -> List.of(all.pauses()), ServerTables::pauses);

  static final FigureTable<ClusterView.Member> CLUSTER_MEMBERS =
      FigureTable.where(
          all -> all.cluster() != null, all -> all.cluster().named(), ClusterTables::member);

  static final FigureTable<ClusterView.Limit> CLUSTER_LIMITS =
      FigureTable.where(
          all -> all.cluster() != null, all -> all.cluster().limits(), ClusterTables::limit);

  public static final FigureTable<ClusterView> CLUSTER =
      FigureTable.where(
          all -> all.cluster() != null, all -> List.of(all.cluster()), ClusterTables::cluster);

  private static final List<FigureTable<?>> ALL =
      List.of(
          SERVER,
          SESSIONS,
          LISTENERS,
          DATAGRAMS,
          STAGES,
          WORKERS,
          SPARES,
          EACH_SPARE,
          ALL_WORKERS,
          DECISIONS,
          CLASSES,
          MEMBERS,
          TRANSFER,
          ACCESS_LOG,
          SERVER_LOG,
          PAUSES,
          CLUSTER,
          CLUSTER_LIMITS,
          CLUSTER_MEMBERS);

  private FigureTables() {}

  /** All of them. */
  public static List<FigureTable<?>> all() {
    return ALL;
  }
}
