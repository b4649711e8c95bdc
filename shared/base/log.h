// log.h - one line to stderr per event: time, level, process, stable id, text.
//
//   2026-11-21T02:03:04.567Z info  shoal-primary port.up n3: link up, 1000 Mb/s
//
// Each call site's id ("port.up") never changes once shipped. Repeats of one id beyond 10 a second are swallowed and
// counted; the next line that passes says how many. Never called on the packet path. Thread-safe.
#pragma once

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

// name: the process as people know it; static string. level: "error", "warning", "info", "debug"; others mean info.
// SIGPIPE is ignored from then on: whoever reads our log may leave, and we stay.
void log_open(const char *name, const char *level);
void log_write(enum log_level level, const char *id, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_error(id, ...) log_write(LOG_ERROR, id, __VA_ARGS__)
#define log_warning(id, ...) log_write(LOG_WARNING, id, __VA_ARGS__)
#define log_info(id, ...) log_write(LOG_INFO, id, __VA_ARGS__)
#define log_debug(id, ...) log_write(LOG_DEBUG, id, __VA_ARGS__)
