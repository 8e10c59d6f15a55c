#!/bin/bash
# Seen 2026-11-27 with rinetd 0.73-1 (Debian 12).
#
# One would guess that the last line of a configuration counts whether or not a newline ends it, as everywhere else. rinetd leaves it out
# without a word: of two forwarding rules, the one on an unfinished last line is never bound, and the program starts as if nothing were missing. An
# access rule there is lost the same way. Whoever makes such a file with a program, or imports one, must know.
set -euo pipefail
work=$(mktemp -d)
servers=()
trap 'for one in "${servers[@]}"; do kill "$one" 2>/dev/null || true; done; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q rinetd=0.73-1 >/dev/null
dpkg-deb -x rinetd_*.deb root
read -r one two target < <(python3 - <<'PY'
import socket
s = [socket.socket() for _ in range(3)]
for each in s:
    each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in s))
PY
)
bound() { # bound FILE: which of the two addresses answer
  root/usr/sbin/rinetd -f -c "$1" >"$1.out" 2>&1 &
  servers+=($!)
  python3 - "$one" "$two" <<'PY'
import socket, sys, time
def open_to(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False
first, second = map(int, sys.argv[1:])
until = time.time() + 10
while not open_to(first) and time.time() < until:
    time.sleep(0.1)
time.sleep(0.3)
print("first" if open_to(first) else "-", "second" if open_to(second) else "-")
PY
  kill "${servers[-1]}"
  wait "${servers[-1]}" || true
}
rules="127.0.0.1 $one 127.0.0.1 $target\n127.0.0.1 $two 127.0.0.1 $target"
printf "%b\n" "$rules" >whole.conf
printf "%b" "$rules" >unfinished.conf
with=$(bound whole.conf)
without=$(bound unfinished.conf)
echo "with a last newline: $with; without: $without"
[ "$with" = "first second" ] && [ "$without" = "first -" ]
