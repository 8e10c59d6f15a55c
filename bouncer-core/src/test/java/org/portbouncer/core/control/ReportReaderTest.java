package org.portbouncer.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;

class ReportReaderTest {

  private final int[] pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  private final ControlChannel mother = new ControlChannel(pair[0]);
  private final ControlChannel worker = new ControlChannel(pair[1]);
  private final Heard heard = new Heard();
  private final ReportReader reader = new ReportReader(mother, heard);
  private int openBefore;

  @BeforeEach
  void count() {
    openBefore = Descriptor.open();
  }

  @AfterEach
  void nothingShouldBeLeftOpen() {
    assertThat(Descriptor.open()).isEqualTo(openBefore);
    Descriptor.close(pair);
  }

  private void read() throws ControlException {
    assertThat(mother.receiveBare()).isPositive();
    reader.read();
  }

  private void require(int errno, String word) throws ControlException {
    assertThat(errno).isZero();
    read();
    assertThat(heard.words.getLast()).isEqualTo(word);
  }

  private void refuse(String why) {
    assertThat(worker.send()).isZero();
    long told = heard.count;
    assertThatThrownBy(this::read).isInstanceOf(ControlException.class).hasMessageContaining(why);
    assertThat(heard.count).as("nothing of it is believed").isEqualTo(told);
  }

  @Test
  void shouldTellEachReportAsItWasSent() throws ControlException {
    reader.askedEpoch(4);
    reader.askedLanes(2);
    reader.askedSync(77);
    require(Reports.epoch(worker, 4), "epoch 4");
    reader.askedEpoch(6);
    require(Reports.refused(worker, 6, new byte[5]), "refused 6 5");
    require(Reports.waiting(worker, -8), "waiting -8");
    require(Reports.ready(worker, -9), "ready -9");
    require(Reports.lanes(worker, 2), "lanes 2");
    require(Reports.synced(worker, 77), "synced 77");
    require(Reports.mark(worker, 78), "mark 78");
    require(Reports.log(worker, 1, new byte[9]), "log 1 9");
    require(Reports.log(worker, 4, new byte[0]), "log 4 0");
    require(Reports.log(worker, 4, new byte[9000]), "log 4 4000");
  }

  @Test
  void shouldRefuseEveryReportThatIsCutShort() {
    reader.askedEpoch(0);
    for (Report report : Report.values()) {
      worker.begin(report.code());
      refuse("ends too early");
    }
    worker.begin(Report.EPOCH.code()).put(new byte[3]);
    refuse("ends too early");
  }

  @Test
  void shouldRefuseEveryReportWithSomethingLeftOver() {
    reader.askedEpoch(1);
    for (Report report : Report.values()) {
      if (report != Report.LOG && report != Report.REFUSED) {
        worker.begin(report.code()).putInt(1).put((byte) 0);
        refuse("too long");
      }
    }
    worker.begin(Report.LOG.code()).put((byte) 1).put(new byte[Reports.MAX_TEXT + 1]);
    refuse("too long");
    worker.begin(Report.REFUSED.code()).putInt(1).put(new byte[Reports.MAX_TEXT + 1]);
    refuse("too long");
  }

  @Test
  void shouldRefuseAnyDescriptorAndLeaveNoneOpen() {
    for (Report report : Report.values()) {
      worker.begin(report.code()).putInt(1);
      for (int i = 0; i < 100; i++) {
        worker.attach(pair[1]);
      }
      refuse("a descriptor");
    }
    assertThat(Descriptor.open()).isEqualTo(openBefore);
  }

  @Test
  void shouldRefuseAnswersToWhatNobodyAsked() throws ControlException {
    for (Report report : new Report[] {Report.EPOCH, Report.LANES, Report.SYNCED, Report.REFUSED}) {
      worker.begin(report.code()).putInt(5);
      refuse(report + " that answers nothing");
    }
    reader.askedEpoch(5);
    reader.askedLanes(6);
    reader.askedSync(7);
    worker.begin(Report.SYNCED.code()).putInt(5);
    refuse("SYNCED that answers nothing");
    require(Reports.synced(worker, 7), "synced 7");
    worker.begin(Report.SYNCED.code()).putInt(7);
    refuse("SYNCED that answers nothing");
  }

  @Test
  void shouldBearWithAnAnswerThatFoundTheLinkFull() throws ControlException {
    reader.askedSync(3);
    reader.askedSync(9);
    reader.askedSync(8);
    require(Reports.synced(worker, 9), "synced 9");
    worker.begin(Report.SYNCED.code()).putInt(3);
    refuse("SYNCED that answers nothing");
    require(Reports.synced(worker, 8), "synced 8");
  }

  @Test
  void shouldRefuseASecondReady() throws ControlException {
    require(Reports.ready(worker, -9), "ready -9");
    worker.begin(Report.READY.code()).putInt(-9);
    refuse("READY a second time");
  }

  @Test
  void shouldRefuseWhatTheMotherAloneSays() {
    worker.begin(Order.STOP.code());
    refuse("no report has the code 10");
  }

  @Test
  void shouldRefuseLevelsThatAreNone() {
    worker.begin(Report.LOG.code()).put((byte) 0);
    refuse("a level that is none");
    worker.begin(Report.LOG.code()).put((byte) 5);
    refuse("a level that is none");
    worker.begin(Report.LOG.code()).put((byte) 0x84);
    refuse("a level that is none");
  }
}
