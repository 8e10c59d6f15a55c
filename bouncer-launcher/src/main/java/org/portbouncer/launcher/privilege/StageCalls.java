package org.portbouncer.launcher.privilege;

import static org.portbouncer.launcher.privilege.Bpf.branch;
import static org.portbouncer.launcher.privilege.Bpf.loadArgument;
import static org.portbouncer.launcher.privilege.Bpf.oneOf;
import static org.portbouncer.launcher.privilege.Bpf.then;
import static org.portbouncer.launcher.privilege.CallFilter.NO;
import static org.portbouncer.launcher.privilege.CallFilter.YES;

import java.util.List;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.launcher.privilege.Bpf.Instruction;

/**
 * What workers of one stage may do and those of others may not: a {@link CallFilter} goes by it,
 * and so does who reads files and keeps rights for sockets. In the mother.
 *
 * @param connects whether they make sockets, connect them, look names up for that, and send to
 *     whomever
 * @param receivesBatches whether they take many datagrams at once; sent they are one by one, for
 *     what sendmmsg(2) sends may go to anybody
 * @param endsStreams whether they pass on the end of a stream, of sockets that others read and
 *     write as well
 * @param socketOptions what they set of sockets that are not their own
 */
record StageCalls(
    boolean connects,
    boolean receivesBatches,
    boolean endsStreams,
    List<Instruction> socketOptions) {

  /** TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT. */
  private static final int[] TCP_OPTIONS = {1, 4, 5, 6, 18};

  private static final int[] SOCKET_OPTIONS = {Const.SO_KEEPALIVE, Const.SO_OOBINLINE};
  private static final int[] IO_SOCKET_OPTIONS = {
    Const.SO_KEEPALIVE, Const.SO_OOBINLINE, Const.SO_LINGER, Const.SO_RCVLOWAT
  };

  /** Those of whoever connects; close would wait for a lingering socket, whoever does it last. */
  static final StageCalls CONNECTING =
      new StageCalls(
          true, true, false, level(Const.SOL_SOCKET, oneOption(Const.SO_LINGER, NO, YES), YES));

  /** The length of a PROXY header is awaited. */
  private static final StageCalls GREETING =
      new StageCalls(
          false, false, false, level(Const.SOL_SOCKET, oneOption(Const.SO_RCVLOWAT, YES, NO), NO));

  private static final StageCalls DECIDING = new StageCalls(false, false, false, NO);

  private static final StageCalls SETTING =
      new StageCalls(false, false, false, options(SOCKET_OPTIONS));

  /** Datagrams that leave together are parted again. */
  private static final StageCalls FORWARDING =
      new StageCalls(
          false,
          true,
          true,
          level(
              Const.IPPROTO_UDP,
              oneOption(Const.UDP_SEGMENT, YES, NO),
              options(IO_SOCKET_OPTIONS)));

  /** Those of a stage's workers. */
  static StageCalls of(StageId stage) {
    return switch (stage) {
      case NEGOTIATE -> GREETING;
      case ACL -> DECIDING;
      case CONNECT -> CONNECTING;
      case BANDWIDTH -> SETTING;
      case IO -> FORWARDING;
    };
  }

  private static List<Instruction> options(int[] ofSockets) {
    return level(
        Const.SOL_SOCKET,
        then(loadArgument(2), oneOf(ofSockets, YES, NO)),
        level(Const.IPPROTO_TCP, then(loadArgument(2), oneOf(TCP_OPTIONS, YES, NO)), NO));
  }

  private static List<Instruction> level(
      int level, List<Instruction> yes, List<Instruction> otherwise) {
    return then(loadArgument(1), branch(Bpf.IF_EQUAL, level, yes, otherwise));
  }

  private static List<Instruction> oneOption(
      int option, List<Instruction> yes, List<Instruction> otherwise) {
    return then(loadArgument(2), branch(Bpf.IF_EQUAL, option, yes, otherwise));
  }
}
