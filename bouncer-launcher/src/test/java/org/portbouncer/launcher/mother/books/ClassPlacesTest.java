package org.portbouncer.launcher.mother.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.Places;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.portbouncer.launcher.mother.ground.StartException;

class ClassPlacesTest {

  private static final int PID = 7;

  @TempDir private Path folder;

  private final SharedArea area = SharedArea.create(64);
  private final RecordAllocator records = new RecordAllocator(area.sessions(), PID);
  private final Epochs epochs = new Epochs();
  private final ClassPlaces places =
      new ClassPlaces(
          area.classes(), area.sessions(), new LiveRecords(area.sessions(), records), epochs, 4);

  @org.junit.jupiter.api.AfterEach
  void close() {
    Libc.close(area.fd());
  }

  /** Classes as in "a=5 b=7", rates up. */
  private Configuration configuration(String classes) throws Exception {
    StringBuilder text =
        new StringBuilder(
            "bouncer { listeners { web { listen = \"127.0.0.1:0\", target = \"internal:echo\" } }"
                + "\n bandwidth {");
    for (String one : classes.split(" ", -1)) {
      String[] parts = one.split("=", -1);
      text.append(parts[0]).append(" { up = \"").append(parts[1]).append(" B/s\" }\n");
    }
    Path file = Files.writeString(folder.resolve("c.conf"), text + "} }");
    return ConfigLoader.load(file).configuration();
  }

  private Epoch publish(int number, String classes) throws Exception {
    Configuration configuration = configuration(classes);
    Epoch epoch =
        new Epoch(
            number,
            configuration,
            new Places(new int[] {0}, places.assign(configuration), new int[0][], new int[0][], 0));
    epochs.add(epoch);
    places.publish(epoch);
    return epoch;
  }

  /** A session that set out under this configuration. */
  private int session(int epoch) {
    int record = records.allocate();
    SessionState state = new SessionState();
    state.create(Arena.ofAuto().allocate(SessionState.BYTES, 8), 0, 0);
    state.identify(record, record, area.sessions().generation(record));
    state.origin(epoch, 0, 0);
    area.sessions().admit(record, state, 0, 0);
    return record;
  }

  private void end(int record) {
    area.sessions().claimEnd(record, area.sessions().generation(record), PID);
    area.sessions().free(record);
  }

  private long up(int place) {
    ClassTerms terms = new ClassTerms();
    area.classes().read(place, terms);
    return terms.rate(Way.UP);
  }

  @Test
  void shouldKeepAClassInItsPlaceWhereverTheConfigurationMovesIt() throws Exception {
    Epoch first = publish(1, "a=5 b=7");
    int generation = area.classes().generation(first.classes()[1]);
    Epoch second = publish(2, "c=1 b=9 a=5");
    assertThat(second.classes()[2]).isEqualTo(first.classes()[0]);
    assertThat(second.classes()[1]).isEqualTo(first.classes()[1]);
    assertThat(second.classes()[0]).isNotIn(first.classes()[0], first.classes()[1]);
    assertThat(area.classes().generation(first.classes()[1])).isEqualTo(generation);
    assertThat(up(second.classes()[1])).isEqualTo(9);
  }

  @Test
  void shouldNotTouchAClassThatAReloadLeavesAsItIs() throws Exception {
    int place = publish(1, "a=5").classes()[0];
    int version = area.classes().version(place);
    publish(2, "a=5 b=6");
    assertThat(area.classes().version(place)).isEqualTo(version);
  }

  @Test
  void shouldKeepThePlaceOfAClassThatIsGoneWhileASessionMayHaveIt() throws Exception {
    int place = publish(1, "a=5").classes()[0];
    int session = session(1);
    assertThat(publish(2, "b=6").classes()[0]).isNotEqualTo(place);
    assertThat(up(place)).as("the rate of the class that is gone").isEqualTo(5);
    assertThat(publish(3, "b=6 a=8").classes()[1]).as("it comes back").isEqualTo(place);
    publish(4, "b=6");
    end(session);
    int generation = area.classes().generation(place);
    assertThat(publish(5, "b=6 c=1").classes()[1]).as("used again").isEqualTo(place);
    assertThat(area.classes().generation(place)).isEqualTo(generation + 1);
  }

  @Test
  void shouldRefuseWhatHasNoRoomAndGoOnWithoutIt() throws Exception {
    publish(1, "a=1 b=1 c=1");
    int session = session(1);
    assertThatThrownBy(() -> places.assign(configuration("d=1 e=1")))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("too many bandwidth classes");
    assertThat(publish(2, "a=1 d=1").classes()).hasSize(2);
    end(session);
    assertThat(publish(3, "d=1 e=1 f=1").classes()).doesNotHaveDuplicates();
  }

  @Test
  void shouldForgetAConfigurationThatWasNotPublished() throws Exception {
    int place = publish(1, "a=5").classes()[0];
    places.assign(configuration("b=1 c=1 d=1"));
    Epoch second = publish(2, "a=5 e=1 f=1 g=1");
    assertThat(second.classes()[0]).isEqualTo(place);
    assertThat(second.classes()).doesNotHaveDuplicates();
  }
}
