// conf_file.h - a configuration file of a test's own: written, loaded, printed and loaded again.
#pragma once
#include "shared/base/conf.h"

extern char conf_path[300]; // where it is
extern char conf_told[512]; // by whoever loaded last

int conf_file_make(void **state); // for cmocka
int conf_file_clear(void **state);

// The file is `before` and `after`. What conf_load says of it; told: its fault.
int conf_file_load(const char *before, const char *after, struct conf **conf);
// What is printed of it, loaded; the caller frees both.
struct conf *conf_file_again(const struct conf *conf);
