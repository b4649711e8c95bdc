// row_rate.h - the fields of one direction's rate (QER, TS 29.244 7.5.2.5): text to message and back. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "proto/oss.pb-c.h"

const char *row_set_cir(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_cbs(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_ebs(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_qfi(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_mark(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_red(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_colour(Shoal__Oss__Rate *rate, const char *word);
const char *row_set_gate(Shoal__Oss__Rate *rate, const char *word);

// False where the rate has the default.
bool row_get_cir(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_cbs(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_ebs(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_qfi(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_mark(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_red(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_colour(const Shoal__Oss__Rate *rate, char *text, size_t room);
bool row_get_gate(const Shoal__Oss__Rate *rate, char *text, size_t room);
