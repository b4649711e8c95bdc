// stream.c - reads and writes of sockets and of OpenSSL's connections, told alike. Main thread.
#include "ctrl/door/stream.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define RECORD_SMALL 4096u
#define TLS_HANDSHAKE 0x16 // first byte of a client's first record

struct stream stream_make(int fd, const struct tls *tls)
{
	return (struct stream){ .fd = fd, .tls = tls, .shaken = !tls };
}

void stream_close(struct stream *stream)
{
	if (stream->ssl && stream->shaken)
		SSL_shutdown(stream->ssl); // says goodbye if there is room for it
	SSL_free(stream->ssl);
	close(stream->fd);
}

// Until the first byte a connection costs a descriptor, and nonsense costs no handshake.
static int ssl_begin(struct stream *stream, enum refusal *why)
{
	unsigned char first = 0;
	ssize_t got = recv(stream->fd, &first, 1, MSG_PEEK);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -errno;
	if (!got)
		return -ECONNRESET;
	*why = REFUSAL_TLS_PLAIN;
	if (first != TLS_HANDSHAKE)
		return -EPROTO;
	*why = REFUSAL_TLS_OTHER;
	stream->ssl = SSL_new(stream->tls->context);
	if (!stream->ssl || SSL_set_fd(stream->ssl, stream->fd) != 1)
		return -ENOMEM;
	SSL_set_accept_state(stream->ssl);
	return 0;
}

static enum refusal shake_why(const SSL *ssl)
{
	switch (SSL_get_verify_result(ssl)) {
	case X509_V_OK:
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return REFUSAL_TLS_EXPIRED;
	default:
		return REFUSAL_TLS_ISSUER;
	}
	switch (ERR_GET_REASON(ERR_peek_error())) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return REFUSAL_TLS_ANONYMOUS;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_WRONG_VERSION_NUMBER:
		return REFUSAL_TLS_VERSION;
	default:
		return REFUSAL_TLS_OTHER;
	}
}

// What an OpenSSL call has left behind, as an error of ours.
static int ssl_error(struct stream *stream, int result)
{
	int error = SSL_get_error(stream->ssl, result);

	stream->wants_write = error == SSL_ERROR_WANT_WRITE;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	return error == SSL_ERROR_SSL ? -EPROTO : -ECONNRESET;
}

int stream_shake(struct stream *stream, enum refusal *why)
{
	int error = stream->ssl ? 0 : ssl_begin(stream, why);
	int result;

	if (error)
		return error == -EAGAIN ? 0 : error;
	ERR_clear_error();
	stream->wants_write = false;
	result = SSL_do_handshake(stream->ssl);
	if (result == 1) {
		stream->shaken = true;
		return 1;
	}
	error = ssl_error(stream, result);
	*why = error == -EPROTO ? shake_why(stream->ssl) : REFUSAL_TLS_OTHER;
	return error == -EAGAIN ? 0 : error;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t room)
{
	size_t got = 0;
	ssize_t plain;
	int error;

	if (!stream->tls) {
		plain = recv(stream->fd, bytes, room, 0);
		return plain >= 0 ? plain : errno == EINTR ? -EAGAIN : -errno;
	}
	ERR_clear_error();
	stream->wants_write = false;
	if (SSL_read_ex(stream->ssl, bytes, room, &got))
		return (ssize_t)got;
	error = ssl_error(stream, 0);
	return error == -ECONNRESET ? 0 : error;
}

static ssize_t ssl_write(struct stream *stream, const struct iovec *part)
{
	size_t sent = 0;

	ERR_clear_error();
	stream->wants_write = false;
	if (SSL_write_ex(stream->ssl, part->iov_base, part->iov_len, &sent))
		return (ssize_t)sent;
	return ssl_error(stream, 0);
}

// Small parts as one record; else one after the other, a record each. What was not taken is asked for again as it was.
static ssize_t ssl_write_all(struct stream *stream, const struct iovec *parts, unsigned count)
{
	uint8_t one[RECORD_SMALL];
	struct iovec joined = { one, 0 };
	ssize_t whole = 0, sent;

	for (unsigned i = 0; i < count && joined.iov_len + parts[i].iov_len <= sizeof(one); i++) {
		memcpy(one + joined.iov_len, parts[i].iov_base, parts[i].iov_len);
		joined.iov_len += parts[i].iov_len;
		if (i + 1 == count)
			return ssl_write(stream, &joined);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!parts[i].iov_len)
			continue;
		sent = ssl_write(stream, &parts[i]);
		if (sent < 0)
			return whole ? whole : sent;
		whole += sent;
		if ((size_t)sent < parts[i].iov_len)
			break;
	}
	return whole;
}

ssize_t stream_write(struct stream *stream, const struct iovec *parts, unsigned count)
{
	struct msghdr message = { .msg_iov = (struct iovec *)parts, .msg_iovlen = count };
	ssize_t sent;

	if (stream->tls)
		return ssl_write_all(stream, parts, count);
	sent = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
	return sent >= 0 ? sent : errno == EINTR ? -EAGAIN : -errno;
}

bool stream_pending(const struct stream *stream)
{
	return stream->ssl && stream->shaken && SSL_pending(stream->ssl) > 0;
}
