// decode.h - `--decode FILE`: a datagram from a file, raw or as hexadecimal digits, printed.
#pragma once
#include <stdio.h>

// path "-": standard input. Returns 0; a negative errno where the file can't be read (told on stderr) or holds no sound message (told in
// the text).
int decode_file(const char *path, FILE *out);
