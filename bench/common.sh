# What the scripts of this folder share; sourced by them, with `tool` set to their name and `tmp` to a folder of theirs that
# has a fifo `never`. Ends only processes that they started.

readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly root=$(cd "$here/.." && pwd)
readonly load=$here/build/load

note() { printf '%s: %s\n' "$tool" "$*" >&2; }
give_up() { note "$*"; exit 1; }
wrong_usage() { note "$*"; exit 2; }

whole() { # OPTION VALUE MIN MAX
    [[ $2 =~ ^(0|[1-9][0-9]{0,8})$ ]] && (($2 >= $3 && $2 <= $4)) || wrong_usage "$1: '$2' is not a whole number from $3 to $4"
}

numbers() { # OPTION LIST MIN MAX
    local item
    [[ -n $2 ]] || wrong_usage "$1: the list is empty"
    for item in ${2//,/ }; do whole "$1" "$item" "$3" "$4"; done
}

subset() { # OPTION LIST ALLOWED
    local item
    [[ -n $2 ]] || wrong_usage "$1: the list is empty"
    for item in ${2//,/ }; do
        [[ ,$3, == *,"$item",* ]] || wrong_usage "$1: '$item' is none of $3"
    done
}

# Lines "pid start-time" of a process, all its descendants and all of its session: a peer is started in a session of its
# own, so that what lost its parent is found, too. The start time tells a reused number apart.
tree() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v top="$1" '
        { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2; born[pid] = $20; if ($4 == top) member[pid] = 1 }
        END {
            member[top] = 1
            do {
                grew = 0
                for (p in parent) if (!(p in member) && (parent[p] in member)) { member[p] = 1; grew = 1 }
            } while (grew)
            for (p in member) if (p in born) print p, born[p]
        }' || true
}

born() { # PID: its start time, empty when it is gone
    local line
    { line=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    set -- ${line##*) }
    [[ $1 == Z ]] || echo "${20}"
}

end_process() { # PID: asks, waits, then insists, on its descendants as well
    local pid=$1 members member time i
    members=$(tree "$pid")
    kill -TERM "$pid" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
        [[ -n $(born "$pid") ]] || break
        pause 0.05
    done
    while read -r member time; do
        [[ -n $member && $(born "$member") == "$time" ]] || continue
        pause 0.05
        [[ $(born "$member") == "$time" ]] && kill -KILL "$member" 2>/dev/null || true
    done <<<"$members"
    wait "$pid" 2>/dev/null || true
}

pause() { sleep "$1"; }

# Below the range that the kernel takes for outgoing connections, so that none of those is in the way.
next_port=$((10000 + RANDOM % 5000))
free_port() { # sets REPLY
    local tries
    for ((tries = 0; tries < 1000; tries++)); do
        next_port=$((next_port + 1))
        if ! (: <"/dev/tcp/127.0.0.1/$next_port") 2>/dev/null; then
            REPLY=$next_port
            return
        fi
    done
    give_up "no free port"
}

# Looks every 5 ms, without starting a process, so that what starts up is not disturbed.
await_line() { # FILE TEXT SECONDS PID
    local until=$((SECONDS + $3 + 1)) content _
    while ((SECONDS < until)); do
        content=$(<"$1")
        [[ $content == *"$2"* ]] && return 0
        kill -0 "$4" 2>/dev/null || return 1
        read -r -t 0.005 _ <>"$tmp/never" || true
    done
    return 1
}

# CPU seconds so far of a process and its descendants, those that they have waited for included.
cpu_seconds() { # PID
    tree "$1" | while read -r pid _; do cat "/proc/$pid/stat" 2>/dev/null || true; done |
        awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); t += $12 + $13 + $14 + $15 } END { printf "%.2f", t / hz }'
}

# Memory of the same processes in KiB, each shared page counted once. Processes that share their memory itself, as a
# worker and its keeper do, are one: their stack lies at the same random place.
pss_kib() { # PID
    local pid stack
    local -A seen=()
    while read -r pid _; do
        stack=$(grep -F '[stack]' "/proc/$pid/maps" 2>/dev/null) || continue
        [ -z "${seen[$stack]:-}" ] || continue
        seen[$stack]=$pid
        cat "/proc/$pid/smaps_rollup" 2>/dev/null || true
    done < <(tree "$1") | awk '/^Pss:/ { t += $2 } END { print t + 0 }'
}

# A folder of our own, tools built, as many descriptors as there may be. Sets tmp.
set_up() {
    tmp=$(mktemp -d)
    chmod 755 "$tmp" # workers that run as another user look in here
    mkfifo "$tmp/never"
    ulimit -n "$(ulimit -Hn)"
    make -s -C "$here" >&2
}

number() { # NAME: its number in the JSON in $answer
    [[ $answer =~ \"$1\":(-?[0-9.]+) ]] || give_up "no $1 in: $answer"
    echo "${BASH_REMATCH[1]}"
}

record() { # WORK METRIC PEER VALUE
    printf '%s %s %s %s\n' "$@" >>"$tmp/figures"
}

failures=0
# Runs load with a limit on its time; what failed is counted and said, and the round goes on.
run_load() { # PEER WORK ARGUMENTS…; sets answer
    local peer=$1 name=$2 status=0
    shift 2
    answer=$(timeout --foreground -k 5 "$load_limit" "$load" "$@" --json 2>>"$tmp/load.err") || status=$?
    ((status == 0)) && return 0
    failures=$((failures + 1))
    note "$peer, $name: something failed: ${answer:-$(tail -n 1 "$tmp/load.err")}"
    [[ -n $answer ]]
}
load_limit=300

per() { awk -v a="$1" -v b="$2" -v n="$3" -v scale="$4" 'BEGIN { printf "%.6g", (n > 0 ? (b - a) / n * scale : 0) }'; }

# One line a figure: WORK METRIC PEER MEDIAN ROUNDS RATIO (to the base; - where there is none)
medians() {
    sort -k1,1 -k2,2 -k3,3 -k4,4g "$tmp/figures" | awk -v base="$base" '
        function flush() {
            if (n == 0) return
            if (key ~ / failed /) { m[key] = 0; for (i = 1; i <= n; i++) m[key] += v[i] } # a sum: none may hide
            else m[key] = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
            count[key] = n; order[++keys] = key; n = 0
        }
        { k = $1 " " $2 " " $3; if (k != key) { flush(); key = k }; v[++n] = $4 + 0 }
        END {
            flush()
            for (i = 1; i <= keys; i++) {
                split(order[i], part, " "); b = part[1] " " part[2] " " base
                ratio = (b in m) && m[b] > 0 ? sprintf("%.3f", m[order[i]] / m[b]) : "-"
                print order[i], sprintf("%.6g", m[order[i]]), count[order[i]], ratio
            }
        }'
}
