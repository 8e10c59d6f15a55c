package org.portbouncer.launcher;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.not;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;

/** Who may know whom; the picture of it stands in docs/ARCHITECTURE.md. */
class ModuleRulesTest {

  private static final String CORE = "org.portbouncer.core..";
  private static final String CONFIG = "org.portbouncer.config..";
  private static final String LAUNCHER = "org.portbouncer.launcher..";
  private static final String ACL = "org.portbouncer.acl.acl..";
  private static final String BANDWIDTH = "org.portbouncer.acl.bandwidth..";
  private static final String NEGOTIATE = "org.portbouncer.negotiator.negotiate..";
  private static final String CONNECT = "org.portbouncer.negotiator.connect..";
  private static final String CLUSTER = "org.portbouncer.negotiator.cluster..";
  private static final String IO = "org.portbouncer.io..";

  private static final String[] STAGES = {
    "org.portbouncer.acl..", "org.portbouncer.negotiator..", IO
  };

  /** The mother's rooms, each above those that it may know. */
  private static final List<String> ROOMS =
      List.of(
          "ground",
          "machine",
          "books",
          "rescue",
          "handover",
          "doors",
          "launch",
          "spares",
          "staff",
          "upkeep",
          "cluster",
          "tuning",
          "epochs",
          "sight",
          "ending",
          "succession",
          "desk");

  private static final String MOTHER = "org.portbouncer.launcher.mother";

  private static final Set<String> STAGE_NAMES =
      Arrays.stream(StageId.values()).map(StageId::name).collect(Collectors.toSet());

  /** Each has a row for every stage, in a switch that does not compile where one is missing. */
  private static final Set<String> DESCRIBING_STAGES =
      Set.of(
          StageId.class.getName(),
          MOTHER + ".launch.WorkerCommand",
          MOTHER + ".staff.Staff",
          "org.portbouncer.launcher.privilege.StageCalls");

  private static final String LINKING = "java\\.lang\\.foreign\\.(Linker|SymbolLookup)(\\$.*)?";

  private static JavaClasses ours;

  @BeforeAll
  static void readClassFiles() {
    ours =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.portbouncer");
  }

  @Test
  void shouldSeeEveryModuleWhenClassFilesAreRead() {
    assertThat(Stream.of(CORE, CONFIG, LAUNCHER, ACL, BANDWIDTH, NEGOTIATE, CONNECT, CLUSTER, IO))
        .allSatisfy(
            name -> assertThat(ours.stream().filter(resideInAPackage(name))).as(name).isNotEmpty());
    JavaClass worker = ours.get("org.portbouncer.core.worker.Worker");
    assertThat(worker.getMethods()).as("class files are understood").isNotEmpty();
    assertThat(ours.get("org.portbouncer.core.sys.Downcall").getDirectDependenciesFromSelf())
        .as("what is forbidden elsewhere is seen where it is allowed")
        .anyMatch(dependency -> dependency.getTargetClass().getName().matches(LINKING));
  }

