# shellcheck shell=bash
# pki.sh - CAs and certificates of a lab, made as README "Security" says. Sourced by bash. Everything lies in $LAB/pki.

pki_open() {
	mkdir -m 711 "$LAB/pki"
}

pki_ca() { # name
	(umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
		-subj "/CN=$1" -keyout "$LAB/pki/$1.key" -out "$LAB/pki/$1.crt" 2>/dev/null)
}

pki_cert() { # name ca subject [days]
	(umask 077 && cd "$LAB/pki" &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$1.key" -out "$1.csr" 2>/dev/null &&
		openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days "${4:-365}" -out "$1.crt" 2>/dev/null)
}
