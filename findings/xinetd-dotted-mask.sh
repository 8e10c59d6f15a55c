#!/bin/bash
# Seen 2026-11-27 with xinetd 1:2.3.15.3-1+b1 (Debian 12).
#
# One would guess that `only_from = 127.0.0.0/255.0.0.0` means what 127.0.0.0/8 means, or is refused. xinetd takes it without a word and lets nobody in. And
# an address whose last parts are zero is a pattern by itself: `only_from = 127.0.0.0` lets in 127.0.0.1.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q xinetd=1:2.3.15.3-1+b1 libtirpc3=1.3.3+ds-1 libwrap0=7.6.q-32 >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
libraries=$(find "$work/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
let_in() { # let_in ONLY_FROM
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  cat >x.conf <<CONF
service told
{
  type = UNLISTED
  socket_type = stream
  protocol = tcp
  wait = no
  user = $(id -un)
  port = $port
  bind = 127.0.0.1
  server = /bin/echo
  server_args = hello
  only_from = $1
}
CONF
  LD_LIBRARY_PATH=$libraries root/usr/sbin/xinetd -dontfork -f x.conf -pidfile "$work/pid" >out 2>&1 &
  server=$!
  python3 - "$port" <<'PY'
import socket, sys, time
until = time.time() + 10
while True:
    try:
        client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
        break
    except OSError:
        if time.time() > until:
            raise
        time.sleep(0.1)
try:
    print("in" if client.recv(100) == b"hello\n" else "out")
except ConnectionResetError:
    print("out")
PY
  kill "$server"
  wait "$server" || true
  server=
}
bits=$(let_in 127.0.0.0/8)
dotted=$(let_in 127.0.0.0/255.0.0.0)
zeros=$(let_in 127.0.0.0)
echo "127.0.0.1 with /8: $bits, with a dotted mask: $dotted, with zeros alone: $zeros"
[ "$bits $dotted $zeros" = "in out in" ]
