// role_probe.c - asks a door for everything that oss.proto knows, each with an empty body, and prints "request CODE" lines.
//
//   usage: role_probe URL CA CERT KEY SERVER-NAME       the files and the name: for tls+tcp
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/oss.pb-c.h"

#define PATIENCE_MS 20000

static void need(const char *what, int error)
{
	if (!error)
		return;
	fprintf(stderr, "role_probe: %s: %s\n", what, nng_strerror(error));
	exit(1);
}

static char *slurp(const char *path)
{
	static char text[2][1 << 16];
	static unsigned turn;
	FILE *file = fopen(path, "r");
	char *to = text[turn++ % 2];

	need(path, file ? 0 : NNG_ENOENT);
	to[fread(to, 1, sizeof(text[0]) - 1, file)] = '\0';
	fclose(file);
	return to;
}

static void secure(nng_dialer dialer, char **argv)
{
	nng_tls_config *config;

	need("config", nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT));
	need(argv[2], nng_tls_config_ca_chain(config, slurp(argv[2]), NULL));
	need(argv[3], nng_tls_config_own_cert(config, slurp(argv[3]), slurp(argv[4]), NULL));
	need(argv[5], nng_tls_config_server_name(config, argv[5]));
	need("dialer", nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config));
}

// Version 1, a key, and the body's tag with nothing in it.
static void ask(nng_socket req, const ProtobufCFieldDescriptor *field)
{
	const ProtobufCEnumValue *code;
	Shoal__Oss__Response *response;
	uint8_t bytes[32] = { 1 << 3, 1, 2 << 3 | 2, 8 };
	size_t length = 12;
	nng_msg *answer;

	memset(bytes + 4, (int)field->id, 8);
	for (uint32_t tag = field->id << 3 | 2; tag; tag >>= 7)
		bytes[length++] = (uint8_t)((tag & 127) | (tag > 127 ? 128 : 0));
	bytes[length++] = 0;
	need("send", nng_send(req, bytes, length, 0));
	need("receive", nng_recvmsg(req, &answer, 0));
	response = shoal__oss__response__unpack(NULL, nng_msg_len(answer), nng_msg_body(answer));
	need("unpack", response && response->status ? 0 : NNG_EPROTO);
	code = protobuf_c_enum_descriptor_get_value(&shoal__oss__code__descriptor, (int)response->status->code);
	if (response->status->code == SHOAL__OSS__CODE__FORBIDDEN && strcmp(response->status->field, field->name) != 0)
		need("field of FORBIDDEN", NNG_EPROTO);
	printf("%s %s\n", field->name, code ? code->name : "?");
	shoal__oss__response__free_unpacked(response, NULL);
	nng_msg_free(answer);
}

int main(int argc, char **argv)
{
	nng_dialer dialer;
	nng_socket req;

	if (argc != 2 && argc != 6)
		return 2;
	need("open", nng_req0_open(&req));
	need("dialer", nng_dialer_create(&dialer, req, argv[1]));
	if (argc == 6)
		secure(dialer, argv);
	nng_socket_set_ms(req, NNG_OPT_SENDTIMEO, PATIENCE_MS);
	nng_socket_set_ms(req, NNG_OPT_RECVTIMEO, PATIENCE_MS);
	need(argv[1], nng_dialer_start(dialer, 0));
	for (unsigned i = 0; i < shoal__oss__request__descriptor.n_fields; i++)
		if (shoal__oss__request__descriptor.fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			ask(req, &shoal__oss__request__descriptor.fields[i]);
	return 0;
}
