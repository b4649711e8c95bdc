// secure.c - TLS as NNG does it (mbedTLS): the gateway has to prove itself, and so do we. Any thread may call.
#include "ctrl/cli/secure.h"

#include <errno.h>
#include <nng/supplemental/tls/tls.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 10) // PEM files are some kilobytes

static bool is_tls(const char *url)
{
	return !strncmp(url, "tls+", 4);
}

static bool is_given(const struct cli_tls *tls)
{
	if (tls->ca && tls->cert && tls->key)
		return true;
	fputs("shoal: tls+tcp needs --ca, --cert and --cert-key (or $SHOAL_CA, $SHOAL_CERT, $SHOAL_CERT_KEY)\n",
	      stderr);
	return false;
}

static bool file_fill(const char *path, char *text)
{
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(text, 1, FILE_MAX + 1, file) : 0;
	bool read = file && !ferror(file);

	if (!read)
		fprintf(stderr, "shoal: %s: %s\n", path, strerror(errno));
	else if (length > FILE_MAX || strlen(text) != length)
		fprintf(stderr, "shoal: %s: not a PEM file\n", path);
	if (file)
		fclose(file);
	return read && length <= FILE_MAX && strlen(text) == length;
}

// The whole file as a string, to be freed; or null, and the reason is said.
static char *file_read(const char *path)
{
	char *text = calloc(1, FILE_MAX + 2);

	if (text && file_fill(path, text))
		return text;
	free(text);
	return NULL;
}

static int refuse_file(const char *path, const char *what)
{
	fprintf(stderr, "shoal: %s: %s\n", path, what);
	return NNG_ECANCELED;
}

static int own_set(nng_tls_config *config, const struct cli_tls *tls)
{
	char *cert = file_read(tls->cert);
	char *key = cert ? file_read(tls->key) : NULL;
	int error = NNG_ECANCELED;

	if (key && nng_tls_config_own_cert(config, cert, key, NULL))
		refuse_file(tls->key, "this and the certificate are no pair of PEM files");
	else if (key)
		error = 0;
	free(cert);
	free(key);
	return error;
}

static int config_fill(nng_tls_config *config, const struct cli_tls *tls, const char *name)
{
	char *ca = file_read(tls->ca);
	int error = ca ? 0 : NNG_ECANCELED;

	if (ca && nng_tls_config_ca_chain(config, ca, NULL))
		error = refuse_file(tls->ca, "no certificates in PEM");
	free(ca);
	if (!error)
		error = own_set(config, tls);
	if (!error)
		error = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
	if (!error)
		error = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_3);
	if (!error)
		error = nng_tls_config_server_name(config, name);
	return error;
}

// Without a name NNG would take any certificate of the CA.
static int dialer_secure(const struct cli_tls *tls, nng_dialer dialer, const char *url)
{
	struct secure_place place;
	nng_tls_config *config;
	int error = is_given(tls) ? nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT) : NNG_ECANCELED;

	if (error)
		return error;
	secure_place(url, &place);
	error = config_fill(config, tls, tls->name ? tls->name : place.host);
	if (!error)
		error = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config);
	nng_tls_config_free(config); // the dialer has its own hold of it
	return error;
}

void secure_place(const char *url, struct secure_place *place)
{
	const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
	const char *colon = strrchr(host, ':');
	size_t length = colon ? (size_t)(colon - host) : strlen(host);

	if (*host == '[' && length > 1) {
		host++;
		length -= 2;
	}
	snprintf(place->host, sizeof(place->host), "%.*s", (int)length, host);
	snprintf(place->port, sizeof(place->port), "%s", colon ? colon + 1 : "");
}

int secure_dialer(const struct cli_tls *tls, nng_socket socket, const char *url, nng_dialer *dialer)
{
	int error = nng_dialer_create(dialer, socket, url);

	if (!error && is_tls(url))
		error = dialer_secure(tls, *dialer, url);
	return error;
}

void secure_say(const struct cli_tls *tls, const char *url, int error)
{
	const char *hint = error == NNG_EADDRINVAL || error == NNG_EINVAL ? "" : " (is shoal-ctrl running?)";
	char why[200];

	if (error == NNG_ECANCELED)
		return;
	if (is_tls(url) && error != NNG_ECONNREFUSED && is_given(tls) && secure_why(tls, url, why, sizeof(why)))
		fprintf(stderr, "shoal: no connection to %s: %s\n", url, why);
	else
		fprintf(stderr, "shoal: no connection to %s: %s%s\n", url, nng_strerror(error), hint);
}
