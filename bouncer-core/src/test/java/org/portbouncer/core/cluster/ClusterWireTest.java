package org.portbouncer.core.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.cluster.ClusterWire.Answer;
import org.portbouncer.core.cluster.ClusterWire.Ask;
import org.portbouncer.core.cluster.ClusterWire.Member;
import org.portbouncer.core.cluster.ClusterWire.Outcome;
import org.portbouncer.core.cluster.ClusterWire.Part;
import org.portbouncer.core.cluster.ClusterWire.Setup;
import org.portbouncer.core.cluster.ClusterWire.Wish;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

class ClusterWireTest {

  private final int[] pair = Sockets.pair(Const.SOCK_SEQPACKET);
  private final ControlChannel mother = new ControlChannel(pair[0]);
  private final ControlChannel process = new ControlChannel(pair[1]);

  @AfterEach
  void close() {
    Libc.close(pair[0]);
    Libc.close(pair[1]);
  }

  private static Ask ask(int limits) {
    return new Ask(7, true, Collections.nCopies(limits, new Wish(-5, 100, 30, 20, 40)));
  }

  private static Answer answer(int parts, Part part) {
    return new Answer(
        7,
        Outcome.GRANTED,
        3,
        100,
        "",
        Collections.nCopies(parts, part),
        List.of(new Member("ä:1", 5)));
  }

  private Answer answered(Answer said, Ask asked) throws ControlException {
    ClusterWire.answer(process, said);
    assertThat(process.send()).isZero();
    assertThat(mother.receiveBare()).isPositive();
    assertThat(mother.code()).isEqualTo(ClusterWire.ANSWER);
    return ClusterWire.answer(mother.fields(), asked);
  }

  @Test
  void shouldArriveAsSentWhenThereIsAsMuchAsThereMayBe() throws Exception {
    String long200 = "u".repeat(200);
    List<Cluster.Place> places =
        Collections.nCopies(16, new Cluster.Place("h".repeat(253), 65_535));
    Setup setup =
        new Setup(
            new Cluster.Redis(places, long200, long200, 3, true),
            Collections.nCopies(16, 65_535),
            "t".repeat(4096),
            "s".repeat(4096),
            "edge",
            "m:1",
            "m");
    ClusterWire.setup(mother, setup);
    assertThat(mother.send()).isZero();
    assertThat(process.receive()).isPositive();
    assertThat(ClusterWire.setup(process.fields())).isEqualTo(setup);
    ClusterWire.trust(mother, "c".repeat(12 * 1024));
    assertThat(mother.send()).isZero();
    assertThat(process.receive()).isPositive();
    assertThat(ClusterWire.trust(process.fields())).hasSize(12 * 1024);

    Ask most = ask(ClusterWire.MOST_LIMITS);
    ClusterWire.ask(mother, most);
    assertThat(mother.send()).isZero();
    int length = process.receive();
    assertThat(ClusterWire.ask(process.fields(), length)).isEqualTo(most);

    Answer all =
        new Answer(
            7,
            Outcome.RECALLING,
            1000,
            500,
            "w".repeat(ClusterWire.MOST_REASON),
            Collections.nCopies(ClusterWire.MOST_LIMITS, new Part(100, 90, 95, 80)),
            Collections.nCopies(
                ClusterWire.MOST_MEMBERS, new Member("x".repeat(ClusterWire.MOST_LABEL), 5)));
    assertThat(answered(all, most)).isEqualTo(all);
  }

  @Test
  void shouldRefuseWhatWasNotAskedForOrIsMoreThanTheLimit() throws Exception {
    Part part = new Part(50, 60, 90, 80);
    assertThat(answered(answer(2, part), ask(2)).parts()).hasSize(2);
    assertThatThrownBy(() -> answered(answer(1, part), ask(2)))
        .isInstanceOf(ControlException.class);
    assertThatThrownBy(() -> answered(answer(2, new Part(101, 1, 1, 1)), ask(2)))
        .hasMessageContaining("more than the limit");
    assertThatThrownBy(() -> answered(answer(2, new Part(-1, 1, 1, 1)), ask(2)))
        .isInstanceOf(ControlException.class);
    Ask other = new Ask(8, true, ask(2).wishes());
    assertThatThrownBy(() -> answered(answer(2, part), other)).hasMessageContaining("not asked");
    process.begin(ClusterWire.ANSWER).putLong(7).put((byte) 0);
    process.send();
    mother.receiveBare();
    assertThatThrownBy(() -> ClusterWire.answer(mother.fields(), ask(0)))
        .isInstanceOf(ControlException.class);
  }
}
