package org.portbouncer.launcher.mother.books;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.WorkerBoard;

/**
 * What the mother alone knows of the memory that she shares with the workers: whose the places in
 * it are. Goes from one mother to the next with that memory.
 *
 * @param listeners place by name
 * @param rules likewise
 * @param members likewise
 * @param classes likewise
 * @param workers for each stage the places where its workers count and counted
 * @param restarts for each stage how often a worker was started again
 * @param cluster whose parts of shared limits lie there
 */
public record Books(
    Map<String, Integer> listeners,
    Map<CounterPlaces.RuleName, Integer> rules,
    Map<CounterPlaces.MemberName, Integer> members,
    Map<String, Integer> classes,
    List<List<Integer>> workers,
    List<Long> restarts,
    ClusterSeat cluster) {

  private static final int MOST = 1 << 20;

  private interface Writer<N> {
    void write(DataOutputStream to, N name) throws IOException;
  }

  private interface Reader<N> {
    N read(DataInputStream from) throws IOException;
  }

  public byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      write(to, listeners, DataOutputStream::writeUTF);
      write(
          to,
          rules,
          (out, rule) -> {
            out.writeUTF(rule.acl());
            out.writeUTF(rule.rule());
          });
      write(
          to,
          members,
          (out, member) -> {
            out.writeUTF(member.group());
            out.writeUTF(member.member());
            out.writeUTF(member.address());
          });
      write(to, classes, DataOutputStream::writeUTF);
      for (int stage = 0; stage < StageId.count(); stage++) {
        to.writeInt(workers.get(stage).size());
        for (int place : workers.get(stage)) {
          to.writeInt(place);
        }
        to.writeLong(restarts.get(stage));
      }
      to.writeUTF(cluster.redis());
      to.writeUTF(cluster.cluster());
      to.writeUTF(cluster.member());
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  private static <N> void write(DataOutputStream to, Map<N, Integer> places, Writer<N> writer)
      throws IOException {
    to.writeInt(places.size());
    for (Map.Entry<N, Integer> entry : places.entrySet()) {
      writer.write(to, entry.getKey());
      to.writeInt(entry.getValue());
    }
  }

  /**
   * Reads what {@link #encode} has written.
   *
   * @throws ControlException where it is anything else
   */
  public static Books decode(byte[] bytes) throws ControlException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(bytes))) {
      Map<String, Integer> listeners = read(from, ListenerCounters.SLOTS, in -> in.readUTF());
      Map<CounterPlaces.RuleName, Integer> rules =
          read(
              from,
              AclCounters.PLACES,
              in -> new CounterPlaces.RuleName(in.readUTF(), in.readUTF()));
      Map<CounterPlaces.MemberName, Integer> members =
          read(
              from,
              TargetBoard.PLACES,
              in -> new CounterPlaces.MemberName(in.readUTF(), in.readUTF(), in.readUTF()));
      Map<String, Integer> classes = read(from, ClassBoard.PLACES, in -> in.readUTF());
      List<List<Integer>> workers = new ArrayList<>();
      List<Long> restarts = new ArrayList<>();
      for (int stage = 0; stage < StageId.count(); stage++) {
        List<Integer> places = new ArrayList<>();
        for (int left = count(from); left > 0; left--) {
          places.add(place(from, WorkerBoard.PLACES));
        }
        workers.add(places);
        restarts.add(from.readLong());
      }
      ClusterSeat cluster = new ClusterSeat(from.readUTF(), from.readUTF(), from.readUTF());
      if (from.read() >= 0) {
        throw new ControlException("books that are too long");
      }
      return new Books(listeners, rules, members, classes, workers, restarts, cluster);
    } catch (IOException e) {
      throw new ControlException("books that nobody can read");
    }
  }

  private static <N> Map<N, Integer> read(DataInputStream from, int below, Reader<N> reader)
      throws IOException, ControlException {
    Map<N, Integer> places = new LinkedHashMap<>();
    for (int left = count(from); left > 0; left--) {
      N name = reader.read(from);
      places.put(name, place(from, below));
    }
    return places;
  }

  private static int count(DataInputStream from) throws IOException, ControlException {
    int count = from.readInt();
    if (count < 0 || count > MOST) {
      throw new ControlException("more names than there can be");
    }
    return count;
  }

  private static int place(DataInputStream from, int below) throws IOException, ControlException {
    int place = from.readInt();
    if (place < 0 || place >= below) {
      throw new ControlException("a place that is not there");
    }
    return place;
  }
}
