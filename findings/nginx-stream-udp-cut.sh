#!/bin/bash
# Seen 2026-11-27 with nginx 1.22.1-9+deb12u11 (Debian 12), stream module, as a UDP forwarder.
#
# One would guess that a UDP forwarder passes a datagram on as it is or drops it. nginx passes the first datagram of a session whole,
# whatever its length, and cuts every later one to proxy_buffer_size (16 KiB by default), without a line in its log: the target gets 16,384
# of 20,000 bytes. It matters to whoever compares UDP forwarders, or moves DNS over large answers, syslog or SNMP behind one.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q nginx=1.22.1-9+deb12u11 libnginx-mod-stream=1.22.1-9+deb12u11 >/dev/null
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
read -r front back < <(python3 - <<'PY'
import socket
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for one in s:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in s))
PY
)
mkdir logs
cat >nginx.conf <<CONF
load_module $work/root/usr/lib/nginx/modules/ngx_stream_module.so;
pid $work/pid; error_log $work/logs/error.log info; daemon off; worker_processes 1;
events { worker_connections 64; }
stream { server { listen 127.0.0.1:$front udp; proxy_pass 127.0.0.1:$back; } }
CONF
root/usr/sbin/nginx -p "$work" -e logs/error.log -c nginx.conf &
server=$!
seen=$(python3 - "$front" "$back" <<'PY'
import socket, sys, time
front, back = int(sys.argv[1]), int(sys.argv[2])
target = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
target.bind(("127.0.0.1", back))
target.settimeout(5)
lengths = None
for attempt in range(50):                      # until nginx listens
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(("127.0.0.1", front))
    try:
        client.send(b"x" * 20000)
        target.settimeout(0.2)
        first = len(target.recv(65535))
    except OSError:
        time.sleep(0.1)
        continue
    target.settimeout(5)
    client.send(b"y" * 20000)
    lengths = first, len(target.recv(65535))
    break
print(*lengths)
PY
)
echo "sent 20000 and 20000 bytes; the target got: $seen"
[ "$seen" = "20000 16384" ]
