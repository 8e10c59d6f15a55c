package org.portbouncer.system;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of bytes as they come. */
final class Digest {
  private final MessageDigest digest;

  Digest() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String of(byte[] bytes) {
    Digest digest = new Digest();
    digest.add(bytes, bytes.length);
    return digest.hex();
  }

  void add(byte[] bytes, int length) {
    digest.update(bytes, 0, length);
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
