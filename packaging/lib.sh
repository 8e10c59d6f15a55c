# shellcheck shell=bash
# Sourced by the scripts beside it: what all packages have in common. Sets root, version, epoch and out; `stage DIR` fills DIR with
# the program as it is installed. Everything here is the same, byte for byte, from the same sources, the same JDK and the
# same libraries, whoever builds it, when and in which folder: see docs/packaging.md.
set -euo pipefail

root=$(readlink -f -- "$(dirname -- "${BASH_SOURCE[0]}")/..")
cd "$root"
export LC_ALL=C TZ=UTC
umask 022
me=packaging/${0##*/}

die() {
  echo "$me: $*" >&2
  exit 1
}

# need PROGRAM PACKAGE: whether a program is there, and in which of Debian's packages it is.
need() {
  command -v "$1" >/dev/null 2>&1 || die "$1 is missing (Debian: apt-get install $2)"
}

[ "$(uname -m)" = x86_64 ] || die "packages are made on x86-64 alone, this is $(uname -m)"
need git git
need strip binutils
need unzip unzip
need jq jq
# shellcheck source=bin/find-java
. bin/find-java
find_java || exit 1
[ -x "$java_home/bin/jlink" ] || die "$java_home has no jlink; set BOUNCER_JAVA_HOME to a whole JDK"

# What the build calls itself; a tag of git, v1.2.3, must say the same.
pom_version=$(sed -n '0,/<version>/s:.*<version>\(.*\)</version>.*:\1:p' pom.xml)

# version_of_checkout: the tag of what is checked out; between tags, the next version with what it is made of, which sorts before it.
version_of_checkout() {
  local tag
  if ! git rev-parse --git-dir >/dev/null 2>&1; then
    echo "$pom_version"
  elif tag=$(git describe --exact-match --tags --match 'v[0-9]*' HEAD 2>/dev/null); then
    [ "${tag#v}" = "$pom_version" ] || die "the tag says $tag, pom.xml says $pom_version"
    echo "$pom_version"
  else
    echo "$pom_version~git$(git log -1 --date=format:%Y%m%d --format=%cd.%h --abbrev=9)"
  fi
}
# shellcheck disable=SC2034 # it is for who sources this
version=${BOUNCER_VERSION:-$(version_of_checkout)}

# The one time that everything has: of the sources.
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
  epoch=$SOURCE_DATE_EPOCH
elif git rev-parse --git-dir >/dev/null 2>&1; then
  epoch=$(git log -1 --format=%ct)
else
  epoch=$(stat -c %Y CHANGELOG.md)
fi
export SOURCE_DATE_EPOCH=$epoch

out=${BOUNCER_PACKAGES:-$root/target/packages}
built=bouncer-launcher/target/bouncer
mkdir -p "$out"
out=$(cd "$out" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build [--as-built]: compiles; with --as-built takes what a build has left, for tests in the build itself.
build() {
  if [ "${1:-}" != --as-built ]; then
    need mvn maven
    JAVA_HOME=$java_home mvn -q -B -Dstyle.color=never -DskipTests -Dbouncer.cache.skip=true -pl bouncer-launcher -am package \
      </dev/null >&2 || die "the build failed"
  fi
  [ -f "$built/lib/bouncer-launcher-$pom_version.jar" ] || die "nothing is built in $built/lib"
  [ -f "$built/bouncer.cdx.json" ] || die "the build has left no $built/bouncer.cdx.json, which Maven makes online alone (without -o)"
}

# The modules of the runtime, each with what it is for; docs/packaging.md has the same table.
modules=(
  java.base       # the language, sockets, files, calls into C
  java.logging    # jdk.httpserver, jnr and jline log there; what they say is passed on
  java.management # threads and memory of the mother, for the metrics
  java.xml        # logback refers to it
  jdk.httpserver  # /metrics and the status page
  jdk.management  # CPU time and allocation, for the metrics
  jdk.net         # who is at the other end of the admin socket
  jdk.unsupported # sun.misc.Unsafe, for jnr
)

# runtime DIR: a Java for these modules, and nothing to compile, debug or link with.
runtime() {
  local list info=() name
  list=$(IFS=, && echo "${modules[*]}")
  # bin/find-java, and whoever asks which Java this is, read them; jlink would leave them out.
  for name in JAVA_RUNTIME_VERSION IMPLEMENTOR IMPLEMENTOR_VERSION; do
    info+=("$name=$(sed -n "s/^$name=\"\(.*\)\"/\1/p" "$java_home/release")")
  done
  "$java_home/bin/jlink" --add-modules "$list" --strip-java-debug-attributes --no-header-files --no-man-pages \
    --dedup-legal-notices error-if-not-same-content \
    --release-info "add:$(IFS=: && echo "${info[*]}")" --output "$1" >&2
  # Programs for those who make programs, one for jars that are run by their name, and a library for other Javas' tools.
  find "$1/bin" -mindepth 1 ! -name java -delete
  rm -f "$1/lib/jexec" "$1/lib/jrt-fs.jar"
  # Names for debuggers: a sixth of the VM.
  find "$1" -type f '(' -name '*.so' -o -name jspawnhelper ')' -exec strip --strip-unneeded {} +
  strip --strip-unneeded "$1/bin/java"
}

# stage DIR: the program as it is installed: bin, lib, runtime, cache.
stage() {
  local to=$1
  mkdir -p "$to/bin" "$to/lib/native"
  cp bin/bouncer bin/find-java bin/*.options "$to/bin/"
  cp "$built"/lib/*.jar "$to/lib/"
  (cd "$built/lib/native" && find . -name '*.so' -path '*x86_64-Linux*' -o -name '*.so' -path '*amd64-Linux*') |
    while read -r library; do
      install -D -m 644 "$built/lib/native/$library" "$to/lib/native/$library"
      strip --strip-unneeded "$to/lib/native/$library"
    done
  runtime "$to/runtime"
  chmod -R u=rwX,go=rX "$to"
  chmod 644 "$to"/bin/{find-java,*.options}
  # Before the cache, which holds the times of the jars.
  times "$to"
  cache "$to"
  times "$to"
}

# times DIR: gives everything in it the one time.
times() {
  find "$1" -exec touch -h -d "@$epoch" {} +
}

# cache DIR: the class caches of what is staged there. Those of the build (bin/make-cache) come from a run, with profiles, and no
# two are the same; these come from lists alone, and are. Roles with the same class path share one: one file with several names.
cache() {
  local to=$1 content made
  content=$({ cat "$to"/lib/*.jar "$to"/bin/{bouncer,*.options} && (jars "$to/lib"); } | sha256sum)
  content=${content:0:16}
  made=$to/cache/$content-$java_version
  mkdir -p "$made"
  archive "$to" front "$made/mother.aot"
  ln "$made/mother.aot" "$made/command.aot"
  archive "$to" worker "$made/acl.aot" "lib/bouncer-core-$pom_version.jar" "lib/bouncer-acl-$pom_version.jar"
  ln "$made/acl.aot" "$made/bandwidth.aot"
  archive "$to" worker "$made/negotiate.aot" "lib/bouncer-core-$pom_version.jar" "lib/bouncer-negotiator-$pom_version.jar"
  ln "$made/negotiate.aot" "$made/connect.aot"
  archive "$to" worker "$made/io.aot" "lib/bouncer-core-$pom_version.jar" "lib/bouncer-io-$pom_version.jar"
  { echo "$content" && (jars "$to/lib"); } >"$to/lib/content"
}

# archive DIR LIST FILE [JAR…]: one class cache for these jars, or for all. The paths are relative: the folder is not in it.
archive() (
  cd "$1"
  list=$2 file=$3
  shift 3
  [ $# -gt 0 ] || set -- lib/*.jar
  {
    cat "$root/packaging/classes/$list"
    for jar in "$@"; do
      case $jar in
        lib/bouncer-*) unzip -Z1 "$jar" | sed -n '/^META-INF/d; s/\.class$//p' | grep -v '^module-info$' ;;
      esac
    done | sort
  } >"$work/list"
  # The VM's own threads now and then come in another order, and one dump in some fifty is another for it: the first that comes
  # twice is taken.
  mkdir "$work/dumps"
  for ((i = 0; i < 8; i++)); do
    dump "$work/list" "$work/dumps/$i" "$@"
    twice=$(cd "$work/dumps" && sha256sum -- * | sort | uniq -w 64 -d | cut -c 67-)
    if [ -n "$twice" ]; then
      mv "$work/dumps/$twice" "$file"
      chmod 644 "$file"
      rm -r "$work/dumps"
      return
    fi
  done
  die "no two class caches made from packaging/classes/$list are the same"
)

# dump LIST FILE JAR…: has the Java that is staged here write a class cache.
dump() {
  local list=$1 file=$2
  shift 2
  # A fixed heap, or the size of the machine would show; the collector with one thread: G1's leave one of several orders.
  runtime/bin/java -Xshare:dump -XX:SharedClassListFile="$list" -XX:SharedArchiveFile="$file" \
    -Xmx128m -XX:+UseSerialGC -XX:-UsePerfData -Xlog:disable -Xlog:all=error:stderr \
    --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -cp "$(IFS=: && echo "$*")" >"$work/said" 2>&1 ||
    { tail -n 5 "$work/said" >&2 && die "no class cache could be made"; }
}

# papers DIR: licences, notices, and what is inside.
papers() {
  mkdir -p "$1"
  cp LICENSE NOTICE "$built/THIRD-PARTY.txt" "$1/"
  # The libraries are Maven's to know; the Java beside them is not.
  jq -S --arg version "$(sed -n 's/^JAVA_RUNTIME_VERSION="\(.*\)"/\1/p' "$java_home/release")" \
    --arg maker "$(sed -n 's/^IMPLEMENTOR="\(.*\)"/\1/p' "$java_home/release")" \
    '.components += [{ type: "platform", "bom-ref": ("java-runtime@" + $version), name: "java-runtime", version: $version,
      publisher: $maker, licenses: [{ expression: "GPL-2.0-only WITH Classpath-exception-2.0" }] }]' \
    "$built/bouncer.cdx.json" >"$1/bouncer.cdx.json"
}

# maintainer: who makes a package that names somebody.
maintainer() {
  local name=${DEBFULLNAME:-} mail=${DEBEMAIL:-}
  [ -n "$name" ] || name=$(git log -1 --format=%an 2>/dev/null) || die "set DEBFULLNAME and DEBEMAIL: this is no checkout"
  [ -n "$mail" ] || mail=$(git log -1 --format=%ae 2>/dev/null) || die "set DEBEMAIL: this is no checkout"
  echo "$name <$mail>"
}

# pages DIR: the man pages that the build has made.
pages() {
  local page
  for page in "$built"/man/*.[158]; do
    [ ! -f "$page" ] || install -D -m 644 "$page" "$1/man${page##*.}/${page##*/}"
  done
}

# completion BASH_DIR ZSH_DIR: for these shells, where the build has made it.
completion() {
  [ ! -f "$built/completion/bouncer.bash" ] || install -D -m 644 "$built/completion/bouncer.bash" "$1/bouncer"
  [ ! -f "$built/completion/_bouncer" ] || install -D -m 644 "$built/completion/_bouncer" "$2/_bouncer"
}

# sorted_tar DIR NAME…: a tar of files in DIR, on stdout: sorted, nobody's, of the one time.
sorted_tar() {
  tar -C "$1" --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -c "${@:2}"
}
