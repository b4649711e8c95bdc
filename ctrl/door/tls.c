// tls.c - OpenSSL's contexts. Each is built whole before it takes the place of the one before.
#include "ctrl/door/tls.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include "shared/base/log.h"

#define SOON_DAYS 30
#define CHAIN_MAX 16384 // bytes of a client's certificates
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

static int complain(const char *path, const char *what)
{
	unsigned long error = ERR_peek_error();

	log_error("tls.files", "%s: %s%s%s", path, what, error ? ": " : "",
		  error ? ERR_reason_error_string(error) : "");
	return -EKEYREJECTED;
}

static int key_is_private(const char *path)
{
	struct stat stat_of;

	if (stat(path, &stat_of) < 0) {
		log_error("tls.files", "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (!(stat_of.st_mode & 077) && (stat_of.st_uid == geteuid() || !stat_of.st_uid))
		return 0;
	log_error("tls.key", "%s: mode %04o, owner %u: a private key must be its owner's alone (chmod 600)", path,
		  stat_of.st_mode & 07777, stat_of.st_uid);
	return -EACCES;
}

static void context_rules(SSL_CTX *context)
{
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(context, CIPHERS);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
					 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(context, CHAIN_MAX);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static int context_files(SSL_CTX *context, const struct conf_door *door)
{
	int error = key_is_private(door->key);
	STACK_OF(X509_NAME) * names;

	if (error)
		return error;
	if (SSL_CTX_use_certificate_chain_file(context, door->certificate) != 1)
		return complain(door->certificate, "not a certificate");
	if (SSL_CTX_use_PrivateKey_file(context, door->key, SSL_FILETYPE_PEM) != 1)
		return complain(door->key, "not the key of the certificate");
	if (SSL_CTX_load_verify_file(context, door->ca) != 1)
		return complain(door->ca, "not a CA's certificate");
	names = SSL_load_client_CA_file(door->ca);
	if (!names)
		return complain(door->ca, "not a CA's certificate");
	SSL_CTX_set_client_CA_list(context, names);
	return 0;
}

int tls_renew(struct tls *tls)
{
	SSL_CTX *context;
	int error;

	ERR_clear_error();
	context = SSL_CTX_new(TLS_server_method());
	if (!context)
		return -ENOMEM;
	context_rules(context);
	error = context_files(context, tls->door);
	if (error) {
		SSL_CTX_free(context);
		return error;
	}
	SSL_CTX_free(tls->context); // connections that use it hold it
	tls->context = context;
	return 0;
}

int tls_open(struct tls *tls, const struct conf_door *door)
{
	*tls = (struct tls){ .door = door };
	return tls_renew(tls);
}

void tls_close(struct tls *tls)
{
	SSL_CTX_free(tls->context);
	tls->context = NULL;
}

static int days_left(const X509 *certificate)
{
	int days = INT_MIN, seconds = 0;

	ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
	return days - (seconds < 0);
}

// The one that ends first.
static int days_least(const struct tls *tls, const char **which)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls->context));
	int least = days_left(SSL_CTX_get0_certificate(tls->context));

	*which = tls->door->certificate;
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		const X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		int days = certificate ? days_left(certificate) : INT_MAX;

		if (days >= least)
			continue;
		least = days;
		*which = tls->door->ca;
	}
	return least;
}

bool tls_ends_soon(const struct tls *tls, char text[TLS_TEXT_BYTES])
{
	const char *which;
	int days = days_least(tls, &which);

	if (days >= SOON_DAYS)
		return false;
	snprintf(text, TLS_TEXT_BYTES, "%s: %s %s %d days", tls->door->url, which,
		 days < 0 ? "is expired since" : "expires in", days < 0 ? -days : days);
	log_warning("tls.expiry", "%s", text);
	return true;
}
