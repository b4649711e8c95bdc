#!/bin/bash
# rounds.sh SECONDS CLIENTS ROUNDS: requests a second over ipc, tcp and tls+tcp in turns, and handshakes a second, as CSV.
set -euo pipefail
. "$(dirname "$0")/../../lab/story.sh"
. "$SHOAL/tests/lab/pki.sh"
seconds=$1 clients=$2 rounds=$3
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

ask() { # url [file...]
	in_ns gw "$BUILD/tests/bench/doors/bench-door" "$seconds" "$clients" "$@"
}

handshakes() { # tls1_2|tls1_3
	in_ns gw openssl s_time -connect 127.0.0.1:7400 -new -time "$seconds" "-$1" -CAfile "$LAB/pki/gateway-ca.crt" \
		-cert "$LAB/pki/read.crt" -key "$LAB/pki/read.key" 2>/dev/null |
		awk '/connections in .* real seconds/ { printf "%.1f,,\n", $1 / $4 }'
}

one() { # variant
	case $1 in
	ipc*) ask "ipc://$LAB/run/oss.ipc" ;;
	tcp) ask tcp://127.0.0.1:7401 ;;
	tls+tcp) ask tls+tcp://127.0.0.1:7400 "$LAB/pki/gateway-ca.crt" "$LAB/pki/read.crt" "$LAB/pki/read.key" gateway ;;
	*) handshakes "$1" ;;
	esac
}

order=(ipc tcp tls+tcp tls1_2 tls1_3 "ipc again")
echo round,variant,value,p50_us,p99_us
for ((round = 0; round < rounds; round++)); do
	for variant in "${order[@]}"; do echo "$round,$variant,$(one "$variant")"; done
	order=("${order[@]:1}" "${order[0]}")
done
