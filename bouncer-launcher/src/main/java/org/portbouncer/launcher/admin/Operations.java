package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.util.List;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.launcher.figures.ClusterView;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.MemberView;

/**
 * What the admin socket may ask of the running server. The mother implements it; the threads of
 * {@link AdminServer} in the same process call it, several at once, so every method is safe from
 * any thread, and none but {@link #reload} blocks for long.
 */
public interface Operations {

  /** Everything that is counted, now. */
  Figures figures();

  /** Every live session, unfiltered: a snapshot. */
  List<SessionView> sessions();

  /** For one who looks at the heaviest sessions again and again. */
  SessionWatch watch();

  /**
   * Ends sessions.
   *
   * @param ids the sessions to end; one that is not live is passed over
   * @return how many were live and are being ended
   */
  int kill(long[] ids);

  /**
   * Changes what a bandwidth class allows, for live sessions too, until the next reload.
   *
   * @param up bytes per second, 0 for no limit; null to leave it
   * @param down likewise
   * @return the class as it is now
   * @throws RefusedException where there is no such class
   */
  Figures.BandwidthClass limit(String name, Long up, Long down) throws RefusedException;

  /**
   * The limits that the cluster shares, as this server sees them.
   *
   * @throws RefusedException where no cluster is configured
   */
  ClusterView cluster() throws RefusedException;

  /** The members of groups of targets, as they are now. */
  List<MemberView> members();

  /**
   * Notes what the operator says of members of a group.
   *
   * @param which GROUP, for all of them, or GROUP/MEMBER
   * @return of how many
   * @throws RefusedException where there is no such group or member
   */
  int target(TargetBoard.Mode mode, String which) throws RefusedException;

  /**
   * Has the live sessions of an io worker go on in others, and waits for that.
   *
   * @param worker its name, such as io/0, or its pid
   * @return how many sessions
   * @throws RefusedException where it cannot be, or not all of them went on
   */
  int move(String worker) throws RefusedException;

  /** Who is told how an upgrade goes, on the thread that asked for it. */
  interface Upgraded {
    /** How far it is. */
    void progress(String what) throws IOException;

    /** How it went. */
    void done(UpgradeView how) throws IOException;
  }

  /**
   * Has another installation follow this one, and waits for that.
   *
   * @param to its folder
   * @param ifChanged only where that is not what runs
   * @param told how it goes and went
   * @throws RefusedException where it cannot be: this server serves on
   * @throws IOException what {@code told} throws
   */
  void upgrade(String to, boolean ifChanged, Upgraded told) throws RefusedException, IOException;

  /**
   * Begins to stop; returns at once. The process exits when done.
   *
   * @param now true to end live sessions at once instead of draining them
   */
  void stop(boolean now);

  /**
   * Reads the configuration again and puts it in force; waits for the outcome.
   *
   * @param recheck whether to end live sessions that the new rules block
   */
  ReloadView reload(boolean recheck);

  /** Sessions between accept and their end: what a stop still waits for. */
  int active();
}
