// secure_why.c - why a handshake fails. NNG says "cryptographic error" whatever it was; here OpenSSL does the same handshake, once,
// and only after NNG's has failed. Blocks for some seconds at most; one thread.
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "ctrl/cli/secure.h"

#define PATIENCE_S 3

static int tcp_connect(const struct secure_place *place)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	struct timeval patience = { PATIENCE_S, 0 };
	int fd;

	if (getaddrinfo(place->host, place->port, &hints, &found))
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	}
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

// In TLS 1.2 the gateway's opinion of our certificate comes within the handshake.
static SSL_CTX *context_make(const struct cli_tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		return NULL;
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_file(context, tls->ca) == 1 &&
	    SSL_CTX_use_certificate_chain_file(context, tls->cert) == 1 &&
	    SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) == 1)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

static const char *alert_words(int reason)
{
	switch (reason - SSL_AD_REASON_OFFSET) {
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_BAD_CERTIFICATE:
		return "the gateway does not take our certificate: it is not of this door's CA (each role has its own)";
	case SSL_AD_CERTIFICATE_EXPIRED:
		return "the gateway does not take our certificate: it is expired, or not valid yet";
	case SSL_AD_PROTOCOL_VERSION:
		return "the gateway speaks no version of TLS that we do";
	default:
		return NULL;
	}
}

static bool words_find(const SSL *ssl, const struct cli_tls *tls, char *why, size_t bytes)
{
	long verdict = SSL_get_verify_result(ssl);
	const char *words = alert_words(ERR_GET_REASON(ERR_peek_error()));

	if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
		snprintf(why, bytes, "the gateway's certificate is for another name (see --server-name)");
	else if (verdict != X509_V_OK)
		snprintf(why, bytes, "the gateway's certificate: %s (by %.80s)", X509_verify_cert_error_string(verdict),
			 tls->ca);
	else if (words)
		snprintf(why, bytes, "%s", words);
	else if (ERR_peek_error())
		snprintf(why, bytes, "TLS: %s", ERR_reason_error_string(ERR_peek_error()));
	else
		return false;
	return true;
}

static bool handshake_try(SSL *ssl, int fd, const char *name)
{
	X509_VERIFY_PARAM_set_hostflags(SSL_get0_param(ssl), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	SSL_set1_host(ssl, name);
	SSL_set_tlsext_host_name(ssl, name);
	SSL_set_fd(ssl, fd);
	ERR_clear_error();
	return SSL_connect(ssl) == 1;
}

bool secure_why(const struct cli_tls *tls, const char *url, char *why, size_t bytes)
{
	struct secure_place place;
	bool said = true;
	SSL_CTX *context = context_make(tls);
	SSL *ssl = context ? SSL_new(context) : NULL;
	int fd;

	secure_place(url, &place);
	fd = ssl ? tcp_connect(&place) : -1;
	if (!ssl)
		snprintf(why, bytes, "%.80s and %.80s are no pair of certificate and key", tls->cert, tls->key);
	else if (fd < 0 || handshake_try(ssl, fd, tls->name ? tls->name : place.host))
		said = false;
	else
		said = words_find(ssl, tls, why, bytes);
	if (fd >= 0)
		close(fd);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return said;
}
