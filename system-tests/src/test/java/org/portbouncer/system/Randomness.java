package org.portbouncer.system;

import java.util.Random;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a {@link Random} whose seed is printed when the test starts; {@code -Dseed=N} repeats
 * a run.
 */
final class Randomness implements BeforeEachCallback, ParameterResolver {
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  @Override
  public void beforeEach(ExtensionContext context) {
    System.out.printf(
        "%s.%s: -Dseed=%d%n",
        context.getRequiredTestClass().getSimpleName(),
        context.getRequiredTestMethod().getName(),
        SEED);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Random.class;
  }

  @Override
  public Random resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return new Random(SEED ^ context.getRequiredTestMethod().getName().hashCode());
  }
}
