package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HashedPlacesTest {

  private static final int FIRST = 32;
  private static final int SETS = 7;
  private static final HashKey KEY = new HashKey(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

  /**
   * What `openssl mac SIPHASH` says, with rounds 1 and 3, of the bytes 0 to 23 and the key of 0 to
   * 15.
   */
  @Test
  void shouldHashAsSipHashDoes() {
    assertThat(SipHash.hash(KEY, 0x0706050403020100L, 0x0f0e0d0c0b0a0908L, 0x1716151413121110L))
        .isEqualTo(0xf464aeb267349c8cL);
  }

  @Test
  void shouldGiveEachKeyTwoBucketsOfOneSet() {
    HashedPlaces places = new HashedPlaces(KEY, FIRST, SETS);
    Set<Integer> sets = new HashSet<>();
    Set<Integer> buckets = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      long hash = places.hash(1, 0, i);
      int set = places.set(hash);
      sets.add(set);
      assertThat(places.bucket(hash, 0)).isNotEqualTo(places.bucket(hash, 1));
      for (int choice = 0; choice < 2; choice++) {
        int first = places.bucket(hash, choice);
        assertThat(first % HashedPlaces.BUCKET).isZero();
        assertThat(first / HashedPlaces.WAYS).isEqualTo(set);
        buckets.add(first);
      }
    }
    assertThat(sets).hasSize(SETS).allMatch(set -> set >= FIRST && set < FIRST + SETS);
    assertThat(buckets).hasSize(SETS * HashedPlaces.WAYS / HashedPlaces.BUCKET);
  }

  @Test
  void shouldHaveAnotherKeyAtEachStart() {
    HashKey key = HashKey.random();
    assertThat(HashKey.random()).isNotEqualTo(key);
    long first = new HashedPlaces(key, 0, 1).hash(1, 2, 3);
    assertThat(new HashedPlaces(HashKey.random(), 0, 1).hash(1, 2, 3)).isNotEqualTo(first);
  }
}
