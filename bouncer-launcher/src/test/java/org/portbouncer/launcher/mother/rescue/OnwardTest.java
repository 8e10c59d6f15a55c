package org.portbouncer.launcher.mother.rescue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.mother.MotherRig;

/** What io gets of sessions that others have forwarded so far. */
class OnwardTest {

  @TempDir private Path folder;

  @Test
  void shouldSendEachSessionWithTheStateThatItsOwnRecordSays() throws Exception {
    Configuration configuration =
        MotherRig.configuration(
            folder, "listeners { web { listen = \"127.0.0.1:1\", target = \"127.0.0.1:2\" } }");
    MotherRig rig = new MotherRig(configuration, 64, 60);
    Inboxes inboxes = new Inboxes(120);
    HopReceiver inbox =
        new HopReceiver(inboxes.forWorker(StageId.IO).reading(), null, new SessionPool());
    rig.onLoop(
        () -> {
          Onward onward = new Onward(rig.ground());
          assertThat(onward.lead(inboxes.own())).isTrue();
          for (long id = 41; id < 44; id++) {
            SessionState known = rig.session(id);
            Session session = onward.pool().obtain();
            session.create(0, 0);
            for (int role : new int[] {Descriptors.CLIENT, Descriptors.TARGET}) {
              session.descriptors().put(role, Native.constantFile("end", new byte[] {1}));
            }
            onward.send(known.record(), session, 77);
          }
          onward.end();
        });
    await("all in one message").until(() -> inbox.receive() == 3);
    for (int i = 0; i < 3; i++) {
      Session session = inbox.take(i);
      assertThat(session.state().id()).isEqualTo(41 + i);
      assertThat(rig.table().id(session.state().record())).isEqualTo(41 + i);
      assertThat(session.state().resumed()).isTrue();
      assertThat(session.state().deadline()).isEqualTo(77);
      session.descriptors().closeAll();
    }
    rig.close();
  }
}
