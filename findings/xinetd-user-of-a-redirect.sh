#!/bin/bash
# Seen 2026-11-28 with xinetd 1:2.3.15.3-1+b1 (Debian 12).
#
# A service with `redirect` starts no program, so one would guess that its `user` does not matter. It does: where nobody has that name xinetd takes the whole
# service away and serves on without it. A number it takes as it is, also one that is larger than any user's.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q xinetd=1:2.3.15.3-1+b1 libtirpc3=1.3.3+ds-1 libwrap0=7.6.q-32 >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
libraries=$(find "$work/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)

free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
service() { # service NAME PORT USER
  printf 'service %s\n{\n type = UNLISTED\n socket_type = stream\n protocol = tcp\n wait = no\n bind = 127.0.0.1\n port = %s\n redirect = 127.0.0.1 9\n user = %s\n}\n' "$@"
}
there() { # there PORT: does anybody listen?
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then echo yes; else echo no; fi
}
known=$(free) unknown=$(free) number=$(free) large=$(free)
{
  service known "$known" "$(id -un)"
  service unknown "$unknown" no-such-user-here
  service number "$number" 54321
  service large "$large" 99999999999
} >x.conf
LD_LIBRARY_PATH=$libraries root/usr/sbin/xinetd -dontfork -filelog "$work/log" -f x.conf -pidfile "$work/pid" &
server=$!
for _ in $(seq 100); do
  grep -q 'Started working' log 2>/dev/null && break
  sleep 0.1
done
grep -E 'Unknown user|Started working' log | sed 's/.*xinetd\[[0-9]*\]: //; s/ \[file=.*//'
seen="$(there "$known") $(there "$unknown") $(there "$number") $(there "$large")"
echo "served: a known user, an unknown one, a number, one larger than any: $seen"
[ "$seen" = "yes no yes yes" ]
