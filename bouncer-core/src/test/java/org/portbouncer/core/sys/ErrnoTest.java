package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ErrnoTest {

  @Test
  void shouldHaveWordsOfItsOwnForEveryNumberThatTheCLibraryKnows() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle strerror =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(ADDRESS, JAVA_INT));
    Set<String> words = new HashSet<>();
    for (int errno = 1; errno < 256; errno++) {
      String theirs = ((MemorySegment) strerror.invokeExact(errno)).reinterpret(256).getString(0);
      boolean known = !theirs.endsWith(" " + errno);
      String ours = Errno.text(errno);
      assertThat(ours.startsWith("an error that Linux does not have"))
          .as("%d: %s", errno, theirs)
          .isNotEqualTo(known);
      assertThat(words.add(ours)).as("%d: '%s' stands for another one, too", errno, ours).isTrue();
    }
  }
}
