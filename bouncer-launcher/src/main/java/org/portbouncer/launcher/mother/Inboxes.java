package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.newsclub.net.unix.AFSocketType;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;
import org.newsclub.net.unix.FileDescriptorCast;
import org.portbouncer.core.config.Configuration.Workers;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.session.StageId;

/**
 * The hops' sockets: datagram pairs that the mother makes and keeps, both ends, so that what waits
 * in an inbox outlives the worker that would have read it. Every stage has one inbox for all its
 * workers; io has one for each, so that the stage before it can spread sessions evenly
 * (docs/decisions/003).
 */
final class Inboxes {

  /** Keeps both channels reachable: junixsocket closes a socket whose channel was collected. */
  private record Pair(AFUNIXDatagramChannel writing, AFUNIXDatagramChannel reading) {}

  private final List<List<Pair>> byStage = new ArrayList<>();

  /**
   * Makes all of them.
   *
   * @param stateBytes what a session's state has, as far as it travels inline
   */
  Inboxes(Workers workers, int stateBytes) throws StartException {
    try {
      for (StageId stage : StageId.values()) {
        int count = stage == StageId.IO ? workers.io() : 1;
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          AFUNIXSocketPair<AFUNIXDatagramChannel> pair = AFUNIXSocketPair.openDatagram();
          HopSender.makeRoom(raw(pair.getSocket1()), stateBytes);
          pairs.add(new Pair(pair.getSocket1(), pair.getSocket2()));
        }
        byStage.add(pairs);
      }
    } catch (IOException e) {
      throw new StartException("cannot make the sockets between the stages: " + e.getMessage(), e);
    }
  }

  /** The reading end for a stage's worker; the same for all but io. */
  int reading(StageId stage, int worker) throws StartException {
    List<Pair> pairs = byStage.get(stage.ordinal());
    return raw(pairs.get(worker % pairs.size()).reading());
  }

  /** The writing ends of a stage's inboxes. */
  int[] writing(StageId stage) throws StartException {
    List<Pair> pairs = byStage.get(stage.ordinal());
    int[] fds = new int[pairs.size()];
    for (int i = 0; i < fds.length; i++) {
      fds[i] = raw(pairs.get(i).writing());
    }
    return fds;
  }

  /**
   * What kind of socket the control link is: it keeps packets apart and tells when the other has
   * gone.
   */
  static AFUNIXSocketPair<AFUNIXDatagramChannel> controlPair() throws IOException {
    return AFUNIXSocketPair.openDatagram(AFSocketType.SOCK_SEQPACKET);
  }

  /** The descriptor behind a channel; it stays the channel's. */
  static int raw(AFUNIXDatagramChannel channel) throws StartException {
    try {
      return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
    } catch (IOException e) {
      throw new StartException("a socket without a descriptor: " + e.getMessage(), e);
    }
  }
}
