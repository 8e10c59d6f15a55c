package org.portbouncer.launcher.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;

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

  /**
   * @throws ControlException where it is anything but what {@link #put} has written
   */
  static HopRun get(Fields fields) throws ControlException {
    HopMode[] modes = HopMode.values();
    int mode = fields.number();
    int stateSize = fields.number();
    int fds = fields.number();
    int messages = fields.number();
    byte[] name = fields.bytes(fields.number());
    fields.end();
    if (mode >= modes.length) {
      throw new ControlException("a mode that is none");
    }
    return new HopRun(
        modes[mode], stateSize, fds, messages, new String(name, StandardCharsets.UTF_8));
  }
}
