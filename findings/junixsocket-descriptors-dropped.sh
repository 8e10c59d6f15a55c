#!/bin/bash
# Seen 2026-11-27 with junixsocket 2.11.1 (Maven Central), on JDK 17.
#
# One would guess that a datagram that carries a file descriptor either brings it or fails. With junixsocket a receiver that has not asked for an ancillary
# buffer first (setAncillaryReceiveBufferSize; 0 by default) reads the bytes, is told of no descriptor, and gets no error: the kernel closes it. After one
# call with any size, the same message brings it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for artifact in junixsocket-common junixsocket-native-common; do
  mvn -q -B dependency:copy "-Dartifact=com.kohlschutter.junixsocket:$artifact:2.11.1" -DoutputDirectory=lib
done
cat >Seen.java <<'JAVA'
import java.io.FileDescriptor;
import java.nio.ByteBuffer;
import org.newsclub.net.unix.AFUNIXSocketPair;

public class Seen {
  static String received(int ancillary) throws Exception {
    var pair = AFUNIXSocketPair.openDatagram();
    var from = pair.getSocket1();
    var to = pair.getSocket2();
    if (ancillary > 0) {
      to.setAncillaryReceiveBufferSize(ancillary);
    }
    from.setOutboundFileDescriptors(FileDescriptor.in);
    from.write(ByteBuffer.wrap("state".getBytes()));
    var buffer = ByteBuffer.allocate(100);
    int bytes = to.read(buffer);
    var got = to.getReceivedFileDescriptors();
    from.close();
    to.close();
    return bytes + " bytes, " + (got == null ? 0 : got.length) + " descriptors";
  }

  public static void main(String[] arguments) throws Exception {
    System.out.println("default: " + received(0) + "; asked: " + received(64));
  }
}
JAVA
seen=$(java -cp 'lib/*' Seen.java)
echo "$seen"
[ "$seen" = "default: 5 bytes, 0 descriptors; asked: 5 bytes, 1 descriptors" ]
