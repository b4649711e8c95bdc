// conf.c - loads the configuration: file to texts to values to checked values. The caller owns what it gets.
#include "shared/base/conf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/conf_parts.h"

#define FILE_MAX (256u << 10) // a configuration is some kilobytes; more is not one

// A file may hold anything; what we repeat of it must not move anybody's cursor.
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int conf_fault(const struct conf_source *source, const char *field, const char *format, ...)
{
	const char *problem;
	unsigned line = conf_line(source, field, &problem);
	char where[24] = "";
	char what[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	if (line)
		snprintf(where, sizeof where, ":%u", line);
	snprintf(source->error, source->error_bytes, "%s%s: %s%s%s", source->path, where, field, *field ? ": " : "",
		 what);
	make_printable(source->error);
	return -EINVAL;
}

static int read_all(int fd, char *bytes, size_t room, size_t *length)
{
	while (*length < room) {
		ssize_t got = read(fd, bytes + *length, room - *length);

		if (!got)
			return 0;
		if (got > 0)
			*length += (size_t)got;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int source_read(struct conf_source *source)
{
	int fd = open(source->path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = read_all(fd, source->bytes, FILE_MAX + 1, &source->length);
	close(fd);
	if (!error && source->length > FILE_MAX)
		return -EFBIG;
	return error;
}

static int load(const struct conf_source *source, struct conf *conf)
{
	struct text *text;
	int error = conf_text_load(source, &text);

	if (error)
		return error;
	error = conf_convert(source, text, conf);
	conf_text_free(text);
	return error ? error : conf_check(source, conf);
}

static int load_file(struct conf_source *source, struct conf *conf)
{
	int length = snprintf(conf->path, sizeof conf->path, "%s", source->path);
	int error = length < (int)sizeof conf->path ? source_read(source) : -ENAMETOOLONG;

	if (error) {
		snprintf(source->error, source->error_bytes, "%s: %s", source->path, strerror(-error));
		return error;
	}
	return load(source, conf);
}

int conf_load(const char *path, struct conf **conf, char *error, size_t error_bytes)
{
	struct conf_source source = { .path = path, .error = error, .error_bytes = error_bytes };
	int result = -ENOMEM;

	source.bytes = malloc(FILE_MAX + 1);
	*conf = calloc(1, sizeof **conf);
	if (source.bytes && *conf)
		result = load_file(&source, *conf);
	else
		snprintf(error, error_bytes, "%s: %s", path, strerror(ENOMEM));
	free(source.bytes);
	if (result) {
		free(*conf);
		*conf = NULL;
	}
	return result;
}

int conf_doubt(const struct conf *conf, const char *field, const char *fault, char *error, size_t error_bytes)
{
	struct conf_source source = { .path = conf->path, .error = error, .error_bytes = error_bytes };

	source.bytes = malloc(FILE_MAX + 1);
	if (!source.bytes || source_read(&source))
		source.length = 0; // told without a line
	conf_fault(&source, field, "%s", fault);
	free(source.bytes);
	return -EINVAL;
}

void conf_free(struct conf *conf)
{
	free(conf);
}
