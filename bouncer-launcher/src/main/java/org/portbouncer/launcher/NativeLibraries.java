package org.portbouncer.launcher;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the libraries in C are that packages bring along in their jars. Left alone, each unpacks
 * its own into a temporary folder at every start, which fails where nothing may be executed from
 * there, or nothing written at all; so the build has unpacked them beside the jars. In the mother
 * and in commands, before any of them is used.
 */
final class NativeLibraries {

  private NativeLibraries() {}

  /** Names them to the packages; where the build has left none, these help themselves. */
  static void prepare() {
    String lib = System.getProperty("bouncer.lib");
    if (lib == null) {
      return;
    }
    Path folder = Path.of(lib, "native");
    String machine = System.getProperty("os.arch", "");
    String jffi = machine.equals("amd64") ? "x86_64" : machine;
    name("jffi.boot.library.path", folder.resolve("jni").resolve(jffi + "-Linux"));
    Path junixsocket = folder.resolve("lib").resolve(machine + "-Linux-clang").resolve("jni");
    name("org.newsclub.net.unix.library.override", junixsocket.resolve("libjunixsocket-native.so"));
  }

  private static void name(String property, Path where) {
    if (System.getProperty(property) == null && Files.exists(where)) {
      System.setProperty(property, where.toString());
    }
  }
}
