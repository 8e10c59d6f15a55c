package org.portbouncer.negotiator.connect;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Errno;

class FailureWordsTest {

  /** What the C library says of an EAI code here. */
  private static String saysOf(int code) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle strerror =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("gai_strerror"),
            FunctionDescriptor.of(ADDRESS, JAVA_INT));
    return ((MemorySegment) strerror.invokeExact(code)).reinterpret(256).getString(0);
  }

  @ParameterizedTest
  @CsvSource({
    "-2, the name is not known",
    "-5, the name has no address",
    "-9, the name has no address",
    "-3, 'the name service does not answer, or cannot now'",
    "-4, the name service refuses to answer",
    "-10, looking the name up took too much memory",
    "-1, the name cannot be looked up: Bad value for ai_flags",
    "-6, the name cannot be looked up: ai_family not supported",
    "-7, the name cannot be looked up: ai_socktype not supported",
    "-8, the name cannot be looked up: Servname not supported for ai_socktype",
  })
  void shouldSayWhatEachCodeOfTheResolverMeans(int code, String words) throws Throwable {
    UnknownHostException e = new UnknownHostException("db.example: " + saysOf(code));
    assertThat(LookupFailure.words("db.example", e)).isEqualTo(words);
  }

  @Test
  void shouldSayWhatTheSystemSaysWhenTheResolverCouldNotWork() {
    // EAI_SYSTEM comes as the words of errno.
    UnknownHostException e = new UnknownHostException("db.example: Too many open files");
    assertThat(LookupFailure.words("db.example", e))
        .isEqualTo("the name cannot be looked up: Too many open files");
    assertThat(LookupFailure.words("db.example", new UnknownHostException("db.example")))
        .isEqualTo("the name is not known");
  }

  @Test
  void shouldCallNothingButAWantOfPortsAWantOfPorts() {
    for (int errno = 1; errno < 134; errno++) {
      for (boolean unix : new boolean[] {true, false}) {
        ConnectFailure failure = ConnectFailure.of(errno, unix);
        boolean ports = errno == Errno.EAGAIN && !unix;
        assertThat(failure.why().contains("local port")).as("%d", errno).isEqualTo(ports);
        assertThat(failure.term() == Term.RESOURCE).as("%d", errno).isEqualTo(ports);
        assertThat(failure.result() == Result.TIMEOUT)
            .as("%d", errno)
            .isEqualTo(errno == Errno.ETIMEDOUT);
      }
    }
  }
}
