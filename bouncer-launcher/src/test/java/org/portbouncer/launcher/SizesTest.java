package org.portbouncer.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * No file of more than {@value #LINES} lines, tests included, no method of more than {@value
 * #OF_METHOD}: what is longer has more than one duty. The few that are stand in a list with their
 * length, which only shrinks: whoever makes one longer splits it instead.
 */
class SizesTest {

  private static final int LINES = 400;
  private static final int OF_METHOD = 60;
  private static final Path ROOT = Path.of("..");
  private static final Path FILES = Path.of("src/test/resources/long-files.txt");
  private static final Path METHODS = Path.of("src/test/resources/long-methods.txt");

  private static List<Path> sources() throws IOException {
    try (Stream<Path> modules = Files.list(ROOT)) {
      return modules
          .flatMap(module -> Stream.of("main", "test").map(kind -> source(module, kind)))
          .filter(Files::isDirectory)
          .flatMap(SizesTest::javaFiles)
          .sorted()
          .toList();
    }
  }

  private static Path source(Path module, String kind) {
    return module.resolve("src").resolve(kind).resolve("java");
  }

  private static Stream<Path> javaFiles(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Without what all have in common. */
  private static String name(Path file) {
    return file.toString().replaceAll("^.*src/(main|test)/java/org/portbouncer/|\\.java$", "");
  }

  private static Map<String, Integer> listed(Path list) throws IOException {
    Map<String, Integer> lengths = new TreeMap<>();
    for (String line : Files.readAllLines(list)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] words = line.strip().split(" ", -1);
        lengths.put(words[0], Integer.valueOf(words[1]));
      }
    }
    return lengths;
  }

  private static void compare(Map<String, Integer> longOnes, Path list, int most)
      throws IOException {
    Map<String, Integer> allowed = listed(list);
    Map<String, Integer> tooLong = new TreeMap<>(longOnes);
    tooLong.entrySet().removeIf(one -> one.getValue() <= allowed.getOrDefault(one.getKey(), most));
    assertThat(tooLong).as("too long: split it; %s knows those that were", list).isEmpty();
    assertThat(allowed.values()).as("what %s allows beside the rule", list).allMatch(n -> n > most);
  }

  @Test
  void shouldHaveNoFileThatIsTooLong() throws IOException {
    List<Path> sources = sources();
    assertThat(sources).hasSizeGreaterThan(900);
    Map<String, Integer> longOnes = new TreeMap<>();
    for (Path file : sources) {
      int lines = Files.readAllLines(file).size();
      if (lines > LINES) {
        longOnes.put(name(file), lines);
      }
    }
    compare(longOnes, FILES, LINES);
  }

  @Test
  void shouldHaveNoMethodThatIsTooLong() throws IOException {
    Map<String, Integer> longOnes = new TreeMap<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  List.of("-proc:none"),
                  null,
                  files.getJavaFileObjectsFromPaths(sources()));
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      int[] methods = {0};
      for (CompilationUnitTree unit : task.parse()) {
        LineMap lines = unit.getLineMap();
        String file = name(Path.of(unit.getSourceFile().getName()));
        new TreePathScanner<Void, Void>() {
          @Override
          public Void visitMethod(MethodTree method, Void nothing) {
            methods[0]++;
            long from = lines.getLineNumber(positions.getStartPosition(unit, method));
            long to = lines.getLineNumber(positions.getEndPosition(unit, method));
            long length = to - from + 1;
            // A table of cases stands above a method, and is no part of it.
            for (AnnotationTree one : method.getModifiers().getAnnotations()) {
              long begins = lines.getLineNumber(positions.getStartPosition(unit, one));
              length -= lines.getLineNumber(positions.getEndPosition(unit, one)) - begins + 1;
            }
            if (length > OF_METHOD) {
              longOnes.merge(file + '.' + method.getName(), (int) length, Math::max);
            }
            super.visitMethod(method, null);
            return null;
          }
        }.scan(unit, null);
      }
      assertThat(methods[0]).isGreaterThan(2000);
    }
    compare(longOnes, METHODS, OF_METHOD);
  }
}
