#!/bin/bash
# Seen 2026-11-27 with HAProxy 2.6.12-1+deb12u4 (Debian 12), `accept-proxy`.
#
# The PROXY protocol's text says that a receiver should take a v2 header whose family is UNSPEC and use the real addresses of the connection. One would
# guess that command PROXY with family UNSPEC (21 00) therefore suits a sender without an address, such as one of Unix clients. HAProxy, whose own protocol this
# is, resets such a connection; it takes command LOCAL (20 00) for the same purpose. So a sender without an address sends LOCAL.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q haproxy=2.6.12-1+deb12u4 liblua5.3-0=5.3.6-2 libopentracing-c-wrapper0=1.1.3-3+b1 libopentracing1=1.6.0-4 >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
libraries=$(find "$work/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
read -r front back < <(python3 - <<'PY'
import socket
s = [socket.socket() for _ in range(2)]
for one in s:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in s))
PY
)
cat >haproxy.cfg <<CONF
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen front
  bind 127.0.0.1:$front accept-proxy
  server back 127.0.0.1:$back
CONF
LD_LIBRARY_PATH=$libraries root/usr/sbin/haproxy -db -f haproxy.cfg >out 2>&1 &
server=$!
seen=$(python3 - "$front" "$back" <<'PY'
import socket, sys, threading, time
front, back = map(int, sys.argv[1:])
target = socket.socket()
target.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
target.bind(("127.0.0.1", back))
target.listen()
def echo():
    while True:
        peer, _ = target.accept()
        data = peer.recv(100)
        peer.sendall(data)
        peer.close()
threading.Thread(target=echo, daemon=True).start()
signature = b"\r\n\r\n\0\r\nQUIT\n"
def through(header):
    until = time.time() + 10
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", front), 5)
            break
        except OSError:
            if time.time() > until:
                raise
            time.sleep(0.1)
    try:
        client.sendall(signature + header + b"hello")
        return "served" if client.recv(100) == b"hello" else "closed"
    except ConnectionResetError:
        return "reset"
print("LOCAL", through(b"\x20\x00\0\0"), "UNSPEC", through(b"\x21\x00\0\0"))
PY
)
echo "$seen"
[ "$seen" = "LOCAL served UNSPEC reset" ]
