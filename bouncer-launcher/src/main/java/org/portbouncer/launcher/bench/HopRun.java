package org.portbouncer.launcher.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One run of one mode, as the command asks both of its processes for it.
 *
 * @param mode how
 * @param stateSize bytes of each state
 * @param fds descriptors with each
 * @param messages how many
 * @param directory where unlinked files are made
 */
record HopRun(HopMode mode, int stateSize, int fds, int messages, String directory) {

  void put(ByteBuffer packet) {
    packet.putInt(mode.ordinal()).putInt(stateSize).putInt(fds).putInt(messages);
    byte[] name = directory.getBytes(StandardCharsets.UTF_8);
    packet.putInt(name.length).put(name);
  }

  static HopRun get(ByteBuffer body) {
    HopMode mode = HopMode.values()[body.getInt()];
    int stateSize = body.getInt();
    int fds = body.getInt();
    int messages = body.getInt();
    byte[] name = new byte[body.getInt()];
    body.get(name);
    return new HopRun(mode, stateSize, fds, messages, new String(name, StandardCharsets.UTF_8));
  }
}
