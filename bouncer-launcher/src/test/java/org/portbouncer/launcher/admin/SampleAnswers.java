package org.portbouncer.launcher.admin;

import java.util.List;
import org.portbouncer.launcher.figures.Figures;

/** What commands are answered about figures, for tests of other packages. */
public final class SampleAnswers {

  private SampleAnswers() {}

  /** The answers to {@code status}, {@code targets} and {@code cluster}. */
  public static List<String> of(Figures figures) {
    return List.of(
        Answers.status(figures),
        Answers.members(figures.members()),
        Answers.cluster(figures.cluster()));
  }
}
