// fuzz_import.c - import files of any bytes. What is understood fits the bound that keeps requests small, and comes back the
// same by way of an export; a refusal says why.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ctrl/cli/reader.h"
#include "ctrl/cli/session_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int memory_file(const void *bytes, size_t length)
{
	int fd = memfd_create("import", 0);

	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET))
		abort();
	return fd;
}

// parcel.h: no session is packed into more than its line's bytes and 512.
static uint8_t *pack(const struct row *row, size_t line, size_t *length)
{
	uint8_t *packed;

	*length = shoal__oss__session__get_packed_size(&row->session);
	packed = malloc(*length + 1);
	if (!packed || *length > line + 512)
		abort();
	shoal__oss__session__pack(&row->session, packed);
	return packed;
}

static void check_export(const uint8_t *packed, size_t length)
{
	static struct row row;
	struct row_fault fault;
	Shoal__Oss__Session *session = shoal__oss__session__unpack(NULL, length, packed);
	json_t *object = session ? session_json(session) : NULL;
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	uint8_t *again;
	size_t again_length;

	row_clear(&row);
	if (!text || !session_json_read(&row, text, strlen(text), &fault))
		abort();
	again = pack(&row, SIZE_MAX / 2, &again_length);
	if (again_length != length || memcmp(again, packed, length))
		abort();
	free(again);
	row_close(&row);
	free(text);
	json_decref(object);
	shoal__oss__session__free_unpacked(session, NULL);
}

static void read_all(struct reader *reader)
{
	static struct row row;

	for (;;) {
		struct row_fault fault = { .reason = "" };
		int got = reader_next(reader, &row, &fault);
		uint8_t *packed;
		size_t length;

		if (got == -EBADMSG && !fault.reason[0])
			abort();
		if (got == -EBADMSG)
			continue;
		if (got != 1)
			break;
		packed = pack(&row, reader->length, &length);
		// An address still to be chosen is in no export.
		if (!row.ue.want_ipv4 && !row.ue.want_ipv6)
			check_export(packed, length);
		free(packed);
	}
	row_close(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct reader reader;
	int fd = memory_file(bytes, length);

	if (reader_open(&reader, fd, READER_LOOK))
		abort();
	read_all(&reader);
	reader_close(&reader);
	close(fd);
	return 0;
}
