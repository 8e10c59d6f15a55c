package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.util.Arrays;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;
import org.portbouncer.core.sys.Sockets;

/**
 * Who is at the other end of a connection to the admin socket, as the kernel noted when it
 * connected.
 *
 * @param pid for the log alone: the number may be another process's by now
 * @param groups the supplementary ones
 */
record Peer(int uid, int gid, int[] groups, int pid) {

  static Peer of(UnixSocketChannel channel) throws IOException {
    var credentials = channel.getOption(UnixSocketOptions.SO_PEERCRED);
    return new Peer(
        credentials.getUid(),
        credentials.getGid(),
        Sockets.peerGroups(channel.getFD()),
        credentials.getPid());
  }

  boolean isIn(int group) {
    return gid == group || Arrays.stream(groups).anyMatch(one -> one == group);
  }
}
