package org.portbouncer.launcher.mother.launch;

import org.portbouncer.core.session.StageId;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.Confinement;

/** Starts the programs of workers. In the mother; a test has others. */
public interface Launcher {

  /** Those of this server. */
  Launcher OURS =
      new Launcher() {
        @Override
        public int build(StageId stage) throws StartException {
          return WorkerCommand.build(stage);
        }

        @Override
        public int buildOfSpare() throws StartException {
          return WorkerCommand.buildOfSpare();
        }

        @Override
        public LaunchedWorker start(StageId stage, int index, int build, Confinement confinement)
            throws StartException {
          return LaunchedWorker.of(stage, index, build, confinement);
        }
      };

  /**
   * Which build a stage's workers are of now.
   *
   * @throws StartException where that cannot be found out
   */
  int build(StageId stage) throws StartException;

  /**
   * Which build a spare is of now.
   *
   * @throws StartException where that cannot be found out
   */
  int buildOfSpare() throws StartException;

  /**
   * Starts a worker, confined.
   *
   * @throws StartException where there is no child
   */
  LaunchedWorker start(StageId stage, int index, int build, Confinement confinement)
      throws StartException;
}
