// cli_mock.h - the parts of the stand-in for shoal-ctrl. One thread; each fills the response from memory that lives until the
// next request.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "proto/oss.pb-c.h"

struct blob {
	size_t length;
	uint8_t *bytes;
};

struct blob blob_of(const void *bytes, size_t length);
bool has_dnn(const Shoal__Oss__Session *session, const char *dnn);
void refuse(Shoal__Oss__Status *status, Shoal__Oss__Code code, const char *field, const char *message);

void sessions_create(Shoal__Oss__Session *session, Shoal__Oss__Response *response);
void sessions_import(Shoal__Oss__SessionImport *body, Shoal__Oss__Response *response);
void sessions_list(const Shoal__Oss__SessionList *body, Shoal__Oss__Response *response);
void sessions_get(uint64_t id, const Shoal__Oss__Identity *identity, bool erase, Shoal__Oss__Response *response);
unsigned sessions_number(void);

void gateway_workers(Shoal__Oss__Response *response);
void gateway_order(uint32_t seat, Shoal__Oss__Response *response);
void gateway_shards(Shoal__Oss__Response *response);
void gateway_quarantine(Shoal__Oss__Response *response);
void gateway_reports(Shoal__Oss__Response *response);
void gateway_paths(Shoal__Oss__Response *response);
void gateway_upgrade(const Shoal__Oss__Request *request, Shoal__Oss__Response *response);
void gateway_status(Shoal__Oss__Response *response);