  @Test
  void shouldPointOneWayFromLauncherOverConfigAndStagesToCore() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("launcher")
        .definedBy(LAUNCHER)
        .layer("stages")
        .definedBy(STAGES)
        .layer("config")
        .definedBy(CONFIG)
        .layer("core")
        .definedBy(CORE)
        .whereLayer("launcher")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("stages")
        .mayOnlyBeAccessedByLayers("launcher")
        .whereLayer("config")
        .mayOnlyBeAccessedByLayers("launcher")
        .check(ours);
  }

  @ParameterizedTest
  @MethodSource("stages")
  void shouldKnowNoOtherStage(String stage, String[] others) {
    noClasses()
        .that()
        .resideInAPackage(stage)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others)
        .check(ours);
  }

  static Stream<Arguments> stages() {
    List<String> all = List.of(ACL, BANDWIDTH, NEGOTIATE, CONNECT, CLUSTER, IO);
    return all.stream()
        .map(
            stage ->
                Arguments.of(
                    stage, all.stream().filter(s -> !s.equals(stage)).toArray(String[]::new)));
  }

  @Test
  void shouldCallNativeCodeInOneLayerAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.portbouncer.core.sys..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching(LINKING)
        .check(ours);
  }

  @Test
  void shouldUseTheLaunchersLibrariesInTheLauncherAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(LAUNCHER)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "jnr..",
            "ch.qos.logback..",
            "org.slf4j..",
            "picocli..",
            "org.newsclub..",
            "com.fasterxml..",
            "io.micrometer..",
            "org.jline..")
        .check(ours);
  }

  @Test
  void shouldParseConfigurationInOneModuleAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(CONFIG)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.typesafe..")
        .check(ours);
  }

  /** A worker's class path holds core and its stage, and nothing else: what it reaches is there. */
  @Test
  void shouldNeedNoLibraryInAWorker() {
    ArrayDeque<JavaClass> ahead = new ArrayDeque<>();
    Set<JavaClass> reached = new HashSet<>();
    ours.stream().filter(resideInAnyPackage(STAGES)).forEach(ahead::add);
    ours.stream().filter(resideInAPackage(CORE)).forEach(ahead::add);
    List<String> foreign = new ArrayList<>();
    while (!ahead.isEmpty()) {
      JavaClass from = ahead.poll();
      if (!reached.add(from)) {
        continue;
      }
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        JavaClass to = dependency.getTargetClass().getBaseComponentType();
        if (resideInAPackage("org.portbouncer..").test(to)) {
          ahead.add(to);
        } else if (!to.isPrimitive() && !resideInAnyPackage("java..", "javax.net.ssl..").test(to)) {
          foreign.add(dependency.getDescription());
        }
      }
    }
    assertThat(foreign).isEmpty();
    assertThat(reached).hasSizeGreaterThan(50);
  }

  /** Her parts get what they need, not whoever put them together. */
  @Test
  void shouldKnowTheMotherAtTheEntryAlone() {
    noClasses()
        .that()
        .haveNameNotMatching("org\\.portbouncer\\.launcher\\.Main(\\$.*)?")
        .and()
        .doNotHaveFullyQualifiedName(MOTHER + ".Mother")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName(MOTHER + ".Mother")
        .check(ours);
  }

  /** What may change meanwhile is explained there once. */
  @Test
  void shouldGoOverTheSessionTableInOnePlaceOfTheMotherAlone() {
    String walk = MOTHER + ".ground.LiveRecords";
    noClasses()
        .that()
        .resideInAPackage(LAUNCHER)
        .and()
        .doNotHaveFullyQualifiedName(walk)
        .should()
        .callMethod(RecordAllocator.class, "highWater")
        .check(ours);
    assertThat(ours.get(walk).getMethodCallsFromSelf())
        .anyMatch(call -> call.getTarget().getName().equals("highWater"));
  }

  /**
   * What differs between stages is a property of {@link StageId}, or of a record of whoever has it
   * to know: a stage that is added is not looked for in comparisons all over the house.
   */
  @Test
  void shouldNameAStageWhereItIsDescribedAlone() {
    List<String> strangers =
        ours.stream()
            .flatMap(one -> one.getFieldAccessesFromSelf().stream())
            .filter(access -> access.getTargetOwner().isEquivalentTo(StageId.class))
            .filter(access -> STAGE_NAMES.contains(access.getName()))
            .filter(access -> !describesStages(access))
            .map(JavaFieldAccess::getDescription)
            .toList();
    assertThat(strangers).isEmpty();
    assertThat(ours.get("org.portbouncer.io.IoStage").getFieldAccessesFromSelf())
        .as("a stage's own name is seen, so others' would be")
        .anyMatch(access -> STAGE_NAMES.contains(access.getName()));
  }

  private static boolean describesStages(JavaFieldAccess access) {
    JavaClass from = access.getOriginOwner();
    boolean ownName =
        from.getSimpleName().endsWith("Stage") && access.getOrigin().getName().equals("id");
    // What a switch over all of them is compiled to has a class of its own.
    String name = from.getName().replaceFirst("\\$1$", "");
    return ownName || DESCRIBING_STAGES.contains(name);
  }

  @Test
  void shouldListEveryRoomOfTheMother() {
    assertThat(
            ours.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith(MOTHER + '.'))
                .map(name -> name.substring(MOTHER.length() + 1)))
        .containsOnly(ROOMS.toArray(String[]::new))
        .containsAll(ROOMS);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void shouldKnowNoRoomOfTheMotherThatLiesAbove(String room, String[] above) {
    noClasses()
        .that()
        .resideInAPackage(room)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(above)
        .check(ours);
  }

  static Stream<Arguments> rooms() {
    return IntStream.range(0, ROOMS.size())
        .mapToObj(
            floor ->
                Arguments.of(
                    room(ROOMS.get(floor)),
                    Stream.concat(
                            Stream.of(MOTHER),
                            ROOMS.subList(floor + 1, ROOMS.size()).stream()
                                .map(ModuleRulesTest::room))
                        .toArray(String[]::new)));
  }

  private static String room(String name) {
    return MOTHER + '.' + name + "..";
  }

  @Test
  void shouldHaveNoCyclesAmongPackages() {
    slices().matching("org.portbouncer.core.(*)..").should().beFreeOfCycles().check(ours);
    slices().matching("org.portbouncer.launcher.(*)..").should().beFreeOfCycles().check(ours);
  }

  @Test
  void shouldWriteToStandardOutputOnlyWhereACommandSpeaks() {
    classes()
        .that()
        .resideInAnyPackage(CORE, CONFIG)
        .or()
        .resideInAnyPackage(STAGES)
        .should(not(ACCESS_STANDARD_STREAMS))
        .check(ours);
  }
}
