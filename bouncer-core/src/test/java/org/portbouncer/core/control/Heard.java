package org.portbouncer.core.control;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.support.Descriptor;

/** Both handlers, for tests: notes what it is told, and closes what it is given. */
final class Heard implements OrderReader.Handler, ReportReader.Handler {

  final List<String> words = new ArrayList<>();

  /** All that was told, of which {@link #words} has the last. */
  long count;

  private void heard(String word) {
    count++;
    if (words.size() > 1000) {
      words.clear();
    }
    words.add(word);
  }

  @Override
  public void waiting(int build) {
    heard("waiting " + build);
  }

  @Override
  public void confine(byte[] filter) {
    heard("confine " + filter.length);
  }

  @Override
  public void move() {
    heard("move");
  }

  @Override
  public void keep(byte[] filter, int fd) {
    Descriptor.close(fd);
    heard("keep " + filter.length);
  }

  @Override
  public void kept(int pid) {
    heard("kept " + pid);
  }

  @Override
  public void config(int fd, int length, int newest, int[] rules) {
    Descriptor.close(fd);
    Descriptor.close(rules);
    heard("config " + length + " " + newest + " " + rules.length);
  }

  @Override
  public void secrets(int epoch, byte[] secrets) {
    heard("secrets " + epoch + " " + secrets.length);
  }

  @Override
  public void withdraw(int epoch) {
    heard("withdraw " + epoch);
  }

  @Override
  public void refused(int number, byte[] why) {
    heard("refused " + number + " " + why.length);
  }

  @Override
  public void retire(int oldest, int[] inUse) {
    heard("retire " + oldest + " " + Arrays.toString(inUse));
  }

  @Override
  public void look() {
    heard("look");
  }

  @Override
  public void endAll(int result) {
    heard("endAll " + result);
  }

  @Override
  public void accessLog(int form, int fd) {
    if (fd >= 0) {
      Descriptor.close(fd);
    }
    heard("accessLog " + form + (fd < 0 ? " nowhere" : ""));
  }

  @Override
  public void level(int level) {
    heard("level " + level);
  }

  @Override
  public void classes() {
    heard("classes");
  }

  @Override
  public void stop() {
    heard("stop");
  }

  @Override
  public void lanes(int version, int[] ids, int[] inboxes) {
    Descriptor.close(inboxes);
    heard("lanes " + version + " " + Arrays.toString(ids));
  }

  @Override
  public void drain() {
    heard("drain");
  }

  @Override
  public void left(int limitMs) {
    heard("left " + limitMs);
  }

  @Override
  public void sync(int token) {
    heard("sync " + token);
  }

  @Override
  public void readyAs(int build) {
    heard("ready " + build);
  }

  @Override
  public void epoch(int number) {
    heard("epoch " + number);
  }

  @Override
  public void lanes(int version) {
    heard("lanes " + version);
  }

  @Override
  public void synced(int token) {
    heard("synced " + token);
  }

  @Override
  public void mark(int token) {
    heard("mark " + token);
  }

  @Override
  public void log(int level, byte[] text) {
    heard("log " + level + " " + text.length);
  }
}
