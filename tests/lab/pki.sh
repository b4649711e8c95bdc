# shellcheck shell=bash
# pki.sh - CAs and certificates of a lab, made as README "Security" says. Sourced by bash. Everything lies in $LAB/pki.

pki_open() {
	mkdir -m 711 "$LAB/pki"
}

pki_new() { # openssl req's options
	(umask 077 && cd "$LAB/pki" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@" 2>/dev/null)
}

pki_ca() { # name
	pki_new -days 3650 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt"
}

pki_cert() { # name ca subject [days]
	pki_new -days "${4:-365}" -subj "/CN=$3" -addext "subjectAltName=DNS:$3" -CA "$2.crt" -CAkey "$2.key" -extensions usr_cert \
		-keyout "$1.key" -out "$1.crt"
}

# One that ended yesterday; openssl req makes none.
pki_expired() { # name ca
	(umask 077 && cd "$LAB/pki" &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null &&
		openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days -1 -out "$1.crt" 2>/dev/null)
}
