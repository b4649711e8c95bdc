#!/bin/bash
# What TLS costs at the controller's doors: requests a second over ipc and over tls+tcp in turns, and handshakes a second.
#
#   usage: BUILD=... tests/bench/doors.sh [SECONDS] [CLIENTS] [ROUNDS]
set -euo pipefail
. "$(dirname "$0")/../lab/story.sh"
. "$SHOAL/tests/lab/pki.sh"
seconds=${1:-3} clients=${2:-16} rounds=${3:-3}
story_needs root netns
lab_open
lab_netns gw
pki_open
for name in gateway read; do
	pki_ca "$name-ca"
	pki_cert "$name" "$name-ca" "$name"
done
gateway_config
cat >>"$LAB/shoal.yaml" <<-END
	doors:
	- {url: 'tls+tcp://127.0.0.1:7400', role: read, certificate: $LAB/pki/gateway.crt, key: $LAB/pki/gateway.key, ca: $LAB/pki/read-ca.crt}
	- {url: 'tcp://127.0.0.1:7401', role: read, plain: yes}
END
gateway_start_one ctrl
lab_expect ctrl process.ready
door() { in_ns gw "$BUILD/tests/bench/bench-door" "$seconds" "$clients" "$@"; }
for ((round = 0; round < rounds; round++)); do
	echo "ipc      $(door "ipc://$LAB/run/oss.ipc")"
	echo "tcp      $(door tcp://127.0.0.1:7401)"
	echo "tls+tcp  $(door tls+tcp://127.0.0.1:7400 "$LAB/pki/gateway-ca.crt" "$LAB/pki/read.crt" "$LAB/pki/read.key" gateway)"
	for version in tls1_2 tls1_3; do
		echo "$version handshakes: $(in_ns gw openssl s_time -connect 127.0.0.1:7400 -new -time "$seconds" "-$version" -CAfile "$LAB/pki/gateway-ca.crt" \
			-cert "$LAB/pki/read.crt" -key "$LAB/pki/read.key" 2>/dev/null | sed -n 's/.*connections in \(.*\) real seconds.*/& /p')"
	done
done
